/**
 * What each step of `mixing` brings: `bun test/bench/ablation.ts [PATTERN] [--pairs PATTERN]` takes away those whose name matches, each
 * by itself, in a copy of the tree, makes the patches of three pairs of real releases, and prints the table of lib/delta/README.md.
 * Every patch is applied and the result compared. Takes half an hour for all.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { type CopyOfTree, copyTree } from '../mutants/copy-of-tree.ts';
import { FOLDER, KEEPING, LANE } from './ablation/kept.ts';
import { changed, type Step } from './ablation/step.ts';
import { STEPS } from './ablation/steps/index.ts';
import { ablationTable, type Sizes } from './ablation/table.ts';
import { fetchFolder } from './pairs.ts';

const PAIRS = [
  { name: 'opencode-linux-x64', from: '1.18.33', to: '1.18.34', file: 'bin/opencode' },
  { name: '@oven/bun-linux-x64', from: '1.4.4', to: '1.4.5', file: 'bin/bun' },
  { name: '@rollup/rollup-linux-x64-gnu', from: '4.68.7', to: '4.68.8', file: 'rollup.linux-x64-gnu.node' },
];
const TOP = path.resolve(import.meta.dir, '../..');

interface Pair {
  name: string;
  old: string;
  fresh: string;
  /** What is kept of it (ablation/kept.ts). */
  folder: string;
}

async function fetchPairs(wanted: RegExp, folder: string): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (const [index, { name, from, to, file }] of PAIRS.entries()) {
    if (!wanted.test(name)) continue;
    const old = path.join(await fetchFolder(name, from), file);
    const fresh = path.join(await fetchFolder(name, to), file);
    pairs.push({ name: `${name} ${from} -> ${to}`, old, fresh, folder: path.join(folder, String(index)) });
  }
  return pairs;
}

/** Bytes of the patch that the tree at `top` makes. */
function sizeBy(top: string, { old, fresh }: Pair, algorithm: string, folder: string): number {
  const child = path.join(top, 'test/bench/ablation/child.ts');
  const env = { ...process.env, [FOLDER]: folder };
  fs.mkdirSync(folder, { recursive: true });
  const said = execFileSync(process.execPath, [child, old, fresh, algorithm], { env, encoding: 'utf8' });
  return Number(said);
}

/** Without the step; with all of them if it is null. */
function sizesWithout(step: Step | null, tree: CopyOfTree, pairs: readonly Pair[]): Sizes {
  const sources = changed(step?.changes ?? [], tree.read);
  const before = [...sources.keys()].map((file) => [file, tree.read(file)] as const);
  for (const [file, text] of sources) tree.write(file, text);
  try {
    // Compiles the WebAssembly if its source is newer.
    execFileSync('node', ['release/setup.mjs'], { cwd: tree.top });
    return pairs.map((pair) => {
      const folder = step?.aligns ? path.join(pair.folder, 'aligned otherwise') : pair.folder;
      if (step?.aligns) {
        fs.mkdirSync(folder);
        fs.copyFileSync(path.join(pair.folder, LANE), path.join(folder, LANE));
      }
      return sizeBy(tree.top, pair, 'mixing', folder);
    });
  } finally {
    for (const [file, text] of before) tree.write(file, text);
  }
}

const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  allowPositionals: true,
  options: { pairs: { type: 'string', default: '.' } },
});
const pattern = new RegExp(positionals[0] ?? '.');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ablation-'));
const tree = copyTree();
// It ends the encoder, whose error removes the copy.
process.once('SIGINT', () => process.exit(130));
try {
  const pairs = await fetchPairs(new RegExp(values.pairs), folder);
  for (const [file, text] of changed(KEEPING, tree.read)) tree.write(file, text);
  const whole = sizesWithout(null, tree, pairs);
  const bsdiff = pairs.map((pair) => sizeBy(TOP, pair, 'bsdiff', pair.folder));
  console.error(`whole: ${whole.join(', ')}; by bsdiff: ${bsdiff.join(', ')}`);
  const rows: [name: string, sizes: Sizes][] = [];
  for (const step of STEPS.filter(({ name }) => pattern.test(name))) {
    const sizes = sizesWithout(step, tree, pairs);
    console.error(`${step.name}: ${sizes.join(', ')}`);
    rows.push([step.name, sizes]);
  }
  const names = pairs.map(({ name }) => name);
  console.log(ablationTable(names, whole, bsdiff, rows));
} finally {
  tree.remove();
  fs.rmSync(folder, { recursive: true, force: true });
}

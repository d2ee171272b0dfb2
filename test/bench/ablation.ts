/**
 * What each step of `mixing` brings: `bun test/bench/ablation.ts [PATTERN [OLD NEW ...]]` takes away those whose name matches, each by
 * itself, in a copy of the tree, makes the patches of the pairs, or of three pairs of real releases, and prints the table of
 * lib/delta/README.md. Every patch is applied and the result compared. All steps of the three take an hour. Patches are by the third model; those of
 * a pattern that begins with `fourth model` are by the fourth one.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
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
const [pattern = '.', ...files] = process.argv.slice(2);

interface Pair {
  name: string;
  old: string;
  fresh: string;
}

async function fetchPairs(): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (const { name, from, to, file } of PAIRS) {
    const [old, fresh] = [await fetchFolder(name, from), await fetchFolder(name, to)];
    pairs.push({
      name: `${name} ${from} -> ${to}`,
      old: path.join(old, file),
      fresh: path.join(fresh, file),
    });
  }
  return pairs;
}

function pairsOf(files: readonly string[]): Pair[] {
  const pairs: Pair[] = [];
  for (let i = 0; i < files.length; i += 2) {
    const [old = '', fresh] = files.slice(i, i + 2);
    if (fresh === undefined) throw new Error(`no new file is given for ${old}`);
    pairs.push({ name: `${old} -> ${fresh}`, old, fresh });
  }
  return pairs;
}

/** Bytes of the patch that the tree at `top` makes. */
function sizeBy(top: string, { old, fresh }: Pair, algorithm: string, folder: string): number {
  const child = path.join(top, 'test/bench/ablation/child.ts');
  const env = { ...process.env, [FOLDER]: folder };
  const model = pattern.startsWith('fourth model') ? ['fourth'] : [];
  const said = execFileSync(process.execPath, [child, old, fresh, algorithm, ...model], {
    env,
    encoding: 'utf8',
  });
  return Number(said);
}

/** Without the step; with all of them if it is null. `kept`: the folder for what ablation/kept.ts keeps. */
function sizesWithout(step: Step | null, tree: CopyOfTree, pairs: readonly Pair[], kept: string): Sizes {
  const sources = changed(step?.changes ?? [], tree.read);
  const before = [...sources.keys()].map((file) => [file, tree.read(file)] as const);
  for (const [file, text] of sources) tree.write(file, text);
  try {
    // Compiles the WebAssembly if its source is newer.
    execFileSync('node', ['release/setup.mjs'], { cwd: tree.top });
    return pairs.map((pair, index) => {
      const folder = path.join(kept, String(index));
      const own = step?.aligns ? path.join(folder, 'aligned otherwise') : folder;
      fs.mkdirSync(own, { recursive: true });
      if (step?.aligns) fs.copyFileSync(path.join(folder, LANE), path.join(own, LANE));
      return sizeBy(tree.top, pair, 'mixing', own);
    });
  } finally {
    for (const [file, text] of before) tree.write(file, text);
  }
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ablation-'));
const tree = copyTree();
// It ends the encoder, whose error removes the copy.
process.once('SIGINT', () => process.exit(130));
try {
  const pairs = files.length === 0 ? await fetchPairs() : pairsOf(files);
  for (const [file, text] of changed(KEEPING, tree.read)) tree.write(file, text);
  const whole = sizesWithout(null, tree, pairs, folder);
  const bsdiff = pairs.map((pair) => sizeBy(TOP, pair, 'bsdiff', folder));
  console.error(`whole: ${whole.join(', ')}; by bsdiff: ${bsdiff.join(', ')}`);
  const rows: [name: string, sizes: Sizes][] = [];
  for (const step of STEPS.filter(({ name }) => new RegExp(pattern).test(name))) {
    const sizes = sizesWithout(step, tree, pairs, folder);
    console.error(`${step.name}: ${sizes.join(', ')}`);
    rows.push([step.name, sizes]);
  }
  const names = pairs.map(({ name }) => name);
  console.log(ablationTable(names, whole, bsdiff, rows));
} finally {
  tree.remove();
  fs.rmSync(folder, { recursive: true, force: true });
}

/**
 * Patches of real pairs beside those of the peers that are installed, every tool in a process of its own, apply times
 * as a ratio to the floor measured in the same run. `bun test/bench/delta.ts OLD NEW [OLD NEW ...]`, or without
 * arguments the pairs of README, fetched from the npm registry.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ANY_SIZE, digestFile } from '../../lib/platform/files.ts';
import { nativeDisk } from '../../lib/platform/native-disk.ts';
import { fetchPackage } from './pairs.ts';

export interface Pair {
  name: string;
  old: string;
  fresh: string;
}

export interface Measured {
  milliseconds: number;
  /** Bytes of resident memory; undefined where the tool ran behind another program. */
  peak: number | undefined;
}

export interface GenerateRow extends Measured {
  tool: string;
  /** Bytes of the patch. */
  size: number;
}

export interface ApplyRow {
  /** Medians; `apply` and `floor` by turns. */
  apply: Measured;
  floor: Measured;
  ratio: number;
}

const CHILD = path.join(import.meta.dir, 'delta-child.ts');

/** Commands that make `patch` out of `old` and `fresh`. Those that are not on the PATH are left out. */
const PEERS: { tool: string; command: (old: string, fresh: string, patch: string) => string[] }[] = [
  { tool: 'bsdiff', command: (old, fresh, patch) => ['bsdiff', old, fresh, patch] },
  {
    tool: 'xdelta3 -9 -S lzma',
    command: (old, fresh, patch) => [
      'xdelta3',
      '-9',
      '-S',
      'lzma',
      '-f',
      '-B',
      '400000000',
      '-s',
      old,
      fresh,
      patch,
    ],
  },
  {
    tool: 'zstd -19 --ultra --long=31 --patch-from',
    command: (old, fresh, patch) => [
      ...['zstd', '-19', '--ultra', '--long=31', '-q', '-f'],
      `--patch-from=${old}`,
      fresh,
      '-o',
      patch,
    ],
  },
  {
    tool: 'hdiffz -SD -m-6 -c-zstd-21-24',
    command: (old, fresh, patch) => ['hdiffz', '-f', '-SD', '-m-6', '-c-zstd-21-24', old, fresh, patch],
  },
  {
    tool: 'hdiffz -m-1 -c-lzma2-9-64m',
    command: (old, fresh, patch) => ['hdiffz', '-f', '-m-1', '-c-lzma2-9-64m', old, fresh, patch],
  },
];

/** Processes of peers at once: their sizes are what is compared, and one after the other they would take an hour. */
const AT_ONCE = 2;

/** Our patch of the pair first, with nothing beside it, left at `patch`, then those of the peers that are wanted. */
export async function benchGenerate(
  pair: Pair,
  patch: string,
  isWanted: (peer: { tool: string }) => boolean = () => true,
): Promise<GenerateRow[]> {
  const ours = await child('generate', pair.old, pair.fresh, patch);
  const peers = PEERS.filter(isWanted).entries();
  const rows: GenerateRow[] = [];
  const work = async () => {
    for (const [index, { tool, command }] of peers) {
      const theirs = `${patch}.peer-${index}`;
      const [program = '', ...args] = command(pair.old, pair.fresh, theirs);
      if (Bun.which(program) === null) continue;
      const measured = await measure(program, args);
      rows.push({ tool, size: fs.statSync(theirs).size, ...measured });
      fs.rmSync(theirs);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return [{ tool: 'dgmo-updater', size: fs.statSync(patch).size, ...ours }, ...rows];
}

/** `rounds` applications of `patch`, each followed by the floor. The new file is compared with the real one. */
export async function benchApply(pair: Pair, patch: string, rounds = 5): Promise<ApplyRow> {
  const applied = `${patch}.applied`;
  const copied = `${patch}.copied`;
  const runs: { apply: Measured; floor: Measured }[] = [];
  for (let round = 0; round < rounds; round++) {
    fs.rmSync(applied, { force: true });
    fs.rmSync(copied, { force: true });
    const apply = await child('apply', pair.old, patch, applied);
    const floor = await child('floor', pair.old, pair.fresh, copied);
    runs.push({ apply, floor });
  }
  if (
    digestFile(nativeDisk, applied, ANY_SIZE)?.sha256 !== digestFile(nativeDisk, pair.fresh, ANY_SIZE)?.sha256
  ) {
    throw new Error(`${applied} is not ${pair.fresh}`);
  }
  fs.rmSync(applied);
  fs.rmSync(copied);
  const apply = median(runs.map((run) => run.apply));
  const floor = median(runs.map((run) => run.floor));
  return { apply, floor, ratio: apply.milliseconds / floor.milliseconds };
}

function median(all: Measured[]): Measured {
  const milliseconds = all.map((one) => one.milliseconds).sort((a, b) => a - b)[all.length >> 1] ?? 0;
  return { milliseconds, peak: Math.max(...all.map((one) => one.peak ?? 0)) };
}

async function child(...args: string[]): Promise<Measured> {
  const { stdout } = await run(process.execPath, [CHILD, ...args]);
  return JSON.parse(stdout);
}

async function measure(program: string, args: string[]): Promise<Measured> {
  const begun = performance.now();
  const process = Bun.spawn([program, ...args], { stdout: 'ignore', stderr: 'ignore' });
  const code = await process.exited;
  if (code !== 0) throw new Error(`${program} failed (exit code ${code})`);
  return { milliseconds: performance.now() - begun, peak: process.resourceUsage()?.maxRSS };
}

function run(program: string, args: string[]): Promise<{ stdout: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve({ stdout });
      else reject(new Error(`${program} ${args.join(' ')} failed (exit code ${code})`));
    });
  });
}

export async function fetchPairs(): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (const [name, from, to] of [
    ['opencode-linux-x64', '1.18.33', '1.18.34'],
    ['opencode-linux-x64', '1.17.9', '1.18.34'],
    ['@oven/bun-linux-x64', '1.4.4', '1.4.5'],
    ['@oven/bun-windows-x64', '1.4.4', '1.4.5'],
    ['@oven/bun-darwin-aarch64', '1.4.4', '1.4.5'],
    ['@oven/bun-linux-x64', '1.3.13', '1.3.14'],
    ['@oven/bun-linux-x64', '1.4.3', '1.4.4'],
  ] as const) {
    const [old, fresh] = [await fetchPackage(name, from), await fetchPackage(name, to)];
    pairs.push({ name: `${name} ${from} -> ${to}`, old, fresh });
  }
  return pairs;
}

const megabytes = (bytes: number | undefined) =>
  bytes === undefined ? '-' : `${Math.round(bytes / 1e6)} MB`;
const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(2)} s`;

export const COMPARISON_HEAD =
  '| pair | bytes | patch | best of the peers | made by | ratio |\n|---|---|---|---|---|---|';

/** One row: our patch, which is the first, beside the smallest of the others. */
export function comparisonRow(pair: string, size: number, [ours, ...peers]: readonly GenerateRow[]): string {
  const best = peers.toSorted((a, b) => a.size - b.size)[0];
  const bytes = (count: number | undefined) => (count === undefined ? '-' : count.toLocaleString('en'));
  const ratio = best === undefined ? '-' : ((ours?.size ?? 0) / best.size).toFixed(2);
  const cells = [pair, bytes(size), bytes(ours?.size), bytes(best?.size), best?.tool ?? '-', ratio];
  return `| ${cells.join(' | ')} |`;
}

/** The tables of one pair, as Markdown, and its row in the comparison of all. */
export async function benchPair(
  pair: Pair,
  { peers = true, rounds = 5 } = {},
): Promise<{ text: string; comparison: string }> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'delta-bench-'));
  try {
    const patch = path.join(folder, 'patch');
    const rows = await benchGenerate(pair, patch, () => peers);
    const { apply, floor, ratio } = await benchApply(pair, patch, rounds);
    const text = [
      `### ${pair.name}`,
      '',
      '| made by | patch, bytes | against ours | time | peak memory |',
      '|---|---|---|---|---|',
      ...rows.map(
        ({ tool, size, milliseconds, peak }) =>
          `| ${tool} | ${size.toLocaleString('en')} | ${(size / (rows[0]?.size ?? 1)).toFixed(2)} | ${seconds(milliseconds)} | ${megabytes(peak)} |`,
      ),
      '',
      '| applied, verified, flushed, read back | time | against the floor | peak memory |',
      '|---|---|---|---|',
      `| dgmo-updater | ${seconds(apply.milliseconds)} | ${ratio.toFixed(2)} | ${megabytes(apply.peak)} |`,
      `| floor: digest old, copy, flush, digest new | ${seconds(floor.milliseconds)} | 1.00 | ${megabytes(floor.peak)} |`,
      '',
    ].join('\n');
    return { text, comparison: comparisonRow(pair.name, fs.statSync(pair.fresh).size, rows) };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const args = process.argv.slice(2);
  const named: Pair[] = [];
  for (let i = 0; i + 1 < args.length; i += 2) {
    const [old = '', fresh = ''] = args.slice(i, i + 2);
    named.push({
      name: `${path.basename(path.dirname(path.dirname(old)))} -> ${path.basename(path.dirname(path.dirname(fresh)))}`,
      old,
      fresh,
    });
  }
  for (const pair of named.length > 0 ? named : await fetchPairs()) console.log((await benchPair(pair)).text);
}

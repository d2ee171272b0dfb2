/**
 * What it takes to start the updater: `bun test/bench/start-up.ts`. An empty program that was compiled with the same
 * flags is what Bun itself takes; `status` is of an install whose executable is small, so that reading it counts for
 * nothing.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { nativeHost } from '../../lib/platform/native.ts';
import { targetOf } from '../../lib/version/index.ts';
import { compileTarget } from '../../release/commands/compile.ts';
import { makeInstall } from '../support/installed.ts';

/** What a start may take, in starts of an empty program. */
const WANTED = 3;

export interface StartUp {
  program: string;
  /** Medians, in milliseconds. */
  wall: number;
  cpu: number;
}

/** The empty program is the first. All are run in turn, `runs` times, so that what else the machine does hits all. */
export async function benchStartUp(runs = 40): Promise<StartUp[]> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'start-up-bench-'));
  try {
    const at = (name: string) => path.join(folder, name);
    fs.writeFileSync(at('empty.ts'), '');
    fs.writeFileSync(at('small'), '#!/bin/sh\necho 1.0.0\n', { mode: 0o755 });
    fs.mkdirSync(at('empty'));
    const target = targetOf(nativeHost());
    const settings = { app: 'dgmo', feed: null, root: null, version: '1.0.0', revision: 'bench' };
    const empty = await compileTarget(target, settings, at('empty'), at('empty.ts'));
    const updater = await compileTarget(target, settings, folder);
    const here = await makeInstall({ binary: at('small'), version: '1.0.0', updater });
    try {
      const programs = {
        'an empty program': [empty],
        'dgmo-updater --version': [here.updater, '--version'],
        'dgmo-updater --help': [here.updater, '--help'],
        'dgmo-updater status': [here.updater, 'status'],
      };
      return measure(programs, { ...process.env, ...here.env }, runs);
    } finally {
      here.remove();
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function measure(
  programs: Record<string, string[]>,
  env: Record<string, string | undefined>,
  runs: number,
): StartUp[] {
  const took = Object.entries(programs).map(([program, command]) => ({
    program,
    command,
    wall: [] as number[],
    cpu: [] as number[],
  }));
  // The first round finds nothing in memory.
  for (let round = 0; round <= runs; round++) {
    for (const { program, command, wall, cpu } of took) {
      const begun = performance.now();
      const ended = Bun.spawnSync(command, { env, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
      const milliseconds = performance.now() - begun;
      if (ended.exitCode !== 0) throw new Error(`${program} ended with ${ended.exitCode}: ${ended.stderr}`);
      if (round === 0) continue;
      wall.push(milliseconds);
      cpu.push(Number(ended.resourceUsage.cpuTime.total) / 1000);
    }
  }
  return took.map(({ program, wall, cpu }) => ({ program, wall: median(wall), cpu: median(cpu) }));
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

/** Markdown. */
export function startUpTable(rows: StartUp[]): string {
  const [empty] = rows;
  if (empty === undefined) throw new RangeError('start-up: wanted the empty program first, found nothing');
  const lines = rows.map(({ program, wall, cpu }) => {
    const ratio = wall / empty.wall;
    const verdict = ratio > WANTED ? ` (wanted: ${WANTED.toFixed(2)} at most)` : '';
    return `| ${program} | ${wall.toFixed(1)} ms | ${ratio.toFixed(2)}${verdict} | ${cpu.toFixed(1)} ms | ${(cpu / empty.cpu).toFixed(2)} |`;
  });
  return ['| started | time | ratio | CPU time | ratio |', '|---|---|---|---|---|', ...lines].join('\n');
}

if (import.meta.main) console.log(startUpTable(await benchStartUp()));

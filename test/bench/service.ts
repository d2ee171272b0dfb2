/**
 * What the background service takes while it has nothing to do: `bun test/bench/service.ts [seconds]`, on Linux. The compiled
 * updater, an install of a small program, and a feed on loopback in which nothing is new. Measured after its first check.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { nativeHost } from '../../lib/platform/native.ts';
import { targetOf } from '../../lib/version/index.ts';
import { compileTarget } from '../../release/commands/compile.ts';
import { openStage, SETTINGS } from '../update/stage.ts';

/** Bytes of resident memory, and the part of one processor. */
const WANTED = { memory: 60e6, processor: 0.001 };
/** Of the times in /proc/<pid>/stat, in a second. */
const TICKS = 100;

export interface IdleService {
  /** Bytes: resident in all, and the part of it that is not a page of the executable. */
  memory: number;
  anonymous: number;
  /** Seconds of processor time, and for how long it was watched. */
  processor: number;
  seconds: number;
}

export async function benchService(seconds = 300): Promise<IdleService> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'service-bench-'));
  await using stage = await openStage();
  try {
    const updater = await compileTarget(targetOf(nativeHost()), SETTINGS, folder);
    const own = path.join(stage.dir, 'dgmo-updater');
    fs.copyFileSync(updater, own);
    const child = spawn(own, ['service', 'run', '--home', stage.home], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    try {
      let said = '';
      child.stderr.on('data', (bytes: Buffer) => {
        said += bytes;
      });
      const commandLine = () => fs.readFileSync(`/proc/${child.pid}/cmdline`, 'latin1');
      const first = commandLine();
      // After the check it begins anew, in the same process and with more options.
      while (!said.includes('Next check') || commandLine() === first) {
        if (child.exitCode !== null) throw new Error(`the service ended: ${said}`);
        await Bun.sleep(50);
      }
      const begun = performance.now();
      const before = processorTime(child.pid ?? 0);
      await Bun.sleep(seconds * 1000);
      const processor = processorTime(child.pid ?? 0) - before;
      return { ...memoryOf(child.pid ?? 0), processor, seconds: (performance.now() - begun) / 1000 };
    } finally {
      child.kill('SIGTERM');
    }
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

/** Seconds, user and system, of all threads. */
function processorTime(pid: number): number {
  const text = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

function memoryOf(pid: number): Pick<IdleService, 'memory' | 'anonymous'> {
  const text = fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  const bytes = (name: string) => 1024 * Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(text)?.[1]);
  return { memory: bytes('Rss'), anonymous: bytes('Anonymous') };
}

/** Markdown. */
export function serviceTable({ memory, anonymous, processor, seconds }: IdleService): string {
  const share = processor / seconds;
  const verdict = (isFine: boolean, wanted: string) => (isFine ? '' : ` (wanted: ${wanted} at most)`);
  return `| resident memory | of which anonymous | processor time | of one processor |
|---|---|---|---|
| ${(memory / 1e6).toFixed(1)} MB${verdict(memory <= WANTED.memory, '60 MB')} | ${(anonymous / 1e6).toFixed(1)} MB | ${(processor * 1000).toFixed(0)} ms in ${seconds.toFixed(0)} s | ${(share * 100).toFixed(3)} %${verdict(share <= WANTED.processor, '0.1 %')} |`;
}

if (import.meta.main) console.log(serviceTable(await benchService(Number(process.argv[2] ?? 300))));

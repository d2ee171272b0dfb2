/** Who does the jobs: this process where they are small, else one process for each. */
import path from 'node:path';
import { DamagedError, InterruptedError, MachineError, UsageError } from '../../lib/errors.ts';
import type { Disk } from '../../lib/platform/disk.ts';
import { type Ended, runChild } from '../platform/children.ts';
import { BUN } from '../platform/machine.ts';
import { type Job, jobSize } from './job.ts';
import { perform } from './perform.ts';

export interface Workers {
  /** Makes `output`. Rejects when the signal is given. */
  run(job: Job, output: string, onProgress: (fraction: number) => void, signal: AbortSignal): Promise<void>;
}

/** Below it the start of a process takes longer than the work. */
const SMALL = 4 << 20;

export function hereWorkers(disk: Disk): Workers {
  return { run: (job, output, onProgress) => perform(disk, job, output, onProgress) };
}

/** For the real disk alone. */
export function processWorkers(disk: Disk): Workers {
  const here = hereWorkers(disk);
  return {
    run: (job, output, onProgress, signal) =>
      jobSize(job) < SMALL
        ? here.run(job, output, onProgress, signal)
        : runInChild(job, output, onProgress, signal),
  };
}

const CHILD = path.join(import.meta.dir, 'child.ts');

async function runInChild(
  job: Job,
  output: string,
  onProgress: (fraction: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const ended = await runChild([BUN, CHILD, JSON.stringify(job), output], {
    stop: signal,
    onOutput(text) {
      const fraction = Number(text.trim().split('\n').at(-1));
      if (Number.isFinite(fraction)) onProgress(fraction);
    },
  });
  if (ended.code !== 0) throw failure(job, ended);
}

function failure({ label }: Job, { code, signal, errors: told }: Ended): Error {
  if (code === 2) return new UsageError(told);
  if (code === 11) return new DamagedError(told);
  if (code === 12) return new MachineError(told);
  if (code === 130 || signal === 'SIGINT' || signal === 'SIGTERM') {
    return new InterruptedError(`interrupted at ${label}: nothing was published`);
  }
  if (signal === 'SIGKILL') {
    return new MachineError(`${label}: its process was killed, perhaps for want of memory`, {
      advice: 'Run it again: what is made already is not made again.',
    });
  }
  return new Error(`${label}: its process ended with ${signal ?? code}: ${told}`);
}

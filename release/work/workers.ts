/** Who does the jobs: this process if they are small, else a process for each. */
import path from 'node:path';
import { DamagedError, InterruptedError, MachineError, UsageError } from '../../lib/errors.ts';
import type { Disk } from '../../lib/platform/disk.ts';
import { type Ended, runChild } from '../platform/children.ts';
import { BUN } from '../platform/machine.ts';
import { isStopSignal } from '../platform/signals.ts';
import { type Job, jobSize } from './job.ts';
import { perform } from './perform.ts';

export interface Workers {
  /** Makes `output`. Returns how many milliseconds its trial took. Rejects if `signal` is aborted. */
  run(job: Job, output: string, onProgress: (fraction: number) => void, signal: AbortSignal): Promise<number>;
}

/** Bytes. For smaller jobs, starting a process takes longer than the work. */
const SMALL = 4 << 20;

export function inProcessWorkers(disk: Disk): Workers {
  return { run: (job, output, onProgress) => perform(disk, job, output, onProgress) };
}

/** Only for the real disk: the processes share nothing else with this one. */
export function processWorkers(disk: Disk): Workers {
  const here = inProcessWorkers(disk);
  return {
    run: (job, output, onProgress, signal) =>
      jobSize(job) < SMALL
        ? here.run(job, output, onProgress, signal)
        : runInChild(job, output, onProgress, signal),
  };
}

/** How a child begins the line that it prints last. */
export const TRIED = 'tried ';
/** Characters of its output that have that line in them. */
const LAST_LINES = 100;

const CHILD = path.join(import.meta.dir, 'child.ts');

async function runInChild(
  job: Job,
  output: string,
  onProgress: (fraction: number) => void,
  signal: AbortSignal,
): Promise<number> {
  let end = '';
  const ended = await runChild([BUN, CHILD, JSON.stringify(job), output], {
    stop: signal,
    onOutput(text) {
      end = (end + text).slice(-LAST_LINES);
      const fraction = Number(text.trim().split('\n').at(-1));
      if (Number.isFinite(fraction)) onProgress(fraction);
    },
  });
  if (ended.code !== 0) throw failure(job, ended);
  return Number(end.slice(end.lastIndexOf(TRIED) + TRIED.length));
}

function failure({ label }: Job, { code, signal, errors }: Ended): Error {
  // As child.ts prints them.
  const [message = '', advice] = errors.split('\n');
  const options = advice === undefined ? {} : { advice };
  if (code === 2) return new UsageError(message, options);
  if (code === 11) return new DamagedError(message, options);
  if (code === 12) return new MachineError(message, options);
  if (code === 130 || isStopSignal(signal)) {
    return new InterruptedError(`interrupted at ${label}: nothing was published`);
  }
  if (signal === 'SIGKILL') {
    return new MachineError(`${label}: its process was killed, perhaps because memory ran out`, {
      advice: 'Run it again: it continues with what it has made.',
    });
  }
  return new Error(`${label}: its process ended with ${signal ?? code}: ${errors}`);
}

/** What `add` prints to standard error: a line for each product, and on a terminal the progress of those in the works. */

import { tell } from '../platform/terminal.ts';
import { bytes, progress } from '../progress.ts';
import type { WorkReport } from './products.ts';

export interface WorkLines extends WorkReport {
  say(line: string): void;
  /** By label, how many milliseconds the trial of each product took that was made. */
  readonly trials: ReadonlyMap<string, number>;
  end(): void;
}

export function workLines(): WorkLines {
  const line = progress('');
  /** By label, the fraction of each job that runs. */
  const running = new Map<string, number>();
  const trials = new Map<string, number>();
  const say = (text: string) => {
    line.end();
    tell(`${text}\n`);
  };
  return {
    say,
    trials,
    made(job, size, took) {
      running.delete(job.label);
      if (took !== null) trials.set(job.label, took.trial);
      say(
        took === null
          ? `${job.label}: ${bytes(size)}, made before`
          : `${job.label}: ${bytes(size)}, ${seconds(took.all)}`,
      );
    },
    progress(job, fraction, done, total) {
      running.set(job.label, fraction);
      const begun = [...running.values()].reduce((sum, each) => sum + each, 0);
      line.report((done + begun) / total, progressLabel(running, done, total));
    },
    end: () => line.end(),
  };
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/** Jobs that are named in the line; it would not fit otherwise. */
const MOST_NAMED = 2;

/** `1 of 3 made; linux-x64: full binary 40%, linux-x64: patch from 1.0.0 7%; in all`, to which the sum is added. */
export function progressLabel(running: ReadonlyMap<string, number>, done: number, total: number): string {
  const jobs = [...running].map(([label, fraction]) => `${label} ${Math.floor(fraction * 100)}%`);
  const others = jobs.length - MOST_NAMED;
  const named = jobs.slice(0, MOST_NAMED).join(', ');
  return `${done} of ${total} made; ${named}${others > 0 ? ` and ${others} more` : ''}; in all`;
}

/** What `add` prints to standard error: a line for each product, and on a terminal the progress of the others. */

import { tell } from '../platform/terminal.ts';
import { bytes, progress } from '../progress.ts';
import type { WorkReport } from './products.ts';

export interface WorkLines extends WorkReport {
  say(line: string): void;
  end(): void;
}

export function workLines(): WorkLines {
  const line = progress('');
  const say = (text: string) => {
    line.end();
    tell(`${text}\n`);
  };
  return {
    say,
    made: (job, size, milliseconds) =>
      say(
        milliseconds === null
          ? `${job.label}: ${bytes(size)}, made before`
          : `${job.label}: ${bytes(size)}, ${(milliseconds / 1000).toFixed(1)} s`,
      ),
    progress: (job, fraction, done, total) => line.report(fraction, `${done} of ${total} made; ${job.label}`),
    end: () => line.end(),
  };
}

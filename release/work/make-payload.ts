/** One payload for a command that makes nothing else: by a process of its own if it takes long, so that a signal to stop ends it at once. */
import path from 'node:path';
import { InterruptedError } from '../../lib/errors.ts';
import { readFile } from '../../lib/platform/files.ts';
import { nativeDisk as disk } from '../../lib/platform/native-disk.ts';
import { MAX_BINARY_SIZE } from '../../lib/version/index.ts';
import { namedAs } from '../platform/failures.ts';
import { withScratchFolder } from '../platform/scratch.ts';
import { withStopSignal } from '../platform/signals.ts';
import { turn } from '../platform/timers.ts';
import { withProgress } from '../progress.ts';
import type { Job } from './job.ts';
import { processWorkers } from './workers.ts';

/**
 * @param output what is made of it: half-written files are kept beside it, until this ends
 * @throws InterruptedError after a signal to stop; UsageError, DamagedError, MachineError
 */
export async function makePayload(job: Job, output: string): Promise<Uint8Array> {
  let scratch = path.resolve(output);
  const made = withStopSignal((stop) =>
    withScratchFolder(output, async (folder) => {
      scratch = folder;
      const product = path.join(folder, job.kind);
      try {
        await withProgress(job.label, (report) => processWorkers(disk).run(job, product, report, stop));
        await turn();
      } catch (error) {
        if (!stop.aborted && !(error instanceof InterruptedError)) throw error;
        throw interrupted(output);
      }
      if (stop.aborted) throw interrupted(output);
      return readFile(disk, product, MAX_BINARY_SIZE) ?? new Uint8Array();
    }),
  );
  try {
    return await made;
  } catch (error) {
    throw namedAs(error, scratch, output);
  }
}

function interrupted(output: string): InterruptedError {
  return new InterruptedError(`interrupted: ${output} was not written`);
}

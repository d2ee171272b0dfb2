/** Carries out a plan: in its order, several files at once, and nothing more after the first failure. */
import path from 'node:path';
import { DamagedError, InterruptedError } from '../../lib/errors.ts';
import { ANY_SIZE, digestFile } from '../../lib/platform/files.ts';
import { digestInName } from '../repository/layout.ts';
import { type Published, requireCurrent } from '../repository/published.ts';
import type { Destination } from './destination.ts';
import type { LocalFile } from './inventory.ts';
import { type Plan, sendingOf, TIMESTAMP } from './plan.ts';

export interface Sending {
  published: Published;
  destination: Destination;
  /** SHA-256 of the files that the feed names, by path; of the others it is in their name. */
  named: ReadonlyMap<string, string>;
  /** `fraction` of the bytes, 0 to 1. */
  report(fraction: number): void;
  /** Ends it between two files with InterruptedError. */
  stop: AbortSignal;
}

export async function send(plan: Plan, sending: Sending): Promise<void> {
  const { destination, report, stop, published } = sending;
  const total = Math.max(1, sendingOf(plan).bytes);
  let done = 0;
  const one = async (file: LocalFile) => {
    await sendFile(file, plan.timestampBefore, sending);
    done += file.size;
    report(done / total);
  };
  const width = destination.concurrency;
  const pause = () => published.host.clock.sleep(0);
  await each(plan.targets, { width, stop, pause }, one);
  await each(plan.metadata, { width, stop, pause }, one);
  await each(plan.last, { width: 1, stop, pause }, one);
  await each(plan.remove, { width, stop, pause }, (name) => destination.remove(name));
}

async function sendFile(
  file: LocalFile,
  timestampBefore: Uint8Array | null,
  { published, destination, named }: Sending,
): Promise<void> {
  if (file.path === TIMESTAMP) {
    // The one that was found complete, whatever has been written since.
    const { bytes } = requireCurrent(published).timestamp;
    await destination.replace(file.path, bytes, timestampBefore);
    return;
  }
  const at = path.join(published.layout.folder, file.path);
  const isTarget = file.path.startsWith('targets/');
  const wanted = named.get(file.path) ?? (isTarget ? digestInName(file.path) : null);
  const found = wanted === null ? null : (digestFile(published.host.disk, at, ANY_SIZE)?.sha256 ?? 'no file');
  if (found !== wanted) {
    throw new DamagedError(`${at}: wanted a file with SHA-256 ${wanted}, found ${found}`, {
      advice: 'Clients see the feed as it was. Copy the file again from where it was made.',
    });
  }
  await destination.putFile(file.path, at);
}

/** Works on at most `width` items at once. After the first error no further item is begun. */
async function each<Item>(
  items: readonly Item[],
  { width, stop, pause }: { width: number; stop: AbortSignal; pause(): Promise<void> },
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const left = [...items];
  let failed = false;
  const worker = async () => {
    for (let item = left.shift(); item !== undefined && !failed; item = left.shift()) {
      // Copying a file blocks this process: signals are handled here.
      await pause();
      if (stop.aborted) {
        throw new InterruptedError('interrupted: clients see the feed as it was, or the complete new one', {
          advice: 'Run it again: it continues where it stopped.',
        });
      }
      await work(item);
    }
  };
  const workers = Array.from({ length: width }, async () => {
    try {
      await worker();
    } catch (error) {
      failed = true;
      throw error;
    }
  });
  const outcomes = await Promise.allSettled(workers);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

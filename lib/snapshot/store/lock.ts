/** One process at a time writes to a store: several installations may share a home. */

import { BusyError } from '../../errors.ts';
import { createDirectories } from '../../platform/files.ts';
import type { Host } from '../../platform/host.ts';
import { lockWithPatience } from '../../platform/lock-with-patience.ts';
import { folders, type StoreLayout, TEMPORARY } from './layout.ts';

type Machine = Pick<Host, 'disk' | 'locks' | 'clock'>;

/** In milliseconds. The first snapshot of a lot of data takes seconds. */
const PATIENCE = { limit: 60_000, pause: 50 };

/**
 * Runs `work` with the lock of the store. Creates the store if there is none, and removes what an interrupted writer left.
 * Throws BusyError if another process holds the lock for longer than a minute. Must not be nested.
 */
export async function withStore<Result>(
  host: Machine,
  layout: StoreLayout,
  work: () => Promise<Result>,
): Promise<Result> {
  for (const folder of folders(layout)) createDirectories(host.disk, folder, layout.dirname, 0o700);
  const lock = await lockWithPatience(host, layout.lock, PATIENCE);
  if (lock === null) {
    throw new BusyError(`the snapshots in ${layout.folder} are being written by another dgmo-updater`, {
      advice: 'Wait until it is done, then try again.',
    });
  }
  try {
    sweepTemporary(host, layout);
    return await work();
  } finally {
    lock.release();
  }
}

function sweepTemporary({ disk }: Machine, layout: StoreLayout): void {
  for (const folder of folders(layout).slice(1)) {
    for (const name of disk.list(folder)) {
      if (!name.endsWith(TEMPORARY)) continue;
      try {
        disk.remove(layout.join(folder, name));
      } catch {
        // It only takes space. The next writer tries again.
      }
    }
  }
}

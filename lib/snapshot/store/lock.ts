/** One writer at a time for one store: several installs may share a home, and a person may type in two terminals. */

import { BusyError } from '../../errors.ts';
import { createDirectories } from '../../platform/files.ts';
import type { Host } from '../../platform/host.ts';
import { lockWithPatience } from '../../platform/lock-with-patience.ts';
import { folders, type StoreLayout, TEMPORARY } from './layout.ts';

type Machine = Pick<Host, 'disk' | 'locks' | 'clock'>;

/** In milliseconds. A first snapshot of much data takes seconds. */
const PATIENCE = { limit: 60_000, pause: 50 };

/**
 * Makes the store where there is none, and removes what an interrupted writer left. Throws BusyError where another
 * process writes for longer than a minute.
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
        // It is only space. The next writer tries again.
      }
    }
  }
}

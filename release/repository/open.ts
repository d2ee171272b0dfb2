/** One writer at a time for one repository. */
import path from 'node:path';
import { LockedError } from '../../lib/errors.ts';
import { createDirectories, removeIfThere } from '../../lib/platform/files.ts';
import type { Host } from '../../lib/platform/host.ts';
import { type RepositoryLayout, repositoryLayout } from './layout.ts';
import { readSettings } from './settings.ts';

/**
 * Runs `work` under the repository's lock, which the operating system drops when its holder dies; half-written files
 * of a holder that did are removed first. LockedError where another process holds it, UsageError where no repository is.
 */
export async function alone<Result>(
  host: Host,
  folder: string,
  work: (layout: RepositoryLayout) => Promise<Result>,
): Promise<Result> {
  // Before anything is written: the folder may be another one than was meant.
  readSettings(host.disk, repositoryLayout(folder));
  return await aloneIn(host, folder, work);
}

/** The same for a folder that is to become a repository. */
export async function aloneIn<Result>(
  host: Host,
  folder: string,
  work: (layout: RepositoryLayout) => Promise<Result>,
): Promise<Result> {
  const layout = repositoryLayout(folder);
  createDirectories(host.disk, layout.work, path.dirname);
  const lock = host.locks.acquire(layout.lock);
  if (lock === null) {
    throw new LockedError(`${folder}: another release command is at work there`, {
      advice: 'Wait until it is done, then try again.',
    });
  }
  try {
    sweep(host, layout);
    return await work(layout);
  } finally {
    lock.release();
  }
}

function sweep({ disk }: Host, layout: RepositoryLayout): void {
  removeIfThere(disk, `${layout.timestamp}.tmp`);
  if (disk.status(layout.temporary) === null) return;
  for (const name of disk.list(layout.temporary)) removeIfThere(disk, path.join(layout.temporary, name));
}

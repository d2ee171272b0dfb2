/** The repository's lock: only one command at a time changes a repository. */
import path from 'node:path';
import { LockedError } from '../../lib/errors.ts';
import { createDirectories, removeIfThere } from '../../lib/platform/files.ts';
import type { Host } from '../../lib/platform/host.ts';
import { type RepositoryLayout, repositoryLayout } from './layout.ts';
import { readSettings } from './settings.ts';

/**
 * Runs `work` while holding the repository's lock, which the operating system drops if its holder dies. Half-written
 * files of an earlier holder are removed first. LockedError if another process holds the lock, UsageError if the folder
 * is not a repository.
 */
export async function withRepositoryLock<Result>(
  host: Host,
  folder: string,
  work: (layout: RepositoryLayout) => Promise<Result>,
): Promise<Result> {
  // Checked before anything is written: the person may have named the wrong folder.
  readSettings(host.disk, repositoryLayout(folder));
  return await withFolderLock(host, folder, work);
}

/** The same for a folder that is about to become a repository. */
export async function withFolderLock<Result>(
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
    removeDrafts(host, layout);
    return await work(layout);
  } finally {
    lock.release();
  }
}

function removeDrafts({ disk }: Host, layout: RepositoryLayout): void {
  removeIfThere(disk, `${layout.timestamp}.tmp`);
  if (disk.status(layout.temporary) === null) return;
  for (const name of disk.list(layout.temporary)) removeIfThere(disk, path.join(layout.temporary, name));
}

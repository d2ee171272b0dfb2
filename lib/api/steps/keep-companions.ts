/**
 * What a package carries besides what it installs, the updater and the schema of the config, is put where a download puts it. From
 * there on it makes no difference how it came.
 */
import { InterruptedError, UpdaterError } from '../../errors.ts';
import { checkpoint, type Session, updaterState } from '../../install/index.ts';
import type { CarriedFile, PackageContents } from '../../package/index.ts';
import { asUpdaterError } from '../../platform/failures.ts';
import { chunksOf, createDirectories, replaceDurably, statusOf } from '../../platform/files.ts';
import { pathsOf } from '../../platform/path-flavour.ts';
import { cachePaths } from '../../update/cache/layout.ts';
import { targetOf, updaterFor } from '../../version/index.ts';

/**
 * The caller has verified the package. That a file can't be kept is no reason not to update DGMO.
 *
 * @throws InterruptedError
 */
export async function keepCompanions(
  session: Session,
  { companions, manifest }: Pick<PackageContents, 'companions' | 'manifest'>,
): Promise<void> {
  const { home, host } = session;
  if ('missing' in home || companions.length === 0) return;
  const folder = pathsOf(host.platform).join(home.folder, 'cache');
  const updater = updaterFor(manifest, targetOf(host));
  for (const file of companions) {
    const isUpdater = file.name === 'updater';
    if (isUpdater && (updater === undefined || updaterState(session, updater.checksum) !== 'wanted'))
      continue;
    await checkpoint(session);
    keep(session, folder, file);
  }
}

/** Does nothing if it is there, or another process writes it now. */
function keep({ host, emit }: Session, folder: string, { name, sha256, content }: CarriedFile): void {
  const { disk, locks, platform } = host;
  const { file, lock: lockPath } = cachePaths(folder, sha256);
  try {
    if (statusOf(disk, file) !== null) return;
    createDirectories(disk, folder, pathsOf(platform).dirname);
    const lock = locks.acquire(lockPath);
    if (lock === null) return;
    try {
      replaceDurably(disk, file, folder, (write) => {
        for (const piece of chunksOf(content)) write(piece);
      });
    } finally {
      lock.release();
    }
  } catch (error) {
    const failure = asUpdaterError(error, folder);
    if (!(failure instanceof UpdaterError) || failure instanceof InterruptedError) throw failure;
    emit({ event: 'warning', text: `The ${name} in the package was not kept: ${failure.message}.` });
  }
}

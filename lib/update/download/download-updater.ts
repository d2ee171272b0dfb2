/** The updater that comes with a release: downloaded into the cache, if this installation has another one. */
import { type Session, updaterState } from '../../install/index.ts';
import { pathsOf } from '../../platform/path-flavour.ts';
import { type DGMOVersion, isNewer, targetOf, type UpdaterBinary, updaterFor } from '../../version/index.ts';
import { cachePaths } from '../cache/layout.ts';
import type { UpdateContext } from '../context.ts';
import { download } from './download.ts';
import type { PackageOptions } from './download-packages.ts';

/** Path of its file in the cache; null if it is not there. */
export function cachedUpdater({ host, home }: Session, { file }: Pick<UpdaterBinary, 'file'>): string | null {
  if ('missing' in home) return null;
  const path = cachePaths(pathsOf(host.platform).join(home.folder, 'cache'), file.sha256).file;
  return host.disk.status(path) === null ? null : path;
}

/** The updater that this installation has not, and wants; undefined if there is none. */
function wantedUpdater(session: Session, manifest: DGMOVersion): UpdaterBinary | undefined {
  const updater = updaterFor(manifest, targetOf(session.host));
  return updater !== undefined && updaterState(session, updater.checksum) === 'wanted' ? updater : undefined;
}

/** Whether the updater of the release is neither here nor rejected, nor older than the one that runs. */
export function lacksUpdater(session: Session, manifest: DGMOVersion): boolean {
  const updater = wantedUpdater(session, manifest);
  return updater !== undefined && !isNewer(session.settings.version, updater.version);
}

/**
 * How many bytes of the updater that comes along are still to be downloaded; 0 if none is.
 *
 * @param cached how many bytes of a file are in the cache
 */
export function updaterBytes(
  session: Session,
  manifest: DGMOVersion,
  cached: (file: UpdaterBinary['file']) => number,
): number {
  const updater = wantedUpdater(session, manifest);
  return updater === undefined ? 0 : Math.max(0, updater.file.length - cached(updater.file));
}

/** Does nothing if this installation has it, or does not want it. Throws as `download` does. */
export async function downloadUpdater(
  context: UpdateContext,
  manifest: DGMOVersion,
  options: PackageOptions = {},
): Promise<void> {
  const updater = wantedUpdater(context.session, manifest);
  if (updater !== undefined) await fetchUpdaterFile(context, updater, options);
}

/** Returns its path in the cache. Throws as `download` does. */
export async function fetchUpdaterFile(
  { session, network, location, signal, emit }: UpdateContext,
  updater: Pick<UpdaterBinary, 'version' | 'file'>,
  { limits }: PackageOptions = {},
): Promise<string> {
  const { version } = updater;
  const { disk, clock, locks, random } = session.host;
  const { path, length, sha256 } = updater.file;
  return download({
    ...{ network, disk, clock, locks, random, length, sha256 },
    urls: [location.targetUrl(path)],
    cacheFolder: location.cacheFolder,
    onProgress: (progress) => emit({ event: 'download updater', version, ...progress }),
    ...(limits === undefined ? {} : { limits }),
    ...(signal === undefined ? {} : { signal }),
  });
}

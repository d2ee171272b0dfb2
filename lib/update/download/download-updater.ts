/** The updater that comes with a release: downloaded into the cache, if this installation has another one. */
import { type Session, updaterState } from '../../install/index.ts';
import { pathsOf } from '../../platform/path-flavour.ts';
import { type DGMOVersion, targetOf, type UpdaterBinary } from '../../version/index.ts';
import { cachePaths } from '../cache/layout.ts';
import type { UpdateContext } from '../context.ts';
import { download } from './download.ts';
import type { PackageOptions } from './download-packages.ts';

/** Undefined if the release brings none for this machine. */
export function updaterFor({ host }: Session, { updaters = [] }: DGMOVersion): UpdaterBinary | undefined {
  const here = targetOf(host);
  return updaters.find(({ platform, arch }) => platform === here.platform && arch === here.arch);
}

/** Path of its file in the cache; null if it is not there. */
export function cachedUpdater({ host, home }: Session, { file }: UpdaterBinary): string | null {
  if ('missing' in home) return null;
  const path = cachePaths(pathsOf(host.platform).join(home.folder, 'cache'), file.sha256).file;
  return host.disk.status(path) === null ? null : path;
}

/** Does nothing if this installation has it, or does not want it. Throws as `download` does. */
export async function downloadUpdater(
  { session, network, location, signal }: UpdateContext,
  manifest: DGMOVersion,
  { limits }: PackageOptions = {},
): Promise<void> {
  const updater = updaterFor(session, manifest);
  if (updater === undefined || updaterState(session, updater.checksum) !== 'wanted') return;
  const { disk, clock, locks, random } = session.host;
  const { path, length, sha256 } = updater.file;
  await download({
    ...{ network, disk, clock, locks, random, length, sha256 },
    urls: [location.targetUrl(path)],
    cacheFolder: location.cacheFolder,
    ...(limits === undefined ? {} : { limits }),
    ...(signal === undefined ? {} : { signal }),
  });
}

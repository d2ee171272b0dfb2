/** The schema of the config that a release names: downloaded into the cache, unless it is there, or kept beside the receipt. */
import type { Session } from '../../install/index.ts';
import { pathsOf } from '../../platform/path-flavour.ts';
import type { ConfigSchema } from '../../version/index.ts';
import { cachePaths } from '../cache/layout.ts';
import type { UpdateContext } from '../context.ts';
import { download } from './download.ts';

/** Path of the file in the cache; null if this user has none. */
export function cachedConfigSchema({ host, home }: Session, { sha256 }: ConfigSchema): string | null {
  if ('missing' in home) return null;
  return cachePaths(pathsOf(host.platform).join(home.folder, 'cache'), sha256).file;
}

/** Returns its path in the cache. Throws as `download` does. */
export function downloadConfigSchema(
  { session, network, location, signal }: UpdateContext,
  { path, length, sha256 }: ConfigSchema,
): Promise<string> {
  const { disk, clock, locks, random } = session.host;
  return download({
    ...{ network, disk, clock, locks, random, length, sha256 },
    urls: [location.targetUrl(path)],
    cacheFolder: location.cacheFolder,
    onProgress: () => undefined,
    ...(signal === undefined ? {} : { signal }),
  });
}

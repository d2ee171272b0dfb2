/** Downloads the packages of a route into the cache, and those of the next route if one of them can't be downloaded. */
import { DamagedError, errorMessage, PolicyError } from '../../errors.ts';
import { NetworkFailure } from '../../platform/network/network.ts';
import type { ListedPackage } from '../../version/index.ts';
import { pruneCache } from '../cache/cache.ts';
import type { UpdateInfo, UpdatePackage } from '../check/update-info.ts';
import type { UpdateContext } from '../context.ts';
import { download } from './download.ts';
import type { DownloadLimits } from './limits.ts';
import { checkMatchesIndex } from './match-index.ts';
import type { DownloadRoute } from './route.ts';

export interface PackageOptions {
  limits?: Partial<DownloadLimits> | undefined;
}

/** Tries the routes in order. Throws PolicyError if there is none, else what the last one failed with. */
export async function downloadPackages(
  context: UpdateContext,
  update: UpdateInfo,
  options: PackageOptions = {},
): Promise<UpdatePackage> {
  const [first, second] = update.routes;
  if (first === undefined) {
    throw new PolicyError(
      `the feed has no package of ${update.version} for the installed ${update.currentVersion}`,
      { advice: 'Choose another version, or tell the publisher.' },
    );
  }
  try {
    return await downloadRoute(context, update, first, options);
  } catch (error) {
    if (second === undefined || !isOfOneFile(error)) throw error;
    const reason = errorMessage(error);
    context.emit({ event: 'fallback', version: update.version, to: second.kind, reason });
    return downloadRoute(context, update, second, options);
  }
}

/** The route with the full binary, for when the patches do not fit; null if there is none, or it is the one `taken`. */
export function fullRoute({ routes }: UpdateInfo, taken: DownloadRoute['kind']): DownloadRoute | null {
  return taken === 'full' ? null : (routes.find(({ kind }) => kind === 'full') ?? null);
}

export async function downloadRoute(
  context: UpdateContext,
  update: UpdateInfo,
  route: DownloadRoute,
  { limits }: PackageOptions = {},
): Promise<UpdatePackage> {
  const { session, location, emit } = context;
  const { disk, clock, locks } = session.host;
  const { version } = update;
  const packages = route.packages.length;
  emit({ event: 'route', version, kind: route.kind, packages, bytes: route.remaining });
  const keep = route.packages.map(({ sha256 }) => sha256);
  pruneCache({ disk, locks, clock, cacheFolder: location.cacheFolder, keep });
  const files: string[] = [];
  for (const [index, file] of route.packages.entries()) {
    const place = { index, packages };
    const path = await downloadPackage(context, version, file, { place, limits });
    files.push(path);
  }
  const last = files.at(-1);
  if (last !== undefined) checkMatchesIndex(disk, last, update.release);
  emit({ event: 'downloaded', version, files });
  return { version, route: route.kind, files, update };
}

/** Downloads one package of that version into the cache, and returns its path there. */
export async function downloadPackage(
  { session, network, location, emit, signal }: UpdateContext,
  version: string,
  file: ListedPackage,
  { place, limits }: PackageOptions & { place: { index: number; packages: number } },
): Promise<string> {
  const { disk, clock, locks, random } = session.host;
  return download({
    ...{ network, disk, clock, locks, random },
    urls: [location.targetUrl(file.path)],
    length: file.length,
    sha256: file.sha256,
    cacheFolder: location.cacheFolder,
    onProgress: (progress) =>
      emit({ event: 'download', version, package: place.index + 1, packages: place.packages, ...progress }),
    ...(limits === undefined ? {} : { limits }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/**
 * Whether the failure is that of one file of the feed, and not of the connection: only then another route may help. A server that
 * wants to be left alone is not asked for a larger file instead.
 */
function isOfOneFile(error: unknown): boolean {
  if (error instanceof DamagedError) return true;
  if (!(error instanceof NetworkFailure) || error.retryAfter !== null) return false;
  return ['missing', 'server', 'changed', 'protocol'].includes(error.reason);
}

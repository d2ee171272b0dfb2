/** Getting releases: what the feed offers, whether it is for this installation, and how it is downloaded. */

export type { Owner } from '../install/ownership/evidence.ts';
export type { Transfer } from './blocks/fetch-parts.ts';
export {
  fetchBlockList,
  type PublishedBinary,
  packageSource,
  publishedBinary,
} from './blocks/published-binary.ts';
export { type BlocksRequest, readBlocks } from './blocks/read-blocks.ts';
export {
  type CacheEntry,
  DEFAULT_PRUNE,
  listCache,
  type PruneLimits,
  planPrune,
  pruneCache,
} from './cache/cache.ts';
export { cachePaths } from './cache/layout.ts';
export { type Asker, type CheckOptions, check } from './check/check.ts';
export { type Held, type Hold, type Selection, select } from './check/selection.ts';
export type { CheckResult, OfferedEvolution, UpdateInfo, UpdatePackage } from './check/update-info.ts';
export type { WayBack } from './check/way-back.ts';
export { type ContextOptions, openContext, type UpdateContext } from './context.ts';
export { type DownloadRequest, download } from './download/download.ts';
export { downloadPackages, type PackageOptions } from './download/download-packages.ts';
export { DEFAULT_LIMITS, type DownloadLimits } from './download/limits.ts';
export type { DownloadProgress } from './download/progress.ts';
export { type DownloadRoute, MAX_CHAIN, planDownload } from './download/route.ts';
export type { UpdateEvent } from './events.ts';
export type { PassedRelease } from './passed-releases.ts';

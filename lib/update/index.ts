/** Getting releases: what the feed offers, whether it is for this installation, and how it is downloaded. */

export type { Owner } from '../install/ownership/evidence.ts';
export { fetchBlockList, packageSource, publishedBinary } from './blocks/published-binary.ts';
export { readBlocks } from './blocks/read-blocks.ts';
export { listCache, planPrune, pruneCache } from './cache/cache.ts';
export { cachePaths } from './cache/layout.ts';
export type { Asker, CheckOptions } from './check/check.ts';
export type { Held, Hold, Selection } from './check/selection.ts';
export type { CheckResult, OfferedEvolution, UpdateInfo, UpdatePackage } from './check/update-info.ts';
export type { WayBack } from './check/way-back.ts';
export { openContext, type UpdateContext } from './context.ts';
export { type DownloadRequest, download } from './download/download.ts';
export type { PackageOptions } from './download/download-packages.ts';
export type { DownloadLimits } from './download/limits.ts';
export type { DownloadProgress } from './download/progress.ts';
export { type DownloadRoute, MAX_CHAIN, planDownload } from './download/route.ts';
export type { UpdateEvent } from './events.ts';
export type { PassedRelease } from './passed-releases.ts';

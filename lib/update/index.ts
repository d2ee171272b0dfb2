/** Getting releases: the file side of it. */
export {
  type CacheEntry,
  DEFAULT_PRUNE,
  listCache,
  type PruneLimits,
  planPrune,
  pruneCache,
} from './cache.ts';
export { cachePaths } from './cache-layout.ts';
export { type DownloadRequest, download } from './download.ts';
export { DEFAULT_LIMITS, type DownloadLimits } from './limits.ts';
export type { DownloadProgress } from './progress.ts';

/** Getting releases: what the feed offers, whether it is for this installation, and how it gets here. */
export {
  type CacheEntry,
  DEFAULT_PRUNE,
  listCache,
  type PruneLimits,
  planPrune,
  pruneCache,
} from './cache.ts';
export { cachePaths } from './cache-layout.ts';
export { type CheckOptions, check } from './check.ts';
export { type Choices, choicesFile, NO_CHOICES, withSkipped } from './choices.ts';
export { type ContextOptions, openContext, type UpdateContext } from './context.ts';
export { type DownloadRequest, download } from './download.ts';
export { downloadPackages, type PackageOptions } from './download-packages.ts';
export type { UpdateEvent } from './events.ts';
export { DEFAULT_LIMITS, type DownloadLimits } from './limits.ts';
export {
  type RestartCommand,
  type RestartNotice,
  UpdateManager,
  type UpdateManagerOptions,
} from './manager.ts';
export {
  DEFAULT_PREFERENCES,
  PREFERENCE_KEYS,
  type PreferenceKey,
  type Preferences,
  preferenceKey,
  preferencesFile,
  preferenceText,
  withPreference,
} from './preferences.ts';
export type { DownloadProgress } from './progress.ts';
export { rememberReverted, rememberRollback } from './remember.ts';
export { type DownloadRoute, MAX_CHAIN, planDownload } from './route.ts';
export { applyUpdate, type RunOptions } from './run-update.ts';
export { type Hold, type Selection, select } from './selection.ts';
export { snapshotsIn } from './snapshot-choices.ts';
export { SnapshotManager, type SnapshotManagerOptions } from './snapshot-manager.ts';
export type { CheckResult, UpdateInfo, UpdatePackage } from './update-info.ts';

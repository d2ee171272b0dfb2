/** Snapshots: binary, config, plugins, data and evolutions as they were at one moment, in a content-addressed store. */

export { estimateSnapshot } from './capture/estimate.ts';
export { takeSnapshot } from './capture/take.ts';
export {
  COMPONENTS,
  type Component,
  FOLDER_COMPONENTS,
  type FolderComponent,
  isComponent,
} from './components.ts';
export {
  documentPath,
  type Listed,
  listSnapshots,
  loadSnapshot,
  removeSnapshot,
  type Snapshot,
  setPin,
} from './document.ts';
export { bytesToCompact, canCompact, compactBinaries } from './inverse/compact.ts';
export { chainTo, isSoundChain, openBinary, storedBinaries, withoutWhole } from './inverse/inverses.ts';
export { type Profile, type ProfileSettings, profileOf, profileRoots } from './profile.ts';
export { relocate } from './relocate.ts';
export type { Amendment, NewFile } from './restore/amend.ts';
export { checkStored } from './restore/check-stored.ts';
export { findLoss, leftOut } from './restore/loss.ts';
export { type Plan, planRestore, type RestoreRequest } from './restore/plan.ts';
export { carryOut, clear, clearLeftovers, flushFolders } from './restore/restore.ts';
export { prepare, prepareAmended } from './restore/stage.ts';
export { verifyRestored } from './restore/verify-restored.ts';
export type { Covering } from './selection.ts';
export { folderConflict } from './separate.ts';
export { isSnapshotId } from './snapshot-id.ts';
export { binaryPath, recogniseExecutable, rememberExecutable, shareBinary } from './store/binaries.ts';
export { KEEP, type StoreLayout, storeLayout } from './store/layout.ts';
export { withStore } from './store/lock.ts';
export { discardSnapshot, type Pruned, prune } from './store/prune.ts';
export { outdated } from './store/retention.ts';
export { type Usage, usageOf } from './store/usage.ts';
export { Verifier } from './store/verify.ts';

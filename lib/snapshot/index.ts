/** Snapshots: binary, config, plugins, data and evolutions as they were at one moment, in a content-addressed store. */
export { type Amendment, amendSnapshot, type NewFile } from './amend.ts';
export { binaryPath, recogniseExecutable, rememberExecutable } from './binaries.ts';
export { checkStored } from './check-stored.ts';
export {
  COMPONENTS,
  type Component,
  FOLDER_COMPONENTS,
  type FolderComponent,
  isComponent,
} from './components.ts';
export {
  documentPath,
  isSnapshotId,
  type Listed,
  listSnapshots,
  loadSnapshot,
  pinPath,
  removeSnapshot,
  type Snapshot,
} from './document.ts';
export { withStore } from './lock.ts';
export { type Profile, type ProfileSettings, profileOf } from './profile.ts';
export { type Pruned, type PruneOptions, prune } from './prune.ts';
export { carryOut, clear, clearLeftovers, flushFolders } from './restore.ts';
export { type Plan, planRestore, type RestoreRequest } from './restore-plan.ts';
export { prepare } from './restore-stage.ts';
export { KEEP } from './retention.ts';
export { type SnapshotRequest, type Taken, takeSnapshot } from './snapshot.ts';
export { type StoreLayout, storeLayout } from './store-layout.ts';
export { unkept } from './unkept.ts';
export { type Usage, usageOf } from './usage.ts';
export { type Verified, Verifier } from './verify.ts';
export { verifyRestored } from './verify-restored.ts';

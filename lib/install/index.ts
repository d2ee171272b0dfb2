/** An install: what is installed, and the transactions that change it. */
export { adopt, requireExecutable } from './adopt.ts';
export { type Confirmation, CRASH_WINDOW, FAILED_STARTS } from './confirmation/confirmation.ts';
export {
  failuresOf,
  recordConfirmation,
  recordStart,
  type Unconfirmed,
  unconfirmed,
} from './confirmation/record.ts';
export { type Watched, watchStart } from './confirmation/watch.ts';
export { startWatcher } from './confirmation/watcher.ts';
export { countRead } from './count-read.ts';
export { requireOwnInstall, requireSameWriters } from './file-owners.ts';
export { startCompactor } from './folders/compactor.ts';
export {
  forgetSnapshot,
  outdatedSnapshots,
  pruneAfter,
  pruneSnapshots,
  snapshotBeforeChange,
  snapshotInstall,
} from './folders/snapshots.ts';
export { isIntact } from './installed-binary.ts';
export { keptBlockList, keptSpareBlocks } from './kept-blocks.ts';
export { createWorkDir, installedPaths } from './layout.ts';
export { lockedError, withLock } from './lock.ts';
export { openSession } from './open.ts';
export { requireChangeable, requireRoom } from './preflight/preflight.ts';
export { mayRunNow, restartAfter } from './process/restart-policy.ts';
export { runningCopies } from './process/running.ts';
export { becomesTarget, continueAsTarget, relaunch } from './process/start.ts';
export { endProcess, stopRunning } from './process/stop.ts';
export { awaitExit, processToAwait } from './process/wait.ts';
export { recordPublisherOrWarn } from './publisher.ts';
export {
  type Binary,
  type Receipt,
  type RollbackRule,
  receiptUnlessDamaged,
  requireReceipt,
} from './receipt.ts';
export {
  planRollbackChange,
  previewFolders,
  type RollbackChange,
  type RollbackPreview,
  receiptAfterRollback,
  rollbackFolderChange,
  rollbackFolders,
  snapshotBeforeRollback,
  stageRollback,
  verifyTarget,
  withNextSnapshot,
  writeReceiptOnly,
} from './rollback/change.ts';
export {
  changesFolders,
  dataFormatChange,
  findSnapshot,
  type RollbackTarget,
  type RollbackWish,
  rollbackTarget,
  stateBefore,
} from './rollback/target.ts';
export { takeUntoldRollback, untoldRollback } from './rollback/untold.ts';
export { noteRootVersion } from './root-version.ts';
export {
  type Applied,
  checkpoint,
  type InstallEvent,
  type Limits,
  type RolledBack,
  type Session,
} from './session.ts';
export { type Status, status } from './status.ts';
export { abandon, begin, newId } from './transaction/begin.ts';
export {
  type Change,
  isOpen,
  type OpenTransaction,
  type Outcome,
  openTransaction,
  readJournal,
  transactionText,
  undertakingOf,
} from './transaction/journal.ts';
export { requireCommitted } from './transaction/outcome-errors.ts';
export { askVersion } from './transaction/probe.ts';
export { recoverTransaction } from './transaction/recover.ts';
export { runTransaction } from './transaction/transaction.ts';
export type { EvolutionWish } from './update/evolutions.ts';
export { planFolders, snapshotBeforeUpdate, updateFolders } from './update/folders.ts';
export { type InstalledEvolution, installedEvolutions } from './update/installed-evolutions.ts';
export { type PreparedUpdate, prepareUpdate, receiptAfterUpdate } from './update/prepare.ts';
export { stageUpdate } from './update/stage.ts';
export {
  forgetOldUpdater,
  putBackUpdater,
  recoverUpdater,
  replaceUpdater,
  updaterState,
} from './updater/replace-updater.ts';
export { recordUpdater } from './updater/updater-record.ts';
export { isUpdaterOpen } from './updater/updater-session.ts';

/** One install: what stands, and the transactions that change it. */
export { type Applied, type ApplyOptions, applyPackage } from './apply.ts';
export { foreignBinary } from './conclude.ts';
export { type EvolutionWish, type InstalledEvolution, installedEvolutions } from './evolutions.ts';
export { homeOf } from './home.ts';
export { adopt, requireExecutable } from './init.ts';
export { type Outcome, openTransaction, readJournal } from './journal.ts';
export { createWorkDir, pathsOf } from './layout.ts';
export { withLock } from './lock.ts';
export { openSession } from './open.ts';
export { type Binary, type Receipt, requireReceipt } from './receipt.ts';
export { type Recovery, recoverInstall, recoverTransaction } from './recover.ts';
export { relaunch } from './relaunch.ts';
export { type RolledBack, rollback, verifyTarget } from './rollback.ts';
export {
  changesFolders,
  dataMoves,
  findSnapshot,
  type RollbackTarget,
  type RollbackWish,
  rollbackTarget,
} from './rollback-target.ts';
export { DEFAULT_LIMITS, type InstallEvent, type Limits, type Session } from './session.ts';
export { type Settings, settings } from './settings.ts';
export { type SnapshotChoices, type SnapshotSetup, snapshotSetup } from './snapshot-setup.ts';
export { pruneSnapshots, takeSnapshotHere } from './snapshots.ts';
export { type Status, status } from './status.ts';
export { runningCopies, stopRunning } from './stop.ts';
export { keepTrustedRoot, loadRootDocument, loadTrustedRoot } from './trusted-root.ts';

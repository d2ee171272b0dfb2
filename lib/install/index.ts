/** One install: what stands, and the transactions that change it. */

export { type Settings, settings } from '../home/compiled-in.ts';
export { homeOf } from '../home/folder.ts';
export { type SnapshotChoices, type SnapshotSetup, snapshotSetup } from '../home/snapshot-setup.ts';
export { keepTrustedRoot, loadRootDocument, loadTrustedRoot } from '../home/trusted-root.ts';
export { adopt, requireExecutable } from './adopt.ts';
export { type Applied, type ApplyOptions, applyPackage } from './apply.ts';
export { type EvolutionWish, type InstalledEvolution, installedEvolutions } from './folders/evolutions.ts';
export { pruneSnapshots, takeSnapshotHere } from './folders/snapshots.ts';
export { createWorkDir } from './layout.ts';
export { withLock } from './lock.ts';
export { openSession } from './open.ts';
export { relaunch } from './process/start.ts';
export { runningCopies, stopRunning } from './process/stop.ts';
export { type Binary, type Receipt, requireReceipt } from './receipt.ts';
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
export { type Status, status } from './status.ts';
export { foreignBinary } from './transaction/conclude.ts';
export { type Outcome, openTransaction, readJournal } from './transaction/journal.ts';
export { type Recovery, recoverInstall, recoverTransaction } from './transaction/recover.ts';

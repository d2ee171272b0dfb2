/** One install: what stands, and the transactions that change it. */
export { type Applied, type ApplyOptions, applyPackage } from './apply.ts';
export { foreignBinary } from './conclude.ts';
export { homeOf } from './home.ts';
export { adopt, requireExecutable } from './init.ts';
export { type Outcome, openTransaction, readJournal } from './journal.ts';
export { createWorkDir, pathsOf } from './layout.ts';
export { withLock } from './lock.ts';
export { openSession } from './open.ts';
export { type Binary, type Receipt, requireReceipt } from './receipt.ts';
export { type Recovery, recoverInstall, recoverTransaction } from './recover.ts';
export { rollback, rollbackTarget } from './rollback.ts';
export { DEFAULT_LIMITS, type InstallEvent, type Limits, type Session } from './session.ts';
export { type Settings, settings } from './settings.ts';
export { type Status, status } from './status.ts';
export { keepTrustedRoot, loadRootDocument, loadTrustedRoot } from './trusted-root.ts';

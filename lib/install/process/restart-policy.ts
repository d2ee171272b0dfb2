/** Whether DGMO is started again after an update. */
import {
  DamagedError,
  InterruptedError,
  LockedError,
  RevertedError,
  UnrecoverableError,
} from '../../errors.ts';
import { isIntact } from '../installed-binary.ts';
import { lockUnlessOtherStarts } from '../lock.ts';
import type { Session } from '../session.ts';
import { type OpenTransaction, openTransaction, readJournal } from '../transaction/journal.ts';
import { recoverTransaction } from '../transaction/recover.ts';
import { awaitExit } from './wait.ts';

/**
 * Starts DGMO again, with `start`, if it may. Throws what `start` throws, unless the update failed: the caller reports that
 * failure then.
 */
export async function restartAfter(
  session: Session,
  awaited: number | null,
  failure: unknown,
  start: () => Promise<void>,
): Promise<void> {
  try {
    if (await mayStart(session, awaited, failure)) await start();
  } catch (error) {
    if (failure === undefined) throw error;
  }
}

/**
 * Always true after a success. After a failure true if DGMO has exited for the update. But not if the user interrupted, if
 * another updater is going to start it, or if the executable does not work. Whatever is thrown then is a no.
 */
async function mayStart(session: Session, awaited: number | null, failure: unknown): Promise<boolean> {
  if (failure === undefined || failure instanceof RevertedError) return true;
  if (awaited === null || failure instanceof InterruptedError) return false;
  if (failure instanceof UnrecoverableError) {
    // The old version failed its probe too, but it is what the user had, and may work for them.
    return isIntact(session) && mayRunNow(session);
  }
  if (failure instanceof LockedError && !(await otherIsDone(session, awaited))) return false;
  await awaitExit(session, awaited);
  return mayRunNow(session);
}

/**
 * False while a failed transaction is still open, and the executable is the version that failed, or the folders are not
 * restored yet. The old version could ruin data that a newer one has half changed, or show the user none of it. The snapshot
 * and the next run of any command bring it back, so not to run until then is the least harm.
 */
export function mayRunNow(session: Session): boolean {
  const open = openAfter(session);
  if (open === null || open.verdict?.verdict === 'commit') return true;
  return isIntact(session) && !mustRestoreFolders(open);
}

/** Null also if the journal is damaged: the operation has told of that, and has changed nothing then. */
function openAfter({ host, layout }: Session): OpenTransaction | null {
  try {
    return openTransaction(readJournal(host.disk, layout).entries);
  } catch (error) {
    if (error instanceof DamagedError) return null;
    throw error;
  }
}

function mustRestoreFolders({ folders, touched, trial, replaced }: OpenTransaction): boolean {
  if (folders !== null && (touched || trial?.unused === true)) return true;
  return replaced !== null && mustRestoreFolders(replaced);
}

/**
 * Waits until the other updater is done, and recovers a transaction that it may have left open: only then is it safe to
 * start DGMO. False if the other updater starts it.
 */
async function otherIsDone(session: Session, awaited: number): Promise<boolean> {
  const { host, layout, limits, interrupted } = session;
  const lock = await lockUnlessOtherStarts(host, layout, awaited, { limit: limits.exit, interrupted });
  if (lock === null) return false;
  try {
    await recoverTransaction(session);
    return true;
  } finally {
    lock.release();
  }
}

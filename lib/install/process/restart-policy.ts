/** Whether DGMO is started again after an update or a rollback. */
import {
  BusyError,
  InterruptedError,
  LockedError,
  RevertedError,
  UnrecoverableError,
  UpdaterError,
} from '../../errors.ts';
import { isIntact } from '../installed-binary.ts';
import { lockUnlessServed } from '../lock.ts';
import type { Session } from '../session.ts';
import { recoverTransaction } from '../transaction/recover.ts';
import { relaunch } from './start.ts';
import { awaitExit } from './wait.ts';

/**
 * Starts DGMO again if it may. Throws if that failed, unless the update itself had failed: that is what the caller has to
 * report then.
 */
export async function restartAfter(
  session: Session,
  options: { args: readonly string[]; outputToError: boolean },
  awaited: number | null,
  failure: unknown,
): Promise<void> {
  try {
    if (await mayStart(session, awaited, failure))
      await relaunch(session, options.args, options.outputToError);
  } catch (error) {
    if (failure === undefined) throw error;
  }
}

/**
 * After a success always. After a failure if DGMO has exited, or is about to, because of us; but not if the user stopped
 * us, if another updater is going to start it, or if nothing that works is left to start.
 */
async function mayStart(session: Session, awaited: number | null, failure: unknown): Promise<boolean> {
  if (failure === undefined || failure instanceof RevertedError) return true;
  if (awaited === null || failure instanceof InterruptedError) return false;
  if (failure instanceof UnrecoverableError) {
    // Even if the old version was found not to work here: it is what the user had, and may work for them.
    return isIntact(session);
  }
  if (failure instanceof LockedError) {
    if (!(await otherIsDone(session, awaited))) return false;
  }
  return hasExited(session, awaited);
}

async function hasExited(session: Session, pid: number): Promise<boolean> {
  try {
    await awaitExit(session, pid);
    return true;
  } catch (error) {
    if (error instanceof BusyError || error instanceof InterruptedError) return false;
    throw error;
  }
}

/**
 * Waits until the other updater is done, and closes what it may have left open: only then is it safe to start DGMO.
 * False if the other one starts it.
 */
async function otherIsDone(session: Session, awaited: number): Promise<boolean> {
  const { host, layout, limits, interrupted } = session;
  const lock = await lockUnlessServed(host, layout, awaited, { limit: limits.exit, interrupted });
  if (lock === null) return false;
  try {
    await recoverTransaction(session);
    return true;
  } catch (error) {
    if (error instanceof UpdaterError) return false;
    throw error;
  } finally {
    lock.release();
  }
}

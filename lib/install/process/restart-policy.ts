/** Whether DGMO is to be started again after an update, and doing it. */
import {
  BusyError,
  InterruptedError,
  LockedError,
  RevertedError,
  UnrecoverableError,
  UpdaterError,
} from '../../errors.ts';
import { lockUnlessServed } from '../lock.ts';
import { loadReceipt } from '../receipt.ts';
import type { Session } from '../session.ts';
import { recoverTransaction } from '../transaction/recover.ts';
import { relaunch } from './start.ts';
import { awaitExit } from './wait.ts';

/** Throws where it should have started and could not, unless the update itself had failed: then that is what is told. */
export async function startAgain(
  session: Session,
  options: { args: string[]; outputToError: boolean },
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
 * After a success always. After a failure where DGMO had gone, or is going, because of us; but not where the person
 * stopped us, where another updater is going to start it, or where nothing that works is left to start.
 */
async function mayStart(session: Session, awaited: number | null, failure: unknown): Promise<boolean> {
  if (failure === undefined || failure instanceof RevertedError) return true;
  if (awaited === null || failure instanceof InterruptedError) return false;
  if (failure instanceof UnrecoverableError) return oldStands(session);
  if (failure instanceof LockedError) {
    if (!(await quiet(session, awaited))) return false;
  }
  return hasGone(session, awaited);
}

async function hasGone(session: Session, pid: number): Promise<boolean> {
  try {
    await awaitExit(session, pid);
    return true;
  } catch (error) {
    if (error instanceof BusyError || error instanceof InterruptedError) return false;
    throw error;
  }
}

/** Even where the old version was found not to work here: it is what the person had, and may do for them. */
function oldStands(session: Session): boolean {
  const receipt = loadReceipt(session.host.disk, session.layout);
  return receipt !== null && session.digests.of(session.layout.target)?.sha256 === receipt.binary.sha256;
}

/**
 * Waits for the other updater to be done, and closes what it may have left open: only then is it safe to start.
 * False where that one starts DGMO itself.
 */
async function quiet(session: Session, awaited: number): Promise<boolean> {
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

/** Carries out a rollback: the executable and the folders go back together, as one transaction. */
import { BusyError, InterruptedError, RevertedError, UnrecoverableError } from '../errors.ts';
import { requireProgram } from '../health/check/executables.ts';
import { moveExecutableAside } from '../health/repair/aside.ts';
import type { UpdateOutcome } from '../home/choices.ts';
import { rememberOutcome } from '../home/remember.ts';
import { makeRunnable } from '../install/executable-mode.ts';
import {
  abandon,
  type Binary,
  begin,
  type Change,
  changesFolders,
  checkpoint,
  forgetSnapshot,
  isOpen,
  mayRunNow,
  type OpenTransaction,
  openTransaction,
  planRollbackChange,
  pruneAfter,
  type RollbackChange,
  type RollbackTarget,
  type RollbackWish,
  type RolledBack,
  readJournal,
  receiptAfterRollback,
  recoverTransaction,
  relaunch,
  requireChangeable,
  requireCommitted,
  rollbackFolderChange,
  rollbackFolders,
  rollbackTarget,
  runningCopies,
  runTransaction,
  type Session,
  snapshotBeforeRollback,
  stageRollback,
  startCompactor,
  stopRunning,
  takeUntoldRollback,
  transactionText,
  unconfirmed,
  verifyTarget,
  withLock,
  withNextSnapshot,
  writeReceiptOnly,
} from '../install/index.ts';
import { ABSENT } from '../install/receipt.ts';
import { asUpdaterError } from '../platform/failures.ts';
import type { Snapshot } from '../snapshot/index.ts';

/** Where a rollback would go, and which processes it would end. */
export interface RollbackPlan extends RollbackTarget {
  /** Ids of the processes of DGMO that have to end first; empty if only the executable changes. */
  running: number[];
}

export interface RollbackRequest {
  /** Where to go: a plan, or what the user asked for. */
  to: RollbackPlan | RollbackWish;
  /**
   * Whether to end DGMO by force if it does not end when it is asked to: never (then the rollback fails), after the exit
   * limit, or at once because it was already asked.
   */
  kill: 'never' | 'after the limit' | 'now';
  /**
   * The rollback is the verdict on the installed version, which has not confirmed that it is well. Nothing is done if it has by
   * now. Not there if the user goes back.
   */
  verdict?: { on: Binary; reason: string };
  /** Start DGMO again if it was ended. */
  relaunch: boolean;
  /** Arguments for the DGMO that is started. */
  args: readonly string[];
  /** Send what DGMO prints to standard error, because our standard output consists of JSON lines. */
  outputToError: boolean;
}

/**
 * Decides where a rollback goes, and changes nothing.
 *
 * @throws PolicyError if there is nothing to go back to, or the release does not allow it; DamagedError if the snapshot or
 *   the binary is damaged; UsageError if no snapshot has that id
 */
export function planRollback(session: Session, wish: RollbackWish): RollbackPlan {
  const target = rollbackTarget(session, wish);
  return { ...target, running: changesFolders(target) ? runningCopies(session) : [] };
}

/**
 * Verify, stop DGMO, snapshot, stage, change the folders, swap, probe, commit or revert, remember, start DGMO again.
 *
 * @throws the UpdaterError that stopped it. If DGMO was ended, it has been started again, unless no working binary is left
 *   or the user interrupted.
 */
export async function rollBack(session: Session, request: RollbackRequest): Promise<RolledBack> {
  const { host, layout, emit } = session;
  const begun = host.clock.monotonic();
  const progress: Progress = { stopped: false };
  try {
    await requireChangeable(session);
    progress.done = await withLock(host, layout, () => goBack(session, request, progress));
  } catch (error) {
    progress.failure = asUpdaterError(error, layout.installDir);
  }
  const { done, failure } = progress;
  await remember(session, request, progress, host.clock.monotonic() - begun);
  if (done === undefined) emit({ event: 'failed', error: failure });
  else emit({ event: 'rolled back', rolledBack: done });
  if (done !== undefined) await startCompactor(session);
  await restart(session, request, progress);
  if (done === undefined) throw failure;
  return done;
}

/** Of a rollback that was interrupted and is repeated: one more would return to where it came from. */
export function finishedJustNow(rollback: Change): RevertedError {
  return new RevertedError(
    `the ${transactionText(rollback)} was interrupted, and is finished now; nothing more was changed`,
    { advice: 'Another `dgmo-updater rollback` returns to the state before it.' },
  );
}

interface Progress {
  /** Where it goes, once it has begun: what never began is not remembered. */
  target?: RollbackTarget;
  /** DGMO was running, and was ended. */
  stopped: boolean;
  done?: RolledBack;
  failure?: unknown;
}

async function remember(
  session: Session,
  { verdict }: RollbackRequest,
  { target, done, failure }: Progress,
  milliseconds: number,
): Promise<void> {
  const { host, home, emit } = session;
  if ('missing' in home || target === undefined) return;
  const { receipt, to } = target;
  const undertaking = { installId: receipt.installId, milliseconds, isOpen: isOpen(session) };
  const [from, back] = [receipt.binary.version, to.version];
  const unwritten =
    verdict !== undefined && done !== undefined
      ? await rememberOutcome(
          host,
          home.folder,
          { ended: 'reverted', version: from, reason: verdict.reason, route: null, milliseconds },
          // It is the update that ends here.
          {
            kind: 'update',
            from: back,
            to: from,
            ...undertaking,
            failure: new RevertedError(verdict.reason),
          },
        )
      : await rememberOutcome(host, home.folder, outcomeOf(done), {
          ...{ kind: 'rollback', from, to: back, ...undertaking, failure },
        });
  if (unwritten === null) return;
  emit({ event: 'warning', text: `The outcome of the rollback could not be saved: ${unwritten.message}.` });
}

function outcomeOf(done: RolledBack | undefined): UpdateOutcome | null {
  if (done === undefined || done.from.sha256 === done.to.sha256) return null;
  return { ended: 'rolled back', from: done.from.version, to: done.to.version };
}

async function restart(
  session: Session,
  { relaunch: wanted, args, outputToError }: RollbackRequest,
  { stopped, failure }: Progress,
): Promise<void> {
  if (!stopped || !wanted) return;
  if (failure instanceof UnrecoverableError || failure instanceof InterruptedError) return;
  try {
    if (failure !== undefined && !mayRunNow(session)) return;
    const started = await relaunch(session, args, outputToError);
    await started?.ended;
  } catch (error) {
    // If the rollback failed, the caller reports that failure.
    if (failure === undefined) throw error;
  }
}

async function goBack(session: Session, request: RollbackRequest, progress: Progress): Promise<RolledBack> {
  const finished = await recoverUnlessStuck(session);
  const { to, verdict } = request;
  if (verdict !== undefined && unconfirmed(session)?.binary.sha256 !== verdict.on.sha256)
    throw new BusyError(`${verdict.on.version} has confirmed meanwhile that it is well; nothing was changed`);
  if (!('receipt' in to) && !namesTarget(to)) {
    const before = finished ?? (await takeUntoldRollback(session));
    if (before !== null) throw finishedJustNow(before);
  }
  const target = 'receipt' in to ? to : planRollback(session, to);
  if (!target.components.includes('binary')) requireProgram(session);
  progress.stopped = await stopForRollback(session, target, request);
  const plan = planRollbackChange(session, target);
  progress.target = target;
  return change(session, plan);
}

/** Whether it says where to go: if so, it is carried out whatever was done before. */
export function namesTarget({ snapshot, version }: RollbackWish): boolean {
  return snapshot !== undefined || version !== undefined;
}

/** If a transaction can be neither finished nor undone, the rollback replaces it. Returns a rollback that was finished. */
async function recoverUnlessStuck(session: Session): Promise<OpenTransaction | null> {
  const open = openTransaction(readJournal(session.host.disk, session.layout).entries);
  try {
    const ended = await recoverTransaction(session);
    return ended?.outcome === 'committed' && open?.kind === 'rollback' ? open : null;
  } catch (error) {
    if (!(error instanceof UnrecoverableError)) throw error;
    return null;
  }
}

/** Ends DGMO if its data is about to be changed. Returns whether it was running. */
async function stopForRollback(
  session: Session,
  target: RollbackTarget,
  { kill, to }: RollbackRequest,
): Promise<boolean> {
  const running = changesFolders(target) ? runningCopies(session) : [];
  if (running.length === 0) return false;
  await verifyTarget(session, target);
  if (kill === 'now' && 'running' in to) {
    // The consent was given for those that were shown. One that was started since is asked to end.
    const { running: shown } = to;
    const known = running.filter((pid) => shown.includes(pid));
    const fresh = running.filter((pid) => !shown.includes(pid));
    if (fresh.length > 0) await stopRunning(session, fresh, 'never');
    if (known.length > 0) await stopRunning(session, known, 'now');
  } else await stopRunning(session, running, kill);
  return true;
}

/** The transaction. */
async function change(session: Session, plan: RollbackChange): Promise<RolledBack> {
  const { target, from, to } = plan;
  const { receipt, snapshot, components } = target;
  const before = await snapshotBeforeRollback(session, plan);
  const after = receiptAfterRollback(session, plan);
  if (plan.receiptOnly) writeReceiptOnly(session, after);
  else await transact(session, plan, before, { before: receipt, after });
  // If it is the same one, nothing has replaced it.
  if (components.includes('binary')) makeRunnable(session);
  await pruneAfter(session, after);
  return { from, to, snapshot, components, before };
}

async function transact(
  session: Session,
  plan: RollbackChange,
  before: Snapshot | null,
  receipt: Parameters<typeof begin>[1]['receipt'],
): Promise<void> {
  const { from, to } = plan;
  const folders = rollbackFolders(session, plan, before);
  const open = begin(session, { kind: 'rollback', from, to, receipt, folders });
  const folderChange = rollbackFolderChange(session, plan, before, open.id);
  try {
    try {
      await stageRollback(session, open);
      // The last moment at which nothing has changed: what is restored may all be here, and then nothing before has looked.
      await checkpoint(session);
    } catch (error) {
      abandon(session, open, receipt.before);
      throw error;
    }
    if (from.sha256 === ABSENT) moveExecutableAside(session);
    const ended = await runTransaction(session, open, {
      resumed: false,
      change: folderChange,
      unusedSinceSnapshot: folderChange !== null,
    });
    await requireCommitted(session, ended, from, to, receipt.before);
  } catch (error) {
    await forgetSnapshot(session, open);
    throw withNextSnapshot(session, plan.target, error);
  }
}

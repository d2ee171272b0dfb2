/**
 * Runs a transaction: look at the disk, ask the table (`next.ts`) for the next step, take it, look again.
 *
 * True at every instant, whatever stops the process:
 *  1. the target is a complete, verified executable, the old or the new one (but for the gap between two renames on
 *     Windows, which the journal announces and the next run closes);
 *  2. the next run of any command finishes or reverts the transaction, and another run after it changes nothing;
 *  3. only a binary whose digest was verified is put at the target;
 *  4. the old binary is kept until the new one has been shown to work;
 *  5. the receipt changes only after the verdict is in the journal.
 *
 * Recovery is the same loop, with `resumed`. The caller holds the lock.
 */
import { errorMessage, MachineError, UnrecoverableError } from '../../errors.ts';
import { asUpdaterError } from '../../platform/failures.ts';
import { flushFile } from '../../platform/files.ts';
import { bringBack, type FolderChange, removeFolderLeftovers } from '../folders/folders.ts';
import { ABSENT, type Receipt, receiptUnlessDamaged, saveReceipt } from '../receipt.ts';
import { describe, type Session } from '../session.ts';
import { appendEntry, type OpenTransaction, type Outcome } from './journal.ts';
import { isShared, keepOld } from './keep.ts';
import { type Content, next, type Observed, type Step } from './next.ts';
import { control, probe } from './probe.ts';
import { replaceTarget } from './replace.ts';
import { withState } from './stopped.ts';
import { sweepAfter } from './sweep.ts';

export interface TransactionResult {
  outcome: Outcome;
  /** Why the new version was not kept; null if it was, or if the reason is unknown. */
  reason: string | null;
  /** The new version used an instruction that this processor lacks. Only known to the run that tried it. */
  illegalInstruction: boolean;
}

/** More than any path through the table has. If it is reached, this program has a bug. */
const MAX_STEPS = 20;

const START_ADVICE =
  'Close some programs, or raise the limits of processes, open files and memory; the folder must not be mounted noexec. Then try again.';

export interface TransactionOptions {
  /** An earlier run began the transaction and was interrupted. */
  resumed: boolean;
  /** How to change the folders; null if they don't change, or if that is no longer known. */
  change?: FolderChange | null;
  /**
   * DGMO has not been used since the snapshot that the transaction began with. In a resumed transaction: DGMO is not in use
   * now (what was written since the interruption is kept in another snapshot).
   */
  unusedSinceSnapshot?: boolean;
  /**
   * Why the new binary need not be tried, as a clause; null if it has to be. A later run that finishes the transaction tries it
   * all the same.
   */
  knownToWork?: string | null;
}

interface State {
  verdict: 'commit' | 'revert' | null;
  reason: string | null;
  resumed: boolean;
  binaryUnchanged: boolean;
  fromNothing: boolean;
  foldersPending: boolean;
  /** The folders may be half changed. */
  foldersTouched: boolean;
  /** As in the journal: the new version has been started, and may have written into the folders. */
  trial: { unused: boolean } | null;
  /** The new version was to be tried, and there is no verdict to act on. */
  withoutVerdict: boolean;
  /** A step has failed in this run: what was not begun is not begun any more. */
  failed: boolean;
  illegalInstruction: boolean;
}

/**
 * Runs the transaction until it ends. If a step fails, it reverts the transaction and throws the failure. If that fails as
 * well, the transaction stays open for the next run.
 *
 * @throws UnrecoverableError if no working binary is left to put at the target, whatever failed before
 */
export async function runTransaction(
  session: Session,
  open: OpenTransaction,
  { resumed, change = null, unusedSinceSnapshot = false, knownToWork = null }: TransactionOptions,
): Promise<TransactionResult> {
  const state: State = {
    verdict: open.verdict?.verdict ?? null,
    reason: open.verdict?.reason ?? null,
    resumed,
    binaryUnchanged: open.from.sha256 === open.to.sha256,
    fromNothing: open.from.sha256 === ABSENT,
    foldersPending: change !== null || (resumed && !open.touched && changesFolders(open)),
    foldersTouched: open.touched,
    trial: open.trial,
    withoutVerdict: false,
    failed: false,
    illegalInstruction: false,
  };
  let failure: unknown;
  for (let steps = 0; steps < MAX_STEPS; steps++) {
    let step: Step;
    try {
      const observed = observe(session, open, state);
      // If the user has installed something else, leave the folders alone too, unless they are half changed.
      const mayHaveWritten = state.trial?.unused === true && observed.target !== 'other';
      const foldersChanged = open.folders !== null && (state.foldersTouched || mayHaveWritten);
      step = next({ ...state, foldersChanged }, observed);
      const work = { change, mayHaveWritten, unusedSinceSnapshot, resumed, knownToWork };
      await takeStep(session, open, state, step, work);
    } catch (error) {
      if (error instanceof UnrecoverableError) throw withFirstFailure(error, failure);
      // After the first failure the transaction is reverted. After a second one it is left to the next run.
      if (failure !== undefined) throw stopped(session, open, { state, resumed, ended: false }, failure);
      failure = asUpdaterError(error, session.layout.installDir);
      state.resumed = true;
      state.failed = true;
      continue;
    }
    if (step.do !== 'end') continue;
    const nothingChanged = step.outcome === 'abandoned' || step.outcome === 'foreign';
    if (failure !== undefined && nothingChanged)
      throw stopped(session, open, { state, resumed, ended: true }, failure);
    return { outcome: step.outcome, reason: state.reason, illegalInstruction: state.illegalInstruction };
  }
  throw new Error(`transaction ${open.id} did not end within ${MAX_STEPS} steps`);
}

function stopped(
  session: Session,
  open: OpenTransaction,
  {
    state: { verdict, foldersTouched, trial },
    resumed,
    ended,
  }: { state: State; resumed: boolean; ended: boolean },
  failure: unknown,
): unknown {
  let target: Content | null = null;
  try {
    target = contentAt(session, open, session.layout.target);
  } catch {
    // The message then says so.
  }
  const pending = !ended && verdict !== 'commit' && (foldersTouched || trial?.unused === true);
  const restoreFrom = pending ? (open.folders?.before ?? null) : null;
  const path = session.layout.target;
  return withState(failure, open, { path, target, verdict, ended, restoreFrom, resumed });
}

/** That nothing works any more matters more than the first failure, which is added to the message. */
function withFirstFailure(error: UnrecoverableError, failure: unknown): UnrecoverableError {
  if (failure === undefined) return error;
  return new UnrecoverableError(`${error.message} (first failure: ${errorMessage(failure)})`, {
    cause: failure,
    ...(error.advice === undefined ? {} : { advice: error.advice }),
  });
}

/** Looks where the old and the new binary are on the disk. */
function observe(
  session: Session,
  open: OpenTransaction,
  { resumed, verdict, fromNothing, failed }: Pick<State, 'resumed' | 'verdict' | 'fromNothing' | 'failed'>,
): Observed {
  const { layout } = session;
  const content = (path: string) => contentAt(session, open, path);
  const [target, staged] = [content(layout.target), content(layout.staged(open.id))];
  // A repair of a missing executable that was stopped before the new one was prepared, or can't be carried out now, or whose new one
  // is taken away again.
  const isOver = verdict === 'revert' || failed || (resumed && staged !== 'new');
  const isAsBefore = fromNothing && target === 'missing' && isOver;
  return {
    target: isAsBefore ? 'old' : target,
    staged,
    kept: content(layout.kept(open.from.sha256)),
    away: content(layout.away(open.id)),
  };
}

function contentAt({ host, digests }: Session, { from, to }: OpenTransaction, path: string): Content {
  if (host.disk.status(path) === null) return 'missing';
  if (digests.is(path, from)) return 'old';
  return digests.is(path, to) ? 'new' : 'other';
}

interface FolderWork {
  change: FolderChange | null;
  /** The new version may have written into any folder while it was tried. */
  mayHaveWritten: boolean;
  unusedSinceSnapshot: boolean;
  /** An earlier run began the transaction. */
  resumed: boolean;
  /** Why the new version need not be tried. */
  knownToWork: string | null;
}

async function takeStep(
  session: Session,
  open: OpenTransaction,
  state: State,
  step: Step,
  folders: FolderWork,
): Promise<void> {
  switch (step.do) {
    case 'change folders':
      return changeFolders(session, state, folders);
    case 'bring folders back':
      return bringFoldersBack(session, open, state, folders);
    case 'accept':
      return decide(session, state, 'commit', 'the folders were changed as planned');
    case 'keep':
      return keepOld(session, open.from);
    case 'place':
      flushPrepared(session, open);
      return swap(session, open);
    case 'swap':
      return swap(session, open);
    case 'restore':
      return restore(session, open, step.from);
    case 'take away':
      return session.host.disk.remove(session.layout.target);
    case 'probe':
      if (folders.knownToWork !== null) return decide(session, state, 'commit', folders.knownToWork);
      return tryNewVersion(session, open, state, folders);
    case 'reject':
      return decide(session, state, 'revert', step.reason);
    case 'end':
      return end(session, open, step.outcome);
    case 'leave open':
      throw new MachineError(`${open.to.version} can't be tried`);
    case 'give up':
      throw unrecoverable(session, open, step.reason);
  }
}

async function changeFolders(session: Session, state: State, { change }: FolderWork): Promise<void> {
  await change?.prepare();
  appendEntry(session.host.disk, session.layout, { type: 'folders', state: 'touched' });
  state.foldersTouched = true;
  change?.carryOut();
  change?.verify();
  state.foldersPending = false;
}

async function bringFoldersBack(
  session: Session,
  open: OpenTransaction,
  state: State,
  { mayHaveWritten, resumed }: FolderWork,
): Promise<void> {
  const { folders } = open;
  if (folders !== null) {
    const touched = state.foldersTouched;
    await bringBack(session, { ...open, folders, touched }, { resumed, all: mayHaveWritten });
  }
  state.foldersTouched = false;
  state.foldersPending = changesFolders(open);
  state.trial = null;
}

function changesFolders({ folders }: OpenTransaction): boolean {
  return folders !== null && folders.changes.length > 0;
}

async function tryNewVersion(
  session: Session,
  open: OpenTransaction,
  state: State,
  { unusedSinceSnapshot }: FolderWork,
): Promise<void> {
  const { trial: before } = state;
  if (open.folders !== null && before === null) {
    const trial = { unused: unusedSinceSnapshot };
    appendEntry(session.host.disk, session.layout, { type: 'trial', ...trial });
    state.trial = trial;
  }
  const { ok, detail, illegalInstruction = false, inconclusive = false } = await probe(session, open.to);
  state.illegalInstruction = illegalInstruction;
  if (ok === null) {
    state.withoutVerdict = true;
    // It can't have written anything this time.
    state.trial = before;
    throw new MachineError(`${open.to.version} could not be tried: ${detail}`, {
      advice: START_ADVICE,
    });
  }
  const old = inconclusive ? await failureOfOld(session, open) : null;
  if (old !== null) {
    state.withoutVerdict = true;
    const { from, to } = open;
    throw new MachineError(
      `${to.version} could not be tried: ${detail}; ${from.version} can't be started either: ${old}`,
      { advice: `That is the machine: most likely it has too little memory. ${START_ADVICE}` },
    );
  }
  try {
    decide(session, state, ok ? 'commit' : 'revert', detail);
  } catch (error) {
    // A version that has failed is not tried again only because that could not be recorded: it may have filled the disk.
    if (!ok) state.withoutVerdict = true;
    throw error;
  }
}

/** What the version before does if it is tried; null if it works, if the fault is its own, or if no sound one is kept. */
async function failureOfOld(session: Session, { id, from }: OpenTransaction): Promise<string | null> {
  const { host, layout, digests } = session;
  // A damaged one is never started, and would prove nothing.
  if (receiptUnlessDamaged(host.disk, layout)?.binary.sha256 !== from.sha256) return null;
  const kept = [layout.kept(from.sha256), layout.away(id)].find((path) => digests.is(path, from));
  return kept === undefined ? null : control(session, kept);
}

/** The verdict counts from the moment that it is in the journal. */
function decide(session: Session, state: State, verdict: 'commit' | 'revert', reason: string): void {
  flushNames(session);
  appendEntry(session.host.disk, session.layout, { type: 'verdict', verdict, reason });
  state.verdict = verdict;
  state.reason = reason;
}

/**
 * A rename that is visible may not have reached the drive: the run that made it was killed, or its flush failed. The
 * journal must not record anything that depends on it before.
 */
function flushNames({ host, layout }: Session): void {
  host.disk.flushDirectory(layout.installDir);
  host.disk.flushDirectory(layout.workDir);
}

/** The run that prepared it may have ended before it was on the drive. */
function flushPrepared({ host, layout }: Session, { id }: OpenTransaction): void {
  try {
    flushFile(host.disk, layout.staged(id));
  } catch (error) {
    // Windows opens no program for writing that runs; and it is run only when it was flushed.
    if (host.platform !== 'win32') throw error;
  }
}

async function swap(session: Session, open: OpenTransaction): Promise<void> {
  const { host, layout } = session;
  const begun = host.clock.monotonic();
  if (isShared(session, open.from)) keepOld(session, open.from);
  appendEntry(host.disk, layout, { type: 'swap' });
  await replace(session, open, layout.staged(open.id));
  const milliseconds = Math.round(host.clock.monotonic() - begun);
  session.emit({ event: 'swapped', from: open.from.version, to: open.to.version, milliseconds });
}

async function restore(session: Session, open: OpenTransaction, from: 'kept' | 'away'): Promise<void> {
  const { layout } = session;
  await replace(session, open, from === 'kept' ? layout.kept(open.from.sha256) : layout.away(open.id));
  session.emit({ event: 'restored', version: open.from.version });
}

async function replace(session: Session, open: OpenTransaction, from: string): Promise<void> {
  const { host, layout } = session;
  await replaceTarget(session, {
    from,
    away: (attempt) => layout.away(open.id, attempt),
    checkFree: from === layout.staged(open.id),
    announceGap: () => appendEntry(host.disk, layout, { type: 'gap' }),
  });
}

function end(session: Session, open: OpenTransaction, outcome: Outcome): void {
  const { host, layout } = session;
  flushNames(session);
  if (open.folders !== null) removeFolderLeftovers(session, open.folders, open.id);
  const receipt = outcome === 'committed' ? open.receipt : receiptAfter(session, open, outcome);
  if (receipt !== null && outcome !== 'reverted' && outcome !== 'abandoned') {
    saveReceipt(host.disk, layout, receipt);
  }
  // Sweep first: on a full disk this frees space for the record.
  const closesReplaced = outcome === 'committed' || outcome === 'foreign';
  sweepAfter(session, closesReplaced ? { ...open, replaced: null } : open, receipt);
  appendEntry(host.disk, layout, { type: 'end', at: host.clock.now(), outcome });
  if (outcome === 'committed') session.emit({ event: 'committed', version: open.to.version });
}

/**
 * If another file is at the target (installed by hand, or damaged), the receipt names the kept old binary, so that
 * `rollback` can put it back. If the receipt is damaged, the transaction ends all the same, and nothing kept is removed.
 */
function receiptAfter(session: Session, open: OpenTransaction, outcome: Outcome): Receipt | null {
  const receipt = receiptUnlessDamaged(session.host.disk, session.layout);
  if (outcome !== 'foreign' || receipt === null) return receipt;
  const isKept = session.digests.is(session.layout.kept(open.from.sha256), open.from);
  return isKept ? { ...receipt, previous: open.from } : receipt;
}

function unrecoverable(session: Session, open: OpenTransaction, reason: string): UnrecoverableError {
  const { layout } = session;
  return new UnrecoverableError(
    `the update from ${describe(open.from)} to ${describe(open.to)} could be neither finished nor undone: ${reason}`,
    { advice: `Install ${layout.target} again by hand, then run \`dgmo-updater init --version <v>\`.` },
  );
}

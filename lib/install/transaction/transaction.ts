/**
 * The transaction: look at the disk, ask the table (`next.ts`) for the next step, take it, look again.
 *
 * What holds at every instant, whatever stops the process:
 *  1. the target is a complete, verified executable, the old or the new one (but for the gap between two renames on
 *     Windows, which the journal announces and the next run closes);
 *  2. the next run of any command finishes or reverts what was begun, and running it again changes nothing;
 *  3. only a binary whose digest was vouched for is put at the target;
 *  4. the old binary is kept until the new one has been proven to work;
 *  5. the receipt changes only after the verdict is in the journal.
 *
 * Recovery is this same loop, entered with `resumed`. The caller holds the lock.
 */
import { errorMessage, MachineError, UnrecoverableError } from '../../errors.ts';
import { asUpdaterError } from '../../platform/failures.ts';
import { bringBack, clearFolders, type FolderChange } from '../folders/folders.ts';
import { type Receipt, receiptUnlessDamaged, saveReceipt } from '../receipt.ts';
import { describe, type Session } from '../session.ts';
import { appendEntry, type OpenTransaction, type Outcome } from './journal.ts';
import { isShared, keepOld } from './keep.ts';
import { type Content, next, type Observed, type Step } from './next.ts';
import { probe } from './probe.ts';
import { replaceTarget } from './replace.ts';
import { withState } from './stopped.ts';
import { sweepAfter } from './sweep.ts';

export interface Ended {
  outcome: Outcome;
  /** Why the new version did not stay; null if it did, or if that is not known. */
  reason: string | null;
}

/** Longer than any path through the table: a loop that does not end is a fault of this program, not of the machine. */
const MOST_STEPS = 20;

const START_ADVICE =
  'Close some programs, or raise the limits of processes, open files and memory; the folder must not be mounted noexec. Then try again.';

export interface SettleOptions {
  /** A run that is gone began the transaction. */
  resumed: boolean;
  /** How the folders beside the executable change; null if they do not, or if that is no longer known. */
  change?: FolderChange | null;
  /**
   * Nobody has used DGMO since the snapshot that the transaction began with; in a resumed transaction, nobody uses it now
   * (what was written in between is kept in a snapshot of its own).
   */
  unusedSinceSnapshot?: boolean;
}

interface State {
  verdict: 'commit' | 'revert' | null;
  reason: string | null;
  resumed: boolean;
  binaryUnchanged: boolean;
  foldersPending: boolean;
  /** The folders may be half changed. */
  foldersTouched: boolean;
  /** The new version has been started, and may have written into the folders; as the journal says. */
  trial: { unused: boolean } | null;
  /** This machine could not start the new version. */
  cannotStart: boolean;
}

/**
 * Carries the transaction to its end. Throws what stopped it, after bringing back the old binary if that was possible; a
 * transaction that could not even be brought back stays open for the next run.
 *
 * @throws UnrecoverableError if nothing that works is left to put at the target, whatever failed before
 */
export async function settle(
  session: Session,
  open: OpenTransaction,
  { resumed, change = null, unusedSinceSnapshot = false }: SettleOptions,
): Promise<Ended> {
  const state: State = {
    verdict: open.verdict?.verdict ?? null,
    reason: open.verdict?.reason ?? null,
    resumed,
    binaryUnchanged: open.from.sha256 === open.to.sha256,
    foldersPending: change !== null || (resumed && !open.touched && changesFolders(open)),
    foldersTouched: open.touched,
    trial: open.trial,
    cannotStart: false,
  };
  let failure: unknown;
  for (let steps = 0; steps < MOST_STEPS; steps++) {
    let step: Step;
    try {
      const observed = observe(session, open);
      // If somebody has installed something else, the folders are theirs as well, unless they are half changed.
      const mayHaveWritten = state.trial?.unused === true && observed.target !== 'other';
      const foldersChanged = open.folders !== null && (state.foldersTouched || mayHaveWritten);
      step = next({ ...state, foldersChanged }, observed);
      await take(session, open, state, step, { change, mayHaveWritten, unusedSinceSnapshot });
    } catch (error) {
      if (error instanceof UnrecoverableError) throw after(failure, error);
      // The first failure turns the transaction round; after a second one nothing more can be done now.
      if (failure !== undefined) throw stopped(session, open, state, failure, false);
      failure = asUpdaterError(error, session.layout.installDir);
      state.resumed = true;
      continue;
    }
    if (step.do !== 'end') continue;
    const nothingChanged = step.outcome === 'abandoned' || step.outcome === 'foreign';
    if (failure !== undefined && nothingChanged) throw stopped(session, open, state, failure, true);
    return { outcome: step.outcome, reason: state.reason };
  }
  throw new Error(`transaction ${open.id} did not end within ${MOST_STEPS} steps`);
}

function stopped(
  session: Session,
  open: OpenTransaction,
  { verdict }: State,
  failure: unknown,
  ended: boolean,
): unknown {
  let target: Content | null = null;
  try {
    target = contentAt(session, open, session.layout.target);
  } catch {
    // Which is what the user is told then.
  }
  return withState(failure, open, { target, verdict, ended });
}

/** That nothing works any more matters more than what failed first; but that is worth knowing, too. */
function after(failure: unknown, error: UnrecoverableError): UnrecoverableError {
  if (failure === undefined) return error;
  return new UnrecoverableError(`${error.message} (it began with: ${errorMessage(failure)})`, {
    cause: failure,
    ...(error.advice === undefined ? {} : { advice: error.advice }),
  });
}

/** Looks at the disk: which of the two binaries is where. */
function observe(session: Session, open: OpenTransaction): Observed {
  const { layout } = session;
  const content = (path: string) => contentAt(session, open, path);
  return {
    target: content(layout.target),
    staged: content(layout.staged(open.id)),
    kept: content(layout.kept(open.from.sha256)),
    away: content(layout.away(open.id)),
  };
}

function contentAt({ digests }: Session, { from, to }: OpenTransaction, path: string): Content {
  const digest = digests.of(path);
  if (digest === null) return 'missing';
  if (digest.sha256 === from.sha256) return 'old';
  return digest.sha256 === to.sha256 ? 'new' : 'other';
}

interface FolderWork {
  change: FolderChange | null;
  /** The new version may have written into any of the folders in its trial start. */
  mayHaveWritten: boolean;
  unusedSinceSnapshot: boolean;
}

async function take(
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
    case 'swap':
    case 'place':
      return swap(session, open);
    case 'restore':
      return restore(session, open, step.from);
    case 'probe':
      return tryNewVersion(session, open, state, folders);
    case 'condemn':
      return decide(session, state, 'revert', step.reason);
    case 'end':
      return end(session, open, step.outcome);
    case 'leave open':
      throw new MachineError(`${open.to.version} can't be tried`);
    case 'give up':
      throw givingUp(session, open, step.reason);
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
  { mayHaveWritten }: FolderWork,
): Promise<void> {
  const { folders } = open;
  if (folders !== null) {
    const { resumed, foldersTouched } = state;
    await bringBack(session, { ...open, folders, touched: foldersTouched }, { resumed, all: mayHaveWritten });
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
  const { ok, detail } = await probe(session, open.to);
  if (ok === null) {
    state.cannotStart = true;
    // It can't have written anything this time.
    state.trial = before;
    throw new MachineError(`${open.to.version} could not be tried: ${detail}`, {
      advice: START_ADVICE,
    });
  }
  decide(session, state, ok ? 'commit' : 'revert', detail);
}

/** The verdict holds once it is in the journal, not before. */
function decide(session: Session, state: State, verdict: 'commit' | 'revert', reason: string): void {
  flushNames(session);
  appendEntry(session.host.disk, session.layout, { type: 'verdict', verdict, reason });
  state.verdict = verdict;
  state.reason = reason;
}

/**
 * A rename that was observed may not have reached the drive: the run that made it was killed, or its flush failed. The
 * journal must not be ahead of it.
 */
function flushNames({ host, layout }: Session): void {
  host.disk.flushDirectory(layout.installDir);
  host.disk.flushDirectory(layout.workDir);
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
  if (open.folders !== null) clearFolders(session, open.folders, open.id);
  const receipt = outcome === 'committed' ? open.receipt : receiptAfter(session, open, outcome);
  if (receipt !== null && outcome !== 'reverted' && outcome !== 'abandoned') {
    saveReceipt(host.disk, layout, receipt);
  }
  // Sweep first: on a full disk that makes room for the record.
  const closesReplaced = outcome === 'committed' || outcome === 'foreign';
  sweepAfter(session, closesReplaced ? { ...open, replaced: null } : open, receipt);
  appendEntry(host.disk, layout, { type: 'end', at: host.clock.now(), outcome });
  if (outcome === 'committed') session.emit({ event: 'committed', version: open.to.version });
}

/**
 * If something else is at the target (put there by hand, or damaged), the kept old binary stays within reach: `rollback`
 * puts it back. A damaged receipt must not keep a transaction from ending: then nothing that was kept is removed.
 */
function receiptAfter(session: Session, open: OpenTransaction, outcome: Outcome): Receipt | null {
  const receipt = receiptUnlessDamaged(session.host.disk, session.layout);
  if (outcome !== 'foreign' || receipt === null) return receipt;
  const kept = session.digests.of(session.layout.kept(open.from.sha256));
  return kept?.sha256 === open.from.sha256 ? { ...receipt, previous: open.from } : receipt;
}

function givingUp(session: Session, open: OpenTransaction, reason: string): UnrecoverableError {
  const { layout } = session;
  return new UnrecoverableError(
    `the update from ${describe(open.from)} to ${describe(open.to)} could be neither finished nor taken back: ${reason}`,
    { advice: `Install ${layout.target} again by hand, then run \`dgmo-updater init --version <v>\`.` },
  );
}

/**
 * The transaction: look at the disk, ask the table (`next.ts`) for the next step, take it, look again.
 *
 * What holds at every instant, whatever stops the process:
 *  1. the target is a complete, verified executable, the old or the new one (but for the gap of a Windows
 *     rename, which the journal announces and the next run closes);
 *  2. the next run of any command finishes or reverts what was begun, and running it again changes nothing;
 *  3. only a binary whose digest was vouched for is put at the target;
 *  4. the old binary is not let go before the new one has been proven;
 *  5. the receipt changes only after the verdict stands in the journal.
 *
 * Recovery is this same loop, entered with `resumed`. The caller holds the lock.
 */
import { DamagedError, UnrecoverableError } from '../../errors.ts';
import { tellable } from '../../platform/failures.ts';
import { removeIfThere } from '../../platform/files.ts';
import { bringBack, clearFolders, type FolderChange } from '../folders/folders.ts';
import { loadReceipt, type Receipt, saveReceipt } from '../receipt.ts';
import { describe, type Session } from '../session.ts';
import { appendEntry, type OpenTransaction, type Outcome } from './journal.ts';
import { keepOld } from './keep.ts';
import { next } from './next.ts';
import { observe } from './observe.ts';
import { probe } from './probe.ts';
import { replaceTarget } from './replace.ts';
import { sweep } from './sweep.ts';

export interface Ended {
  outcome: Outcome;
  /** Why the new version did not stay, where it did not. */
  reason: string | null;
}

/** Longer than any path through the table: a loop that does not end is a fault of ours, not of the machine's. */
const MOST_STEPS = 20;

export interface SettleOptions {
  /** Begun by a run that is gone. */
  resumed: boolean;
  /** What happens to the folders beside the executable; null: nothing, or it is not known any more. */
  change?: FolderChange | null;
  /** Nobody has used DGMO since the snapshot that the transaction began with was taken. */
  quiet?: boolean;
}

/**
 * Carries the transaction to its end. Throws what stopped it, after bringing back the old binary where that was
 * possible; a transaction that could not even be brought back stays open for the next run.
 */
export async function settle(
  session: Session,
  open: OpenTransaction,
  { resumed, change = null, quiet = false }: SettleOptions,
): Promise<Ended> {
  const state: State = {
    verdict: open.verdict?.verdict ?? null,
    reason: open.verdict?.reason ?? null,
    resumed,
    same: open.from.sha256 === open.to.sha256,
    due: change !== null || (resumed && !open.touched && changesFolders(open)),
    touched: open.touched,
    tried: false,
  };
  const { folders } = open;
  let failure: unknown;
  for (let steps = 0; steps < MOST_STEPS; steps++) {
    try {
      const astray = folders !== null && (state.touched || (quiet && state.tried));
      const step = next({ ...state, astray }, observe(session, open));
      switch (step.do) {
        case 'change folders':
          await change?.prepare();
          appendEntry(session.host.disk, session.layout, { type: 'folders', state: 'touched' });
          state.touched = true;
          change?.carryOut();
          change?.verify();
          state.due = false;
          break;
        case 'bring folders back':
          if (folders !== null)
            await bringBack(
              session,
              { ...open, folders, touched: state.touched },
              { resumed, all: quiet && state.tried },
            );
          state.touched = false;
          state.due = changesFolders(open);
          state.tried = false;
          break;
        case 'accept':
          decide(session, state, 'commit', 'the folders are what they were to be');
          break;
        case 'keep':
          keepOld(session, open.from);
          break;
        case 'swap':
          await swap(session, open);
          break;
        case 'place':
          await swap(session, open);
          break;
        case 'restore':
          await putBack(session, open, placeOf(session, open, step.from));
          break;
        case 'probe': {
          state.tried = true;
          const { ok, detail } = await probe(session, open.to);
          decide(session, state, ok ? 'commit' : 'revert', detail);
          break;
        }
        case 'condemn':
          decide(session, state, 'revert', step.reason);
          break;
        case 'end':
          end(session, open, step.outcome);
          if (failure !== undefined && (step.outcome === 'abandoned' || step.outcome === 'foreign'))
            throw failure;
          return { outcome: step.outcome, reason: state.reason };
        case 'give up':
          throw givingUp(session, open, step.reason);
      }
    } catch (error) {
      // The first failure turns the transaction round; a second one means that nothing more can be done now.
      if (failure !== undefined || error instanceof UnrecoverableError)
        throw failure ?? tellable(error, session.layout.installDir);
      failure = tellable(error, session.layout.installDir);
      state.resumed = true;
    }
  }
  throw new Error(`transaction ${open.id} did not end within ${MOST_STEPS} steps`);
}

/**
 * A rename that was seen may not be on the drive: the run that made it was killed, or its flush failed. What is
 * written into the journal must not be ahead of it.
 */
function flushNames({ host, layout }: Session): void {
  host.disk.flushDirectory(layout.installDir);
  host.disk.flushDirectory(layout.workDir);
}

interface State {
  verdict: 'commit' | 'revert' | null;
  reason: string | null;
  resumed: boolean;
  same: boolean;
  due: boolean;
  /** The folders may be half changed. */
  touched: boolean;
  /** The new version has been started: it may have written into the folders. */
  tried: boolean;
}

function changesFolders({ folders }: OpenTransaction): boolean {
  return folders !== null && folders.changes.length > 0;
}

/** The verdict holds from the moment at which it stands in the journal, not before. */
function decide(session: Session, state: State, verdict: 'commit' | 'revert', reason: string): void {
  flushNames(session);
  appendEntry(session.host.disk, session.layout, { type: 'verdict', verdict, reason });
  state.verdict = verdict;
  state.reason = reason;
}

function placeOf(session: Session, open: OpenTransaction, from: 'kept' | 'away'): string {
  return from === 'kept' ? session.layout.kept(open.from.sha256) : session.layout.away(open.id);
}

async function swap(session: Session, open: OpenTransaction): Promise<void> {
  const { host, layout } = session;
  const begun = host.clock.monotonic();
  appendEntry(host.disk, layout, { type: 'swap' });
  await replace(session, open, layout.staged(open.id));
  const milliseconds = Math.round(host.clock.monotonic() - begun);
  session.emit({ event: 'swapped', from: open.from.version, to: open.to.version, milliseconds });
}

async function putBack(session: Session, open: OpenTransaction, from: string): Promise<void> {
  await replace(session, open, from);
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
  // First the sweep: on a full disk it is what makes room for the record.
  if (receipt !== null) sweep(session, receipt);
  else removeIfThere(host.disk, layout.staged(open.id));
  appendEntry(host.disk, layout, { type: 'end', at: host.clock.now(), outcome });
  if (outcome === 'committed') session.emit({ event: 'committed', version: open.to.version });
}

/**
 * Where something else stands at the target (put there by hand, or damaged), the old binary that was kept stays within
 * reach: `rollback` puts it back.
 */
function receiptAfter(session: Session, open: OpenTransaction, outcome: Outcome): Receipt | null {
  const receipt = readableReceipt(session);
  if (outcome !== 'foreign' || receipt === null) return receipt;
  const kept = session.digests.of(session.layout.kept(open.from.sha256));
  return kept?.sha256 === open.from.sha256 ? { ...receipt, previous: open.from } : receipt;
}

/** A damaged receipt must not keep a transaction from ending; it only means that nothing kept is let go. */
function readableReceipt(session: Session): Receipt | null {
  try {
    return loadReceipt(session.host.disk, session.layout);
  } catch (error) {
    if (error instanceof DamagedError) return null;
    throw error;
  }
}

function givingUp(session: Session, open: OpenTransaction, reason: string): UnrecoverableError {
  const { layout } = session;
  return new UnrecoverableError(
    `the update from ${describe(open.from)} to ${describe(open.to)} could be neither finished nor taken back: ${reason}`,
    { advice: `Install ${layout.target} again by hand, then run \`dgmo-updater init --version <v>\`.` },
  );
}

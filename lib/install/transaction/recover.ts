/** Cleaning up after an interrupted run: an unfinished transaction, a lost receipt, leftover files. */
import { DamagedError } from '../../errors.ts';
import { noteInHistory } from '../../home/history.ts';
import { rememberFinished } from '../../home/remember.ts';
import { foundText } from '../../platform/files.ts';
import { forgetSnapshot } from '../folders/snapshots.ts';
import { isAppRunning } from '../process/running.ts';
import { type Receipt, receiptUnlessDamaged, saveReceipt } from '../receipt.ts';
import type { Session } from '../session.ts';
import {
  appendEntry,
  lastReceipt,
  type OpenTransaction,
  openTransaction,
  readJournal,
  undertakingOf,
} from './journal.ts';
import { foreignBinary } from './outcome-errors.ts';
import { sweep } from './sweep.ts';
import { runTransaction, type TransactionResult } from './transaction.ts';

/** Finishes or reverts the open transaction. Returns null if there is none. The caller holds the lock. */
export async function recoverTransaction(session: Session): Promise<TransactionResult | null> {
  const open = openTransaction(readJournal(session.host.disk, session.layout).entries);
  if (open === null) return null;
  session.emit({ event: 'recovering', id: open.id, ...undertakingOf(open) });
  const ended = await runTransaction(session, open, {
    resumed: true,
    unusedSinceSnapshot: !isAppRunning(session),
  });
  await forgetSnapshot(session, open);
  await noteRecovered(session, open, ended);
  return ended;
}

async function noteRecovered(
  { host, home, layout }: Session,
  open: OpenTransaction,
  { outcome, reason }: TransactionResult,
): Promise<void> {
  if ('missing' in home || outcome === 'foreign') return;
  const installId = receiptUnlessDamaged(host.disk, layout)?.installId ?? null;
  const undertaking = { ...undertakingOf(open), installId };
  // That it can't be saved must not make the recovery fail.
  if (outcome === 'committed') await rememberFinished(host, home.folder, undertaking);
  else
    await noteInHistory(host, home.folder, { ...undertaking, reason, milliseconds: null, ended: 'undone' });
}

export interface Recovery {
  transaction: TransactionResult | null;
  /** Whether the receipt was lost or damaged, and has been written again. */
  receiptRestored: boolean;
  receipt: Receipt | null;
}

/**
 * Recovers everything, for the command `recover`. Throws DamagedError if the receipt is lost and the journal has none that
 * matches the binary.
 */
export async function recoverInstall(session: Session): Promise<Recovery> {
  const transaction = await recoverTransaction(session);
  if (transaction?.outcome === 'foreign') throw foreignBinary(session.layout.target);
  const present = receiptUnlessDamaged(session.host.disk, session.layout);
  if (present !== null) {
    sweep(session, present);
    return { transaction, receiptRestored: false, receipt: present };
  }
  const receipt = restoreReceipt(session);
  return { transaction, receiptRestored: receipt !== null, receipt };
}

/** Null if neither a receipt nor a copy of one exists: nothing was ever adopted here. */
function restoreReceipt(session: Session): Receipt | null {
  const { host, layout, digests } = session;
  const receipt = lastReceipt(readJournal(host.disk, layout).entries);
  if (receipt === null) {
    if (host.disk.status(layout.receipt) === null) return null;
    throw new DamagedError(`the receipt ${layout.receipt} is damaged and the journal has no copy of it`, {
      advice: 'Run `dgmo-updater init` to adopt the binary again.',
    });
  }
  // If it is missing, the receipt says what has to be put back.
  if (host.disk.status(layout.target) !== null && !digests.is(layout.target, receipt.binary)) {
    throw new DamagedError(
      `${layout.target} is not the binary of the last receipt in the journal: wanted SHA-256 ${receipt.binary.sha256}, found ${foundText(digests.of(layout.target))}`,
      { advice: 'Run `dgmo-updater init` to adopt the current binary.' },
    );
  }
  saveReceipt(host.disk, layout, receipt);
  appendEntry(host.disk, layout, { type: 'receipt', at: host.clock.now(), receipt });
  return receipt;
}

/** Closing what an interrupted run left open: an unfinished transaction, a lost receipt, leftover files. */
import { DamagedError } from '../../errors.ts';
import { isInUse } from '../process/running.ts';
import { type Receipt, receiptUnlessDamaged, saveReceipt } from '../receipt.ts';
import type { Session } from '../session.ts';
import { foreignBinary } from './conclude.ts';
import { appendEntry, lastReceipt, openTransaction, readJournal } from './journal.ts';
import { sweep } from './sweep.ts';
import { type Ended, settle } from './transaction.ts';

/** Finishes or reverts an open transaction; null where there was none. The caller holds the lock. */
export async function recoverTransaction(session: Session): Promise<Ended | null> {
  const open = openTransaction(readJournal(session.host.disk, session.layout).entries);
  if (open === null) return null;
  session.emit({ event: 'recovering', id: open.id, from: open.from.version, to: open.to.version });
  return settle(session, open, { resumed: true, unusedSinceSnapshot: !isInUse(session) });
}

export interface Recovery {
  transaction: Ended | null;
  /** Whether the receipt was lost or damaged and has been written again. */
  receiptRestored: boolean;
  receipt: Receipt | null;
}

/**
 * All of it: the command `recover`. Throws DamagedError where the receipt is lost and the journal has none that
 * agrees with the binary.
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

/** Null where nothing was ever recorded here. */
function restoreReceipt(session: Session): Receipt | null {
  const { host, layout, digests } = session;
  const receipt = lastReceipt(readJournal(host.disk, layout).entries);
  if (receipt === null) {
    if (host.disk.status(layout.receipt) === null) return null;
    throw new DamagedError(`the receipt ${layout.receipt} is damaged and the journal has no copy of it`, {
      advice: 'Run `dgmo-updater init --version <v>` to adopt the binary again.',
    });
  }
  const found = digests.of(layout.target);
  if (found?.sha256 !== receipt.binary.sha256) {
    throw new DamagedError(
      `${layout.target} is not the binary of the last receipt in the journal: wanted SHA-256 ${receipt.binary.sha256}, found ${found?.sha256 ?? 'no file'}`,
      { advice: 'Run `dgmo-updater init --version <v>` to adopt the binary that is there.' },
    );
  }
  saveReceipt(host.disk, layout, receipt);
  appendEntry(host.disk, layout, { type: 'receipt', at: host.clock.now(), receipt });
  return receipt;
}

/** Writing down the starts of a version that has not confirmed its health, and the confirmation itself. */
import { lockWithPatience } from '../../platform/lock-with-patience.ts';
import { lockedError } from '../lock.ts';
import {
  loadReceipt,
  type Receipt,
  receiptUnlessDamaged,
  saveReceipt,
  withoutConfirmation,
} from '../receipt.ts';
import type { Session } from '../session.ts';
import { appendEntry, openTransaction, readJournal } from '../transaction/journal.ts';
import { FAILED_STARTS, failedStarts, type Start, withStart } from './confirmation.ts';

/** A receipt whose version has not confirmed its health. */
export type Unconfirmed = Receipt & Required<Pick<Receipt, 'confirmation'>>;

/** Null if the installed version owes no confirmation. */
export function unconfirmed({ host, layout }: Session): Unconfirmed | null {
  const receipt = receiptUnlessDamaged(host.disk, layout);
  return receipt?.confirmation === undefined ? null : { ...receipt, confirmation: receipt.confirmation };
}

/** The starts of it that have failed, and whether they are a crash loop. */
export function failuresOf(
  { host }: Session,
  { confirmation }: Unconfirmed,
): { failed: Start[]; isCrashLoop: boolean } {
  const failed = failedStarts(confirmation, host.clock.now(), (pid) => host.processes.isAlive(pid));
  return { failed, isCrashLoop: failed.length >= FAILED_STARTS };
}

/** Writes down that the installed version is being started, as this process. Does nothing if it owes no confirmation. */
export function recordStart(session: Session, pid: number): Promise<void> {
  return change(session, (receipt) => {
    const { confirmation } = receipt;
    if (confirmation === undefined) return receipt;
    const start = { at: session.host.clock.now(), pid };
    return { ...receipt, confirmation: withStart(confirmation, start) };
  });
}

/**
 * Writes down that the installed version is well.
 *
 * @param version that says so; null: the one that is installed. A DGMO that still runs the version before an update must not
 *   speak for the new one.
 * @returns the version that was waited for; null if none was
 */
export async function recordConfirmation(session: Session, version: string | null): Promise<string | null> {
  let confirmed: string | null = null;
  await change(session, (receipt) => {
    const isMeant = version === null || version === receipt.binary.version;
    if (receipt.confirmation === undefined || !isMeant) return receipt;
    confirmed = receipt.binary.version;
    return withoutConfirmation(receipt);
  });
  return confirmed;
}

/** Another updater holds the lock for seconds at most, except while it waits for DGMO to exit. */
const PATIENCE = { limit: 10_000, pause: 50 };

/** Throws LockedError if another updater is at work for too long. */
async function change(session: Session, changed: (receipt: Receipt) => Receipt): Promise<void> {
  const { host, layout } = session;
  const now = loadReceipt(host.disk, layout);
  if (now === null || changed(now) === now) return;
  const lock = await lockWithPatience(host, layout.lock, PATIENCE);
  if (lock === null) throw lockedError(host, layout);
  try {
    const before = loadReceipt(host.disk, layout);
    // An open transaction has the receipt of its end already.
    if (before === null || openTransaction(readJournal(host.disk, layout).entries) !== null) return;
    const receipt = changed(before);
    if (receipt === before) return;
    appendEntry(host.disk, layout, { type: 'receipt', at: host.clock.now(), receipt });
    saveReceipt(host.disk, layout, receipt);
  } finally {
    lock.release();
  }
}

/** Writing the updater's own records again: the work dir, the receipt, the journal. */

import { DamagedError } from '../../errors.ts';
import { createWorkDir, type Receipt, recordUpdater, type Session } from '../../install/index.ts';
import { receiptUnlessDamaged, saveReceipt } from '../../install/receipt.ts';
import {
  appendEntry,
  decodeJournal,
  type Entry,
  encodeEntry,
  JOURNAL_LIMIT,
  lastReceipt,
  newest,
} from '../../install/transaction/journal.ts';
import { updaterSession } from '../../install/updater/updater-session.ts';
import type { Disk } from '../../platform/disk.ts';
import { digestFile, openSource, readOwnFile, replaceDurably } from '../../platform/files.ts';
import { MAX_BINARY_SIZE } from '../../version/index.ts';
import { closedIn, ownRecords, strangersIn } from '../check/own-files.ts';
import type { HealthIssue } from '../issue.ts';
import { copyAside, moveAside } from './aside.ts';
import { ownSnapshots } from './last-good.ts';
import { repairPermissions } from './permissions.ts';

const NEWLINE = 10;

/**
 * Lets the user read and write their own records again. Returns what was in the way of that. Nothing else can be done before it: the
 * lock is among them, and what is installed.
 */
export function openRecords(session: Session): HealthIssue[] {
  const closed = closedIn(session, ownRecords(session)).filter(({ repair }) => repair !== null);
  for (const { where } of closed) repairPermissions(session, where);
  return closed;
}

/**
 * Makes the work dir usable, so that the lock can be taken: what is in the place of its files is moved aside. Returns where to, by
 * path.
 */
export function prepareWorkDir(session: Session): Map<string, string> {
  const { host, layout } = session;
  const status = host.disk.status(layout.workDir);
  if (status !== null && status.kind !== 'directory') moveAside(session, layout.workDir);
  createWorkDir(host, layout);
  const moved = new Map<string, string>();
  for (const own of ownRecords(session)) {
    if (strangersIn(session, [own]).length === 0) continue;
    const beside = moveAside(session, own.path, own.aside);
    if (beside !== null) moved.set(own.path, beside);
  }
  return moved;
}

/** Writes the journal again, with the records that can be read, and with the receipt. The damaged one is kept. */
export function repairJournal(session: Session, receipt: Receipt | null): void {
  const { host, layout } = session;
  const { disk } = host;
  const entries = readableEntries(session);
  copyAside(session, layout.journal);
  if (receipt !== null && !entries.some(({ type }) => type === 'receipt' || type === 'begin'))
    entries.push({ type: 'receipt', at: host.clock.now(), receipt });
  const bytes = new TextEncoder().encode(newest(entries).map(encodeEntry).join(''));
  replaceDurably(disk, layout.journal, layout.workDir, bytes, 0o644);
}

/** The session of the updater's own transactions, if the file is one of their records; null if it is not. */
export function sessionOfRecord(session: Session, file: string): Session | null {
  const own = updaterSession(session);
  return own !== null && [own.layout.receipt, own.layout.journal].includes(file) ? own : null;
}

/**
 * Writes the receipt of the updater again, from its journal; if that has none, the updater that is there is recorded.
 *
 * @returns where it came from
 * @throws DamagedError if there is none that works
 */
export async function repairUpdaterReceipt(session: Session, own: Session): Promise<string> {
  const last = lastReceipt(readableEntries(own));
  if (last !== null) {
    writeReceipt(own, last);
    return 'from its journal';
  }
  copyAside(own, own.layout.receipt);
  await recordUpdater(session);
  if (receiptUnlessDamaged(own.host.disk, own.layout) !== null)
    return 'the updater that is there is recorded';
  throw new DamagedError(`${own.layout.target} can't be recorded: it is missing, or does not start`, {
    advice: 'Run `dgmo-updater repair` once it is there.',
  });
}

/** What is installed, as the receipt says or, if that is lost, the journal. */
export function knownReceipt(session: Session): Receipt | null {
  return receiptUnlessDamaged(session.host.disk, session.layout) ?? lastReceipt(readableEntries(session));
}

/** Null if there is none. Of one that is too long the end, which says what is installed. */
function endOfJournal(disk: Disk, path: string): Uint8Array | null {
  if ((disk.status(path)?.size ?? 0) <= JOURNAL_LIMIT) return readOwnFile(disk, path, JOURNAL_LIMIT);
  const source = openSource(disk, path);
  try {
    const bytes = new Uint8Array(JOURNAL_LIMIT);
    source.read(source.size - bytes.length, bytes);
    return bytes;
  } finally {
    source.close();
  }
}

function readableEntries({ host, layout }: Session): Entry[] {
  if (host.disk.status(layout.journal)?.kind !== 'file') return [];
  const bytes = endOfJournal(host.disk, layout.journal);
  return bytes === null ? [] : decodeJournal(bytes, layout.journal).entries;
}

/**
 * The receipt as the journal has it, else as a snapshot of the installed executable says. Null if neither is known. It is
 * written, and the damaged one is kept beside it.
 *
 * @param evenIfOld also the receipt of another executable, from a journal that has lost records: the last may be among them,
 *   and the repair would go back to an older version
 */
export function restoreReceipt(
  session: Session,
  { evenIfOld = true }: { evenIfOld?: boolean } = {},
): { receipt: Receipt; from: string } | null {
  const { disk } = session.host;
  const present = receiptUnlessDamaged(disk, session.layout);
  if (present !== null) return null;
  const last = lastReceipt(readableEntries(session));
  const isSure = last !== null && (!hasLostRecords(session) || isInstalled(session, last));
  const sure = isSure ? last : receiptFromSnapshots(session);
  const known = sure ?? (evenIfOld ? last : null);
  if (known === null) return null;
  writeReceipt(session, known);
  return { receipt: known, from: known === last ? 'the journal' : 'a snapshot' };
}

function hasLostRecords({ host, layout }: Session): boolean {
  if (host.disk.status(layout.journal)?.kind !== 'file') return false;
  const bytes = endOfJournal(host.disk, layout.journal);
  if (bytes === null) return false;
  const lines = bytes.reduce((count, byte) => count + Number(byte === NEWLINE), 0);
  return lines > decodeJournal(bytes, layout.journal).entries.length;
}

function isInstalled({ host, layout }: Session, { binary }: Receipt): boolean {
  const isFile = host.disk.status(layout.target)?.kind === 'file';
  return isFile && digestFile(host.disk, layout.target, binary.size)?.sha256 === binary.sha256;
}

export function writeReceipt(session: Session, receipt: Receipt): void {
  const { host, layout } = session;
  if (host.disk.status(layout.receipt) !== null) copyAside(session, layout.receipt);
  if ((host.disk.status(layout.journal)?.kind ?? 'file') !== 'file') moveAside(session, layout.journal);
  appendEntry(host.disk, layout, { type: 'receipt', at: host.clock.now(), receipt });
  saveReceipt(host.disk, layout, receipt);
}

/** Only a snapshot of exactly this executable knows what is installed: the newest one is of the version before. */
function receiptFromSnapshots(session: Session): Receipt | null {
  const { host, layout, snapshots } = session;
  if (snapshots === null || host.disk.status(layout.target)?.kind !== 'file') return null;
  const installed = digestFile(host.disk, layout.target, { atMost: MAX_BINARY_SIZE });
  if (installed === null) return null;
  const own = ownSnapshots(session, snapshots);
  const same = own.find(
    ({ components: { binary } }) => binary?.sound === true && binary.checksum === installed.sha256,
  );
  if (same === undefined) return null;
  return {
    schema: 1,
    app: same.app,
    installId: same.installId,
    binary: { version: same.version, ...installed },
    previous: null,
    floor: same.version,
    feed: null,
    source: 'init',
    rollback: same.rollback,
    installedAt: same.timestamp,
  };
}

/**
 * The journal of transactions. Each record is a line, which is flushed before the effect that it announces:
 *
 *     <first 16 hex digits of the SHA-256 of the JSON> <space> <JSON> <newline>
 *
 * An incomplete last line is ignored, and removed by the next append. Nothing has happened yet after such a record, since a
 * record is flushed before the effect.
 */
import { DamagedError, errorCode, errorMessage, MachineError, UpdaterError } from '../../errors.ts';
import type { Disk, Handle } from '../../platform/disk.ts';
import { digestBytes, readOwnFile, replaceDurably, writeAll } from '../../platform/files.ts';
import { FOLDER_COMPONENTS, type FolderComponent, isSnapshotId } from '../../snapshot/index.ts';
import type { Layout } from '../layout.ts';
import { type Binary, checkBinary, checkReceipt, isRecord, type Receipt } from '../receipt.ts';
import type { Session } from '../session.ts';

export type Outcome = 'committed' | 'reverted' | 'abandoned' | 'foreign';

/** The folders that a transaction may change: config, plugins, evolutions and data. */
export interface Folders {
  /** Where the snapshot store is, whatever $DGMO_HOME says on the next run. */
  home: string;
  /** Id of the snapshot that was taken before. */
  before: string;
  /** The folders that the transaction changes. */
  changes: FolderComponent[];
}

export type Entry =
  /** A transaction begins: the old binary, the new binary, and the receipt to write on commit. */
  | {
      type: 'begin';
      id: string;
      at: number;
      kind: 'update' | 'rollback';
      from: Binary;
      to: Binary;
      receipt: Receipt;
      folders?: Folders;
    }
  /** `touched`: from here on the folders may be half changed, until the verdict "commit". `back`: they are restored. */
  | { type: 'folders'; state: 'touched' | 'back' }
  /**
   * From here on the new version may have been started, and may have written into any folder. `unused`: nobody has used
   * DGMO since the snapshot, so if the new version fails, every difference was made by it and is undone.
   */
  | { type: 'trial'; unused: boolean }
  /** From here on the target may be replaced. */
  | { type: 'swap' }
  /** Windows: from here on the target may be missing, until it is in place again. */
  | { type: 'gap' }
  | { type: 'verdict'; verdict: 'commit' | 'revert'; reason: string }
  | { type: 'end'; at: number; outcome: Outcome }
  /** A receipt that was written outside a transaction (`init`), or again by `recover`. */
  | { type: 'receipt'; at: number; receipt: Receipt };

/** A larger journal is reduced to the entries that `recover` and `history` need, when a transaction begins. */
const COMPACT_ABOVE = 256 * 1024;
const ENTRIES_KEPT = 200;
export const JOURNAL_LIMIT = 4 * 1024 * 1024;
/** Of a transaction. It becomes part of the names of files. */
const ID = /^[0-9a-z]{1,64}$/;
/** On any system. A relative path would lead wherever the updater is started. */
const ABSOLUTE = /^([/\\]|[A-Za-z]:[/\\])/;

export function encodeEntry(entry: Entry): string {
  const json = JSON.stringify(entry);
  return `${checksum(json)} ${json}\n`;
}

function checksum(json: string): string {
  return digestBytes(new TextEncoder().encode(json)).sha256.slice(0, 16);
}

/**
 * The valid records, and the offset at which the last of them ends. A crash leaves an incomplete last line. A damaged line
 * between valid ones is an error of the drive, and can be skipped: the digests of the files decide what happens next, and
 * every step may be taken twice.
 */
export function decodeJournal(bytes: Uint8Array, name: string): { entries: Entry[]; length: number } {
  const entries: Entry[] = [];
  let length = 0;
  for (let start = 0; ; ) {
    const end = bytes.indexOf(10, start);
    if (end === -1) break;
    const line = new TextDecoder().decode(bytes.subarray(start, end));
    const json = line.slice(17);
    start = end + 1;
    if (line[16] !== ' ' || line.slice(0, 16) !== checksum(json)) continue;
    entries.push(checkEntry(json, name));
    length = start;
  }
  return { entries, length };
}

/** Throws DamagedError for unknown content with a correct checksum: a newer updater wrote it, and guessing is unsafe. */
function checkEntry(json: string, name: string): Entry {
  const unknown = (what: string) =>
    new DamagedError(`the journal ${name} has a record that this updater does not know (${what})`, {
      advice: 'Use the newer updater that wrote it.',
    });
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw unknown(errorMessage(error));
  }
  if (!isRecord(value)) throw unknown('not an object');
  const at = typeof value.at === 'number' ? value.at : 0;
  switch (value.type) {
    case 'begin': {
      const { kind, id } = value;
      if ((kind !== 'update' && kind !== 'rollback') || typeof id !== 'string') throw unknown('begin');
      if (!ID.test(id)) throw unknown(`begin with the id ${JSON.stringify(id)}`);
      const from = checkBinary(value.from, name, 'from');
      const to = checkBinary(value.to, name, 'to');
      const receipt = checkReceipt(value.receipt, name);
      if (value.folders === undefined) return { type: 'begin', id, at, kind, from, to, receipt };
      const folders = checkFolders(value.folders);
      if (folders === null) throw unknown('begin with folders');
      return { type: 'begin', id, at, kind, from, to, receipt, folders };
    }
    case 'folders':
      if (value.state !== 'touched' && value.state !== 'back') throw unknown('folders');
      return { type: 'folders', state: value.state };
    case 'trial':
      if (typeof value.unused !== 'boolean') throw unknown('trial');
      return { type: 'trial', unused: value.unused };
    case 'swap':
    case 'gap':
      return { type: value.type };
    case 'verdict': {
      const { verdict, reason } = value;
      if (verdict !== 'commit' && verdict !== 'revert') throw unknown('verdict');
      return { type: 'verdict', verdict, reason: String(reason) };
    }
    case 'end': {
      const { outcome } = value;
      if (
        outcome !== 'committed' &&
        outcome !== 'reverted' &&
        outcome !== 'abandoned' &&
        outcome !== 'foreign'
      ) {
        throw unknown('end');
      }
      return { type: 'end', at, outcome };
    }
    case 'receipt':
      return { type: 'receipt', at, receipt: checkReceipt(value.receipt, name) };
    default:
      throw unknown(String(value.type));
  }
}

function checkFolders(value: unknown): Folders | null {
  if (!isRecord(value) || typeof value.home !== 'string' || typeof value.before !== 'string') return null;
  const { home, before, changes } = value;
  if (!ABSOLUTE.test(home) || !isSnapshotId(before) || !Array.isArray(changes)) return null;
  const known = FOLDER_COMPONENTS.filter((component) => changes.includes(component));
  return known.length === changes.length ? { home, before, changes: known } : null;
}

export function readJournal(disk: Disk, layout: Layout): { entries: Entry[]; length: number } {
  const bytes = readOwnFile(disk, layout.journal, JOURNAL_LIMIT);
  return bytes === null ? { entries: [], length: 0 } : decodeJournal(bytes, layout.journal);
}

/**
 * Adds a record after the last valid one, and flushes it. The caller holds the lock. Throws, and writes nothing, if the record
 * could not be read again: nobody could finish or undo such a transaction.
 */
export function appendEntry(disk: Disk, layout: Layout, entry: Entry): void {
  checkEntry(JSON.stringify(entry), layout.journal);
  const status = disk.status(layout.journal);
  if (status === null) {
    replaceDurably(disk, layout.journal, layout.workDir, new TextEncoder().encode(encodeEntry(entry)), 0o644);
    return;
  }
  const { length } = readJournal(disk, layout);
  const line = new TextEncoder().encode(encodeEntry(entry));
  if (length + line.length > JOURNAL_LIMIT)
    throw new MachineError(`the journal ${layout.journal} would grow past ${JOURNAL_LIMIT} bytes`);
  if (status.links > 1) {
    // A copy of the install that was made of hard links has the same file, and must not see this transaction as its own.
    const before = readOwnFile(disk, layout.journal, JOURNAL_LIMIT)?.subarray(0, length) ?? new Uint8Array(0);
    replaceDurably(disk, layout.journal, layout.workDir, Buffer.concat([before, line]), 0o644);
    return;
  }
  const handle = disk.open(layout.journal, 'update');
  try {
    disk.truncate(handle, length);
    writeAll(disk, handle, line, length);
    disk.flush(handle);
  } catch (error) {
    // A record that was not flushed must not be read as if it had been.
    cutBack(disk, handle, length);
    throw error;
  } finally {
    disk.close(handle);
  }
}

function cutBack(disk: Disk, handle: Handle, length: number): void {
  try {
    disk.truncate(handle, length);
  } catch {
    // The caller throws the first failure.
  }
}

/** Keeps the journal small. Called between transactions. */
export function compactJournal(disk: Disk, layout: Layout): void {
  const { entries, length } = readJournal(disk, layout);
  if (length <= COMPACT_ABOVE) return;
  const bytes = new TextEncoder().encode(newest(entries).map(encodeEntry).join(''));
  replaceDurably(disk, layout.journal, layout.workDir, bytes);
}

/** What `recover` and `history` need of a long journal: the last entries, and what was installed before them. */
export function newest(entries: readonly Entry[]): Entry[] {
  const kept = entries.slice(-ENTRIES_KEPT);
  const receipt = lastReceipt(entries.slice(0, -ENTRIES_KEPT));
  if (receipt !== null) kept.unshift({ type: 'receipt', at: receipt.installedAt, receipt });
  return kept;
}

/** A transaction that has begun and not ended, as the journal says. */
export interface OpenTransaction {
  id: string;
  kind: 'update' | 'rollback';
  from: Binary;
  to: Binary;
  /** The receipt to write on commit. */
  receipt: Receipt;
  verdict: { verdict: 'commit' | 'revert'; reason: string } | null;
  /** Null if the transaction changes only the executable. */
  folders: Folders | null;
  /** Whether the folders may be half changed. */
  touched: boolean;
  /** What was recorded when the new version was started; null if it was not started, or the folders are restored since. */
  trial: { unused: boolean } | null;
  /**
   * The transaction that was still open when this one began, because it could be neither finished nor undone. It is open
   * again if this one changes nothing. Null if there was none.
   */
  replaced: OpenTransaction | null;
}

/** Whether a transaction is open, as far as the journal can be read. */
export function isOpen({ host, layout }: Pick<Session, 'host' | 'layout'>): boolean {
  try {
    return openTransaction(readJournal(host.disk, layout).entries) !== null;
  } catch (error) {
    if (error instanceof UpdaterError || errorCode(error) !== undefined) return false;
    throw error;
  }
}

export type Change = Pick<OpenTransaction, 'kind' | 'from' | 'to'>;

/** What somebody has begun. A repair puts back the version that is installed, by the transaction of an update. */
export function undertakingOf({ kind, from, to }: Change): {
  kind: 'update' | 'rollback' | 'repair';
  from: string;
  to: string;
} {
  const isRepair = kind === 'update' && from.version === to.version;
  return { kind: isRepair ? 'repair' : kind, from: from.version, to: to.version };
}

/** The same for a message. One that changes folders alone stays within a version. */
export function transactionText(change: Change): string {
  const { kind, from, to } = undertakingOf(change);
  if (kind === 'repair') return `repair of ${to}`;
  return from === to ? `${kind} within ${to}` : `${kind} from ${from} to ${to}`;
}

/** Null if no transaction is open. */
export function openTransaction(entries: readonly Entry[]): OpenTransaction | null {
  let open: OpenTransaction | null = null as OpenTransaction | null;
  for (const entry of entries) {
    if (entry.type === 'begin') {
      const { id, kind, from, to, receipt, folders = null } = entry;
      open = {
        id,
        kind,
        from,
        to,
        receipt,
        verdict: null,
        folders,
        touched: false,
        trial: null,
        replaced: open,
      };
    } else if (entry.type === 'end') {
      const asBefore = entry.outcome === 'abandoned' || entry.outcome === 'reverted';
      open = asBefore ? (open?.replaced ?? null) : null;
    } else if (open !== null && entry.type === 'trial') open.trial = { unused: entry.unused };
    else if (open !== null && entry.type === 'folders') {
      open.touched = entry.state === 'touched';
      if (entry.state === 'back') open.trial = null;
    } else if (open !== null && entry.type === 'verdict')
      open.verdict = { verdict: entry.verdict, reason: entry.reason };
  }
  return open;
}

/** The receipt after the last committed transaction or `init`, which `recover` writes again if the file is lost. */
export function lastReceipt(entries: readonly Entry[]): Receipt | null {
  let last: Receipt | null = null;
  let begun: Receipt | null = null;
  for (const entry of entries) {
    if (entry.type === 'receipt') last = entry.receipt;
    else if (entry.type === 'begin') begun = entry.receipt;
    else if (entry.type === 'end' && entry.outcome === 'committed' && begun !== null) last = begun;
  }
  return last;
}

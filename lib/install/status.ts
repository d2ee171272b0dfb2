/**
 * What is installed, and whether it is intact. Only reads, and takes no lock: an update that runs at the same time is not
 * mistaken for damage.
 */
import { DamagedError } from '../errors.ts';
import { type Digest, KIND_NAMES } from '../platform/files.ts';
import { loadReceipt, type Receipt } from './receipt.ts';
import type { Session } from './session.ts';
import { type OpenTransaction, openTransaction, readJournal, undertakingOf } from './transaction/journal.ts';

export interface Status {
  installDir: string;
  executable: string;
  /** Null if nothing was adopted, or if the receipt is damaged (then `receiptProblem` says how). */
  receipt: Receipt | null;
  receiptProblem: string | null;
  /**
   * `sound`: it has the digest that the receipt names, or that of the new binary of an open transaction. `changed`: it has
   * another one, or is no file. `unknown`: there is no receipt.
   */
  binary: 'sound' | 'changed' | 'missing' | 'unknown';
  /** What is in its place, if it is no file: `a folder`, `a symlink`, or `a pipe, a socket or a device`; null otherwise. */
  instead: string | null;
  /** Null if it is missing, no file, or has more bytes than an executable can have. */
  sha256: string | null;
  /** Whether the mode of the executable allows to run it. True on Windows, where files have no such mode, and if it is missing. */
  runnable: boolean;
  /** A transaction that has begun and not ended. */
  open: { id: string; kind: string; from: string; to: string } | null;
  /** Why the journal can't be read; null if it can. */
  journalProblem: string | null;
}

const MAX_LOOKS = 5;

/** Looks until two looks agree: an update may take a step in the middle of a look. */
export function status(session: Session): Status {
  let seen = look(session);
  for (let looks = 1; looks < MAX_LOOKS; looks++) {
    const again = look(session);
    if (JSON.stringify(again) === JSON.stringify(seen)) break;
    seen = again;
  }
  return seen;
}

function look(session: Session): Status {
  const { host, layout, digests } = session;
  let receipt: Receipt | null = null;
  let receiptProblem: string | null = null;
  try {
    receipt = loadReceipt(host.disk, layout);
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
    receiptProblem = error.message;
  }
  const found = digests.of(layout.target);
  const kind = host.disk.status(layout.target)?.kind ?? 'file';
  const sha256 = found?.sha256 || null;
  const { open, journalProblem } = readOpenTransaction(session);
  return {
    installDir: layout.installDir,
    executable: layout.target,
    receipt,
    receiptProblem,
    binary: kind === 'file' ? judge(found, receipt, open) : 'changed',
    instead: kind === 'file' ? null : KIND_NAMES[kind],
    sha256,
    runnable: isRunnable(session),
    open: open === null ? null : { id: open.id, ...undertakingOf(open) },
    journalProblem,
  };
}

function readOpenTransaction({ host, layout }: Session): {
  open: OpenTransaction | null;
  journalProblem: string | null;
} {
  try {
    return { open: openTransaction(readJournal(host.disk, layout).entries), journalProblem: null };
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
    return { open: null, journalProblem: error.message };
  }
}

function judge(
  found: Digest | null,
  receipt: Receipt | null,
  open: OpenTransaction | null,
): Status['binary'] {
  if (found === null) return 'missing';
  if (receipt === null) return 'unknown';
  const { sha256 } = found;
  return sha256 === receipt.binary.sha256 || sha256 === open?.to.sha256 ? 'sound' : 'changed';
}

function isRunnable({ host, layout }: Session): boolean {
  const status = host.disk.status(layout.target);
  return host.platform === 'win32' || status?.kind !== 'file' || (status.mode & 0o111) !== 0;
}

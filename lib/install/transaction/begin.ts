/** How a transaction begins: an id, a clean work dir, the record in the journal. And how it ends before it changed anything. */

import { clearFolders } from '../folders/folders.ts';
import type { Binary, Receipt } from '../receipt.ts';
import type { Session } from '../session.ts';
import {
  appendEntry,
  compactJournal,
  type Folders,
  type OpenTransaction,
  openTransaction,
  readJournal,
} from './journal.ts';
import { sweep, sweepAfter } from './sweep.ts';

export interface Intention {
  kind: 'update' | 'rollback';
  from: Binary;
  to: Binary;
  /** The receipt of now, and the one to write on commit. */
  receipt: { before: Receipt; after: Receipt };
  /** Null if only the executable changes, and nothing else has to be brought back if that fails. */
  folders: Folders | null;
}

/**
 * The caller holds the lock. A transaction that is still open, since it could be neither finished nor taken back, is
 * replaced in the same record: what it left half done is never forgotten in between.
 */
export function begin(session: Session, intention: Intention): OpenTransaction {
  const { host, layout } = session;
  const replaced = openTransaction(readJournal(host.disk, layout).entries);
  if (replaced === null) {
    sweep(session, intention.receipt.before);
    compactJournal(host.disk, layout);
  }
  const id = newId(session);
  const { kind, from, to, folders } = intention;
  const receipt = intention.receipt.after;
  appendEntry(host.disk, layout, {
    type: 'begin',
    id,
    at: host.clock.now(),
    kind,
    from,
    to,
    receipt,
    ...(folders === null ? {} : { folders }),
  });
  return { id, kind, from, to, receipt, verdict: null, folders, touched: false, trial: null, replaced };
}

/** Nothing was changed yet: removes what was prepared, and records that the transaction has ended. */
export function abandon(session: Session, open: OpenTransaction, receipt: Receipt): void {
  const { host, layout } = session;
  try {
    if (open.folders !== null) clearFolders(session, open.folders, open.id);
    sweepAfter(session, open, receipt);
    appendEntry(host.disk, layout, { type: 'end', at: host.clock.now(), outcome: 'abandoned' });
  } catch {
    // The caller reports the failure that brought us here; the next run closes what is still open.
  }
}

export function newId(session: Session): string {
  return Buffer.from(session.host.random.bytes(8)).toString('hex');
}

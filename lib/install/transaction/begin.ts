/** Beginning a transaction (an id, a clean work dir, a record in the journal), and abandoning it before any change. */

import { removeFolderLeftovers } from '../folders/folders.ts';
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
  /** The current receipt, and the one to write on commit. */
  receipt: { before: Receipt; after: Receipt };
  /** Null if no folder changes, and none has to be restored if the transaction fails. */
  folders: Folders | null;
}

/**
 * The caller holds the lock. A transaction that is still open because it could be neither finished nor undone is replaced
 * by the same record, so its half-done changes are remembered at every moment.
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

/** Ends a transaction that has changed nothing yet: removes what was prepared, and records the end. */
export function abandon(session: Session, open: OpenTransaction, receipt: Receipt): void {
  const { host, layout } = session;
  try {
    if (open.folders !== null) removeFolderLeftovers(session, open.folders, open.id);
    sweepAfter(session, open, receipt);
    appendEntry(host.disk, layout, { type: 'end', at: host.clock.now(), outcome: 'abandoned' });
  } catch {
    // The caller reports the failure that made it abandon the transaction. The next run ends what is still open.
  }
}

export function newId(session: Session): string {
  return Buffer.from(session.host.random.bytes(8)).toString('hex');
}

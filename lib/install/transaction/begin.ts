/** The start of a transaction: an id, a clean work dir, the record in the journal. */

import type { Binary, Receipt } from '../receipt.ts';
import type { Session } from '../session.ts';
import { appendEntry, compactJournal, type Folders, type OpenTransaction } from './journal.ts';
import { sweep } from './sweep.ts';

export interface Intention {
  kind: 'update' | 'rollback';
  from: Binary;
  to: Binary;
  /** The receipt that stands now, and the one to write on commit. */
  receipt: { before: Receipt; after: Receipt };
  /** Null where only the executable is changed, and nothing else is to be brought back if that fails. */
  folders: Folders | null;
}

/** The caller holds the lock, and no transaction is open. */
export function begin(session: Session, intention: Intention): OpenTransaction {
  const { host, layout } = session;
  sweep(session, intention.receipt.before);
  compactJournal(host.disk, layout);
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
  return { id, kind, from, to, receipt, verdict: null, folders, touched: false };
}

export function newId(session: Session): string {
  return Buffer.from(session.host.random.bytes(8)).toString('hex');
}

/** Removing the files that transactions left in the work dir, except those that are still needed. */

import { removeIfThere } from '../../platform/files.ts';
import { type Layout, TRANSIENT_PREFIXES } from '../layout.ts';
import type { Receipt } from '../receipt.ts';
import type { Session } from '../session.ts';
import type { OpenTransaction } from './journal.ts';

/**
 * The caller holds the lock, and no transaction is open except the one that ends now. A file that can't be removed (on
 * Windows, because it still runs) is left for a later run.
 */
export function sweep(session: Session, receipt: Receipt | null): void {
  const { disk } = session.host;
  const { layout } = session;
  for (const name of leftoversIn(session, receipt)) {
    try {
      disk.remove(layout.join(layout.workDir, name));
    } catch {
      // It only takes space, and the next run tries again.
    }
  }
}

/**
 * The names of what is in the work dir and no longer needed. What a check finds and what a sweep removes is the same.
 */
export function leftoversIn({ host: { disk }, layout }: Session, receipt: Receipt | null): string[] {
  const needed = receipt === null ? [] : filesOf(layout, receipt);
  return disk
    .list(layout.workDir)
    .filter((name) => name.endsWith('.tmp') || TRANSIENT_PREFIXES.some((prefix) => name.startsWith(prefix)))
    .filter((name) => !needed.includes(layout.join(layout.workDir, name)));
}

/** The files of the work dir that the installed version needs, besides the records. */
function filesOf(layout: Layout, { binary, previous, configSchema }: Receipt): string[] {
  const schema = configSchema === undefined ? [] : [layout.configSchema(configSchema.sha256)];
  const lists = [layout.blocks(binary.sha256), ...schema];
  if (previous === null) return lists;
  return [...lists, layout.blocks(previous.sha256), layout.kept(previous.sha256)];
}

/** At the end of a transaction. If it had replaced another one, that one is open again and still needs its files. */
export function sweepAfter(session: Session, open: OpenTransaction, receipt: Receipt | null): void {
  if (open.replaced === null && receipt !== null) sweep(session, receipt);
  else removeIfThere(session.host.disk, session.layout.staged(open.id));
}

/**
 * A rollback whose run was stopped after the commit, while it tidied up, and so could not say that it was done. Whoever repeats the
 * command wants that one, and no second one, which would return to the version that was to be left.
 *
 * It can be told from a rollback that ended well: by the journal it is the last thing that was done here, and the history,
 * which a run writes last, does not have it.
 */
import { UpdaterError } from '../../errors.ts';
import { historyFile, ofInstall } from '../../home/history.ts';
import { rememberFinished } from '../../home/remember.ts';
import { receiptUnlessDamaged } from '../receipt.ts';
import type { Session } from '../session.ts';
import { type Entry, readJournal } from '../transaction/journal.ts';

/** A transaction, as its first record in the journal has it. */
type Begun = Extract<Entry, { type: 'begin' }>;

/**
 * Null if there is none, or if that can't be known. Otherwise it is in the history now, so that the next call returns null. The caller
 * holds the lock, and no transaction is open.
 */
export async function takeUntoldRollback(session: Session): Promise<Begun | null> {
  const { host, home, layout } = session;
  const rollback = untoldRollback(session);
  if (rollback === null || 'missing' in home) return null;
  const installId = receiptUnlessDamaged(host.disk, layout)?.installId ?? null;
  const { kind, from, to } = rollback;
  const undertaking = { kind, from: from.version, to: to.version, installId };
  // If that can't be saved it would be refused again and again.
  return (await rememberFinished(host, home.folder, undertaking)) === null ? rollback : null;
}

export function untoldRollback({ host, home, layout }: Session): Begun | null {
  if ('missing' in home) return null;
  try {
    const rollback = lastRollback(readJournal(host.disk, layout).entries);
    if (rollback === null) return null;
    const { at, from, to, folders } = rollback;
    // Another user's home has another history.
    if (folders !== undefined && folders.home !== home.folder) return null;
    const history = ofInstall(
      historyFile.load(host, home.folder).entries,
      receiptUnlessDamaged(host.disk, layout),
    );
    // The update that came before is missing as well: it was removed.
    if (history.length === 0) return null;
    const isTold = history.some(
      (entry) =>
        entry.at >= at &&
        (entry.kind === 'rollback'
          ? entry.from === from.version && entry.to === to.version
          : // The verdict on an update that did not confirm.
            entry.from === to.version && entry.to === from.version && entry.ended === 'reverted'),
    );
    return isTold ? null : rollback;
  } catch (error) {
    if (error instanceof UpdaterError) return null;
    throw error;
  }
}

/** The rollback that was the last thing to be done; null if that was something else, or is not done. */
export function lastRollback(entries: readonly Entry[]): Begun | null {
  const last = entries.at(-1);
  if (last?.type !== 'end' || last.outcome !== 'committed') return null;
  const begun = entries.findLast((entry) => entry.type === 'begin');
  return begun?.kind === 'rollback' ? begun : null;
}

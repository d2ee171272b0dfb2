/** The updater as something that is installed: the same transactions, with a journal and a folder of their own. */
import { UPDATER, updaterLayout } from '../layout.ts';
import type { Session } from '../session.ts';
import { openTransaction, readJournal } from '../transaction/journal.ts';

/**
 * The session that transactions of the updater beside the executable run in. They hold the lock of the installation, report
 * only how they end, and change no folder.
 *
 * @returns null if the updater is a symlink: then it is somewhere else, and not this installation's
 */
export function updaterSession(session: Session): Session | null {
  const { host, digests, limits, home, settings, interrupted, app } = session;
  const layout = updaterLayout(host, session.layout);
  if (host.disk.status(layout.target)?.kind === 'symlink') return null;
  return {
    ...{ host, layout, digests, limits, home, settings, interrupted },
    app: UPDATER,
    otherApp: null,
    snapshots: null,
    // It has to be able to read what is installed here.
    selfTest: ['status', '--json', '--install-dir', session.layout.installDir, '--app', app],
    neverMissing: true,
    emit: () => undefined,
  };
}

/** Whether a transaction of the updater was interrupted. */
export function isUpdaterOpen(session: Session): boolean {
  const { host } = session;
  const layout = updaterLayout(host, session.layout);
  return openTransaction(readJournal(host.disk, layout).entries) !== null;
}

/** The snapshot that an open transaction began with, wherever the home has been moved to since. */
import { UnrecoverableError } from '../../errors.ts';
import {
  documentPath,
  type FolderComponent,
  loadSnapshot,
  relocate,
  type Snapshot,
  storeLayout,
} from '../../snapshot/index.ts';
import type { Session } from '../session.ts';
import type { Folders } from '../transaction/journal.ts';

/**
 * The home in which the snapshot of a transaction is. If home and installation were moved or copied while it was open, that is
 * not the one in the journal, whose folders may be those of another installation.
 */
export function homeOfTransaction({ host, snapshots }: Session, { home, before }: Folders): string {
  if (snapshots === null || snapshots.home === home) return home;
  return host.disk.status(documentPath(snapshots.layout, before)) === null ? home : snapshots.home;
}

/**
 * With the paths of today. Throws UnrecoverableError if it is missing, or some of the components are of folders that are not
 * those of this installation.
 */
export function loadSnapshotBefore(
  session: Session,
  folders: Folders,
  components: readonly FolderComponent[],
): Snapshot {
  const { host, snapshots } = session;
  const home = homeOfTransaction(session, folders);
  const layout = storeLayout(host, home);
  const snapshot = loadSnapshot(host.disk, layout, folders.before);
  const advice = '`dgmo-updater snapshots list` shows the snapshots, `rollback <id>` goes to one.';
  if (snapshot === null) {
    throw new UnrecoverableError(
      `the snapshot ${folders.before}, which the update began with, is no longer in ${layout.folder}`,
      { advice },
    );
  }
  if (home === folders.home || snapshots === null) return snapshot;
  const moved = relocate(host, snapshot, { home, places: snapshots.profile.places });
  const foreign = moved.elsewhere.find(({ component }) => components.includes(component));
  if (foreign === undefined) return moved.snapshot;
  throw new UnrecoverableError(
    `${folders.home} was moved or copied to ${home} while an update was open, and the snapshot ${snapshot.id}, which it began with, is of ${foreign.component} in ${foreign.path}`,
    { advice },
  );
}

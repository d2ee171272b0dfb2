/** The folders in an update: the snapshot before it, and the evolutions that it installs. */
import type { Amendment, Snapshot } from '../../snapshot/index.ts';
import { changeToSnapshot, type FolderChange } from '../folders/folders.ts';
import { type SnapshotRequest, snapshotBeforeChange, snapshotInstall } from '../folders/snapshots.ts';
import { isAppRunning } from '../process/running.ts';
import type { Session } from '../session.ts';
import type { Folders } from '../transaction/journal.ts';
import { evolutionAmendment, requireInstalled } from './evolutions.ts';
import type { PreparedUpdate } from './prepare.ts';

/** Null if this user has no home: then there are no folders to save. */
export function snapshotBeforeUpdate(session: Session, prepared: PreparedUpdate): Promise<Snapshot | null> {
  return snapshotBeforeChange(session, prepared.receipt, snapshotRequestFor(session, prepared));
}

function snapshotRequestFor(session: Session, prepared: PreparedUpdate): Omit<SnapshotRequest, 'id'> {
  const { isRepair, contents, binaryUnchanged } = prepared;
  const amendment = amendmentOf(session, prepared);
  return {
    ...(amendment === null ? {} : { covering: { amendment } }),
    kind: isRepair ? 'repair' : 'update',
    reason: binaryUnchanged
      ? `Before evolutions of ${contents.version}`
      : `Pre-update to ${contents.version}`,
  };
}

/** The changes in the evolutions folder; null if no evolution is installed. */
function amendmentOf(session: Session, { evolutions }: PreparedUpdate): Amendment | null {
  const { snapshots } = session;
  return snapshots === null || evolutions.length === 0
    ? null
    : evolutionAmendment(session, snapshots, evolutions);
}

/** For the journal. Null if there is no snapshot to restore the folders from. */
export function updateFolders(
  { snapshots }: Session,
  { evolutions }: PreparedUpdate,
  before: Snapshot | null,
): Folders | null {
  if (before === null || snapshots === null) return null;
  return { home: snapshots.home, before: before.id, changes: evolutions.length > 0 ? ['evolutions'] : [] };
}

export interface FolderPlan {
  /** Null if no folder changes. */
  change: FolderChange | null;
  /** DGMO was not used since the snapshot: if the new version fails, all differences were written by it, and are undone. */
  unusedSinceSnapshot: boolean;
}

/** Called when everything is staged and DGMO has exited. Adds what DGMO wrote until then to the snapshot. */
export async function planFolders(
  session: Session,
  prepared: PreparedUpdate,
  snapshot: Snapshot | null,
  transaction: string,
): Promise<FolderPlan> {
  const { snapshots } = session;
  if (snapshot === null || snapshots === null) return { change: null, unusedSinceSnapshot: false };
  const unusedSinceSnapshot = !isAppRunning(session);
  const before = unusedSinceSnapshot
    ? await snapshotInstall(session, snapshots, prepared.receipt, {
        ...snapshotRequestFor(session, prepared),
        id: snapshot.id,
      })
    : snapshot;
  const amendment = amendmentOf(session, prepared);
  if (amendment === null) return { change: null, unusedSinceSnapshot };
  const { home } = snapshots;
  const change = changeToSnapshot(session, {
    ...{ home, before, snapshot: before, amendment },
    components: ['evolutions'],
    id: transaction,
  });
  const verify = () => {
    change.verify();
    requireInstalled(session, snapshots, prepared.evolutions);
  };
  return { change: { ...change, verify }, unusedSinceSnapshot };
}

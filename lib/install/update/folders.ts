/** The folders beside the executable in an update: the snapshot that it begins with, and the evolutions that it brings. */
import type { Amendment, Snapshot } from '../../snapshot/index.ts';
import { type FolderChange, restoring } from '../folders/folders.ts';
import { type SnapshotWish, takeSnapshotBefore, takeSnapshotHere } from '../folders/snapshots.ts';
import { isInUse } from '../process/running.ts';
import type { Session } from '../session.ts';
import type { Folders } from '../transaction/journal.ts';
import { evolutionAmendment, requireInstalled } from './evolutions.ts';
import type { PreparedUpdate } from './prepare.ts';

/** Null if this user has no home: then there is nothing to take a snapshot of, and nothing to take back. */
export function snapshotBeforeUpdate(session: Session, prepared: PreparedUpdate): Promise<Snapshot | null> {
  return takeSnapshotBefore(session, prepared.receipt, wishFor(session, prepared));
}

function wishFor(session: Session, prepared: PreparedUpdate): Omit<SnapshotWish, 'id'> {
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

/** Null if no evolution is to be installed. */
function amendmentOf(session: Session, { evolutions }: PreparedUpdate): Amendment | null {
  const { snapshots } = session;
  return snapshots === null || evolutions.length === 0
    ? null
    : evolutionAmendment(session, snapshots, evolutions);
}

/** For the journal; null if there is no snapshot to take the folders back to. */
export function foldersOf(
  { snapshots }: Session,
  { evolutions }: PreparedUpdate,
  before: Snapshot | null,
): Folders | null {
  if (before === null || snapshots === null) return null;
  return { home: snapshots.home, before: before.id, changes: evolutions.length > 0 ? ['evolutions'] : [] };
}

export interface FolderPlan {
  /** Null if the folders stay as they are. */
  change: FolderChange | null;
  /**
   * Nobody has used DGMO since the snapshot: whatever differs after a failed trial start was written by the new version,
   * and is taken back.
   */
  unusedSinceSnapshot: boolean;
}

/** To be called once everything is staged and DGMO has exited: what it wrote until then is added to the snapshot. */
export async function planFolders(
  session: Session,
  prepared: PreparedUpdate,
  snapshot: Snapshot | null,
  transaction: string,
): Promise<FolderPlan> {
  const { snapshots } = session;
  if (snapshot === null || snapshots === null) return { change: null, unusedSinceSnapshot: false };
  const unusedSinceSnapshot = !isInUse(session);
  const before = unusedSinceSnapshot
    ? await takeSnapshotHere(session, snapshots, prepared.receipt, {
        ...wishFor(session, prepared),
        id: snapshot.id,
      })
    : snapshot;
  const amendment = amendmentOf(session, prepared);
  if (amendment === null) return { change: null, unusedSinceSnapshot };
  const { home } = snapshots;
  const change = restoring(session, {
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

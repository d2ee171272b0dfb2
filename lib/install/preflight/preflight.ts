/**
 * The preflight: everything that would stop a change halfway and can be known before, so that it is refused before anything is
 * touched, with the numbers. What can't be known before is still handled where it happens.
 */
import { pathsOf } from '../../platform/path-flavour.ts';
import { type Covering, estimateSnapshot } from '../../snapshot/index.ts';
import { requireUnmanaged } from '../ownership/owner.ts';
import type { Binary } from '../receipt.ts';
import type { Session } from '../session.ts';
import { requireReplaceable, requireWritable } from './permission.ts';
import { type Need, shortage } from './space.ts';

export interface PlannedChange {
  /** As a part of messages: "the update to 2.0.0". */
  name: string;
  /** The installed executable, which the snapshot includes. */
  installed: Binary;
  /** Bytes of the new executable, and of the largest one on the way to it, if several patches lead there. */
  binary: number;
  between?: number;
  /** Bytes that are still to be downloaded. */
  download?: number;
  /** What the change replaces in the folders. */
  covering?: Covering;
}

/**
 * Throws ManagedInstallError (17) if a package manager owns the executable, MachineError (12) if this user may not replace it.
 * Called before anything else, the lock included.
 */
export async function requireChangeable(session: Session): Promise<void> {
  await requireUnmanaged(session);
  requireReplaceable(session);
}

/** Throws MachineError (12) if the snapshot may not be written, or there is no room for the change. */
export function requireRoom(session: Session, change: PlannedChange): void {
  const { snapshots } = session;
  if (snapshots !== null)
    requireWritable(session.host, existing(session, snapshots.layout.folder), snapshots.home);
  const missing = shortage(change.name, needsOf(session, change));
  if (missing !== null) throw missing;
}

/** Throws MachineError (12) if there is no room for an updater that is prepared in the work dir. */
export function requireRoomToStage(session: Session, name: string, bytes: number): void {
  const folder = existing(session, session.layout.workDir);
  const room = session.host.disk.room(folder);
  const missing = shortage(name, [{ folder, room, what: 'the prepared copy', bytes, files: 1 }]);
  if (missing !== null) throw missing;
}

function needsOf(session: Session, change: PlannedChange): Need[] {
  const { host, layout, snapshots, home } = session;
  const { binary, between = 0, download = 0, installed, covering } = change;
  const need = (folder: string, what: string, bytes: number, files = 1): Need => {
    const at = existing(session, folder);
    return { folder: at, room: host.disk.room(at), what, bytes, files };
  };
  const needs = [
    need(layout.workDir, 'the new version', binary),
    need(layout.workDir, 'a version on the way to it', between),
  ];
  if ('folder' in home) needs.push(need(home.folder, 'the download', download));
  if (snapshots === null) return needs;
  const estimate = estimateSnapshot(host, {
    ...snapshots,
    binary: installed,
    ...(covering === undefined ? {} : { covering }),
  });
  const { folder } = snapshots.layout;
  return [
    ...needs,
    need(folder, 'the installed version in the snapshot', estimate.binary),
    need(folder, 'the data in the snapshot', estimate.files),
  ];
}

/** The innermost folder on the way to it that exists. */
function existing({ host }: Session, path: string): string {
  const { dirname } = pathsOf(host.platform);
  for (let at = path; ; at = dirname(at)) {
    if (host.disk.status(at) !== null || dirname(at) === at) return at;
  }
}

/**
 * Writing a file into a folder of config, plugins or evolutions. Its folders are held by their handles, as in a restore: who may
 * write there can replace one of them by a symlink at any moment, and must not lead the repair elsewhere.
 */
import type { SnapshotSetup } from '../../home/snapshot-setup.ts';
import type { Session } from '../../install/index.ts';
import { createDirectories, replaceDurably, statusOf } from '../../platform/files.ts';
import { pathsOf } from '../../platform/path-flavour.ts';
import { HeldTree } from '../../snapshot/restore/held-tree.ts';
import { copyAside, moveAside } from './aside.ts';

export interface FileToPlace {
  bytes: Uint8Array;
  mode: number;
  /** Whether the file that is there is kept beside it. What is no file always is. */
  keepsOther: boolean;
}

/**
 * Replaces the file durably, and makes the folders that it is in. What stands in the way of one is kept beside it.
 *
 * @returns the path of what was kept of the file itself; null if nothing was there, or it was not to be kept
 * @throws MachineError if one of its folders is a symlink, or becomes one
 */
export function placeFile(
  session: Session,
  setup: SnapshotSetup,
  path: string,
  { bytes, mode, keepsOther }: FileToPlace,
): string | null {
  const { disk, platform } = session.host;
  const { layout } = setup;
  const root = rootOf(setup, path);
  createDirectories(disk, root, layout.dirname);
  const held = new HeldTree(disk, layout, disk.resolve(root));
  try {
    const names = path.slice(layout.join(root, 'x').length - 1).split(platform === 'win32' ? /[\\/]/ : '/');
    const folders = names.slice(1).map((_, index) => names.slice(0, index + 1).join('/'));
    for (const folder of folders) makeFolder(session, held, folder);
    const inside = names.join('/');
    const kind = statusOf(disk, held.at(inside))?.kind;
    const isKept = kind !== undefined && (keepsOther || kind !== 'file');
    const beside = isKept ? held.change(inside, (at) => copyAside(session, at)) : null;
    held.change(inside, (at) =>
      held.within(folders.at(-1) ?? '', ({ self }) => replaceDurably(disk, at, self, bytes, mode)),
    );
    return beside === null ? null : layout.join(layout.dirname(path), pathsOf(platform).basename(beside));
  } finally {
    held.close();
  }
}

/** The folder of the profile that it is in. */
function rootOf({ layout, profile }: SnapshotSetup, path: string): string {
  const around = Object.values(profile.roots)
    .flat()
    .filter((root) => path.startsWith(layout.join(root, 'x').slice(0, -1)))
    .toSorted((a, b) => b.length - a.length);
  return around[0] ?? layout.dirname(path);
}

function makeFolder(session: Session, held: HeldTree, folder: string): void {
  const { disk } = session.host;
  const kind = statusOf(disk, held.at(folder))?.kind;
  if (kind === 'file') held.change(folder, (at) => moveAside(session, at));
  if (kind !== undefined && kind !== 'file') return;
  held.change(folder, (at) => disk.createDirectory(at, 0o700));
  held.within(folder.slice(0, Math.max(0, folder.lastIndexOf('/'))), ({ self }) => disk.flushDirectory(self));
}

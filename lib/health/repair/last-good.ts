/** The last good state of a file, from the snapshots. */
import { DamagedError } from '../../errors.ts';
import type { SnapshotSetup } from '../../home/snapshot-setup.ts';
import type { Session } from '../../install/index.ts';
import { readFile } from '../../platform/files.ts';
import { rootsOf } from '../../snapshot/document.ts';
import { listSnapshots, relocate, type Snapshot } from '../../snapshot/index.ts';
import { Blocks } from '../../snapshot/store/blocks.ts';
import { clonePath, verifyClone } from '../../snapshot/store/clones.ts';
import type { FileEntry } from '../../snapshot/store/tree.ts';
import { readTree } from '../../snapshot/store/trees.ts';

const LIMIT = 64 << 20;

export interface StoredFile {
  bytes: Uint8Array;
  mode: number;
  /** Id of the snapshot. */
  snapshot: string;
}

/** The file of the newest snapshot that has it intact and that `accept` agrees with; null if there is none. */
export function lastGood(
  session: Session,
  setup: SnapshotSetup,
  path: string,
  accept: (bytes: Uint8Array) => boolean,
): StoredFile | null {
  for (const snapshot of ownSnapshots(session, setup)) {
    const stored = orNull(() => storedFile(session, setup, snapshot, path));
    if (stored !== null && accept(stored.bytes)) return stored;
  }
  return null;
}

/** Newest first, with the paths of today: the home may have been moved. */
export function ownSnapshots({ host, app }: Session, { layout, home, profile }: SnapshotSetup): Snapshot[] {
  const { places } = profile;
  return listSnapshots(host.disk, layout)
    .flatMap(({ found }) => (found instanceof Error || found.app !== app ? [] : [found]))
    .map((found) => relocate(host, found, { home, places }).snapshot)
    .reverse();
}

/** Paths of the files that a folder held in the newest snapshot that can be read. */
export function storedNames(session: Session, setup: SnapshotSetup, folder: string): string[] {
  for (const snapshot of ownSnapshots(session, setup)) {
    const names = orNull(() => namesIn(session, setup, snapshot, folder)) ?? [];
    if (names.length > 0) return names;
  }
  return [];
}

function namesIn(
  { host }: Session,
  { layout }: SnapshotSetup,
  snapshot: Snapshot,
  folder: string,
): string[] | null {
  const found = rootsOf(snapshot).find(({ root }) => root.path === folder)?.root.tree ?? null;
  if (found === null) return null;
  return readTree(host.disk, layout, found)
    .entries.filter(({ kind }) => kind === 'file')
    .map(({ path }) => layout.join(folder, ...path.split('/')));
}

function orNull<Value>(read: () => Value | null): Value | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof DamagedError) return null;
    throw error;
  }
}

function storedFile(
  session: Session,
  setup: SnapshotSetup,
  snapshot: Snapshot,
  path: string,
): StoredFile | null {
  const { disk, platform } = session.host;
  const { layout } = setup;
  for (const { root } of rootsOf(snapshot)) {
    const inside = relativeTo(root.path, path, platform === 'win32');
    if (inside === null || root.tree === null) continue;
    const entry = readTree(disk, layout, root.tree).entries.find((one) => one.path === inside);
    if (entry?.kind === 'file' && entry.size <= LIMIT)
      return { bytes: contentOf(session, setup, entry), mode: entry.mode, snapshot: snapshot.id };
  }
  return null;
}

/** With slashes; null if it is not inside of the folder. */
function relativeTo(folder: string, path: string, windows: boolean): string | null {
  const [outer, inner] = windows
    ? [folder.replaceAll('\\', '/'), path.replaceAll('\\', '/')]
    : [folder, path];
  return inner.startsWith(`${outer}/`) ? inner.slice(outer.length + 1) : null;
}

/** Every block and every clone is checked against its digest. */
function contentOf({ host }: Session, { layout }: SnapshotSetup, { content, size }: FileEntry): Uint8Array {
  if ('clone' in content) {
    verifyClone(host.disk, layout, content.clone, size, false);
    return readFile(host.disk, clonePath(layout, content.clone), LIMIT) ?? new Uint8Array(0);
  }
  const blocks = new Blocks(host.disk, layout);
  try {
    return new Uint8Array(Buffer.concat(content.blocks.map((block) => blocks.read(block))));
  } finally {
    blocks.close();
  }
}

/**
 * What has to be done to make a folder match a tree: a pure comparison. What the tree says could not be captured, what is
 * left out of snapshots, and what is neither file, folder nor symlink is left alone.
 */
import type { FileStatus } from '../../platform/disk.ts';
import { INDEX } from '../capture/database.ts';
import type { Found } from '../capture/walk.ts';
import type { Entry, FileEntry, Tree } from '../store/tree.ts';

export interface Difference {
  /** Files, symlinks and folders to remove; folders come after what is in them, and stay if they are not empty then. */
  remove: { path: string; folder: boolean }[];
  /** Folders to create; each comes before what is in it. */
  folders: Extract<Entry, { kind: 'folder' }>[];
  /** Files and symlinks to write. */
  write: Exclude<Entry, { kind: 'folder' | 'skipped' }>[];
  /** Files and folders whose mode or time alone differs. */
  touch: Exclude<Entry, { kind: 'link' | 'skipped' }>[];
  /** Paths of files and symlinks to write where there is a folder that can't be removed. */
  blocked: string[];
  /** Paths of the tree that can't be examined now, such as those in a folder that may not be read. */
  leftAlone: string[];
}

export interface Compared {
  /** What is there, as `walk` found it. */
  found: readonly Found[];
  wanted: Tree;
  /** Whether the file has the content of the entry; asked if it is a file of the same size. */
  holds(path: string, status: FileStatus, entry: FileEntry): boolean;
}

export function difference({ found, wanted, holds }: Compared): Difference {
  const result: Difference = { remove: [], folders: [], write: [], touch: [], blocked: [], leftAlone: [] };
  const present = new Map(found.map((one) => [one.path, one]));
  const entries = new Map(wanted.entries.map((entry) => [entry.path, entry]));
  const skippedThen = covered(wanted.entries);
  const skippedNow = covered(found);

  for (const one of found.toReversed()) {
    if (one.kind === 'skipped') continue;
    if (skippedThen(one.path)) {
      if (one.kind === 'file') result.leftAlone.push(one.path);
      continue;
    }
    const entry = entries.get(one.path);
    const isIndex = one.path.endsWith(INDEX) && entries.has(one.path.slice(0, -INDEX.length));
    if (isIndex) continue;
    const folder = one.kind === 'folder';
    if (entry !== undefined && folder === (entry.kind === 'folder')) continue;
    if (!folder || !one.mustStay) result.remove.push({ path: one.path, folder });
    else if (entry !== undefined) result.blocked.push(one.path);
  }
  for (const entry of wanted.entries) {
    if (entry.kind === 'skipped') continue;
    if (skippedNow(entry.path)) result.leftAlone.push(entry.path);
    else want(result, entry, present.get(entry.path), holds);
  }
  // If a database or its log is written or removed, the index no longer belongs to them.
  const removed = new Set(result.remove.map(({ path }) => path));
  const changed = new Set(
    [...result.write.map(({ path }) => path), ...removed].map((path) => path.replace(/-wal$/, '')),
  );
  for (const { path, kind } of found) {
    if (kind === 'file' && isIndexOf(path, changed) && !removed.has(path) && !entries.has(path))
      result.remove.push({ path, folder: false });
  }
  return result;
}

function isIndexOf(path: string, databases: ReadonlySet<string>): boolean {
  return path.endsWith(INDEX) && databases.has(path.slice(0, -INDEX.length));
}

function want(
  result: Difference,
  entry: Exclude<Entry, { kind: 'skipped' }>,
  one: Found | undefined,
  holds: Compared['holds'],
): void {
  if (entry.kind === 'folder') {
    if (one?.kind !== 'folder') result.folders.push(entry);
    else if (differs(one.status, entry)) result.touch.push(entry);
  } else if (entry.kind === 'link') {
    if (one?.kind !== 'link' || one.target !== entry.target) result.write.push(entry);
  } else if (
    one?.kind !== 'file' ||
    one.status.size !== entry.size ||
    !holds(entry.path, one.status, entry)
  ) {
    result.write.push(entry);
  } else if (differs(one.status, entry)) result.touch.push(entry);
}

export function isEmpty({ remove, folders, write, touch, blocked }: Difference): boolean {
  return remove.length + folders.length + write.length + touch.length + blocked.length === 0;
}

/** Microseconds: times are set as fractions of a second, and Windows counts tenths of a microsecond since 1601. */
const TIME_TOLERANCE = 2;

export function differs(status: FileStatus, entry: { mode: number; modified: number }): boolean {
  return status.mode !== entry.mode || Math.abs(status.modifiedMicros - entry.modified) > TIME_TOLERANCE;
}

/** Whether a path was skipped, or is inside a folder that was. */
function covered(list: readonly (Found | Entry)[]): (path: string) => boolean {
  const skipped = list.filter(({ kind }) => kind === 'skipped').map(({ path }) => path);
  if (skipped.length === 0) return () => false;
  return (path) => skipped.some((one) => path === one || path.startsWith(`${one}/`));
}

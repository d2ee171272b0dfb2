/** What stands in a folder, all the way down, as names and statuses; nothing is opened, and no symlink followed. */
import { errorCode } from '../../errors.ts';
import { isWindowsName } from '../../format/portable-path.ts';
import type { Disk, FileStatus } from '../../platform/disk.ts';
import type { Host } from '../../platform/host.ts';
import type { Selection } from '../selection.ts';

export type Found =
  | FoundFolder
  | { kind: 'file'; path: string; status: FileStatus }
  | { kind: 'link'; path: string; status: FileStatus; target: string }
  /** There, and not to be had: a device, a socket, a pipe, or something that we may not read. */
  | { kind: 'skipped'; path: string; reason: string };

export interface FoundFolder {
  kind: 'folder';
  path: string;
  status: FileStatus;
  /** Something is in it, at whatever depth, that is no part of the component: it can't be removed. */
  keeps: boolean;
}

export interface WalkOptions {
  host: Pick<Host, 'disk' | 'platform'>;
  /** The root: a folder, symlinks resolved. */
  root: string;
  join(first: string, ...names: string[]): string;
  selection: Selection;
}

const REASONS: Record<string, string> = {
  EACCES: 'it may not be read',
  EPERM: 'it may not be read',
  ENAMETOOLONG: 'its path is longer than the system takes',
};
const NOT_A_NAME = 'Windows takes its name for something else';
const GONE = new Set(['ENOENT', 'ENOTDIR', 'ESTALE']);

/** Sorted by path, folders before what is in them. What vanishes meanwhile is not in it. */
export function walk(options: WalkOptions): Found[] {
  const found: Found[] = [];
  visit(options, { folder: options.root, prefix: '', excluded: false }, found);
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

interface Place {
  folder: string;
  /** Of the paths of what is in it. */
  prefix: string;
  /** Patterns leave the folder out: what is in it is found only if the selection holds it by its path. */
  excluded: boolean;
}

/** Whether something is in the folder that is left out. */
function visit(options: WalkOptions, { folder, prefix, excluded }: Place, found: Found[]): boolean {
  const { selection } = options;
  const { disk, platform } = options.host;
  let keeps = false;
  for (const name of disk.list(folder)) {
    const path = `${prefix}${name}`;
    const full = options.join(folder, name);
    if (selection.apart.has(full)) {
      keeps = true;
      continue;
    }
    const one: Found | null =
      platform === 'win32' && !isWindowsName(name)
        ? { kind: 'skipped', path, reason: NOT_A_NAME }
        : lookQuietly(disk, full, path);
    if (one === null) continue;
    const out = excluded || selection.excluded(path, one.kind === 'folder');
    if (out && !selection.holds(path)) {
      keeps = true;
      continue;
    }
    const inside = { folder: full, prefix: `${path}/`, excluded: out };
    if (one.kind === 'folder') keeps = enter(options, inside, one, found) || keeps;
    else {
      found.push(one);
      if (one.kind === 'skipped') keeps = true;
    }
  }
  return keeps;
}

/** A folder that vanished, or gave its name to something else, while it was looked at counts as one that was not there. */
function enter(options: WalkOptions, place: Place, folder: FoundFolder, found: Found[]): boolean {
  const at = found.push(folder) - 1;
  try {
    folder.keeps = visit(options, place, found);
    if (options.host.disk.status(place.folder)?.kind === 'directory') return folder.keeps;
    found.length = at;
    return false;
  } catch (error) {
    found.length = at;
    const code = errorCode(error) ?? '';
    if (GONE.has(code)) return false;
    const reason = REASONS[code];
    if (reason === undefined) throw error;
    found.push({ kind: 'skipped', path: folder.path, reason });
    return true;
  }
}

function lookQuietly(disk: Disk, full: string, path: string): Found | null {
  try {
    return look(disk, full, path);
  } catch (error) {
    const code = errorCode(error) ?? '';
    // EINVAL: a symlink that was replaced between the two looks.
    if (GONE.has(code) || code === 'EINVAL') return null;
    const reason = code === 'ENAMETOOLONG' ? REASONS[code] : undefined;
    if (reason === undefined) throw error;
    return { kind: 'skipped', path, reason };
  }
}

function look(disk: Disk, full: string, path: string): Found | null {
  const status = disk.status(full);
  if (status === null) return null;
  switch (status.kind) {
    case 'directory':
      return { kind: 'folder', path, status, keeps: false };
    case 'file':
      return { kind: 'file', path, status };
    case 'symlink':
      return { kind: 'link', path, status, target: disk.readLink(full) };
    case 'other':
      return { kind: 'skipped', path, reason: 'it is neither a file, a folder nor a symlink' };
  }
}

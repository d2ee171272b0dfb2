/** Everything in a folder and below it, with statuses. Nothing is opened, and no symlink is followed. */
import { errorCode } from '../../errors.ts';
import { isWindowsName } from '../../format/portable-path.ts';
import type { Disk, FileStatus } from '../../platform/disk.ts';
import type { Host } from '../../platform/host.ts';
import type { Selection } from '../selection.ts';
import { GONE } from './read-file.ts';

export type Found =
  | FoundFolder
  | { kind: 'file'; path: string; status: FileStatus }
  | { kind: 'link'; path: string; status: FileStatus; target: string }
  /** Something that can't be captured: a device, a socket, a pipe, or something that may not be read. */
  | { kind: 'skipped'; path: string; reason: string };

export interface FoundFolder {
  kind: 'folder';
  path: string;
  status: FileStatus;
  /** It contains something, at any depth, that does not belong to the snapshot: it can't be removed. */
  mustStay: boolean;
}

export interface WalkOptions {
  host: Pick<Host, 'disk' | 'platform'>;
  /** The root: a folder, symlinks resolved. */
  root: string;
  join(first: string, ...names: string[]): string;
  selection: Selection;
}

/** Why a socket, a pipe or a device is left out: there is nothing in it to keep. */
export const NO_CONTENT = 'it is neither a file, a folder nor a symlink';

const REASONS: Record<string, string> = {
  EACCES: 'it may not be read',
  EPERM: 'it may not be read',
  ENAMETOOLONG: 'its path is longer than the system takes',
};
const NOT_A_NAME = 'Windows takes its name for something else';

/** Sorted by path: folders come before what is in them. What disappears meanwhile is left out. */
export function walk(options: WalkOptions): Found[] {
  const found: Found[] = [];
  visit(options, { folder: options.root, prefix: '', excluded: false }, found);
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

interface Place {
  folder: string;
  /** The beginning of the paths inside the folder. */
  prefix: string;
  /** Patterns leave the folder out: only what the selection holds is found in it. */
  excluded: boolean;
}

/** Returns whether something in the folder was left out. */
function visit(options: WalkOptions, { folder, prefix, excluded }: Place, found: Found[]): boolean {
  const { selection } = options;
  const { disk, platform } = options.host;
  let mustStay = false;
  for (const name of disk.list(folder)) {
    const path = `${prefix}${name}`;
    const full = options.join(folder, name);
    if (selection.apart.has(full)) {
      mustStay = true;
      continue;
    }
    const one: Found | null =
      platform === 'win32' && !isWindowsName(name)
        ? { kind: 'skipped', path, reason: NOT_A_NAME }
        : lookOrSkip(disk, full, path);
    if (one === null) continue;
    const out = excluded || selection.excluded(path, one.kind === 'folder');
    if (out && !selection.holds(path)) {
      mustStay = true;
      continue;
    }
    const inside = { folder: full, prefix: `${path}/`, excluded: out };
    if (one.kind === 'folder') mustStay = enter(options, inside, one, found) || mustStay;
    else {
      found.push(one);
      if (one.kind === 'skipped') mustStay = true;
    }
  }
  return mustStay;
}

/** A folder that disappeared or was replaced while it was listed counts as one that was not there. */
function enter(options: WalkOptions, place: Place, folder: FoundFolder, found: Found[]): boolean {
  const at = found.push(folder) - 1;
  try {
    folder.mustStay = visit(options, place, found);
    if (options.host.disk.status(place.folder)?.kind === 'directory') return folder.mustStay;
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

function lookOrSkip(disk: Disk, full: string, path: string): Found | null {
  try {
    return look(disk, full, path);
  } catch (error) {
    const code = errorCode(error) ?? '';
    // EINVAL: a symlink that was replaced between the two calls.
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
      return { kind: 'folder', path, status, mustStay: false };
    case 'file':
      return { kind: 'file', path, status };
    case 'symlink':
      return { kind: 'link', path, status, target: disk.readLink(full) };
    case 'other':
      return { kind: 'skipped', path, reason: NO_CONTENT };
  }
}

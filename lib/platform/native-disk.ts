/** The real disk, over node:fs. What differs between systems: the flush of macOS, and renames on Windows. */
import fs from 'node:fs';
import { dirname } from 'node:path';
import { errorCode } from '../errors.ts';
import type { Disk, FileStatus } from './disk.ts';
import { fullFlush } from './posix.ts';
import { windowsRename } from './windows.ts';

const OPEN_FLAGS = { read: 'r', create: 'wx', update: 'r+' } as const;

/** Filesystems that have no notion of flushing a directory answer with one of these. */
const CANNOT_FLUSH_DIRECTORY = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EISDIR', 'ENOSYS']);

function status(path: string): FileStatus | null {
  const found = fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (found === undefined) return null;
  return {
    kind: found.isFile()
      ? 'file'
      : found.isDirectory()
        ? 'directory'
        : found.isSymbolicLink()
          ? 'symlink'
          : 'other',
    size: Number(found.size),
    mode: Number(found.mode & 0o7777n),
    modified: Number(found.mtimeMs),
    identity: `${found.dev}:${found.ino}:${found.size}:${found.mtimeNs}`,
  };
}

function flushDirectory(path: string): void {
  const handle = fs.openSync(path, 'r');
  try {
    fs.fsyncSync(handle);
  } catch (error) {
    if (!CANNOT_FLUSH_DIRECTORY.has(errorCode(error) ?? '')) throw error;
  } finally {
    fs.closeSync(handle);
  }
}

const windows = process.platform === 'win32';
/** How long a scanner may hold one of our small files, in milliseconds. */
const HELD_LIMIT = 3000;
const HELD_PAUSE = 20;
const HELD = new Set(['EBUSY', 'EPERM', 'EACCES']);

/** On Windows tries again while the file is held; elsewhere a refusal is final. */
function whenFree<Result>(effect: () => Result): Result {
  const begun = performance.now();
  for (;;) {
    try {
      return effect();
    } catch (error) {
      const mayPass = windows && HELD.has(errorCode(error) ?? '');
      if (!mayPass || performance.now() - begun > HELD_LIMIT) throw error;
      Bun.sleepSync(HELD_PAUSE * (0.5 + Math.random()));
    }
  }
}

/** Run as root in somebody's folder, what is made there is theirs: else one `sudo` would lock them out of it. */
function giveToOwner(path: string): void {
  if (windows || process.geteuid?.() !== 0) return;
  const { uid, gid } = fs.statSync(dirname(path));
  if (uid !== 0) fs.lchownSync(path, uid, gid);
}

export const nativeDisk: Disk = {
  open: (path, how, mode = 0o600) => {
    const handle = whenFree(() => fs.openSync(path, OPEN_FLAGS[how], mode));
    if (how === 'create') giveToOwner(path);
    return handle;
  },
  read: (handle, into, position) => fs.readSync(handle, into, 0, into.length, position),
  write: (handle, bytes, position) => fs.writeSync(handle, bytes, 0, bytes.length, position),
  truncate: (handle, size) => fs.ftruncateSync(handle, size),
  flush: process.platform === 'darwin' ? fullFlush : (handle) => fs.fsyncSync(handle),
  close: (handle) => fs.closeSync(handle),
  status,
  // The system's own fails on Windows where a path is long; the other one follows the links by itself.
  resolve: windows ? (path) => fs.realpathSync(path) : (path) => fs.realpathSync.native(path),
  rename: windows ? windowsRename : (from, to) => fs.renameSync(from, to),
  replace: windows
    ? (from, to) => whenFree(() => windowsRename(from, to))
    : (from, to) => fs.renameSync(from, to),
  link: (existing, path) => fs.linkSync(existing, path),
  copy: (from, to) => {
    fs.copyFileSync(from, to, fs.constants.COPYFILE_EXCL | fs.constants.COPYFILE_FICLONE);
    giveToOwner(to);
  },
  remove: (path) => fs.unlinkSync(path),
  createDirectory: (path, mode = 0o700) => {
    fs.mkdirSync(path, { mode });
    giveToOwner(path);
  },
  list: (path) => fs.readdirSync(path),
  setMode: (path, mode) => fs.chmodSync(path, mode),
  flushDirectory: windows ? () => undefined : flushDirectory,
};

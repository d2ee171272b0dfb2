/** The real disk, over node:fs, except for flushes on macOS and renames on Windows. */
import fs from 'node:fs';
import { errorCode } from '../errors.ts';
import type { Disk, FileStatus, HeldFolder, Room } from './disk.ts';
import { posixImitate } from './posix/attributes.ts';
import { knownPath, posixHold } from './posix/held-folder.ts';
import { posixSetMode } from './posix/itself.ts';
import { createdByUs } from './posix/ownership.ts';
import { nameOf, systemPath } from './posix/raw-names.ts';
import { fullFlush, posixNextData } from './posix/system.ts';
import { inThread } from './threads/thread-pool.ts';
import { windowsRename } from './windows/system.ts';

const { COPYFILE_EXCL, COPYFILE_FICLONE, COPYFILE_FICLONE_FORCE } = fs.constants;
const { O_RDONLY, O_RDWR, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants;
/** O_NONBLOCK: whatever another user puts at the path, opening must not wait for the other end of a pipe. */
const OPEN_FLAGS = {
  read: O_RDONLY | O_NONBLOCK,
  'read itself': O_RDONLY | O_NOFOLLOW | O_NONBLOCK,
  // It is read back through the same handle.
  create: 'wx+',
  update: O_RDWR | O_NONBLOCK,
} as const;

/** Pipes and devices have no end, and may never answer. A directory opens, and fails with EISDIR when it is read. */
function requireFile(path: string, handle: number): void {
  const found = fs.fstatSync(handle);
  if (found.isFile() || found.isDirectory()) return;
  fs.closeSync(handle);
  throw notFile(path);
}

/** The error that the system has for opening a socket. */
function notFile(path: string): Error {
  return Object.assign(new Error(`ENXIO: no such device or address, open '${path}'`), {
    code: 'ENXIO',
    path,
  });
}

/** The system's copy would wait for a pipe, and read a device until the disk is full. */
function requireFileToCopy(path: string): void {
  const found = fs.statSync(systemPath(path), { throwIfNoEntry: false });
  if (found !== undefined && !found.isFile() && !found.isDirectory()) throw notFile(path);
}

function flushInThread(handle: number): Promise<void> {
  const elsewhere = () =>
    new Promise<void>((resolve, reject) => {
      fs.fsync(handle, (error) => (error === null ? resolve() : reject(error)));
    });
  return inThread(elsewhere, () => fs.fsyncSync(handle));
}

function readInThread(handle: number, into: Uint8Array, position: number): Promise<number | null> {
  const elsewhere = () =>
    new Promise<number>((resolve, reject) => {
      fs.read(handle, into, 0, into.length, position, (error, count) =>
        error === null ? resolve(count) : reject(error),
      );
    });
  return inThread<number | null>(elsewhere, () => null);
}

/** What each open handle was opened as: an error of a read, a write or a flush names no path. */
const paths = new Map<number, string>();

function named<Result>(handle: number, effect: () => Result): Result {
  try {
    return effect();
  } catch (error) {
    throw withPath(error, handle);
  }
}

function withPath(error: unknown, handle: number): unknown {
  const path = paths.get(handle);
  return error instanceof Error && path !== undefined && !('path' in error && error.path)
    ? Object.assign(error, { path })
    : error;
}

function write(handle: number, bytes: Uint8Array, position: number): number {
  const count = fs.writeSync(handle, bytes, 0, bytes.length, position);
  if (count > 0 || bytes.length === 0) return count;
  throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
}

const windows = process.platform === 'win32';
const darwin = process.platform === 'darwin';
const flush = darwin ? fullFlush : fs.fsyncSync;

/** The errors of filesystems on which directories can't be flushed. */
const CANNOT_FLUSH_DIRECTORY = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EISDIR', 'ENOSYS']);

function status(path: string): FileStatus | null {
  const found = fs.lstatSync(systemPath(path), { bigint: true, throwIfNoEntry: false });
  if (found === undefined) return null;
  const identity = `${found.dev}:${found.ino}:${found.size}:${found.mtimeNs}`;
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
    owner: windows ? null : Number(found.uid),
    group: windows ? null : Number(found.gid),
    modified: Number(found.mtimeMs),
    modifiedMicros: Number((found.mtimeNs + 500n) / 1000n),
    changed: Number(found.ctimeMs > found.mtimeMs ? found.ctimeMs : found.mtimeMs),
    fineTimes: found.ctimeNs % 1_000_000n !== 0n,
    // Windows does not report blocks.
    allocated: windows ? Number(found.size) : Number(found.blocks) * 512,
    links: Number(found.nlink),
    identity,
    fingerprint: `${identity}:${found.ctimeNs}`,
  };
}

function list(path: string): string[] {
  const names = fs.readdirSync(systemPath(path));
  // A name with U+FFFD may not be UTF-8: read them again as bytes.
  if (windows || !names.some((name) => name.includes('\ufffd'))) return names;
  return fs.readdirSync(systemPath(path), { encoding: 'buffer' }).map(nameOf);
}

function setModified(path: string, micros: number): void {
  fs.lutimesSync(systemPath(path), micros / 1e6, micros / 1e6);
}

const RESOLVE_ATTEMPTS = 20;

/** Bun opens the path, then asks what was opened: of a file that was replaced in between it says that there is none. */
function resolvePosix(path: string): string {
  const name = systemPath(path);
  for (let attempt = 1; ; attempt++) {
    try {
      return nameOf(fs.realpathSync.native(name, { encoding: 'buffer' }));
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' || attempt === RESOLVE_ATTEMPTS || !fs.existsSync(name)) throw error;
    }
  }
}

function flushDirectory(path: string): void {
  const handle = fs.openSync(systemPath(path), OPEN_FLAGS.read);
  try {
    fs.fsyncSync(handle);
  } catch (error) {
    if (!CANNOT_FLUSH_DIRECTORY.has(errorCode(error) ?? '')) throw error;
  } finally {
    fs.closeSync(handle);
  }
}

/** How long to wait for a virus scanner that holds one of our small files, in milliseconds. */
const HELD_LIMIT = 3000;
const HELD_PAUSE = 20;
const HELD = new Set(['EBUSY', 'EPERM', 'EACCES']);

/** On Windows tries again while another process holds the file. Elsewhere it tries once. */
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

/**
 * The error of a failed copy names the source. If the disk is full or read-only, or the source may be read, makes it name the target.
 */
function namingTarget(error: unknown, from: string, to: string): unknown {
  const code = errorCode(error) ?? '';
  const isDenied = ['EACCES', 'EPERM'].includes(code) && refusal(from, fs.constants.R_OK) === null;
  const isTarget = isDenied || ['ENOSPC', 'EDQUOT', 'EROFS'].includes(code);
  return isTarget && error instanceof Error ? Object.assign(error, { path: to }) : error;
}

function room(path: string): Room | null {
  try {
    const { bavail, bsize, files, ffree } = fs.statfsSync(systemPath(path));
    const { dev } = fs.statSync(systemPath(path), { bigint: true });
    return { filesystem: String(dev), bytes: bavail * bsize, files: files > 0 ? ffree : null };
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return null;
  }
}

/**
 * By the kernel's list. That a file has another device number than its folder says nothing: so it has on an overlay whose layers
 * are on different filesystems.
 */
function isMountPoint(path: string): boolean {
  if (process.platform !== 'linux') return false;
  let mounts: string;
  try {
    mounts = fs.readFileSync('/proc/self/mountinfo', 'utf8');
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    return false;
  }
  // proc(5): the fifth field, in which blanks and backslashes are octal numbers.
  const plain = (field: string) =>
    field.replaceAll(/\\([0-7]{3})/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 8)));
  return mounts.split('\n').some((line) => plain(line.split(' ')[4] ?? '') === path);
}

/** The real user id decides, and on Linux an immutable file or folder is refused with EPERM, to root as well. */
function refusal(path: string, of: number): string | null {
  try {
    fs.accessSync(systemPath(path), of);
    return null;
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    return code;
  }
}

/** Windows lets nobody make a symlink who is not allowed to: a look before it is used has to do. */
function holdByPath(path: string): HeldFolder {
  if (!fs.lstatSync(path).isDirectory())
    throw Object.assign(new Error(`ENOTDIR: not a directory, open '${path}'`), { code: 'ENOTDIR', path });
  return {
    path,
    self: path,
    mode: () => fs.lstatSync(path).mode & 0o7777,
    setMode: (mode) => fs.chmodSync(path, mode),
    close: () => undefined,
  };
}

/** An error about something in a folder that is held names it as a person knows it, not by the handle. */
function withKnownPath(error: unknown): unknown {
  if (!(error instanceof Error) || !/\/(proc|\.vol)\//.test(error.message)) return error;
  error.message = error.message.replaceAll(/'([^']*)'/g, (_, path: string) => `'${knownPath(path)}'`);
  return 'path' in error && typeof error.path === 'string'
    ? Object.assign(error, { path: knownPath(error.path) })
    : error;
}

function naming<Args extends unknown[], Result>(
  effect: (...args: Args) => Result,
): (...args: Args) => Result {
  return (...args) => {
    try {
      return effect(...args);
    } catch (error) {
      throw withKnownPath(error);
    }
  };
}

const effects: Disk = {
  open: (path, how, mode = 0o600) => {
    const handle = whenFree(() => fs.openSync(systemPath(path), OPEN_FLAGS[how], mode));
    if (how === 'create') createdByUs(path, handle);
    else requireFile(path, handle);
    paths.set(handle, path);
    return handle;
  },
  size: (handle) => fs.fstatSync(handle).size,
  read: (handle, into, position) => named(handle, () => fs.readSync(handle, into, 0, into.length, position)),
  readMeanwhile: (handle, into, position) =>
    readInThread(handle, into, position).catch((error) => {
      throw withPath(error, handle);
    }),
  nextData: windows ? (_, position) => position : posixNextData,
  write: (handle, bytes, position) => named(handle, () => write(handle, bytes, position)),
  truncate: (handle, size) => named(handle, () => fs.ftruncateSync(handle, size)),
  flush: (handle) => named(handle, () => flush(handle)),
  follow: async (handle) => (await import('./threads/follower.ts')).followInThread(handle),
  flushMeanwhile: (handle) =>
    (darwin ? Promise.try(fullFlush, handle) : flushInThread(handle)).catch((error) => {
      throw withPath(error, handle);
    }),
  close: (handle) => {
    paths.delete(handle);
    fs.closeSync(handle);
  },
  status,
  // On Windows realpath.native fails for long paths.
  isMountPoint,
  resolve: windows ? (path) => fs.realpathSync(path) : resolvePosix,
  rename: windows ? windowsRename : (from, to) => fs.renameSync(systemPath(from), systemPath(to)),
  replace: windows
    ? (from, to) => whenFree(() => windowsRename(from, to))
    : (from, to) => fs.renameSync(systemPath(from), systemPath(to)),
  link: (existing, path) => fs.linkSync(systemPath(existing), systemPath(path)),
  copy: (from, to) => {
    requireFileToCopy(from);
    try {
      fs.copyFileSync(systemPath(from), systemPath(to), COPYFILE_EXCL | COPYFILE_FICLONE);
    } catch (error) {
      throw namingTarget(error, from, to);
    }
    createdByUs(to);
  },
  reflink: (from, to) => {
    requireFileToCopy(from);
    fs.copyFileSync(systemPath(from), systemPath(to), COPYFILE_EXCL | COPYFILE_FICLONE_FORCE);
    createdByUs(to);
  },
  readLink: (path) => nameOf(fs.readlinkSync(systemPath(path), { encoding: 'buffer' })),
  symlink: (target, path) => {
    fs.symlinkSync(systemPath(target), systemPath(path));
  },
  setModified,
  remove: (path) => fs.unlinkSync(systemPath(path)),
  hold: windows ? holdByPath : posixHold,
  createDirectory: (path, mode = 0o700) => {
    fs.mkdirSync(systemPath(path), { mode });
    createdByUs(path);
  },
  removeDirectory: (path) => fs.rmdirSync(systemPath(path)),
  list,
  imitate: windows ? () => true : posixImitate,
  setMode: windows ? (path, mode) => fs.chmodSync(path, mode) : posixSetMode,
  room,
  writeRefusal: windows ? () => null : (path) => refusal(path, fs.constants.W_OK),
  runRefusal: windows ? () => null : (path) => refusal(path, fs.constants.X_OK),
  flushDirectory: windows ? () => undefined : flushDirectory,
};

export const nativeDisk: Disk = {
  ...effects,
  open: naming(effects.open),
  status: naming(effects.status),
  rename: naming(effects.rename),
  replace: naming(effects.replace),
  link: naming(effects.link),
  copy: naming(effects.copy),
  reflink: naming(effects.reflink),
  readLink: naming(effects.readLink),
  symlink: naming(effects.symlink),
  setModified: naming(effects.setModified),
  remove: naming(effects.remove),
  createDirectory: naming(effects.createDirectory),
  removeDirectory: naming(effects.removeDirectory),
  list: naming(effects.list),
  setMode: naming(effects.setMode),
  imitate: naming(effects.imitate),
  flushDirectory: naming(effects.flushDirectory),
};

/**
 * A lock on a file that the kernel drops when its holder dies, however that happens. It is open for writing (NFS wants
 * that of an exclusive lock), and its file may be opened by its owner alone: who can open it can hold it for ever.
 *
 * On Linux it is a lock of the open file description (fcntl, F_OFD_SETLK), which excludes the locks of SQLite: those are
 * taken where there is no C library to call. On macOS, and where the kernel knows no such lock, it is flock.
 */
import { ptr } from 'bun:ffi';
import fs from 'node:fs';
import { errorCode, errorMessage, MachineError } from '../../errors.ts';
import { shellWord } from '../../format/printable.ts';
import { asUpdaterError } from '../failures.ts';
import type { Lock, SharedHolder } from '../host.ts';
import { pathsOf } from '../path-flavour.ts';
import { lastError, libc } from './libc.ts';
import { createdByUs } from './ownership.ts';
import { systemPath } from './raw-names.ts';

const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW = 0 } = fs.constants;
const MODE = 0o600;

/**
 * Null if another process holds it.
 *
 * @throws MachineError if the filesystem has no locks, or the file belongs to somebody else
 */
export function posixAcquireLock(path: string): Lock | null {
  if (heldWithSqlite.has(path)) return null;
  const handle = openLock(path);
  let state: 'locked' | 'held' | 'unknown' = 'unknown';
  try {
    state = lockWithLibc(path, handle);
  } finally {
    if (state !== 'locked') fs.closeSync(handle);
  }
  if (state === 'locked') return { release: () => fs.closeSync(handle) };
  return state === 'held' ? null : lockWithSqlite(path);
}

function openLock(path: string): number {
  for (;;) {
    try {
      const handle = fs.openSync(systemPath(path), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, MODE);
      createdByUs(path, handle);
      return handle;
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
    try {
      const handle = fs.openSync(systemPath(path), O_RDWR | O_NOFOLLOW);
      tighten(handle);
      return handle;
    } catch (error) {
      // Removed between the two looks.
      if (errorCode(error) === 'ENOENT') continue;
      if (errorCode(error) !== 'EACCES') throw error;
      throw isOwn(path) ? asUpdaterError(error, path) : lockOfOther(path, error);
    }
  }
}

function isOwn(path: string): boolean {
  const owner = fs.lstatSync(systemPath(path), { throwIfNoEntry: false })?.uid;
  return owner !== undefined && owner === process.geteuid?.();
}

/** In one's own folder an earlier run with sudo has left it; elsewhere it is the lock of the folder's owner. */
function lockOfOther(path: string, cause: unknown): MachineError {
  const owner = fs.lstatSync(systemPath(path), { throwIfNoEntry: false })?.uid;
  const folder = pathsOf('linux').dirname(path);
  const user = process.geteuid?.();
  const isOwnFolder = fs.statSync(systemPath(folder)).uid === user;
  return new MachineError(`${path} can't be locked: the file belongs to user ${owner}`, {
    advice: isOwnFolder
      ? `Run \`sudo chown -R ${user} ${shellWord(folder)}\`, then try again.`
      : `Run it as that user${owner === 0 ? ', for example with sudo' : ''}.`,
    cause,
  });
}

/** An older updater made it readable for all. */
function tighten(handle: number): void {
  const { uid, mode } = fs.fstatSync(handle);
  if (uid === process.geteuid?.() && (mode & 0o077) !== 0) fs.fchmodSync(handle, MODE);
}

const F_OFD_GETLK = 36;
const F_OFD_SETLK = 37;
const F_RDLCK = 0;
const F_WRLCK = 1;
const LOCK_EXCLUSIVE_NONBLOCKING = 2 | 4;
const EINTR = 4;
const EACCES = 13;
const EINVAL = 22;
const EWOULDBLOCK = process.platform === 'darwin' ? 35 : 11;

/** `unknown` without a C library. */
function lockWithLibc(path: string, handle: number): 'locked' | 'held' | 'unknown' {
  const calls = libc();
  if (calls === null) return 'unknown';
  // struct flock: from the start of the file to its end.
  const whole = new Uint8Array(32);
  new DataView(whole.buffer).setInt16(0, F_WRLCK, true);
  let byDescription = process.platform === 'linux';
  for (;;) {
    const done = byDescription
      ? calls.fcntl(handle, F_OFD_SETLK, ptr(whole))
      : calls.flock(handle, LOCK_EXCLUSIVE_NONBLOCKING);
    if (done === 0) return 'locked';
    const error = lastError();
    if (error === EINTR) continue;
    if (error === EWOULDBLOCK || (byDescription && error === EACCES)) return 'held';
    if (byDescription && error === EINVAL) byDescription = false;
    else throw noLocks(path, `the system says error ${error}`);
  }
}

/**
 * Who holds a shared lock on the file: that takes no more than to have opened it for reading, while an older updater's mode let
 * others do so. Null if nobody does, and on macOS, where the system does not tell.
 */
export function posixSharedHolder(path: string): SharedHolder | null {
  const calls = process.platform === 'linux' && !heldWithSqlite.has(path) ? libc() : null;
  if (calls === null) return null;
  let handle: number;
  try {
    handle = fs.openSync(systemPath(path), O_RDWR | O_NOFOLLOW);
  } catch (error) {
    // It is asked only for a message.
    if (errorCode(error) === undefined) throw error;
    return null;
  }
  try {
    // struct flock: the lock that is wanted, then the one that is in its way.
    const lock = new Uint8Array(32);
    const view = new DataView(lock.buffer);
    view.setInt16(0, F_WRLCK, true);
    if (calls.fcntl(handle, F_OFD_GETLK, ptr(lock)) !== 0 || view.getInt16(0, true) !== F_RDLCK) return null;
    const pid = view.getInt32(24, true);
    return { pid: pid > 0 ? pid : null };
  } finally {
    fs.closeSync(handle);
  }
}

/** Not to be opened a second time: to close a file ends every lock of fcntl that this process has on it. */
const heldWithSqlite = new Set<string>();

/** A transaction on an empty database: locks of fcntl, and nothing is written. */
function lockWithSqlite(path: string): Lock | null {
  // `require`, so that it is loaded only if it is needed.
  const { Database } = require('bun:sqlite') as typeof import('bun:sqlite');
  let database: InstanceType<typeof Database> | undefined;
  try {
    database = new Database(path, { readwrite: true, create: false });
    database.run('PRAGMA journal_mode = MEMORY');
    database.run('BEGIN EXCLUSIVE');
    const held = database;
    heldWithSqlite.add(path);
    const release = () => {
      held.close();
      heldWithSqlite.delete(path);
    };
    return { release };
  } catch (error) {
    database?.close();
    if (errorCode(error)?.startsWith('SQLITE_BUSY') === true) return null;
    throw noLocks(path, errorMessage(error));
  }
}

function noLocks(path: string, reason: string): MachineError {
  return new MachineError(`${path} can't be locked: ${reason}`, {
    advice: 'Install DGMO on a filesystem with locks (some network filesystems have none).',
  });
}

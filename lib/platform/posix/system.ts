/** What POSIX offers and node:fs does not: flock, a flush that reaches the drive on macOS, holes, who owns the terminal. */
import { dlopen, FFIType, type Pointer, read } from 'bun:ffi';
import fs from 'node:fs';
import { MachineError } from '../../errors.ts';
import type { Lock } from '../host.ts';

const LOCK_EXCLUSIVE_NONBLOCKING = 2 | 4;
const F_FULLFSYNC = 51;

const CANDIDATES = {
  darwin: ['libSystem.B.dylib'],
  linux: ['libc.so.6', `libc.musl-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}.so.1`, 'libc.so'],
};

function loadLibc() {
  const names = process.platform === 'darwin' ? CANDIDATES.darwin : CANDIDATES.linux;
  const failures: string[] = [];
  for (const name of names) {
    try {
      const errno = process.platform === 'darwin' ? '__error' : '__errno_location';
      const { symbols } = dlopen(name, {
        [errno]: { args: [], returns: FFIType.ptr },
        lseek: { args: [FFIType.i32, FFIType.i64_fast, FFIType.i32], returns: FFIType.i64_fast },
        flock: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 },
        fcntl: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 },
        tcgetpgrp: { args: [FFIType.i32], returns: FFIType.i32 },
        getpgrp: { args: [], returns: FFIType.i32 },
      });
      return { ...symbols, errno: symbols[errno] as () => Pointer | null };
    } catch (error) {
      failures.push(`${name}: ${error instanceof Error ? error.message : error}`);
    }
  }
  throw new MachineError(`the C library could not be loaded (${failures.join('; ')})`);
}

let loaded: ReturnType<typeof loadLibc> | undefined;
function libc() {
  loaded ??= loadLibc();
  return loaded;
}

/** fsync on macOS leaves the bytes in the drive's cache; F_FULLFSYNC does not. Filesystems without it get fsync. */
export function fullFlush(handle: number): void {
  if (libc().fcntl(handle, F_FULLFSYNC) !== 0) fs.fsyncSync(handle);
}

const SEEK_DATA = process.platform === 'darwin' ? 4 : 3;
/** ENXIO. */
const NOTHING_FOLLOWS = 6;

/** As `Disk.nextData`. It moves the place at which the file would be read without a position, which nobody here does. */
export function posixNextData(handle: number, position: number): number {
  const found = Number(libc().lseek(handle, position, SEEK_DATA));
  if (found >= 0) return found;
  return lastError() === NOTHING_FOLLOWS ? Number.POSITIVE_INFINITY : position;
}

/** Numbers of EWOULDBLOCK and EINTR. */
const WOULD_BLOCK = process.platform === 'darwin' ? 35 : 11;
const INTERRUPTED = 4;

/**
 * flock: the kernel drops it when the last descriptor closes, so a dead process never keeps it. Null where another
 * process holds it; throws MachineError where the filesystem has no locks.
 */
export function posixAcquireLock(path: string): Lock | null {
  const handle = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_CREAT, 0o644);
  for (;;) {
    if (libc().flock(handle, LOCK_EXCLUSIVE_NONBLOCKING) === 0)
      return { release: () => fs.closeSync(handle) };
    const error = lastError();
    if (error === INTERRUPTED) continue;
    fs.closeSync(handle);
    if (error === WOULD_BLOCK) return null;
    throw new MachineError(`${path} can't be locked: the system says error ${error}`, {
      advice: 'Install DGMO on a filesystem with locks (some network filesystems have none).',
    });
  }
}

function lastError(): number {
  const at = libc().errno();
  return at === null ? 0 : read.i32(at);
}

/** Whether this process may read from the terminal on standard input: a shell takes it back when its job has ended. */
export function ownsTerminal(): boolean {
  return libc().tcgetpgrp(0) === libc().getpgrp();
}

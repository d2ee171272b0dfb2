/** What POSIX offers and node:fs does not: a flush that reaches the drive on macOS, holes, who owns the terminal. */
import fs from 'node:fs';
import { lastError, libc } from './libc.ts';

const F_FULLFSYNC = 51;

/** fsync on macOS leaves the bytes in the drive's cache; F_FULLFSYNC does not. Filesystems without it get fsync. */
export function fullFlush(handle: number): void {
  if (libc()?.fcntl(handle, F_FULLFSYNC, null) !== 0) fs.fsyncSync(handle);
}

const SEEK_DATA = process.platform === 'darwin' ? 4 : 3;
/** ENXIO. */
const NOTHING_FOLLOWS = 6;

/** As `Disk.nextData`. It moves the place at which the file would be read without a position, which nobody here does. */
export function posixNextData(handle: number, position: number): number {
  const calls = libc();
  if (calls === null) return position;
  const found = Number(calls.lseek(handle, position, SEEK_DATA));
  if (found >= 0) return found;
  return lastError() === NOTHING_FOLLOWS ? Number.POSITIVE_INFINITY : position;
}

/**
 * Whether this process may read from the terminal on standard input: a shell takes it back when its job has ended. True if
 * that can't be determined.
 */
export function ownsTerminal(): boolean {
  const calls = libc();
  return calls === null || calls.tcgetpgrp(0) === calls.getpgrp();
}

/** What POSIX has and node:fs does not: a flush that reaches the drive on macOS, holes, the owner of the terminal. */
import type { Pointer } from 'bun:ffi';
import fs from 'node:fs';
import { lastError, libc } from './libc.ts';

const F_FULLFSYNC = 51;

/** On macOS, fsync leaves the bytes in the cache of the drive, unlike F_FULLFSYNC. Falls back to fsync without support. */
export function fullFlush(handle: number): void {
  if (libc()?.fcntl(handle, F_FULLFSYNC, null) !== 0) fs.fsyncSync(handle);
}

const SEEK_DATA = process.platform === 'darwin' ? 4 : 3;
/** ENXIO. */
const NOTHING_FOLLOWS = 6;

/** See `Disk.nextData`. Changes the file offset, which no read here uses. */
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

/** SIGPIPE and SIGXFSZ, which have these numbers on Linux and macOS. */
const IGNORED_BY_BUN = [13, 25];

/**
 * Bun ignores these signals in its own process, and what is ignored stays so through execve: a program would find out that
 * nobody reads its output only by the errors of its writes. Called last before execve.
 */
export function heedSignals(): void {
  for (const signal of IGNORED_BY_BUN) libc()?.signal(signal, null);
}

const SIGHUP = 1;
const SIG_IGN = 1 as Pointer;

/**
 * Whether this process was started to outlive its terminal, as by nohup. Asked before anybody listens for the signal, who would
 * change that. False if it can't be determined.
 */
export function ignoresHangup(): boolean {
  const calls = libc();
  if (calls === null) return false;
  const before = calls.signal(SIGHUP, SIG_IGN);
  calls.signal(SIGHUP, before);
  return before === SIG_IGN;
}

const SIGTERM = 15;

/** Whoever listens for it still hears what has come before. */
export function endAtSigterm(): void {
  libc()?.signal(SIGTERM, null);
}

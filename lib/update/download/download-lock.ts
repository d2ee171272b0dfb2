/** One download of one file on this machine: whoever comes second waits for the first, and finds the file. */
import { BusyError } from '../../errors.ts';
import type { Clock, Lock, Locks } from '../../platform/host.ts';
import { pause } from './backoff.ts';

/** Milliseconds between two looks. */
const INTERVAL = 200;

export interface Share {
  locks: Locks;
  clock: Clock;
  /** Path of the lock. */
  path: string;
  /** By the clock's monotonic milliseconds: BusyError after it. */
  deadline: number;
  signal: AbortSignal | undefined;
  onWait(): void;
}

/** The lock of a process that dies is free, so this never waits for the dead. */
export async function whenFree({ locks, clock, path, deadline, signal, onWait }: Share): Promise<Lock> {
  for (;;) {
    const lock = locks.acquire(path);
    if (lock !== null) return lock;
    if (clock.monotonic() > deadline) {
      throw new BusyError('another process is still downloading', {
        advice: 'Wait until it is done, then try again.',
      });
    }
    onWait();
    await pause(clock, INTERVAL, signal);
  }
}

/**
 * Waiting for a lock, for everyone who waits for one: bounded, and over at once when the waiting is pointless. The
 * operating system drops the lock of a process that dies, so nobody waits for the dead.
 */
import type { Host, Lock } from './host.ts';

export interface Patience {
  /** Milliseconds after which the lock is given up. It is tried once at least. */
  limit: number;
  /** Milliseconds between two tries. */
  pause: number;
  /** Called before each pause. What it throws ends the wait: a signal, an interruption. */
  onWait?(): void;
  /**
   * Asked at each try, with the lock or without it: true if there is nothing left to lock it for. Then the lock is
   * released.
   */
  isPointless?(hasLock: boolean): boolean;
}

/** The lock at `path`; null if another process held it until the limit, or it became pointless. */
export async function lockWithPatience(
  { locks, clock }: Pick<Host, 'locks' | 'clock'>,
  path: string,
  { limit, pause, onWait, isPointless }: Patience,
): Promise<Lock | null> {
  const deadline = clock.monotonic() + limit;
  for (;;) {
    const lock = locks.acquire(path);
    if (isPointless !== undefined && releasedIf(isPointless, lock)) return null;
    if (lock !== null) return lock;
    if (clock.monotonic() >= deadline) return null;
    onWait?.();
    await clock.sleep(Math.min(pause, deadline - clock.monotonic()));
  }
}

function releasedIf(isPointless: (hasLock: boolean) => boolean, lock: Lock | null): boolean {
  let keep = false;
  try {
    keep = !isPointless(lock !== null);
  } finally {
    if (!keep) lock?.release();
  }
  return !keep;
}

/**
 * Waiting for a lock, with a limit, and only as long as the lock is of use. The operating system releases the locks of a
 * process that ends, so the wait ends as well.
 */
import type { Host, Lock } from './host.ts';

export interface Patience {
  /** Milliseconds to wait at most. The lock is tried at least once. */
  limit: number;
  /** Milliseconds between two tries. */
  pause: number;
  /** Called before each pause. It may throw to end the wait, for example after a Ctrl-C. */
  onWait?(): void;
  /**
   * Called after each try, whether or not it got the lock. True if the lock is no longer of use: then it is released, and the
   * wait ends.
   */
  isPointless?(hasLock: boolean): boolean;
}

/** Returns the lock at `path`; null if another process held it until the limit, or if it is no longer of use. */
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

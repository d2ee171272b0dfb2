/** One transaction at a time for one install. */
import { DamagedError, errorCode, LockedError } from '../errors.ts';
import { readFile, replaceDurably } from '../platform/files.ts';
import type { Host, Lock } from '../platform/host.ts';
import { lockWithPatience } from '../platform/lock-with-patience.ts';
import type { Layout } from './layout.ts';
import { missingReceipt } from './receipt.ts';

/**
 * Runs `work` under the lock. Throws LockedError where another process holds it, UsageError where nothing was ever
 * adopted in this folder.
 *
 * @param awaits the process that the holder waits for, for another updater to know who will start DGMO again
 */
export async function withLock<Result>(
  host: Host,
  layout: Layout,
  work: () => Promise<Result>,
  awaits: number | null = null,
): Promise<Result> {
  if (host.disk.status(layout.workDir) === null) throw missingReceipt(layout);
  const lock = host.locks.acquire(layout.lock);
  if (lock === null) {
    throw new LockedError(`another dgmo-updater is at work on ${layout.installDir}`, {
      advice: 'Wait until it is done, then try again.',
    });
  }
  try {
    if (awaits !== null) noteHolder(host, layout, awaits);
    return await work();
  } finally {
    if (awaits !== null) noteDone(host, layout);
    lock.release();
  }
}

const PAUSE = 50;

/**
 * Who starts DGMO again where another updater holds the lock: null where that one does, since it waits for the same
 * process (or did, and is done); else the lock, as soon as it is free. Null as well where it is not free within
 * `limit` milliseconds, or the person stops us.
 */
export function lockUnlessServed(
  host: Host,
  layout: Layout,
  awaited: number,
  { limit, interrupted }: { limit: number; interrupted(): boolean },
): Promise<Lock | null> {
  return lockWithPatience(host, layout.lock, {
    limit,
    pause: PAUSE,
    // Read anew each time: a holder takes the lock first and notes what it waits for a moment later.
    isPointless: (hasLock) =>
      awaitsIn(host, hasLock ? layout.lastHolder : layout.holder) === awaited || (!hasLock && interrupted()),
  });
}

function noteHolder(host: Host, layout: Layout, awaits: number): void {
  const note = new TextEncoder().encode(`${JSON.stringify({ awaits })}\n`);
  replaceDurably(host.disk, layout.holder, layout.workDir, note, 0o644);
}

/** A rename, which a full disk can't refuse: who finds the lock free later learns that DGMO was seen to. */
function noteDone({ disk }: Host, layout: Layout): void {
  try {
    disk.replace(layout.holder, layout.lastHolder);
  } catch {
    // At the worst a second updater for the same DGMO starts it a second time: no reason to fail an update.
  }
}

/** Which process a note says is waited for; null where there is none that can be read. */
function awaitsIn(host: Host, note: string): number | null {
  try {
    const bytes = readFile(host.disk, note, 4096);
    if (bytes === null) return null;
    const found: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const awaits = typeof found === 'object' && found !== null && 'awaits' in found ? found.awaits : null;
    return typeof awaits === 'number' ? awaits : null;
  } catch (error) {
    // ENOENT: it was renamed between two of our looks at it.
    if (error instanceof SyntaxError || error instanceof DamagedError || errorCode(error) === 'ENOENT')
      return null;
    throw error;
  }
}

/** One transaction at a time for one install. */
import { DamagedError, LockedError } from '../errors.ts';
import { readFile, removeIfThere, replaceDurably } from '../platform/files.ts';
import type { Host, Lock } from '../platform/host.ts';
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
    if (awaits !== null) removeIfThere(host.disk, layout.holder);
    lock.release();
  }
}

const PAUSE = 50;

/** The lock, as soon as it is free; null where it is not within `limit` milliseconds, or the person stops us. */
export async function lockWhenFree(
  host: Host,
  layout: Layout,
  limit: number,
  interrupted: () => boolean,
): Promise<Lock | null> {
  const begun = host.clock.monotonic();
  for (;;) {
    const lock = host.locks.acquire(layout.lock);
    if (lock !== null) return lock;
    if (interrupted() || host.clock.monotonic() - begun >= limit) return null;
    await host.clock.sleep(PAUSE);
  }
}

function noteHolder(host: Host, layout: Layout, awaits: number): void {
  const note = new TextEncoder().encode(`${JSON.stringify({ awaits })}\n`);
  replaceDurably(host.disk, layout.holder, layout.workDir, note, 0o644);
}

/** Which process the holder of the lock waits for, by the last note; null where there is none that can be read. */
export function holderAwaits(host: Host, layout: Layout): number | null {
  try {
    const bytes = readFile(host.disk, layout.holder, 4096);
    if (bytes === null) return null;
    const note: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const awaits = typeof note === 'object' && note !== null && 'awaits' in note ? note.awaits : null;
    return typeof awaits === 'number' ? awaits : null;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof DamagedError) return null;
    throw error;
  }
}

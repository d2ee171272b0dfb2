/** The lock of an install: one transaction at a time. */
import { DamagedError, errorCode, LockedError } from '../errors.ts';
import { shellWord } from '../format/printable.ts';
import { readOwnFile, replaceDurably } from '../platform/files.ts';
import type { Host, Lock } from '../platform/host.ts';
import { lockWithPatience } from '../platform/lock-with-patience.ts';
import { requireOwnInstall, requireSameWriters } from './file-owners.ts';
import type { Layout } from './layout.ts';
import { missingReceipt } from './receipt.ts';

/**
 * Runs `work` while holding the lock. Throws LockedError if another process holds it, UsageError if nothing was ever adopted
 * in this folder, TrustError or MachineError if others decide over it (file-owners.ts).
 *
 * @param awaits the process that `work` waits for; recorded so that a second updater knows whether this one starts DGMO again
 */
export async function withLock<Result>(
  host: Host,
  layout: Layout,
  work: () => Promise<Result>,
  awaits: number | null = null,
): Promise<Result> {
  if (host.disk.status(layout.workDir) === null) throw missingReceipt(host.disk, layout);
  requireSameWriters(host, layout);
  requireOwnInstall(host, layout);
  const lock = host.locks.acquire(layout.lock);
  if (lock === null) throw lockedError(host, layout);
  try {
    if (awaits !== null) writeHolderNote(host, layout, awaits);
    return await work();
  } finally {
    if (awaits !== null) archiveHolderNote(host, layout);
    lock.release();
  }
}

/** Why the lock could not be acquired. */
export function lockedError({ locks }: Pick<Host, 'locks'>, { installDir, lock }: Layout): LockedError {
  const intruder = locks.sharedHolder?.(lock) ?? null;
  if (intruder === null) {
    return new LockedError(`another dgmo-updater is at work on ${installDir}`, {
      advice: 'Wait until it is done, then try again.',
    });
  }
  const { pid } = intruder;
  const path = shellWord(lock);
  return new LockedError(
    `${lock} can't be locked: ${pid === null ? 'another program' : `process ${pid}`} holds a shared lock on it, which no dgmo-updater does; nothing was changed`,
    {
      advice:
        `Others could open it with the mode that it once had (now 600). \`sudo fuser -v ${path}\` shows who has it open. ` +
        `While that lock is held no updater is at work, so \`rm ${path}\` is safe: the next run makes a new one.`,
    },
  );
}

const PAUSE = 50;

/**
 * Waits until the other updater releases the lock, and returns the lock. Returns null if the other updater starts DGMO
 * again, because it waits for the same process (or has waited for it, and has finished). Also null if the lock is not free
 * within `limit` milliseconds, or the user interrupts.
 */
export function lockUnlessOtherStarts(
  host: Host,
  layout: Layout,
  awaited: number,
  { limit, interrupted }: { limit: number; interrupted(): boolean },
): Promise<Lock | null> {
  return lockWithPatience(host, layout.lock, {
    limit,
    pause: PAUSE,
    // Read at each try: a holder writes its note a moment after it takes the lock.
    isPointless: (hasLock) =>
      readHolderNote(host, hasLock ? layout.lastHolder : layout.holder) === awaited ||
      (!hasLock && interrupted()),
  });
}

function writeHolderNote(host: Host, layout: Layout, awaits: number): void {
  const note = new TextEncoder().encode(`${JSON.stringify({ awaits })}\n`);
  replaceDurably(host.disk, layout.holder, layout.workDir, note, 0o644);
}

/** Lets a second updater that gets the lock later know that this one starts DGMO. A rename works on a full disk, too. */
function archiveHolderNote({ disk }: Host, layout: Layout): void {
  try {
    disk.replace(layout.holder, layout.lastHolder);
  } catch {
    // At worst a second updater starts DGMO a second time, which is no reason to fail an update.
  }
}

/** The process that the holder waits for, according to the note; null if there is no readable note. */
function readHolderNote(host: Host, note: string): number | null {
  try {
    const bytes = readOwnFile(host.disk, note, 4096);
    if (bytes === null) return null;
    const found: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const awaits = typeof found === 'object' && found !== null && 'awaits' in found ? found.awaits : null;
    return typeof awaits === 'number' ? awaits : null;
  } catch (error) {
    // ENOENT: it was renamed after it was opened.
    if (error instanceof SyntaxError || error instanceof DamagedError || errorCode(error) === 'ENOENT')
      return null;
    throw error;
  }
}

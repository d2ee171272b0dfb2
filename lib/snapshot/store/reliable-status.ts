/** Whether a file can be recognised by its status: not if it was written a moment ago. */
import type { FileStatus } from '../../platform/disk.ts';

/**
 * Milliseconds. A file that changed less than this before it was read may change again within the same tick of the
 * filesystem's clock, without a trace in its status. A tick of FAT is two seconds.
 */
const TICK = 2500;

/** Milliseconds. Where times are kept to less than one, a tick is one of the system's clock, which is at most 16. */
const FINE_TICK = 50;

/**
 * Milliseconds. What a process writes through a mapping of the file into its memory changes the times only once until the system
 * has written the page out: on Linux within half a minute.
 */
const WRITTEN_OUT = 60_000;

export function isOld(now: number, { changed }: FileStatus): boolean {
  return now - changed >= TICK;
}

/** The same, as soon as the filesystem allows. */
export function isTickOver(now: number, status: FileStatus): boolean {
  return status.fineTimes ? now - status.changed >= FINE_TICK : isOld(now, status);
}

/** The same, where other programs write. */
export function isSettled(now: number, { changed }: FileStatus): boolean {
  return now - changed >= WRITTEN_OUT;
}

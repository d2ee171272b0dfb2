/** Whether a file can be recognised by its status: not if it was written a moment ago. */
import type { FileStatus } from '../../platform/disk.ts';

/**
 * Milliseconds. A file that changed less than this before it was read may change again within the same tick of the
 * filesystem's clock, without a trace in its status. A tick of FAT is two seconds.
 */
const TICK = 2500;

/**
 * Milliseconds. What a process writes through a mapping of the file into its memory changes the times only once until the system
 * has written the page out: on Linux within half a minute.
 */
const WRITTEN_OUT = 60_000;

export function isOld(now: number, { changed }: FileStatus): boolean {
  return now - changed >= TICK;
}

/** The same, where other programs write. */
export function isSettled(now: number, { changed }: FileStatus): boolean {
  return now - changed >= WRITTEN_OUT;
}

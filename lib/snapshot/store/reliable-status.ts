/** Whether the status of a file tells what is in it: not of one that was written a moment ago. */
import type { FileStatus } from '../../platform/disk.ts';

/**
 * Milliseconds: a file that changed less than this before it was read may change again within the same tick of the
 * filesystem's clock, and is not recognised by its status. FAT counts in two seconds.
 */
const TICK = 2500;

export function isOld(now: number, { changed }: FileStatus): boolean {
  return now - changed >= TICK;
}

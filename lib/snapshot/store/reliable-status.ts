/** Whether a file can be recognised by its status: not if it was written a moment ago. */
import type { FileStatus } from '../../platform/disk.ts';

/**
 * Milliseconds. A file that changed less than this before it was read may change again within the same tick of the
 * filesystem's clock, without a trace in its status. A tick of FAT is two seconds.
 */
const TICK = 2500;

export function isOld(now: number, { changed }: FileStatus): boolean {
  return now - changed >= TICK;
}

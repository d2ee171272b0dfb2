/** Whether there is room for a change, decided before anything is written. Pure. */
import { MachineError } from '../../errors.ts';
import type { Room } from '../../platform/disk.ts';

/** Something that will be written. */
export interface Need {
  /** An existing folder on the filesystem that it is written to. */
  folder: string;
  /** Of that filesystem; null if it is unknown, and then there is nothing to hold the need against. */
  room: Room | null;
  /** As a part of the message: "the new version". */
  what: string;
  bytes: number;
  files: number;
}

/** What else is written: the journal, the receipt, the documents of a snapshot. 4 MiB, and some files. */
export const MARGIN = { bytes: 1 << 22, files: 32 };

/**
 * @param change as a part of the message: "the update to 2.0.0"
 * @returns the first filesystem that has no room for all that will be written to it; null if there is room
 */
export function shortage(change: string, needs: readonly Need[]): MachineError | null {
  const filesystems = Map.groupBy(
    needs.filter(({ room, bytes }) => room !== null && bytes > 0),
    ({ room }) => room?.filesystem ?? '',
  );
  for (const group of filesystems.values()) {
    const [{ room, folder } = { room: null, folder: '' }] = group;
    if (room === null) continue;
    const bytes = MARGIN.bytes + sum(group, (need) => need.bytes);
    const files = MARGIN.files + sum(group, (need) => need.files);
    const parts = group.map((need) => `${megabytes(need.bytes)} for ${need.what}`).join(', ');
    const wanted = `there is no room for ${change} on the disk of ${folder}`;
    if (bytes > room.bytes) {
      return new MachineError(
        `${wanted}: it takes ${megabytes(bytes)} (${parts}), and ${megabytes(room.bytes)} are free; nothing was changed`,
        { advice: `Free ${megabytes(bytes - room.bytes)}, then try again.` },
      );
    }
    if (room.files !== null && files > room.files) {
      return new MachineError(
        `${wanted}: it makes ${files} files, and the filesystem has room for ${room.files} more (inodes); nothing was changed`,
        { advice: 'Remove some files (`df -i` shows the filesystems), then try again.' },
      );
    }
  }
  return null;
}

function sum(needs: readonly Need[], of: (need: Need) => number): number {
  return needs.reduce((total, need) => total + of(need), 0);
}

/** Rounded up, so that what is freed is enough. */
function megabytes(bytes: number): string {
  return `${(Math.ceil(bytes / 1e5) / 10).toFixed(1)} MB`;
}

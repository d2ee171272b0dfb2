/** The files of a repository that are for clients: everything below `metadata/` and `targets/`. */
import path from 'node:path';
import { UsageError } from '../../lib/errors.ts';
import type { Disk } from '../../lib/platform/disk.ts';
import { isFeedPath } from '../../lib/version/download-url.ts';

export interface LocalFile {
  /** As in the feed, e.g. `targets/channels/stable/<digest>.linux-x64.json`. */
  path: string;
  /** Bytes. */
  size: number;
}

/** Sorted by path, without half-written files (`*.tmp`). UsageError if there is anything but plain files. */
export function inventory(disk: Disk, folder: string): LocalFile[] {
  const found: LocalFile[] = [];
  const walk = (place: string) => {
    for (const name of disk.list(path.join(folder, place))) {
      const at = `${place}/${name}`;
      if (name.startsWith('.') || name.endsWith('.tmp')) continue;
      const status = disk.status(path.join(folder, at));
      if (status === null) continue;
      if (status.kind === 'directory') walk(at);
      else if (status.kind === 'file' && isFeedPath(at)) found.push({ path: at, size: status.size });
      else {
        throw new UsageError(`${path.join(folder, at)}: wanted a file of the feed, found something else`, {
          advice: 'Take it out of the repository.',
        });
      }
    }
  };
  for (const place of ['metadata', 'targets']) {
    if (disk.status(path.join(folder, place)) !== null) walk(place);
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

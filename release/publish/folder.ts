/** A folder, local or mounted. Every file is written under a temporary name, flushed, and then renamed. */
import path from 'node:path';
import type { Disk } from '../../lib/platform/disk.ts';
import {
  chunksOf,
  createDirectories,
  openSource,
  readFile,
  removeIfThere,
  replaceDurably,
  writeNew,
} from '../../lib/platform/files.ts';
import { MAX_BYTES } from '../../lib/trust/feed/limits.ts';
import { changedMeanwhile, type Destination, isSame, type RemoteFile } from './destination.ts';

/** Readable by the web server, whichever user that is. */
const FILE_MODE = 0o644;
const FOLDER_MODE = 0o755;

export function folderDestination(disk: Disk, folder: string): Destination {
  const at = (name: string) => path.join(folder, name);

  const write = (name: string, content: Parameters<typeof replaceDurably>[3]) => {
    const file = at(name);
    createDirectories(disk, path.dirname(file), path.dirname, FOLDER_MODE);
    try {
      replaceDurably(disk, file, path.dirname(file), content, FILE_MODE);
    } catch (error) {
      removeIfThere(disk, `${file}.tmp`);
      throw error;
    }
  };

  const walk = (place: string, found: Map<string, RemoteFile>) => {
    for (const name of disk.list(at(place))) {
      const status = disk.status(at(`${place}/${name}`));
      if (status?.kind === 'directory') walk(`${place}/${name}`, found);
      else if (status !== null) found.set(`${place}/${name}`, { size: status.size, md5: null });
    }
  };

  return {
    name: folder,
    // There is one drive.
    concurrency: 1,
    async list() {
      const found = new Map<string, RemoteFile>();
      for (const place of ['metadata', 'targets']) if (disk.status(at(place)) !== null) walk(place, found);
      return found;
    },
    read: async (name) => readFile(disk, at(name), MAX_BYTES.targets),
    size: async (name) => disk.status(at(name))?.size ?? null,
    async putFile(name, file) {
      const source = openSource(disk, file);
      try {
        write(name, (append) => {
          for (const piece of chunksOf(source)) append(piece);
        });
      } finally {
        source.close();
      }
    },
    async replace(name, bytes, before) {
      const file = at(name);
      const temporary = `${file}.tmp`;
      createDirectories(disk, path.dirname(file), path.dirname, FOLDER_MODE);
      removeIfThere(disk, temporary);
      try {
        writeNew(disk, temporary, FILE_MODE, (append) => append(bytes));
        // Directly before the rename: another publisher may have been faster.
        if (!isSame(readFile(disk, file, MAX_BYTES.targets), before)) throw changedMeanwhile(folder, name);
        disk.replace(temporary, file);
      } catch (error) {
        removeIfThere(disk, temporary);
        throw error;
      }
      disk.flushDirectory(path.dirname(file));
    },
    async remove(name) {
      removeIfThere(disk, at(name));
    },
  };
}

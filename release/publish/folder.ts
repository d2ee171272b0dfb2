/** A folder, on this machine or mounted: every file is written beside its place, flushed, and then named. */
import path from 'node:path';
import type { Disk } from '../../lib/platform/disk.ts';
import {
  CHUNK,
  createDirectories,
  openSource,
  readFile,
  removeIfThere,
  writeNew,
} from '../../lib/platform/files.ts';
import { MAX_BYTES } from '../../lib/trust/feed/limits.ts';
import type { Destination, RemoteFile } from './destination.ts';

/** Read by the web server, whoever that is. */
const FILE_MODE = 0o644;
const FOLDER_MODE = 0o755;

export function folderDestination(disk: Disk, folder: string): Destination {
  const at = (name: string) => path.join(folder, name);

  const write = (name: string, fill: (write: (bytes: Uint8Array) => void) => void) => {
    const file = at(name);
    createDirectories(disk, path.dirname(file), path.dirname, FOLDER_MODE);
    const temporary = `${file}.tmp`;
    removeIfThere(disk, temporary);
    try {
      writeNew(disk, temporary, FILE_MODE, fill);
      disk.rename(temporary, file);
    } catch (error) {
      removeIfThere(disk, temporary);
      throw error;
    }
    disk.flushDirectory(path.dirname(file));
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
    // The drive is one.
    concurrency: 1,
    async list() {
      const found = new Map<string, RemoteFile>();
      for (const place of ['metadata', 'targets']) if (disk.status(at(place)) !== null) walk(place, found);
      return found;
    },
    read: async (name) => readFile(disk, at(name), MAX_BYTES.targets),
    async putFile(name, file) {
      const source = openSource(disk, file);
      try {
        write(name, (append) => {
          const buffer = new Uint8Array(CHUNK);
          for (let position = 0; position < source.size; position += CHUNK) {
            const piece = buffer.subarray(0, Math.min(CHUNK, source.size - position));
            source.read(position, piece);
            append(piece);
          }
        });
      } finally {
        source.close();
      }
    },
    putBytes: async (name, bytes) => write(name, (append) => append(bytes)),
    async remove(name) {
      removeIfThere(disk, at(name));
    },
  };
}

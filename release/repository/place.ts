/**
 * Immutable files: written under a temporary name, flushed, and only then renamed. A file that exists with the same
 * content is kept, so that the work of an interrupted run is used.
 */
import path from 'node:path';
import type { Disk } from '../../lib/platform/disk.ts';
import {
  createDirectories,
  type Digest,
  digestBytes,
  digestFile,
  removeIfThere,
  writeNew,
} from '../../lib/platform/files.ts';
import type { RepositoryLayout } from './layout.ts';

const FILE_MODE = 0o644;
const FOLDER_MODE = 0o755;

export interface Place {
  disk: Disk;
  layout: RepositoryLayout;
}

export function placeBytes(place: Place, file: string, bytes: Uint8Array): void {
  if (digestFile(place.disk, file, bytes.length)?.sha256 === digestBytes(bytes).sha256) return;
  const draft = writeDraft(place, (write) => write(bytes));
  settleDraft(place, draft, file);
}

/** Writes a complete, flushed file into the repository's temporary folder. */
export function writeDraft(
  { disk, layout }: Place,
  fill: (write: (bytes: Uint8Array) => void) => void,
  name = 'draft',
): string {
  createDirectories(disk, layout.temporary, path.dirname);
  const draft = path.join(layout.temporary, name);
  removeIfThere(disk, draft);
  writeNew(disk, draft, FILE_MODE, fill);
  return draft;
}

/** Renames the draft to `file`, durably, and replaces what exists there. */
export function settleDraft({ disk }: Place, draft: string, file: string): void {
  createDirectories(disk, path.dirname(file), path.dirname, FOLDER_MODE);
  disk.rename(draft, file);
  disk.flushDirectory(path.dirname(file));
}

export function isPlaced({ disk }: Place, file: string, digest: Digest): boolean {
  const found = digestFile(disk, file, digest.size);
  return found?.sha256 === digest.sha256;
}

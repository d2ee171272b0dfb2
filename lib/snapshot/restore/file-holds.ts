/** Whether a file has the content that a snapshot says. The file is read. */
import { errorCode } from '../../errors.ts';
import type { Disk, Handle } from '../../platform/disk.ts';
import { CHUNK, digestBytes, fill } from '../../platform/files.ts';
import { clonePath } from '../store/clones.ts';
import type { StoreLayout } from '../store/layout.ts';
import { BLOCK, type FileEntry } from '../store/tree.ts';
import { ZERO_BLOCK } from '../store/zeros.ts';

/** The caller has compared the sizes. False if the file may not be read. */
export function fileHolds(
  disk: Disk,
  layout: StoreLayout,
  path: string,
  { content, size }: FileEntry,
): boolean {
  const handle = openOrNull(disk, path);
  if (handle === null) return false;
  try {
    if ('blocks' in content) return holdsBlocks(disk, handle, content.blocks, size);
    const clone = openOrNull(disk, clonePath(layout, content.clone));
    if (clone === null) return false;
    try {
      return sameBytes(disk, handle, clone, size);
    } finally {
      disk.close(clone);
    }
  } finally {
    disk.close(handle);
  }
}

/** What else keeps it from being read (EIO, EMFILE, ...) is the machine's fault, and says nothing of its content. */
const NOT_THE_FILE = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'EPERM', 'ENXIO']);

function openOrNull(disk: Disk, path: string): Handle | null {
  try {
    return disk.open(path, 'read itself');
  } catch (error) {
    if (NOT_THE_FILE.has(errorCode(error) ?? '')) return null;
    throw error;
  }
}

function holdsBlocks(disk: Disk, handle: Handle, blocks: readonly string[], size: number): boolean {
  // A byte more than the file has: it may have grown.
  const buffer = new Uint8Array(Math.min(BLOCK, size + 1));
  let data = 0;
  return blocks.every((block, index) => {
    const at = index * BLOCK;
    if (block === ZERO_BLOCK) {
      if (data <= at) data = disk.nextData(handle, at);
      if (at + BLOCK <= data) return true;
    }
    const part = buffer.subarray(0, fill(disk, handle, buffer, at));
    return digestBytes(part).sha256 === block;
  });
}

function sameBytes(disk: Disk, a: Handle, b: Handle, size: number): boolean {
  const left = new Uint8Array(CHUNK);
  const right = new Uint8Array(CHUNK);
  for (let at = 0; at < size; at += CHUNK) {
    const one = left.subarray(0, fill(disk, a, left, at));
    const other = right.subarray(0, fill(disk, b, right, at));
    if (one.length === 0 || Buffer.compare(one, other) !== 0) return false;
  }
  return true;
}

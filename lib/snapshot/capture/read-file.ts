/** Reading a file into the store, once, as blocks or as a clone. The caller finds out whether it changed meanwhile. */
import { errorCode } from '../../errors.ts';
import type { FileStatus } from '../../platform/disk.ts';
import { fill } from '../../platform/files.ts';
import type { Host } from '../../platform/host.ts';
import { BLOCK, type Content } from '../store/tree.ts';
import type { StoreWriter } from '../store/writer.ts';
import { isZero } from '../store/zeros.ts';

export interface CaptureContext {
  host: Host;
  writer: StoreWriter;
  join(first: string, ...names: string[]): string;
  folderOf(path: string): string;
  warn(text: string): void;
  /** Awaited now and then, so that Ctrl-C is seen; what it throws ends the capture. */
  checkpoint(): Promise<void>;
  /** Called with the number of bytes that were read since the last call. */
  onRead(bytes: number): void;
}

/** Files of this size and larger are cloned if the filesystem can; smaller ones are faster in a pack. */
const CLONE_FROM = 256 * 1024;

/** A file that was captured. */
export interface Taken {
  content: Content;
  status: FileStatus;
  size: number;
  /** The file did not change while it was read, so it can be recognised by this status. */
  matchesStatus: boolean;
}

export type Result = [path: string, taken: Taken | { reason: string }];

/** Null if the file is gone, or if its folder has become a symlink: then the path leads to another file. */
export function statusInside({ host: { disk }, folderOf }: CaptureContext, full: string): FileStatus | null {
  const folder = folderOf(full);
  try {
    return disk.resolve(folder) === folder ? disk.status(full) : null;
  } catch (error) {
    if (GONE.has(errorCode(error) ?? '')) return null;
    throw error;
  }
}

/** Removes the clone of a file that has to be captured again. */
export function discard({ writer }: CaptureContext, { content }: Taken): void {
  if ('clone' in content) writer.dropClone(content.clone);
}

/** Reads up to `status.size` bytes. Returns null if the file is gone, and the reason if it can't be read. */
export async function readOnce(
  context: CaptureContext,
  full: string,
  status: FileStatus,
): Promise<Taken | { reason: string } | null> {
  try {
    const clone = status.size >= CLONE_FROM ? context.writer.addClone(full) : null;
    if (clone !== null) {
      const size = context.host.disk.status(context.writer.clonePath(clone))?.size ?? 0;
      return { content: { clone }, status, size, matchesStatus: false };
    }
    const { blocks, size } = await readBlocks(context, full, status);
    return { content: { blocks }, status, size, matchesStatus: false };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return error.reason === null ? null : { reason: error.reason };
  }
}

/** The file can't be read, unlike the store that can't be written: that ends the capture. `reason` null: it is gone. */
class Unreadable extends Error {
  readonly reason: string | null;

  constructor(reason: string | null, cause: unknown) {
    super('the file can not be read', { cause });
    this.reason = reason;
  }
}

/** An access to the file that is captured. */
function reading<Value>(access: () => Value): Value {
  try {
    return access();
  } catch (error) {
    const code = errorCode(error) ?? '';
    const reason = GONE.has(code) ? null : UNREADABLE[code];
    throw reason === undefined ? error : new Unreadable(reason, error);
  }
}

/** What the system says of something that disappeared meanwhile. */
export const GONE = new Set(['ENOENT', 'ENOTDIR', 'ESTALE']);
export const REPLACED = 'it was replaced by something that is not a file while it was read';
const UNREADABLE: Record<string, string> = {
  EACCES: 'it may not be read',
  EPERM: 'it may not be read',
  // It has become a symlink, a folder, a socket, or a pipe.
  ELOOP: REPLACED,
  EISDIR: REPLACED,
  ENXIO: REPLACED,
  EAGAIN: REPLACED,
  ESPIPE: REPLACED,
};

const buffer = new Uint8Array(BLOCK);

async function readBlocks(
  { host: { disk }, writer, onRead }: CaptureContext,
  full: string,
  { size: most, allocated }: FileStatus,
): Promise<{ blocks: string[]; size: number }> {
  const handle = reading(() => disk.open(full, 'read itself'));
  try {
    const blocks: string[] = [];
    let size = 0;
    let data = 0;
    while (size < most) {
      if (allocated < most && data <= size) data = disk.nextData(handle, size);
      if (size + BLOCK <= Math.min(data, most)) {
        blocks.push(await writer.addZeros());
        size += BLOCK;
        onRead(BLOCK);
        continue;
      }
      const wanted = buffer.subarray(0, Math.min(BLOCK, most - size));
      const from = size;
      const filled = reading(() => fill(disk, handle, wanted, from));
      if (filled === 0) break;
      const block = wanted.subarray(0, filled);
      blocks.push(await (filled === BLOCK && isZero(block) ? writer.addZeros() : writer.addBlock(block)));
      size += filled;
      onRead(filled);
      if (filled < wanted.length) break;
    }
    return { blocks, size };
  } finally {
    disk.close(handle);
  }
}

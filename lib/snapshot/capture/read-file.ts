/** Reading one file into the store, once: what it held, as blocks or as a clone. Whether it kept still is for the caller. */
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
  /** A turn of the event loop now and then: throws where the person has asked to stop. */
  breathe(): Promise<void>;
}

/** Files from this size on share their blocks with the original where the filesystem can: below it a pack is faster. */
const CLONE_FROM = 256 * 1024;

/** What a file came to: null where it is gone. */
export interface Taken {
  content: Content;
  status: FileStatus;
  size: number;
  /** Whether it is what its status says, so that it may be recognised by it. */
  settled: boolean;
}

export type Result = [path: string, taken: Taken | { reason: string }];

/** Null where it is gone, and where the folder that it is in is reached by a symlink now: it is another file then. */
export function statusInside({ host: { disk }, folderOf }: CaptureContext, full: string): FileStatus | null {
  const folder = folderOf(full);
  try {
    return disk.resolve(folder) === folder ? disk.status(full) : null;
  } catch (error) {
    if (GONE.has(errorCode(error) ?? '')) return null;
    throw error;
  }
}

/** A clone that is of no use after all. */
export function drop({ writer }: CaptureContext, { content }: Taken): void {
  if ('clone' in content) writer.dropClone(content.clone);
}

/** As far as `status.size`. Null where it is gone; the reason where it may not be read. */
export async function readOnce(
  context: CaptureContext,
  full: string,
  status: FileStatus,
): Promise<Taken | { reason: string } | null> {
  try {
    const clone = status.size >= CLONE_FROM ? context.writer.addClone(full) : null;
    if (clone !== null) {
      const size = context.host.disk.status(context.writer.clonePath(clone))?.size ?? 0;
      return { content: { clone }, status, size, settled: false };
    }
    const { blocks, size } = await readBlocks(context, full, status);
    return { content: { blocks }, status, size, settled: false };
  } catch (error) {
    const code = errorCode(error) ?? '';
    if (GONE.has(code)) return null;
    const reason = NOT_TO_BE_HAD[code];
    if (reason === undefined) throw error;
    return { reason };
  }
}

const GONE = new Set(['ENOENT', 'ENOTDIR', 'ESTALE']);
export const REPLACED = 'it gave its name to something that is no file while it was read';
const NOT_TO_BE_HAD: Record<string, string> = {
  EACCES: 'it may not be read',
  EPERM: 'it may not be read',
  // A symlink, a folder, a socket, a pipe that is written to.
  ELOOP: REPLACED,
  EISDIR: REPLACED,
  ENXIO: REPLACED,
  EAGAIN: REPLACED,
  ESPIPE: REPLACED,
};

const buffer = new Uint8Array(BLOCK);

async function readBlocks(
  { host: { disk }, writer }: CaptureContext,
  full: string,
  { size: most, allocated }: FileStatus,
): Promise<{ blocks: string[]; size: number }> {
  const handle = disk.open(full, 'read itself');
  try {
    const blocks: string[] = [];
    let size = 0;
    let data = 0;
    while (size < most) {
      if (allocated < most && data <= size) data = disk.nextData(handle, size);
      if (size + BLOCK <= Math.min(data, most)) {
        blocks.push(await writer.addZeros());
        size += BLOCK;
        continue;
      }
      const wanted = buffer.subarray(0, Math.min(BLOCK, most - size));
      const filled = fill(disk, handle, wanted, size);
      if (filled === 0) break;
      const block = wanted.subarray(0, filled);
      blocks.push(await (filled === BLOCK && isZero(block) ? writer.addZeros() : writer.addBlock(block)));
      size += filled;
      if (filled < wanted.length) break;
    }
    return { blocks, size };
  } finally {
    disk.close(handle);
  }
}

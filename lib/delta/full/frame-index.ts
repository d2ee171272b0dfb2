/**
 * The index of a framed binary (framed.ts): where each frame is, and its digest, so that a frame can be fetched, verified
 * and decompressed by itself.
 *
 *     offset   size   what
 *     0        8      magic, "DGMOFUL2"
 *     8        4      S, bytes of the binary, unsigned, little endian as all numbers: 1 to 1,073,741,824
 *     12       4      N, number of frames: at most that of the blocks
 *     16       38     for each frame
 *       0      2        blocks of 64 KiB in it, 1 to 64; those of all frames are those of the binary, the last of which may
 *                       be shorter
 *       2      4        length of the frame, at most that of its blocks and 1,024
 *       6      32       SHA-256 of the frame
 *
 * The frames follow, back to back. The signed manifest has the length and the SHA-256 of the index.
 */
import { DamagedError } from '../../errors.ts';
import { BLOCK_SIZE, MAX_BINARY_SIZE } from '../../version/binary.ts';

const MAGIC = new TextEncoder().encode('DGMOFUL2');
const SIZE_AT = MAGIC.length;
const COUNT_AT = SIZE_AT + 4;
const ENTRIES_AT = COUNT_AT + 4;
const LENGTH_AT = 2;
const DIGEST_AT = 6;
const ENTRY = 38;
/** 4 MiB: a decoder keeps a few frames in memory. */
const MAX_BLOCKS = 64;
/** More than what zstd adds to bytes that can't be compressed. */
const MOST_ADDED = 1024;

export interface Frame {
  /** From the beginning of the index, in bytes. */
  offset: number;
  /** Bytes. */
  length: number;
  /** 64 lower-case hex digits. */
  sha256: string;
  /** The number of its first block in the binary. */
  firstBlock: number;
  /** Bytes that come out. */
  rawSize: number;
}

export interface FrameIndex {
  /** Bytes of the binary. */
  size: number;
  frames: Frame[];
  /** Bytes of the index and the frames. */
  length: number;
}

/** `frames` in order, each with whole blocks, but for the end of the last one. */
export function encodeFrameIndex(
  size: number,
  frames: readonly Pick<Frame, 'length' | 'sha256' | 'rawSize'>[],
): Uint8Array {
  const bytes = Buffer.alloc(ENTRIES_AT + ENTRY * frames.length);
  bytes.set(MAGIC);
  bytes.writeUInt32LE(size, SIZE_AT);
  bytes.writeUInt32LE(frames.length, COUNT_AT);
  for (const [index, { length, sha256, rawSize }] of frames.entries()) {
    const at = ENTRIES_AT + ENTRY * index;
    bytes.writeUInt16LE(Math.ceil(rawSize / BLOCK_SIZE), at);
    bytes.writeUInt32LE(length, at + LENGTH_AT);
    bytes.write(sha256, at + DIGEST_AT, 'hex');
  }
  decodeFrameIndex(bytes, size);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/**
 * `bytes` begin with the index and may go on with what follows it.
 *
 * @param size bytes of the binary, as signed
 * @throws DamagedError if it is not the index of a binary of that size
 */
export function decodeFrameIndex(bytes: Uint8Array, size: number): FrameIndex {
  const indexLength = readIndexLength(bytes, size);
  if (bytes.length < indexLength) throw damaged(`${indexLength} bytes`, `${bytes.length}`);
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, indexLength);
  const blocks = Math.ceil(size / BLOCK_SIZE);
  const frames: Frame[] = [];
  let offset = indexLength;
  let firstBlock = 0;
  for (let at = ENTRIES_AT; at < indexLength; at += ENTRY) {
    const count = view.readUInt16LE(at);
    const most = Math.min(MAX_BLOCKS, blocks - firstBlock);
    if (count < 1 || count > most) throw damaged(`1 to ${most} blocks in frame ${frames.length}`, `${count}`);
    const rawSize = Math.min(BLOCK_SIZE * count, size - BLOCK_SIZE * firstBlock);
    const length = view.readUInt32LE(at + LENGTH_AT);
    if (length < 1 || length > rawSize + MOST_ADDED) {
      throw damaged(`1 to ${rawSize + MOST_ADDED} bytes for frame ${frames.length}`, `${length}`);
    }
    const sha256 = view.toString('hex', at + DIGEST_AT, at + ENTRY);
    frames.push({ offset, length, sha256, firstBlock, rawSize });
    offset += length;
    firstBlock += count;
  }
  if (firstBlock !== blocks) throw damaged(`${blocks} blocks in the frames`, `${firstBlock}`);
  return { size, frames, length: offset };
}

/** Bytes of the head, from which the length of the index is known. */
export const INDEX_HEAD = ENTRIES_AT;

/** Bytes of the index, as its first INDEX_HEAD bytes say. Throws DamagedError as decodeFrameIndex does. */
export function readIndexLength(bytes: Uint8Array, size: number): number {
  if (bytes.length < INDEX_HEAD || Buffer.compare(bytes.subarray(0, SIZE_AT), MAGIC) !== 0) {
    throw damaged('DGMOFUL2 in its first 8 bytes', 'something else');
  }
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, INDEX_HEAD);
  const found = view.readUInt32LE(SIZE_AT);
  if (found !== size || size < 1 || size > MAX_BINARY_SIZE)
    throw damaged(`a binary of ${size} bytes`, `${found}`);
  const count = view.readUInt32LE(COUNT_AT);
  const most = Math.ceil(size / BLOCK_SIZE);
  if (count < 1 || count > most) throw damaged(`1 to ${most} frames`, `${count}`);
  return ENTRIES_AT + ENTRY * count;
}

function damaged(wanted: string, found: string): DamagedError {
  return new DamagedError(`the index of the frames: wanted ${wanted}, found ${found}`);
}

/**
 * The index of a framed binary (framed.ts): where each frame is, and its digest, so that a frame can be fetched, verified
 * and decompressed by itself.
 *
 *     offset   size   what
 *     0        8      magic, "DGMOFUL2"
 *     8        4      S, bytes of the binary, unsigned, little endian as all numbers: 1 to 1,073,741,824
 *     12       4      F, bytes of the binary in each frame, the last of which may have fewer: a power of two, 65,536 to
 *                     4,194,304
 *     16       36     for each of the S / F frames (rounded up):
 *       0      4        length of the frame, at most F + 1,024
 *       4      32       SHA-256 of the frame
 *
 * The frames follow, back to back. The signed manifest has the length and the SHA-256 of the index.
 */
import { DamagedError } from '../../errors.ts';
import { MAX_BINARY_SIZE } from '../../version/binary.ts';

const MAGIC = new TextEncoder().encode('DGMOFUL2');
const SIZE_AT = MAGIC.length;
const FRAME_SIZE_AT = SIZE_AT + 4;
const ENTRIES_AT = FRAME_SIZE_AT + 4;
const ENTRY = 36;
const MIN_FRAME_SIZE = 1 << 16;
/** A decoder keeps a few frames in memory. */
const MAX_FRAME_SIZE = 1 << 22;
/** More than what zstd adds to bytes that can't be compressed. */
const MOST_ADDED = 1024;

export interface Frame {
  /** From the beginning of the index, in bytes. */
  offset: number;
  /** Bytes. */
  length: number;
  /** 64 lower-case hex digits. */
  sha256: string;
  /** Bytes that come out. */
  rawSize: number;
}

export interface FrameIndex {
  /** Bytes of the binary. */
  size: number;
  /** Bytes of the binary in each frame but the last. */
  frameSize: number;
  frames: Frame[];
  /** Bytes of the index and the frames. */
  length: number;
}

/** Bytes of the index of a binary of `size` bytes. */
export function frameIndexLength(size: number, frameSize: number): number {
  return ENTRIES_AT + ENTRY * Math.ceil(size / frameSize);
}

export function encodeFrameIndex(
  size: number,
  frameSize: number,
  frames: readonly Pick<Frame, 'length' | 'sha256'>[],
): Uint8Array {
  const bytes = Buffer.alloc(frameIndexLength(size, frameSize));
  bytes.set(MAGIC);
  bytes.writeUInt32LE(size, SIZE_AT);
  bytes.writeUInt32LE(frameSize, FRAME_SIZE_AT);
  for (const [index, { length, sha256 }] of frames.entries()) {
    const at = ENTRIES_AT + ENTRY * index;
    bytes.writeUInt32LE(length, at);
    bytes.write(sha256, at + 4, 'hex');
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
  const { frameSize, indexLength } = readIndexHead(bytes, size);
  if (bytes.length < indexLength) throw damaged(`${indexLength} bytes`, `${bytes.length}`);
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, indexLength);
  const frames: Frame[] = [];
  let offset = indexLength;
  for (let at = ENTRIES_AT; at < indexLength; at += ENTRY) {
    const rawSize = Math.min(frameSize, size - frameSize * frames.length);
    const length = view.readUInt32LE(at);
    if (length < 1 || length > rawSize + MOST_ADDED) {
      throw damaged(`1 to ${rawSize + MOST_ADDED} bytes for frame ${frames.length}`, `${length}`);
    }
    frames.push({ offset, length, sha256: view.toString('hex', at + 4, at + ENTRY), rawSize });
    offset += length;
  }
  return { size, frameSize, frames, length: offset };
}

/** Bytes of the head, from which the length of the index is known. */
export const INDEX_HEAD = ENTRIES_AT;

/** What the first INDEX_HEAD bytes say. Throws DamagedError as decodeFrameIndex does. */
export function readIndexHead(bytes: Uint8Array, size: number): { frameSize: number; indexLength: number } {
  if (bytes.length < INDEX_HEAD || Buffer.compare(bytes.subarray(0, SIZE_AT), MAGIC) !== 0) {
    throw damaged('DGMOFUL2 in its first 8 bytes', 'something else');
  }
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, INDEX_HEAD);
  const found = view.readUInt32LE(SIZE_AT);
  if (found !== size || size < 1 || size > MAX_BINARY_SIZE)
    throw damaged(`a binary of ${size} bytes`, `${found}`);
  const frameSize = view.readUInt32LE(FRAME_SIZE_AT);
  const isPower = frameSize > 0 && (frameSize & (frameSize - 1)) === 0;
  if (!isPower || frameSize < MIN_FRAME_SIZE || frameSize > MAX_FRAME_SIZE) {
    throw damaged(`frames of ${MIN_FRAME_SIZE} to ${MAX_FRAME_SIZE} bytes, a power of two`, `${frameSize}`);
  }
  return { frameSize, indexLength: frameIndexLength(size, frameSize) };
}

function damaged(wanted: string, found: string): DamagedError {
  return new DamagedError(`the index of the frames: wanted ${wanted}, found ${found}`);
}

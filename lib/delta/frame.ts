/**
 * The headers of a zstd frame (RFC 8878, section 3.1.1), checked before it is decoded: how many bytes come out, how many a
 * decoder keeps in memory, and that there is exactly one frame. The content of the blocks is left to zstd.
 */
import { DamagedError, errorMessage } from '../errors.ts';
import { memorySource, type Source } from '../platform/files.ts';

const MAGIC = 0xfd2fb528;
const BLOCK_RLE = 1;
const BLOCK_RESERVED = 3;

/**
 * Throws DamagedError unless `frame` is exactly one whole frame of `rawSize` bytes, with a window of at most 2^`windowLog`
 * and with neither dictionary nor checksum. `name` is for the message.
 */
export function checkFrame(frame: Source, rawSize: number, windowLog: number, name: string): void {
  const size = sizeInFrame(frame, windowLog, name);
  if (size !== rawSize) throw notWhole(name, `it holds ${size} bytes, wanted ${rawSize}`);
}

/**
 * One frame, decompressed at once. Throws DamagedError, before any memory is taken for it, if it does not say its size
 * or says more than `most` bytes; else as `checkFrame` does, and if what comes out is not of the size that it says.
 */
export function decompressFrame(
  frame: Uint8Array,
  most: number,
  windowLog: number,
  name: string,
): Uint8Array {
  const size = sizeInFrame(memorySource(frame), windowLog, name);
  if (size > most) throw notWhole(name, `it holds ${size} bytes, at most ${most} are possible`);
  try {
    return Bun.zstdDecompressSync(frame);
  } catch (error) {
    throw notWhole(name, errorMessage(error));
  }
}

function notWhole(name: string, what: string): DamagedError {
  return new DamagedError(`${name} is not a whole zstd frame: ${what}`);
}

/** The size in bytes that the frame says its content has. Throws DamagedError if anything follows it. */
function sizeInFrame(frame: Source, windowLog: number, name: string): number {
  const { size, end } = firstFrame(frame, windowLog, name);
  if (end !== frame.size) throw notWhole(name, `it ends at byte ${end} of ${frame.size}`);
  return size;
}

/** The size in bytes that the first frame says its content has, and the byte that it ends before. */
export function firstFrame(frame: Source, windowLog: number, name: string): { size: number; end: number } {
  const fail = (what: string) => notWhole(name, what);
  const head = Buffer.alloc(Math.min(14, frame.size));
  frame.read(0, head);
  if (head.length < 6 || head.readUInt32LE(0) !== MAGIC) throw fail('it does not begin as one');
  const descriptor = head.readUInt8(4);
  const singleSegment = (descriptor & 0x20) !== 0;
  if ((descriptor & 0x1f) !== 0) throw fail(`its descriptor is 0x${descriptor.toString(16)}`);
  const sizeAt = singleSegment ? 5 : 6;
  const sizeBytes = descriptor >> 6 === 0 ? Number(singleSegment) : 1 << (descriptor >> 6);
  if (sizeBytes === 0 || head.length < sizeAt + sizeBytes) throw fail('it does not say its size');
  const size =
    sizeBytes === 8
      ? Number(head.readBigUInt64LE(sizeAt))
      : head.readUIntLE(sizeAt, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
  const window = singleSegment ? size : windowSize(head.readUInt8(5));
  if (window > 2 ** windowLog)
    throw fail(`its window is ${window} bytes, at most ${2 ** windowLog} are possible`);

  const header = Buffer.alloc(3);
  let at = sizeAt + sizeBytes;
  for (let last = false; !last; ) {
    if (at + 3 > frame.size) throw fail(`it ends at byte ${frame.size}, in mid-frame`);
    frame.read(at, header);
    const word = header.readUIntLE(0, 3);
    const type = (word >> 1) & 3;
    if (type === BLOCK_RESERVED) throw fail(`the block at byte ${at} is of no known kind`);
    at += 3 + (type === BLOCK_RLE ? 1 : word >> 3);
    last = (word & 1) === 1;
  }
  return { size, end: at };
}

/** Bytes; RFC 8878, section 3.1.1.1.2. */
function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

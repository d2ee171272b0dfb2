/**
 * Streams of DEFLATE (RFC 1951) as those made them that are found in executables, bit for bit: of what was decompressed, the
 * same bytes are made again. One stream at a time.
 */
import { beginGo, finishGo, writeGo } from './go/stream';
import { fillByte, flushOutput, openOutput } from './output';
import { beginZlib, finishZlib, writeZlib } from './zlib/stream';

/** Whose bytes are made again. */
const ZLIB: i32 = 0;
const GO: i32 = 1;
/** Bytes that can be written at once. */
const INPUT: u32 = 1 << 16;
const input: usize = memory.data(1 << 16);
let maker: i32 = ZLIB;

export function inputPlace(): usize {
  return input;
}

/** Begins a stream. False if `maker` does not know the level, or how much it remembers (zlib's memLevel, 1 to 9; else 0). */
export function begin(by: i32, level: i32, memory: i32): bool {
  maker = by;
  openOutput();
  if (by === ZLIB) return beginZlib(level, memory);
  return by === GO && memory === 0 && beginGo(level);
}

/** Takes the next `size` bytes, which lie at `inputPlace`: INPUT at most. */
export function write(size: u32): void {
  if (size > INPUT) unreachable();
  if (maker === ZLIB) writeZlib(input, size);
  else writeGo(input, size);
}

/** Ends the stream, of which all is passed on then. */
export function finish(): void {
  if (maker === ZLIB) finishZlib();
  else finishGo();
  fillByte();
  flushOutput();
}

/**
 * Streams of DEFLATE (RFC 1951) as those made them that are found in executables, bit for bit: of what was decompressed, the
 * same bytes are made again. One stream at a time.
 */
import { beginGo, finishGo, writeGo } from './go/stream';
import { fillByte, flushOutput, openOutput } from './output';
import { isGuideDone } from './zlib/guide';
import { foundBytes } from './zlib/search';
import {
  beginSearch,
  beginZlib,
  finishZlib,
  guideBytes,
  guidePlace,
  streamPlace,
  writeZlib,
} from './zlib/stream';

/** When a stream by a guide is finished: whether the guide was one for just these bytes. */
export { foundBytes, guideBytes, guidePlace, isGuideDone, streamPlace };

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

/**
 * Begins the search for a guide (zlib/guide.ts) for the stream that lies at `streamPlace`; what is written then is what that was made of.
 * When it is finished there are `guideBytes` of a guide at the `guidePlace` of so many, by which `begin` makes the stream again; 0 if none is worth it.
 */
export function beginGuide(level: i32, memory: i32): bool {
  maker = ZLIB;
  openOutput();
  return beginSearch(level, memory);
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

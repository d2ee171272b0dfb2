/**
 * Streams of DEFLATE (RFC 1951) as those made them that are found in files, bit for bit: of what was decompressed, the same bytes
 * are made again. One stream at a time.
 *
 * `zlib/` has zlib 1.3.1, lld, which uses it, gzip 1.12 and Info-ZIP's zip 3.0; `go/` has compress/flate of Go 1.8 to 1.26, and
 * `go/later/` that of Go since 1.27. Each has files for the stream, for what finds copies, for blocks, and for codes. zlib and Go
 * have different rules for all of these, so that they share no more than how bytes are
 * compared (match-length.ts), what that has taken (effort.ts), and where it goes (output.ts).
 */

import { Spent } from './effort';
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

/** What looking for matches has taken since the stream was begun, in steps (effort.ts). */
export function effort(): f64 {
  return <f64>Spent.steps;
}

export function inputPlace(): usize {
  return input;
}

/**
 * Begins a stream. False if `by` has no such level, or `memory`.
 *
 * zlib has levels 1 to 9. Its `memory` is memLevel, 1 to 9, and 16 more for shards of 1 MiB as lld has them, and 64 more for the
 * strategy Z_FILTERED; or 10 for gzip, or 11 for zip. Go has levels 0 to 9, and -2 for HuffmanOnly, each 100 more for Go since 1.27,
 * and memory 0.
 */
export function begin(by: i32, level: i32, memory: i32): bool {
  maker = by;
  openOutput();
  Spent.steps = 0;
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

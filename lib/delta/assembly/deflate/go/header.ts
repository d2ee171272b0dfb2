/**
 * Headers of dynamic blocks (RFC 1951, 3.2.7) as Go writes them: the lengths of both codes as one row of runs.
 *
 * After compress/flate/huffman_bit_writer.go. Copyright 2009 The Go Authors. All rights reserved. BSD-style licence, in LICENSE.
 */
import { putBits } from '../output';
import { lengthOf, makeCodes } from './codes';
import { codedBits, count, frequency, putCode } from './symbols';

const LENGTHS: u32 = 19;
const DYNAMIC_TYPE: u32 = 2;

const lengths: usize = memory.data(19 * 4);
const lengthCodes: usize = memory.data(19 * 4);
/** Symbols of the code of lengths, each with its extra bits << 8. */
const runs: usize = memory.data(320 * 2);
let runCount: u32 = 0;
/** Lengths of all codes before that. */
const listed: usize = memory.data(320);
/** The order in which the lengths of the codes of lengths are written. */
const order: usize = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);

/** How many symbols of each code the header tells of. */
let literalCount: u32 = 0;
let distanceCount: u32 = 0;
let lengthCount: u32 = 0;

/** Plans the header of a block of these codes (see `makeCodes`), up to the last symbol that has one. Returns its bits. */
export function planHeader(
  literalCodes: usize,
  literalsUsed: u32,
  distanceCodes: usize,
  distancesUsed: u32,
): u32 {
  literalCount = literalsUsed;
  distanceCount = distancesUsed;
  listRuns(literalCodes, distanceCodes);
  makeCodes(lengths, LENGTHS, 7, lengthCodes);
  lengthCount = LENGTHS;
  while (lengthCount > 4 && frequency(lengths, load<u8>(order + lengthCount - 1)) === 0) lengthCount--;
  return (
    17 +
    3 * lengthCount +
    codedBits(lengths, LENGTHS, lengthCodes) +
    2 * frequency(lengths, 16) +
    3 * frequency(lengths, 17) +
    7 * frequency(lengths, 18)
  );
}

/** The lengths of both codes, one after the other, as runs. */
function listRuns(literalCodes: usize, distanceCodes: usize): void {
  for (let i: u32 = 0; i < literalCount; i++) store<u8>(listed + i, <u8>lengthOf(literalCodes, i));
  const all = literalCount + distanceCount;
  for (let i: u32 = literalCount; i < all; i++)
    store<u8>(listed + i, <u8>lengthOf(distanceCodes, i - literalCount));
  memory.fill(lengths, 0, (<usize>LENGTHS) << 2);
  runCount = 0;
  for (let i: u32 = 0; i < all; ) {
    const length = load<u8>(listed + i);
    let left: u32 = 1;
    while (i + left < all && load<u8>(listed + i + left) === length) left++;
    i += left;
    if (length !== 0) {
      addRun(length, 0);
      left--;
      while (left >= 3) {
        const part = min<u32>(left, 6);
        addRun(16, part - 3);
        left -= part;
      }
    } else {
      while (left >= 11) {
        const part = min<u32>(left, 138);
        addRun(18, part - 11);
        left -= part;
      }
      if (left >= 3) {
        addRun(17, left - 3);
        left = 0;
      }
    }
    for (; left > 0; left--) addRun(length, 0);
  }
}

function addRun(symbol: u32, extra: u32): void {
  store<u16>(runs + ((<usize>runCount) << 1), <u16>(symbol | (extra << 8)));
  runCount++;
  count(lengths, symbol);
}

/** Writes the header that was planned. */
export function writeHeader(): void {
  putBits(DYNAMIC_TYPE << 1, 3);
  putBits(literalCount - 257, 5);
  putBits(distanceCount - 1, 5);
  putBits(lengthCount - 4, 4);
  for (let i: u32 = 0; i < lengthCount; i++) putBits(lengthOf(lengthCodes, load<u8>(order + i)), 3);
  for (let i: u32 = 0; i < runCount; i++) {
    const run = <u32>load<u16>(runs + ((<usize>i) << 1));
    const symbol = run & 255;
    putCode(lengthCodes, symbol);
    if (symbol >= 16) putBits(run >> 8, symbol === 16 ? 2 : symbol === 17 ? 3 : 7);
  }
}

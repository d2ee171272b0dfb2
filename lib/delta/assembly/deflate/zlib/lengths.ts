/** How zlib writes the lengths of two codes (RFC 1951, 3.2.7): repeated ones, coded again. After zlib 1.3.1 (trees.c), see codes.ts. */
import { putBits } from '../output';
import { bitsOf, LENGTHS, lengthOf, makeCode } from './codes';

const REPEAT: u32 = 16;
const ZEROS: u32 = 17;
const MORE_ZEROS: u32 = 18;
const LONGEST_CODE: u32 = 7;
const FEWEST: u32 = 4;
/** The order in which the lengths of the code of lengths are written. */
const order = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);

const code: usize = memory.data(4 * 19);
const counts: usize = memory.data(4 * 19);
/** What is written: symbols, and what follows them. */
const written: usize = memory.data(2 * 316);
let count: u32 = 0;
let lengthsWritten: u32 = 0;

/** Prepares what is written of two codes. Returns how many bits that is. */
export function prepareLengths(
  literals: usize,
  literalCount: u32,
  distances: usize,
  distanceCount: u32,
): u32 {
  count = 0;
  memory.fill(counts, 0, 4 * LENGTHS);
  memory.fill(code, 0, 4 * LENGTHS);
  collect(literals, literalCount);
  collect(distances, distanceCount);
  makeCode(code, counts, LENGTHS, LONGEST_CODE);
  lengthsWritten = LENGTHS;
  while (lengthsWritten > FEWEST && lengthOf(code, load<u8>(order + lengthsWritten - 1)) === 0)
    lengthsWritten--;
  let bits = 5 + 5 + 4 + 3 * lengthsWritten;
  for (let symbol: u32 = 0; symbol < LENGTHS; symbol++) {
    bits += load<u32>(counts + symbol * 4) * (lengthOf(code, symbol) + extra(symbol));
  }
  return bits;
}

export function writeLengths(literalCount: u32, distanceCount: u32): void {
  putBits(literalCount - 257, 5);
  putBits(distanceCount - 1, 5);
  putBits(lengthsWritten - FEWEST, 4);
  for (let i: u32 = 0; i < lengthsWritten; i++) putBits(lengthOf(code, load<u8>(order + i)), 3);
  for (let i: u32 = 0; i < count; i++) {
    const symbol: u32 = load<u8>(written + i * 2);
    putBits(bitsOf(code, symbol), lengthOf(code, symbol));
    putBits(load<u8>(written + i * 2, 1), extra(symbol));
  }
}

function extra(symbol: u32): u32 {
  if (symbol < REPEAT) return 0;
  return symbol === REPEAT ? 2 : symbol === ZEROS ? 3 : 7;
}

/** Collects the lengths of one code. Those that are the same are taken together as far as one symbol goes; what is left begins anew. */
function collect(lengths: usize, size: u32): void {
  let last: u32 = -1;
  for (let i: u32 = 0; i < size; ) {
    const length = lengthOf(lengths, i);
    const most: u32 = length === 0 ? 138 : length === last ? 6 : 7;
    let run: u32 = 1;
    while (run < most && i + run < size && lengthOf(lengths, i + run) === length) run++;
    i += run;
    if (length === 0) {
      if (run >= 11) add(MORE_ZEROS, run - 11);
      else if (run >= 3) add(ZEROS, run - 3);
      else for (; run > 0; run--) add(0, 0);
    } else if (run < (length === last ? 3 : 4)) {
      for (; run > 0; run--) add(length, 0);
    } else {
      if (length !== last) {
        add(length, 0);
        run--;
      }
      add(REPEAT, run - 3);
    }
    last = length;
  }
}

function add(symbol: u32, following: u32): void {
  store<u8>(written + count * 2, <u8>symbol);
  store<u8>(written + count * 2, <u8>following, 1);
  count++;
  store<u32>(counts + symbol * 4, load<u32>(counts + symbol * 4) + 1);
}

/** Reads streams of DEFLATE (RFC 1951): their headers, and which tokens they are made of. */
import { assignBits, bitsOf, DISTANCES, LITERALS, lengthOf } from './codes';
import { END_OF_BLOCK, extraOfDistance, extraOfLength, leastOfDistance, leastOfLength } from './symbols';

const FIXED_LITERALS: u32 = 288;
const LENGTHS: u32 = 19;
const REPEAT: u32 = 16;
/** Codes up to this length are looked up. */
const QUICK: u32 = 10;
const order = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);

/** Where it reads, in bits; it may not read beyond the end. */
let start: usize = 0;
let bit: u32 = 0;
let bitEnd: u32 = 0;

// biome-ignore lint/complexity/noStaticOnlyClass: what is exported otherwise can't be assigned to where it is imported.
export class Reader {
  /** It is no stream of DEFLATE, or one that can't be told by what is written of it. */
  static failed: bool = false;
  /** How many symbols the codes have that were read. */
  static literalCount: u32 = 0;
  static distanceCount: u32 = 0;
}

/** The codes that were read. */
export const literals: usize = memory.data(4 * 288);
export const distances: usize = memory.data(4 * 32);
const lengths: usize = memory.data(4 * 19);
/** For the lowest bits of what follows: a symbol and, in the lowest four bits, its length; 0 if there is none that is short. */
const quickLiterals: usize = memory.data(2 << 10);
const quickDistances: usize = memory.data(2 << 10);
const quickLengths: usize = memory.data(2 << 10);

export function openReader(place: usize, size: u32): void {
  start = place;
  bit = 0;
  bitEnd = size * 8;
  Reader.failed = false;
}

export function bitPlace(): u32 {
  return bit;
}

/** Goes back, or on. */
export function moveTo(place: u32): void {
  bit = min(place, bitEnd);
}

/** What follows, without taking it. Eight bytes may be read behind the end. */
function ahead(): u32 {
  return <u32>(load<u64>(start + (bit >> 3)) >> (bit & 7));
}

/** The next bits, 16 at most. */
export function readBits(count: u32): u32 {
  if (bitEnd - bit < count) {
    Reader.failed = true;
    return 0;
  }
  const value = ahead() & ((1 << count) - 1);
  bit += count;
  return value;
}

/** Whether zeros are all that is left of this byte. */
export function readFill(): void {
  if (readBits((0 - bit) & 7) !== 0) Reader.failed = true;
}

/** The place of the next byte, and takes `size` bytes. */
export function readBytes(size: u32): usize {
  const place = start + (bit >> 3);
  if ((bitEnd - bit) >> 3 < size) Reader.failed = true;
  else bit += size * 8;
  return place;
}

export function isAtEnd(): bool {
  return bit === bitEnd;
}

export function useFixedCodes(): void {
  for (let symbol: u32 = 0; symbol < FIXED_LITERALS; symbol++) {
    const length: u16 = symbol < 144 || symbol > 279 ? 8 : symbol < 256 ? 9 : 7;
    store<u32>(literals + symbol * 4, length);
  }
  for (let symbol: u32 = 0; symbol < DISTANCES; symbol++) store<u32>(distances + symbol * 4, 5);
  openCodes(FIXED_LITERALS, DISTANCES);
}

/** Reads the codes of a block. */
export function readCodes(): void {
  memory.fill(literals, 0, 4 * FIXED_LITERALS);
  memory.fill(distances, 0, 4 * 32);
  memory.fill(lengths, 0, 4 * LENGTHS);
  const literalCount: u32 = 257 + readBits(5);
  const distanceCount: u32 = 1 + readBits(5);
  const count: u32 = 4 + readBits(4);
  if (literalCount > LITERALS || distanceCount > DISTANCES) Reader.failed = true;
  for (let i: u32 = 0; i < count; i++) store<u32>(lengths + load<u8>(order + i) * 4, readBits(3));
  assignBits(lengths, LENGTHS);
  openQuick(quickLengths, lengths, LENGTHS);
  const all = literalCount + distanceCount;
  let last: u32 = 0;
  for (let i: u32 = 0; i < all && !Reader.failed; ) {
    const symbol = readSymbol(quickLengths, lengths, LENGTHS);
    let times: u32 = 1;
    if (symbol < REPEAT) last = symbol;
    else if (symbol === REPEAT) {
      if (i === 0) Reader.failed = true;
      times = 3 + readBits(2);
    } else {
      last = 0;
      times = symbol === REPEAT + 1 ? 3 + readBits(3) : 11 + readBits(7);
    }
    if (times > all - i) Reader.failed = true;
    for (let j: u32 = 0; j < times && !Reader.failed; j++, i++) {
      if (i < literalCount) store<u32>(literals + i * 4, last);
      else store<u32>(distances + (i - literalCount) * 4, last);
    }
  }
  openCodes(literalCount, distanceCount);
}

function openCodes(literalCount: u32, distanceCount: u32): void {
  if (Reader.failed) return;
  Reader.literalCount = literalCount;
  Reader.distanceCount = distanceCount;
  assignBits(literals, literalCount);
  assignBits(distances, distanceCount);
  openQuick(quickLiterals, literals, literalCount);
  openQuick(quickDistances, distances, distanceCount);
}

function openQuick(quick: usize, code: usize, size: u32): void {
  memory.fill(quick, 0, 2 << QUICK);
  for (let symbol: u32 = 0; symbol < size; symbol++) {
    const length = lengthOf(code, symbol);
    if (length === 0 || length > QUICK) continue;
    for (let i = bitsOf(code, symbol) & ((1 << QUICK) - 1); i < 1 << QUICK; i += 1 << length) {
      store<u16>(quick + i * 2, <u16>((symbol << 4) | length));
    }
  }
}

function readSymbol(quick: usize, code: usize, size: u32): u32 {
  const bits = ahead();
  let symbol: u32 = load<u16>(quick + (bits & ((1 << QUICK) - 1)) * 2);
  let length = symbol & 15;
  symbol >>= 4;
  if (length === 0) {
    for (symbol = 0; symbol < size; symbol++) {
      length = lengthOf(code, symbol);
      if (length > QUICK && (bits & ((1 << length) - 1)) === bitsOf(code, symbol)) break;
    }
    if (symbol === size) {
      Reader.failed = true;
      return 0;
    }
  }
  if (bitEnd - bit < length) Reader.failed = true;
  else bit += length;
  return symbol;
}

/** The next token as blocks keep it: a distance in the lower half, 0 for a literal; a length or a byte in the upper one. -1 is the end of the block. */
export function readToken(): u32 {
  const symbol = readSymbol(quickLiterals, literals, Reader.literalCount);
  if (symbol === END_OF_BLOCK || Reader.failed) return -1;
  if (symbol < END_OF_BLOCK) return symbol << 16;
  if (symbol >= LITERALS) {
    Reader.failed = true;
    return -1;
  }
  const ofLength = symbol - END_OF_BLOCK - 1;
  const length = leastOfLength(ofLength) + readBits(extraOfLength(ofLength));
  // 258 is told by a symbol of its own, which is not how all make it.
  if (length === 258 && ofLength !== 28) Reader.failed = true;
  const ofDistance = readSymbol(quickDistances, distances, Reader.distanceCount);
  if (ofDistance >= DISTANCES) Reader.failed = true;
  if (Reader.failed) return -1;
  return (length << 16) | (leastOfDistance(ofDistance) + readBits(extraOfDistance(ofDistance)));
}

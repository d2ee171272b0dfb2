/** Blocks: when one has enough tokens, and which of the three kinds of blocks they become. After zlib 1.3.1 (trees.c), see codes.ts. */
import { fillByte, putBits, putBytes } from '../output';
import { assignBits, bitsOf, DISTANCES, LITERALS, lengthOf, makeCode } from './codes';
import { prepareLengths, writeLengths } from './lengths';
import {
  END_OF_BLOCK,
  extraOfDistance,
  extraOfLength,
  leastOfDistance,
  leastOfLength,
  openSymbols,
  symbolOfDistance,
  symbolOfLength,
} from './symbols';
import { bytes, Window } from './window';

const STORED: u32 = 0;
const FIXED: u32 = 1;
const DYNAMIC: u32 = 2;
const LONGEST_CODE: u32 = 15;
const FIXED_LITERALS: u32 = 288;
const MOST_TOKENS: u32 = (1 << 15) - 1;

/** Tokens of the block: a distance in the lower half, 0 for a literal; a length or a byte in the upper one. */
const tokens: usize = memory.data(4 << 15);
let tokenCount: u32 = 0;
/** A block has no more tokens. */
let mostTokens: u32 = 0;
/** Whether it may end earlier, behind every so many tokens, as gzip's. */
let endsEarly: bool = false;
const LOOK: u32 = 1 << 12;

const literalCounts: usize = memory.data(4 * 286);
const distanceCounts: usize = memory.data(4 * 30);
const literals: usize = memory.data(4 * 286);
const distances: usize = memory.data(4 * 30);
const fixedLiterals: usize = memory.data(4 * 288);
const fixedDistances: usize = memory.data(4 * 30);

export function openBlocks(most: u32, early: bool): void {
  endsEarly = early;
  openSymbols();
  openFixedCodes();
  mostTokens = min(most, MOST_TOKENS);
  openBlock();
}

function openFixedCodes(): void {
  for (let symbol: u32 = 0; symbol < FIXED_LITERALS; symbol++) {
    const length: u16 = symbol < 144 || symbol > 279 ? 8 : symbol < 256 ? 9 : 7;
    store<u16>(fixedLiterals + symbol * 4, length);
  }
  for (let symbol: u32 = 0; symbol < DISTANCES; symbol++) store<u16>(fixedDistances + symbol * 4, 5);
  assignBits(fixedLiterals, FIXED_LITERALS);
  assignBits(fixedDistances, DISTANCES);
}

function openBlock(): void {
  tokenCount = 0;
  memory.fill(literalCounts, 0, 4 * LITERALS);
  memory.fill(distanceCounts, 0, 4 * DISTANCES);
  store<u32>(literalCounts + END_OF_BLOCK * 4, 1);
}

function countOne(counts: usize, symbol: u32): void {
  store<u32>(counts + symbol * 4, load<u32>(counts + symbol * 4) + 1);
}

export function addLiteral(byte: u32): void {
  if (tokenCount >= mostTokens) return;
  store<u32>(tokens + tokenCount++ * 4, byte << 16);
  countOne(literalCounts, byte);
}

export function addMatch(length: u32, distance: u32): void {
  if (tokenCount >= mostTokens) return;
  store<u32>(tokens + tokenCount++ * 4, (length << 16) | distance);
  countOne(literalCounts, END_OF_BLOCK + 1 + symbolOfLength(length));
  countOne(distanceCounts, symbolOfDistance(distance));
}

/** Whether the block ends behind its last token; gzip asks that when it is at the place. */
export function isFull(place: u32): bool {
  return tokenCount === mostTokens || (endsEarly && tokenCount % LOOK === 0 && isHalved(place));
}

/** Whether the bytes of the block before the place take less than half, and few of its tokens are matches, as gzip guesses. */
function isHalved(place: u32): bool {
  let matches: u32 = 0;
  let bits = tokenCount * 8;
  for (let symbol: u32 = 0; symbol < DISTANCES; symbol++) {
    const count = load<u32>(distanceCounts + symbol * 4);
    matches += count;
    bits += count * (5 + extraOfDistance(symbol));
  }
  return matches < tokenCount / 2 && bits >> 3 < <u32>(<i32>place - Window.blockStart) / 2;
}

export function isEmpty(): bool {
  return tokenCount === 0;
}

/** Writes the block that ends before the next byte, as what is shortest. */
export function writeBlock(last: bool): void {
  const literalCount = makeCode(literals, literalCounts, LITERALS, LONGEST_CODE);
  const distanceCount = makeCode(distances, distanceCounts, DISTANCES, LONGEST_CODE);
  const header = prepareLengths(literals, literalCount, distances, distanceCount);
  const dynamicBytes = (header + bitsBy(literals, distances) + 3 + 7) >> 3;
  const fixedBytes = (bitsBy(fixedLiterals, fixedDistances) + 3 + 7) >> 3;
  const size = <u32>(<i32>Window.at - Window.blockStart);
  if (Window.blockStart >= 0 && size + 4 <= min(dynamicBytes, fixedBytes)) {
    writeStored(bytes + Window.blockStart, size, last);
  } else if (fixedBytes <= dynamicBytes) {
    putBits(u32(last) | (FIXED << 1), 3);
    writeTokens(fixedLiterals, fixedDistances);
  } else {
    putBits(u32(last) | (DYNAMIC << 1), 3);
    writeLengths(literalCount, distanceCount);
    writeTokens(literals, distances);
  }
  openBlock();
  Window.blockStart = <i32>Window.at;
}

export function writeStored(place: usize, size: u32, last: bool): void {
  putBits(u32(last) | (STORED << 1), 3);
  fillByte();
  putBits((size & 0xffff) | (~size << 16), 32);
  putBytes(place, size);
}

/** How many bits the tokens of the block take. */
function bitsBy(ofLiterals: usize, ofDistances: usize): u32 {
  let bits: u32 = 0;
  for (let symbol: u32 = 0; symbol < LITERALS; symbol++) {
    const extra = symbol > END_OF_BLOCK ? extraOfLength(symbol - END_OF_BLOCK - 1) : 0;
    bits += load<u32>(literalCounts + symbol * 4) * (lengthOf(ofLiterals, symbol) + extra);
  }
  for (let symbol: u32 = 0; symbol < DISTANCES; symbol++) {
    bits +=
      load<u32>(distanceCounts + symbol * 4) * (lengthOf(ofDistances, symbol) + extraOfDistance(symbol));
  }
  return bits;
}

function writeTokens(ofLiterals: usize, ofDistances: usize): void {
  for (let i: u32 = 0; i < tokenCount; i++) {
    const token = load<u32>(tokens + i * 4);
    const distance = token & 0xffff;
    const length = token >> 16;
    if (distance === 0) {
      putBits(bitsOf(ofLiterals, length), lengthOf(ofLiterals, length));
      continue;
    }
    let symbol = symbolOfLength(length);
    const literal = END_OF_BLOCK + 1 + symbol;
    let size = lengthOf(ofLiterals, literal);
    putBits(
      bitsOf(ofLiterals, literal) | ((length - leastOfLength(symbol)) << size),
      size + extraOfLength(symbol),
    );
    symbol = symbolOfDistance(distance);
    size = lengthOf(ofDistances, symbol);
    putBits(
      bitsOf(ofDistances, symbol) | ((distance - leastOfDistance(symbol)) << size),
      size + extraOfDistance(symbol),
    );
  }
  putBits(bitsOf(ofLiterals, END_OF_BLOCK), lengthOf(ofLiterals, END_OF_BLOCK));
}

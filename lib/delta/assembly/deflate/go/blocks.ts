/**
 * Blocks of a stream as Go's compress/flate writes them: which of the three types of DEFLATE one has, and its codes.
 *
 * After compress/flate/huffman_bit_writer.go. Copyright 2009 The Go Authors. All rights reserved. BSD-style licence,
 * in LICENSE.
 */
import { fillByte, putBits, putBytes } from '../output';
import { makeCodes, reversed } from './codes';
import { tokenCount, tokens } from './tokens';

/** Bytes of a stored block, at most. */
const STORED: u32 = 65535;
const LITERALS: u32 = 286;
const DISTANCES: u32 = 30;
const LENGTHS: u32 = 19;
const END_OF_BLOCK: u32 = 256;
const STORED_TYPE: u32 = 0;
const FIXED_TYPE: u32 = 1;
const DYNAMIC_TYPE: u32 = 2;

/** How often each symbol occurs in the block, and the codes made of that: see `makeCodes`. */
const literals: usize = memory.data(286 * 4);
const literalCodes: usize = memory.data(286 * 4);
const distances: usize = memory.data(30 * 4);
const distanceCodes: usize = memory.data(30 * 4);
const lengths: usize = memory.data(19 * 4);
const lengthCodes: usize = memory.data(19 * 4);
/** The lengths of the codes of a dynamic block: symbols of RFC 1951, 3.2.7, each with its extra bits << 8. */
const runs: usize = memory.data(320 * 2);
let runCount: u32 = 0;
/** Lengths of all codes before that. */
const listed: usize = memory.data(320);
/** The order in which the lengths of the codes of lengths are written. */
const order: usize = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);

/** Symbols that the header of a dynamic block tells of. */
let literalCount: u32 = 0;
let distanceCount: u32 = 0;
let lengthCount: u32 = 0;

/** A block of the bytes as they are. */
export function storeBlock(place: usize, size: u32): void {
  writeStoredHeader(size, false);
  putBytes(place, size);
}

/** What Go ends its streams with: an empty stored block, the only one that says that it is the last. */
export function endBlocks(): void {
  writeStoredHeader(0, true);
}

/** A block of codes for bytes alone, or stored if that is not a sixteenth longer. */
export function writeBytesBlock(place: usize, size: u32): void {
  memory.fill(literals, 0, (<usize>LITERALS) << 2);
  for (let i: u32 = 0; i < size; i++) count(literals, load<u8>(place + i));
  memory.fill(distances, 0, (<usize>DISTANCES) << 2);
  const bits = planDynamic();
  if (isStoredBetter(size, bits)) {
    storeBlock(place, size);
    return;
  }
  writeDynamicHeader();
  for (let i: u32 = 0; i < size; i++) putCode(literalCodes, load<u8>(place + i));
  putCode(literalCodes, END_OF_BLOCK);
}

/** A dynamic block of the tokens, or stored if that is not a sixteenth longer. */
export function writeDynamicBlock(place: usize, size: u32): void {
  countTokens();
  const bits = planDynamic();
  if (isStoredBetter(size, bits)) {
    storeBlock(place, size);
    return;
  }
  writeDynamicHeader();
  writeTokens(false);
}

/** A block of the tokens, of the type that takes least. It can't be a stored one without its bytes, or if they are too many. */
export function writeBlock(place: usize, size: u32, hasBytes: bool): void {
  countTokens();
  const extra = extraBits();
  const dynamic = planDynamic() + extra;
  const fixed = fixedBits() + extra;
  if (hasBytes && size <= STORED && storedBits(size) < min(dynamic, fixed)) {
    storeBlock(place, size);
  } else if (dynamic < fixed) {
    writeDynamicHeader();
    writeTokens(false);
  } else {
    putBits(FIXED_TYPE << 1, 3);
    writeTokens(true);
  }
}

/** The extra bits of the block are not in `bits`: Go does not count them here. */
function isStoredBetter(size: u32, bits: u32): bool {
  return size <= STORED && storedBits(size) < bits + (bits >> 4);
}

function storedBits(size: u32): u32 {
  return (size + 5) << 3;
}

function writeStoredHeader(size: u32, last: bool): void {
  putBits((STORED_TYPE << 1) | u32(last), 3);
  fillByte();
  putBits(size | ((size ^ 0xffff) << 16), 32);
}

function count(frequencies: usize, symbol: u32): void {
  const place = frequencies + ((<usize>symbol) << 2);
  store<u32>(place, load<u32>(place) + 1);
}

function frequency(frequencies: usize, symbol: u32): u32 {
  return load<u32>(frequencies + ((<usize>symbol) << 2));
}

/** The extra bits of symbol 257 + `symbol`, of a length. */
function extraOfLength(symbol: u32): u32 {
  return symbol < 8 || symbol === 28 ? 0 : (symbol >> 2) - 1;
}

function extraOfDistance(symbol: u32): u32 {
  return symbol < 4 ? 0 : (symbol >> 1) - 1;
}

/** The symbol of a length, without 257: by its two highest bits below the leading one. */
function symbolOfLength(length: u32): u32 {
  const value = length - 3;
  if (value < 8) return value;
  if (value === 255) return 28;
  const high = 29 - clz(value);
  return (high << 2) + (value >> high);
}

function symbolOfDistance(distance: u32): u32 {
  const value = distance - 1;
  if (value < 4) return value;
  const high = 30 - clz(value);
  return (high << 1) + (value >> high);
}

function countTokens(): void {
  memory.fill(literals, 0, (<usize>LITERALS) << 2);
  memory.fill(distances, 0, (<usize>DISTANCES) << 2);
  const end = tokens + ((<usize>tokenCount) << 2);
  for (let place = tokens; place < end; place += 4) {
    const token = load<u32>(place);
    if (token < 256) {
      count(literals, token);
    } else {
      count(literals, 257 + symbolOfLength(token & 0xffff));
      count(distances, symbolOfDistance(token >> 16));
    }
  }
}

/** Makes the codes of a dynamic block; returns its bits, without the extra ones of lengths and distances. */
function planDynamic(): u32 {
  store<u32>(literals + (END_OF_BLOCK << 2), 1);
  literalCount = LITERALS;
  while (frequency(literals, literalCount - 1) === 0) literalCount--;
  distanceCount = DISTANCES;
  while (distanceCount > 0 && frequency(distances, distanceCount - 1) === 0) distanceCount--;
  if (distanceCount === 0) {
    // A block without copies has a code for one distance, of which Go believes that it occurs.
    store<u32>(distances, 1);
    distanceCount = 1;
  }
  makeCodes(literals, LITERALS, 15, literalCodes);
  makeCodes(distances, DISTANCES, 15, distanceCodes);
  listRuns();
  makeCodes(lengths, LENGTHS, 7, lengthCodes);
  lengthCount = LENGTHS;
  while (lengthCount > 4 && frequency(lengths, load<u8>(order + lengthCount - 1)) === 0) lengthCount--;
  return (
    17 +
    3 * lengthCount +
    codedBits(lengths, LENGTHS, lengthCodes) +
    2 * frequency(lengths, 16) +
    3 * frequency(lengths, 17) +
    7 * frequency(lengths, 18) +
    codedBits(literals, LITERALS, literalCodes) +
    codedBits(distances, DISTANCES, distanceCodes)
  );
}

function codedBits(frequencies: usize, size: u32, codes: usize): u32 {
  let bits: u32 = 0;
  for (let i: u32 = 0; i < size; i++) bits += frequency(frequencies, i) * (frequency(codes, i) >> 16);
  return bits;
}

function extraBits(): u32 {
  let bits: u32 = 0;
  for (let i: u32 = 0; i < 29; i++) bits += frequency(literals, 257 + i) * extraOfLength(i);
  for (let i: u32 = 0; i < DISTANCES; i++) bits += frequency(distances, i) * extraOfDistance(i);
  return bits;
}

function fixedBits(): u32 {
  let bits: u32 = 3;
  for (let i: u32 = 0; i < LITERALS; i++) bits += frequency(literals, i) * (fixedCode(i) >> 16);
  for (let i: u32 = 0; i < DISTANCES; i++) bits += frequency(distances, i) * 5;
  return bits;
}

/** The lengths of both codes, one after the other, as runs. */
function listRuns(): void {
  for (let i: u32 = 0; i < literalCount; i++) store<u8>(listed + i, <u8>(frequency(literalCodes, i) >> 16));
  const all = literalCount + distanceCount;
  for (let i: u32 = literalCount; i < all; i++)
    store<u8>(listed + i, <u8>(frequency(distanceCodes, i - literalCount) >> 16));
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

function putCode(codes: usize, symbol: u32): void {
  const code = load<u32>(codes + ((<usize>symbol) << 2));
  putBits(code & 0xffff, code >> 16);
}

function writeDynamicHeader(): void {
  putBits(DYNAMIC_TYPE << 1, 3);
  putBits(literalCount - 257, 5);
  putBits(distanceCount - 1, 5);
  putBits(lengthCount - 4, 4);
  for (let i: u32 = 0; i < lengthCount; i++) putBits(frequency(lengthCodes, load<u8>(order + i)) >> 16, 3);
  for (let i: u32 = 0; i < runCount; i++) {
    const run = <u32>load<u16>(runs + ((<usize>i) << 1));
    const symbol = run & 255;
    putCode(lengthCodes, symbol);
    if (symbol >= 16) putBits(run >> 8, symbol === 16 ? 2 : symbol === 17 ? 3 : 7);
  }
}

/** length << 16 | code of a literal in a fixed block. */
function fixedCode(symbol: u32): u32 {
  if (symbol < 144) return (8 << 16) | reversed(symbol + 0x30, 8);
  if (symbol < 256) return (9 << 16) | reversed(symbol + 0x100, 9);
  if (symbol < 280) return (7 << 16) | reversed(symbol - 256, 7);
  return (8 << 16) | reversed(symbol - 88, 8);
}

function useFixedCodes(): void {
  for (let i: u32 = 0; i < LITERALS; i++) store<u32>(literalCodes + ((<usize>i) << 2), fixedCode(i));
  for (let i: u32 = 0; i < DISTANCES; i++)
    store<u32>(distanceCodes + ((<usize>i) << 2), (5 << 16) | reversed(i, 5));
}

function writeTokens(fixed: bool): void {
  if (fixed) useFixedCodes();
  const end = tokens + ((<usize>tokenCount) << 2);
  for (let place = tokens; place < end; place += 4) {
    const token = load<u32>(place);
    if (token < 256) {
      putCode(literalCodes, token);
      continue;
    }
    const length = token & 0xffff;
    const lengthSymbol = symbolOfLength(length);
    const lengthCode = load<u32>(literalCodes + 257 * 4 + ((<usize>lengthSymbol) << 2));
    const lengthExtra = extraOfLength(lengthSymbol);
    const lengthRest = (length - 3) & ((1 << lengthExtra) - 1);
    putBits((lengthCode & 0xffff) | (lengthRest << (lengthCode >> 16)), (lengthCode >> 16) + lengthExtra);
    const distance = token >> 16;
    const symbol = symbolOfDistance(distance);
    const code = load<u32>(distanceCodes + ((<usize>symbol) << 2));
    const extra = extraOfDistance(symbol);
    const rest = (distance - 1) & ((1 << extra) - 1);
    putBits((code & 0xffff) | (rest << (code >> 16)), (code >> 16) + extra);
  }
  putCode(literalCodes, END_OF_BLOCK);
}

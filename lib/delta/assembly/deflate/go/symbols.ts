/**
 * How often each symbol of DEFLATE occurs in a block of Go's, what that takes, and the tokens as these symbols.
 *
 * After compress/flate/huffman_bit_writer.go. Copyright 2009 The Go Authors. All rights reserved. BSD-style licence, in LICENSE.
 */
import { putBits } from '../output';
import { lengthOf, reversed } from './codes';
import { tokenCount, tokens } from './tokens';

export const LITERALS: u32 = 286;
export const DISTANCES: u32 = 30;
export const END_OF_BLOCK: u32 = 256;
const FIXED_TYPE: u32 = 1;

/** How often each symbol occurs (u32). */
export const literals: usize = memory.data(286 * 4);
export const distances: usize = memory.data(30 * 4);
/** The codes of fixed blocks: see `makeCodes`. */
const fixedLiterals: usize = memory.data(286 * 4);
const fixedDistances: usize = memory.data(30 * 4);

export function count(frequencies: usize, symbol: u32): void {
  const place = frequencies + ((<usize>symbol) << 2);
  store<u32>(place, load<u32>(place) + 1);
}

export function frequency(frequencies: usize, symbol: u32): u32 {
  return load<u32>(frequencies + ((<usize>symbol) << 2));
}

/** The extra bits of symbol 257 + `symbol`, of a length. */
export function extraOfLength(symbol: u32): u32 {
  return symbol < 8 || symbol === 28 ? 0 : (symbol >> 2) - 1;
}

export function extraOfDistance(symbol: u32): u32 {
  return symbol < 4 ? 0 : (symbol >> 1) - 1;
}

/** The symbol of a length, without 257: by its two highest bits below the leading one. */
export function symbolOfLength(length: u32): u32 {
  const value = length - 3;
  if (value < 8) return value;
  if (value === 255) return 28;
  const high = 29 - clz(value);
  return (high << 2) + (value >> high);
}

export function symbolOfDistance(distance: u32): u32 {
  const value = distance - 1;
  if (value < 4) return value;
  const high = 30 - clz(value);
  return (high << 1) + (value >> high);
}

/** Counts the symbols of the tokens, and the end of the block. */
export function countTokens(): void {
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
  store<u32>(literals + (END_OF_BLOCK << 2), 1);
}

/** Counts bytes, and the end of the block. */
export function countBytes(place: usize, size: u32): void {
  memory.fill(literals, 0, (<usize>LITERALS) << 2);
  memory.fill(distances, 0, (<usize>DISTANCES) << 2);
  for (let i: u32 = 0; i < size; i++) count(literals, load<u8>(place + i));
  store<u32>(literals + (END_OF_BLOCK << 2), 1);
}

/** How many symbols of an alphabet there are up to the last that occurs. */
export function usedSymbols(frequencies: usize, size: u32): u32 {
  while (size > 0 && frequency(frequencies, size - 1) === 0) size--;
  return size;
}

/** Bits of `size` symbols by these codes. */
export function codedBits(frequencies: usize, size: u32, codes: usize): u32 {
  let bits: u32 = 0;
  for (let i: u32 = 0; i < size; i++) bits += frequency(frequencies, i) * lengthOf(codes, i);
  return bits;
}

/** Extra bits of the lengths and distances. */
export function extraBits(): u32 {
  let bits: u32 = 0;
  for (let i: u32 = 0; i < 29; i++) bits += frequency(literals, 257 + i) * extraOfLength(i);
  for (let i: u32 = 0; i < DISTANCES; i++) bits += frequency(distances, i) * extraOfDistance(i);
  return bits;
}

/** Bits of a fixed block, without extra bits. */
export function fixedBits(): u32 {
  let bits: u32 = 3;
  for (let i: u32 = 0; i < LITERALS; i++) bits += frequency(literals, i) * (fixedCode(i) >> 16);
  for (let i: u32 = 0; i < DISTANCES; i++) bits += frequency(distances, i) * 5;
  return bits;
}

/** length << 16 | code of a literal in a fixed block. */
function fixedCode(symbol: u32): u32 {
  if (symbol < 144) return (8 << 16) | reversed(symbol + 0x30, 8);
  if (symbol < 256) return (9 << 16) | reversed(symbol + 0x100, 9);
  if (symbol < 280) return (7 << 16) | reversed(symbol - 256, 7);
  return (8 << 16) | reversed(symbol - 88, 8);
}

export function putCode(codes: usize, symbol: u32): void {
  const code = load<u32>(codes + ((<usize>symbol) << 2));
  putBits(code & 0xffff, code >> 16);
}

/** A fixed block of the tokens. */
export function writeFixedBlock(): void {
  for (let i: u32 = 0; i < LITERALS; i++) store<u32>(fixedLiterals + ((<usize>i) << 2), fixedCode(i));
  for (let i: u32 = 0; i < DISTANCES; i++)
    store<u32>(fixedDistances + ((<usize>i) << 2), (5 << 16) | reversed(i, 5));
  putBits(FIXED_TYPE << 1, 3);
  writeTokens(fixedLiterals, fixedDistances);
  putCode(fixedLiterals, END_OF_BLOCK);
}

/** The tokens alone. */
export function writeTokens(literalCodes: usize, distanceCodes: usize): void {
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
}

/**
 * Huffman codes as Go's compress/flate makes them: lengths by package-merge, in which a package comes before a symbol of the same
 * frequency, and symbols of the same frequency in their order.
 *
 * After compress/flate/huffman_code.go. Copyright 2009 The Go Authors. All rights reserved. BSD-style licence, in LICENSE.
 */

/** Symbols of an alphabet, and bits of a code, at most. */
const SYMBOLS: u32 = 286;
const BITS: u32 = 15;

/** frequency << 9 | symbol of each symbol that occurs, then in order of that. */
const used: usize = memory.data(286 * 4);
/** Frequencies of the items of a list of package-merge, and of the list before it. */
const lists: usize = memory.data(2 * 576 * 4);
const LIST: usize = 576 * 4;
/** Of each list, which of its items are symbols. */
const isSymbol: usize = memory.data(16 * 576);
const IS_SYMBOL: usize = 576;
/** How many symbols have codes of a length; then the next code of that length. */
const ofLength: usize = memory.data(16 * 4);

/**
 * Codes for `count` symbols by their frequencies (u32 each, 65536 at most), of at most `maxBits` bits, 15 at most. `codes` has
 * length << 16 | code for each symbol, the code's first bit lowest, and 0 for those that do not occur.
 */
export function makeCodes(frequencies: usize, count: u32, maxBits: u32, codes: usize): void {
  if (count > SYMBOLS || maxBits > BITS) unreachable();
  memory.fill(codes, 0, (<usize>count) << 2);
  let size: u32 = 0;
  for (let symbol: u32 = 0; symbol < count; symbol++) {
    const frequency = load<u32>(frequencies + ((<usize>symbol) << 2));
    if (frequency === 0) continue;
    store<u32>(used + ((<usize>size) << 2), (frequency << 9) | symbol);
    size++;
  }
  if (size <= 2) {
    for (let i: u32 = 0; i < size; i++) setLength(codes, i, 1);
  } else {
    sortUsed(size);
    setLengths(size, min(maxBits, size - 1), codes);
  }
  assignCodes(count, codes);
}

function setLength(codes: usize, index: u32, length: u32): void {
  const symbol = load<u32>(used + ((<usize>index) << 2)) & 511;
  store<u32>(codes + ((<usize>symbol) << 2), length << 16);
}

/** Sorts by frequency, then by symbol: what is compared is different for all. */
function sortUsed(size: u32): void {
  for (let gap: u32 = 121; gap > 0; gap = gap / 3) {
    for (let i = gap; i < size; i++) {
      const item = load<u32>(used + ((<usize>i) << 2));
      let hole = i;
      while (hole >= gap) {
        const other = load<u32>(used + ((<usize>(hole - gap)) << 2));
        if (other < item) break;
        store<u32>(used + ((<usize>hole) << 2), other);
        hole -= gap;
      }
      store<u32>(used + ((<usize>hole) << 2), item);
    }
  }
}

/**
 * Lengths by package-merge. The first list has the symbols; each next one the symbols and the packages of two of the list before,
 * by frequency. A symbol's code is as long as the number of lists in which it is among those taken: of the last list the first
 * 2 * size - 2, of each other one what is in the packages taken.
 */
function setLengths(size: u32, levels: u32, codes: usize): void {
  const all: u32 = 2 * size - 2;
  let before: u32 = 0;
  for (let level: u32 = 0; level < levels; level++) before = mergeList(level, size, before, all);
  let taken: u32 = all;
  let lengthsFrom: u32 = size;
  // The rarer a symbol is, the more lists have it among those taken: `lengthsFrom` never grows.
  for (let level: u32 = levels; level-- > 0; ) {
    let symbols: u32 = 0;
    const flags = isSymbol + <usize>level * IS_SYMBOL;
    for (let i: u32 = 0; i < taken; i++) symbols += load<u8>(flags + i);
    for (let i = symbols; i < lengthsFrom; i++) setLength(codes, i, levels - 1 - level);
    lengthsFrom = symbols;
    taken = 2 * (taken - symbols);
  }
  for (let i: u32 = 0; i < lengthsFrom; i++) setLength(codes, i, levels);
}

/** Makes the list of a level out of the one before, which has `before` items. At most `all` items; returns how many. */
function mergeList(level: u32, size: u32, before: u32, all: u32): u32 {
  const list = lists + (level & 1 ? LIST : 0);
  const lower = lists + (level & 1 ? 0 : LIST);
  const flags = isSymbol + <usize>level * IS_SYMBOL;
  const packages = before >> 1;
  let symbol: u32 = 0;
  let pack: u32 = 0;
  let length: u32 = 0;
  while (length < all && (symbol < size || pack < packages)) {
    const ofSymbol = symbol < size ? load<u32>(used + ((<usize>symbol) << 2)) >> 9 : u32.MAX_VALUE;
    const ofPackage =
      pack < packages
        ? load<u32>(lower + ((<usize>pack) << 3)) + load<u32>(lower + ((<usize>pack) << 3), 4)
        : u32.MAX_VALUE;
    const takesSymbol = ofSymbol < ofPackage;
    store<u32>(list + ((<usize>length) << 2), takesSymbol ? ofSymbol : ofPackage);
    store<u8>(flags + length, <u8>takesSymbol);
    if (takesSymbol) symbol++;
    else pack++;
    length++;
  }
  return length;
}

/** The length of a symbol's code. */
export function lengthOf(codes: usize, symbol: u32): u32 {
  return load<u32>(codes + ((<usize>symbol) << 2)) >> 16;
}

/** Codes by their lengths (RFC 1951, 3.2.2). */
function assignCodes(count: u32, codes: usize): void {
  memory.fill(ofLength, 0, 16 * 4);
  for (let symbol: u32 = 0; symbol < count; symbol++) {
    const place = ofLength + ((<usize>(load<u32>(codes + ((<usize>symbol) << 2)) >> 16)) << 2);
    store<u32>(place, load<u32>(place) + 1);
  }
  store<u32>(ofLength, 0);
  let code: u32 = 0;
  for (let length: u32 = 1; length <= BITS; length++) {
    const place = ofLength + ((<usize>length) << 2);
    const next = code;
    code = (code + load<u32>(place)) << 1;
    store<u32>(place, next);
  }
  for (let symbol: u32 = 0; symbol < count; symbol++) {
    const place = codes + ((<usize>symbol) << 2);
    const length = load<u32>(place) >> 16;
    if (length === 0) continue;
    const next = ofLength + ((<usize>length) << 2);
    const value = load<u32>(next);
    store<u32>(next, value + 1);
    store<u32>(place, (length << 16) | reversed(value, length));
  }
}

/** The lowest `count` bits in the order of DEFLATE's codes. */
export function reversed(value: u32, count: u32): u32 {
  let result: u32 = 0;
  for (; count > 0; count--, value >>= 1) result = (result << 1) | (value & 1);
  return result;
}

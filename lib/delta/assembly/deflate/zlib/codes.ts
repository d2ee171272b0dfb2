/**
 * Huffman codes as zlib makes them: after zlib 1.3.1 (trees.c) by Jean-loup Gailly, (C) 1995-2024, under the zlib licence. This is no
 * original zlib. Which of the best codes it is depends on how its heap orders nodes that are equally frequent.
 */

/** How many symbols there are. A code is an array of them: of each its length and its bits (reversed), 16 bits each. */
export const LITERALS: u32 = 286;
export const DISTANCES: u32 = 30;
export const LENGTHS: u32 = 19;
const NODES: u32 = 2 * 286 + 1;
const LONGEST_CODE: u32 = 15;

const weights: usize = memory.data(2 * 573);
const parents: usize = memory.data(2 * 573);
const lengths: usize = memory.data(2 * 573);
const depths: usize = memory.data(573);
/** Nodes by weight: those to be joined in a heap from 1 on, and those that were, in a list that grows downwards. */
const heap: usize = memory.data(2 * 574);
const ofLength: usize = memory.data(2 * 16);
let heaped: u32 = 0;

function at(table: usize, index: u32): u32 {
  return load<u16>(table + index * 2);
}

function put(table: usize, index: u32, value: u32): void {
  store<u16>(table + index * 2, <u16>value);
}

export function lengthOf(code: usize, symbol: u32): u32 {
  return load<u16>(code + symbol * 4);
}

export function bitsOf(code: usize, symbol: u32): u32 {
  return load<u16>(code + symbol * 4, 2);
}

/** Makes the code for symbols that occur as often as `counts` says (32 bits each). Returns how many symbols it has: up to its last. */
export function makeCode(code: usize, counts: usize, symbols: u32, longest: u32): u32 {
  heaped = 0;
  let size: u32 = 0;
  for (let symbol: u32 = 0; symbol < symbols; symbol++) {
    const count = load<u32>(counts + symbol * 4);
    put(weights, symbol, count);
    put(lengths, symbol, 0);
    store<u8>(depths + symbol, 0);
    if (count === 0) continue;
    put(heap, ++heaped, symbol);
    size = symbol + 1;
  }
  // A code has two symbols at least.
  while (heaped < 2) {
    const symbol = size < 3 ? size++ : 0;
    put(heap, ++heaped, symbol);
    put(weights, symbol, 1);
  }
  const root = joinNodes(symbols);
  measure(root, size, longest);
  setLengths(code, size);
  assignBits(code, size);
  return size;
}

/** Joins the two lightest nodes until there is one. Returns where in `heap` the list of all begins: the root. */
function joinNodes(symbols: u32): u32 {
  for (let i = heaped / 2; i >= 1; i--) sink(i);
  let top = NODES;
  let node = symbols;
  do {
    const first = at(heap, 1);
    put(heap, 1, at(heap, heaped--));
    sink(1);
    const second = at(heap, 1);
    put(heap, --top, first);
    put(heap, --top, second);
    put(weights, node, at(weights, first) + at(weights, second));
    store<u8>(depths + node, max(load<u8>(depths + first), load<u8>(depths + second)) + 1);
    put(parents, first, node);
    put(parents, second, node);
    put(heap, 1, node++);
    sink(1);
  } while (heaped >= 2);
  put(heap, --top, at(heap, 1));
  return top;
}

function isLighter(a: u32, b: u32): bool {
  const difference = <i32>at(weights, a) - <i32>at(weights, b);
  return difference < 0 || (difference === 0 && load<u8>(depths + a) <= load<u8>(depths + b));
}

function sink(place: u32): void {
  const node = at(heap, place);
  let child = place * 2;
  while (child <= heaped) {
    if (child < heaped && isLighter(at(heap, child + 1), at(heap, child))) child++;
    const lighter = at(heap, child);
    if (isLighter(node, lighter)) break;
    put(heap, place, lighter);
    place = child;
    child *= 2;
  }
  put(heap, place, node);
}

/** Sets the length of each symbol below `size`: its depth, cut off at `longest`, and then changed until there is a code of these lengths. */
function measure(root: u32, size: u32, longest: u32): void {
  memory.fill(ofLength, 0, 2 * (LONGEST_CODE + 1));
  let over: i32 = 0;
  put(lengths, at(heap, root), 0);
  for (let i = root + 1; i < NODES; i++) {
    const node = at(heap, i);
    let length = at(lengths, at(parents, node)) + 1;
    if (length > longest) {
      length = longest;
      over++;
    }
    put(lengths, node, length);
    if (node < size) put(ofLength, length, at(ofLength, length) + 1);
  }
  if (over === 0) return;
  for (; over > 0; over -= 2) {
    let length = longest - 1;
    while (length > 0 && at(ofLength, length) === 0) length--;
    put(ofLength, length, at(ofLength, length) - 1);
    put(ofLength, length + 1, at(ofLength, length + 1) + 2);
    put(ofLength, longest, at(ofLength, longest) - 1);
  }
  let i = NODES;
  for (let length = longest; length > 0; length--) {
    for (let left = at(ofLength, length); left > 0 && i > root; ) {
      const node = at(heap, --i);
      if (node >= size) continue;
      put(lengths, node, length);
      left--;
    }
  }
}

function setLengths(code: usize, size: u32): void {
  for (let symbol: u32 = 0; symbol < size; symbol++) store<u16>(code + symbol * 4, <u16>at(lengths, symbol));
}

/** Gives the symbols of a code their bits, by their lengths (RFC 1951, 3.2.2). */
export function assignBits(code: usize, size: u32): void {
  memory.fill(ofLength, 0, 2 * (LONGEST_CODE + 1));
  for (let symbol: u32 = 0; symbol < size; symbol++) {
    const length = lengthOf(code, symbol) & LONGEST_CODE;
    if (length > 0) put(ofLength, length, at(ofLength, length) + 1);
  }
  let next: u32 = 0;
  for (let length: u32 = 1; length <= LONGEST_CODE; length++) {
    const count = at(ofLength, length);
    put(ofLength, length, next);
    next = (next + count) << 1;
  }
  for (let symbol: u32 = 0; symbol < size; symbol++) {
    const length = lengthOf(code, symbol) & LONGEST_CODE;
    if (length === 0) continue;
    const bits = at(ofLength, length);
    put(ofLength, length, bits + 1);
    store<u16>(code + symbol * 4, <u16>reverse(bits, length), 2);
  }
}

function reverse(bits: u32, length: u32): u32 {
  let reversed: u32 = 0;
  for (let i: u32 = 0; i < length; i++) reversed |= ((bits >> i) & 1) << (length - 1 - i);
  return reversed;
}

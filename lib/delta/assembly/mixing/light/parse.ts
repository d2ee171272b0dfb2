/**
 * For the encoder: into which tokens bulk is cut. Matches are found by a binary tree of all places, sorted by what is there. Of
 * all ways through a block the cheapest is taken, by what tokens cost when the block begins.
 */
import { take } from '../../memory';
import { chance } from '../coding/coder';
import {
  alignBits,
  at,
  bulk,
  classes,
  classOfDistance,
  isMatch,
  isRep,
  isShort,
  LONGEST,
  lengths,
  literalsAt,
  lowBits,
  rep0,
  rep1,
  rep2,
  rep3,
  repIndex,
  SHORTEST,
  STATES,
  slot,
  state,
  total,
} from './tokens';

/** Places of a block. */
const BLOCK: u32 = 4096;
/** A match of this length is taken without a look at others. */
const NICE: u32 = 128;
/** Nodes of the tree that are visited for a place. */
const DEPTH: u32 = 24;
const NONE: u32 = 0xffffffff;
const HEADS: u32 = 20;

let heads2: usize = 0;
let heads3: usize = 0;
let heads4: usize = 0;
let sons: usize = 0;
let indexed: u32 = 0;
/** Lengths and distances of the matches of a place, the lengths ascending. */
let found: usize = 0;
let foundCount: u32 = 0;

/** In 1/64 bits, by probability of 12 bits. */
let prices: usize = 0;
let lengthPrices: usize = 0;
let classPrices: usize = 0;
let lowPrices: usize = 0;
let alignPrices: usize = 0;

/** Of each place of the block: cost, length and distance of the token that ends here, state, the four last distances. */
const NODE: usize = 32;
let nodes: usize = 0;
/** Tokens of the block, last first. */
let tokens: usize = 0;
let tokenCount: u32 = 0;

export function openParse(): bool {
  heads2 = take(4 << 16);
  heads3 = take(4 << 18);
  heads4 = take((<usize>4) << HEADS);
  sons = take((<usize>total + 1) * 8);
  found = take(8 * 512);
  prices = take(4 * 4096);
  lengthPrices = take(4 * 2 * 512);
  classPrices = take(4 * 4 * 64);
  lowPrices = take(4 * 128);
  alignPrices = take(4 * 16);
  nodes = take(NODE * (<usize>BLOCK + LONGEST + 2));
  tokens = take(8 * (<usize>BLOCK + 2));
  if (sons === 0 || tokens === 0) return false;
  for (let i: u32 = 0; i < 4096; i++) {
    store<u32>(slot(prices, i), <u32>(-Math.log2((<f64>i + 0.5) / 4096) * 64));
  }
  return true;
}

function price(counter: usize, bit: u32): u32 {
  const p = chance(counter) >> 4;
  return load<u32>(slot(prices, bit ? p : 4095 - p));
}

function treePrice(counters: usize, value: u32, count: u32): u32 {
  let sum: u32 = 0;
  for (let node = value + (1 << count); node > 1; node >>= 1)
    sum += price(slot(counters, node >> 1), node & 1);
  return sum;
}

function reversePrice(counters: usize, value: u32, count: u32): u32 {
  let sum: u32 = 0;
  let node: u32 = 1;
  for (let i: u32 = 0; i < count; i++) {
    const bit = (value >> i) & 1;
    sum += price(slot(counters, node), bit);
    node = node * 2 + bit;
  }
  return sum;
}

function fillPrices(): void {
  for (let table: u32 = 0; table < 2; table++) {
    const counters = slot(lengths, table * 1024);
    for (let value: u32 = 0; value <= LONGEST - SHORTEST; value++) {
      let sum = price(counters, u32(value >= 8));
      if (value < 8) sum += treePrice(slot(counters, 16), value, 3);
      else {
        sum += price(slot(counters, 1), u32(value >= 16));
        sum +=
          value < 16
            ? treePrice(slot(counters, 32), value - 8, 3)
            : treePrice(slot(counters, 64), value - 16, 8);
      }
      store<u32>(slot(lengthPrices, table * 512 + value), sum);
    }
  }
  for (let table: u32 = 0; table < 4; table++) {
    for (let value: u32 = 0; value < 64; value++) {
      let sum = treePrice(slot(classes, table * 64), value, 6);
      if (value >= 14) sum += ((value >> 1) - 5) * 64;
      store<u32>(slot(classPrices, table * 64 + value), sum);
    }
  }
  for (let less: u32 = 4; less < 128; less++) {
    const kind = classOfDistance(less);
    const count = (kind >> 1) - 1;
    store<u32>(
      slot(lowPrices, less),
      reversePrice(slot(lowBits, kind * 32), less - ((2 | (kind & 1)) << count), count),
    );
  }
  for (let value: u32 = 0; value < 16; value++)
    store<u32>(slot(alignPrices, value), reversePrice(alignBits, value, 4));
}

function distancePrice(distance: u32, length: u32): u32 {
  const less = distance - 1;
  const sum = load<u32>(slot(classPrices, min<u32>(length - SHORTEST, 3) * 64 + classOfDistance(less)));
  if (less < 4) return sum;
  return sum + (less < 128 ? load<u32>(slot(lowPrices, less)) : load<u32>(slot(alignPrices, less & 15)));
}

function lengthPrice(table: u32, length: u32): u32 {
  return load<u32>(slot(lengthPrices, table * 512 + length - SHORTEST));
}

function bytePrice(place: u32, kind: u32, after: u32, distance: u32): u32 {
  const counters = literalsAt(kind, place);
  const byte: u32 = load<u8>(bulk + place);
  let node: u32 = 1;
  let sum: u32 = 0;
  let i: u32 = 0;
  if ((after & 3) !== 0) {
    const expected: u32 = load<u8>(bulk + place - distance);
    while (i < 8) {
      const likely = (expected >> (7 - i)) & 1;
      const bit = (byte >> (7 - i)) & 1;
      sum += price(slot(counters, (1 + likely) * 256 + node), bit);
      node = node * 2 + bit;
      i++;
      if (bit !== likely) break;
    }
  }
  for (; i < 8; i++) {
    const bit = (byte >> (7 - i)) & 1;
    sum += price(slot(counters, node), bit);
    node = node * 2 + bit;
  }
  return sum;
}

function lengthOf(place: u32, distance: u32, most: u32): u32 {
  const a = bulk + place;
  let length: u32 = 0;
  while (length < most && load<u8>(a + length) === load<u8>(a + length - distance)) length++;
  return length;
}

function addFound(length: u32, distance: u32): void {
  store<u32>(found + ((<usize>foundCount) << 3), length);
  store<u32>(found + ((<usize>foundCount) << 3), distance, 4);
  foundCount++;
}

/** Puts the place, which is the next, into the tree; `search`: notes the matches. */
function insert(search: bool): void {
  const place = indexed++;
  foundCount = 0;
  const here = bulk + place;
  const limit = min(LONGEST, total - place);
  if (limit < 4) return;
  const word = load<u32>(here);
  const head2 = heads2 + ((<usize>(word & 0xffff)) << 2);
  const head3 = heads3 + ((<usize>(((word << 8) * 0x9e3779b1) >> 14)) << 2);
  const head4 = heads4 + ((<usize>((word * 0x9e3779b1) >> (32 - HEADS))) << 2);
  let longest: u32 = 1;
  if (search) {
    for (let i = 0; i < 2; i++) {
      const candidate = load<u32>(i === 0 ? head2 : head3);
      if (candidate === 0) continue;
      const distance = place + 1 - candidate;
      const length = lengthOf(place, distance, limit);
      if (length > longest) {
        longest = length;
        addFound(length, distance);
      }
    }
  }
  store<u32>(head2, place + 1);
  store<u32>(head3, place + 1);
  let current = load<u32>(head4);
  store<u32>(head4, place + 1);
  let right = sons + ((<usize>place) << 3) + 4;
  let left = sons + ((<usize>place) << 3);
  let length0: u32 = 0;
  let length1: u32 = 0;
  for (let depth: u32 = DEPTH; ; depth--) {
    if (current === 0 || depth === 0) {
      store<u32>(right, 0);
      store<u32>(left, 0);
      return;
    }
    const other = current - 1;
    const pair = sons + ((<usize>other) << 3);
    const there = bulk + other;
    let length = min(length0, length1);
    while (length < limit && load<u8>(there + length) === load<u8>(here + length)) length++;
    if (length > longest) {
      longest = length;
      if (search) addFound(length, place - other);
    }
    if (length === limit) {
      store<u32>(left, load<u32>(pair));
      store<u32>(right, load<u32>(pair, 4));
      return;
    }
    if (load<u8>(there + length) < load<u8>(here + length)) {
      store<u32>(left, current);
      left = pair + 4;
      current = load<u32>(left);
      length1 = length;
    } else {
      store<u32>(right, current);
      right = pair;
      current = load<u32>(right);
      length0 = length;
    }
  }
}

function nodeAt(index: u32): usize {
  return nodes + <usize>index * NODE;
}

function offer(index: u32, cost: u32, length: u32, distance: u32): void {
  const node = nodeAt(index);
  if (cost >= load<u32>(node)) return;
  store<u32>(node, cost);
  store<u32>(node, length, 4);
  store<u32>(node, distance, 8);
}

/** State and distances behind the token that ends here. */
function settle(index: u32): void {
  const node = nodeAt(index);
  const distance = load<u32>(node, 8);
  const before = nodeAt(index - load<u32>(node, 4));
  memory.copy(node + 12, before + 12, 20);
  const was = load<u32>(before, 12);
  if (distance === 0) {
    store<u32>(node, (was << 2) & (STATES - 1), 12);
    return;
  }
  let which: usize = 0;
  while (which < 4 && load<u32>(before + 16 + (which << 2)) !== distance) which++;
  store<u32>(node, ((was << 2) | (which < 4 ? 2 : 1)) & (STATES - 1), 12);
  for (let i = min<usize>(which, 3); i > 0; i--)
    store<u32>(node + 16 + (i << 2), load<u32>(before + 12 + (i << 2)));
  store<u32>(node, distance, 16);
}

/** Cuts the next block into tokens, of which `nextToken` tells one after the other. `kind`: of the content. */
export function parse(kind: u32, end: u32): void {
  fillPrices();
  const start = at;
  const size = min(BLOCK, end - start);
  for (let i: u32 = 0; i <= size; i++) store<u32>(nodeAt(i), NONE);
  const first = nodeAt(0);
  store<u32>(first, 0);
  store<u32>(first, state, 12);
  store<u32>(first, rep0, 16);
  store<u32>(first, rep1, 20);
  store<u32>(first, rep2, 24);
  store<u32>(first, rep3, 28);
  tokenCount = 0;
  let last: u32 = 0;
  while (last < size) {
    if (last > 0) settle(last);
    const node = nodeAt(last);
    const place = start + last;
    while (indexed < place) insert(false);
    insert(true);
    const most = min(LONGEST, min(end - place, size - last));
    const cost = load<u32>(node);
    const after = load<u32>(node, 12);
    const near = load<u32>(node, 16);
    // A long match ends the block.
    let long: u32 = 0;
    let longDistance: u32 = 0;
    const whole = min(LONGEST, end - place);
    if (foundCount > 0) {
      const best = found + ((<usize>(foundCount - 1)) << 3);
      if (load<u32>(best) >= NICE) {
        long = min(load<u32>(best), whole);
        longDistance = load<u32>(best, 4);
      }
    }
    for (let i: usize = 0; i < 4; i++) {
      const distance = load<u32>(node + 16 + (i << 2));
      if (distance > place) continue;
      const length = lengthOf(place, distance, whole);
      if (length >= NICE && length >= long) {
        long = length;
        longDistance = distance;
        break;
      }
    }
    if (long >= NICE) {
      store<u32>(tokens, long);
      store<u32>(tokens, longDistance, 4);
      tokenCount = 1;
      break;
    }
    const isByte = slot(isMatch, kind * STATES + after);
    const matchCost = cost + price(isByte, 1);
    offer(last + 1, cost + price(isByte, 0) + bytePrice(place, kind, after, near), 1, 0);
    const repCost = matchCost + price(slot(isRep, after), 1);
    for (let i: u32 = 0; i < 4; i++) {
      const distance = load<u32>(node + 16 + ((<usize>i) << 2));
      if (distance > place) continue;
      const length = lengthOf(place, distance, most);
      if (length === 0) continue;
      let sum = repCost;
      for (let which: u32 = 0; which < 3 && which <= i; which++) {
        sum += price(slot(repIndex, after * 4 + which), u32(i > which));
      }
      if (i === 0) {
        offer(last + 1, sum + price(slot(isShort, after), 1), 1, distance);
        sum += price(slot(isShort, after), 0);
      }
      for (let l = SHORTEST; l <= length; l++) offer(last + l, sum + lengthPrice(1, l), l, distance);
    }
    const newCost = matchCost + price(slot(isRep, after), 0);
    let from = SHORTEST;
    for (let i: u32 = 0; i < foundCount; i++) {
      const match = found + ((<usize>i) << 3);
      const length = min(most, load<u32>(match));
      const distance = load<u32>(match, 4);
      for (; from <= length; from++) {
        offer(last + from, newCost + lengthPrice(0, from) + distancePrice(distance, from), from, distance);
      }
    }
    last++;
  }
  for (let i = last; i > 0; ) {
    const node = nodeAt(i);
    const token = tokens + ((<usize>tokenCount) << 3);
    tokenCount++;
    store<u32>(token, load<u32>(node, 4));
    store<u32>(token, load<u32>(node, 8), 4);
    i -= load<u32>(node, 4);
  }
}

export let tokenLength: u32 = 0;
export let tokenDistance: u32 = 0;

/** False if the block is at its end. */
export function nextToken(): bool {
  if (tokenCount === 0) return false;
  tokenCount--;
  const token = tokens + ((<usize>tokenCount) << 3);
  tokenLength = load<u32>(token);
  tokenDistance = load<u32>(token, 4);
  return true;
}

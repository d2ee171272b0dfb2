/**
 * Steps: the new file in pieces, each aligned to a place of the old file, or bulk that comes from the other stream. They
 * are coded before everything else, and so are also a map from old places to new ones.
 */
import { take } from '../../memory';
import { codeFlag, codeNumber, encoding, NUMBER } from '../coding/coder';
import { Limits } from '../coding/limits';

/** The old place of bulk. */
export const BULK: u32 = 0xffffffff;
/** Of the old place of a step that is fast; BULK has it as well. */
const FAST: u32 = 0x80000000;
/** Steps, at most. */
export const MOST: u32 = 1 << 22;
const RECENT: u32 = 16;
/** Of the flags: where those of the lowest four bits of starts begin. */
const ROWS: u32 = 128;
/** Where those of fast steps begin. */
const SPEEDS: u32 = ROWS + 4 * 64;
/** Alignments that are looked at for one that contains a place. */
const DEPTH: u32 = 24;

export let stepCount: u32 = 0;
/** new place, old place: u32 each. */
let steps: usize = 0;
let newSize: u32 = 0;
let oldSize: u32 = 0;
/** The aligned steps by old place: old place, new place, length. */
const PIECE: usize = 12;
let sorted: usize = 0;
let sortedCount: u32 = 0;

let lengths: usize = 0;
let seeks: usize = 0;
let flags: usize = 0;
let recent: usize = 0;
let coded: u32 = 0;
let context: u32 = 0;
let speed: u32 = 0;

export function openSteps(oldBytes: u32, newBytes: u32): bool {
  oldSize = oldBytes;
  newSize = newBytes;
  lengths = take(4 * NUMBER);
  seeks = take(4 * NUMBER);
  flags = take((SPEEDS + 2) * 4);
  recent = take(RECENT * 4);
  return recent !== 0;
}

/** Takes memory for `count` steps; where they are, or 0. */
export function takeSteps(count: u32): usize {
  if (count === 0 || count > MOST) return 0;
  stepCount = count;
  steps = take((<usize>count + 1) << 3);
  return steps;
}

export function stepStart(index: u32): u32 {
  return index < stepCount ? load<u32>(steps + ((<usize>index) << 3)) : newSize;
}

export function stepOld(index: u32): u32 {
  const old = load<u32>(steps + ((<usize>index) << 3), 4);
  return old === BULK ? BULK : old & ~FAST;
}

export function isFast(index: u32): bool {
  const old = load<u32>(steps + ((<usize>index) << 3), 4);
  return old !== BULK && (old & FAST) !== 0;
}

function flag(index: u32): usize {
  return flags + ((<usize>index) << 2);
}

/** Codes the next step: 1 done, 0 more to come, -1 malformed. A step's length is where the next one starts. */
export function codeStep(): i32 {
  const at = steps + ((<usize>coded) << 3);
  const start: u32 = coded === 0 ? 0 : load<u32>(at - 8);
  let place: u32 = 0;
  if (coded > 0) {
    place = Limits.second ? codeRow(load<u32>(at), start) : codeLength(load<u32>(at), start);
    if (place <= start || place >= newSize) return -1;
  }
  store<u32>(at, place);
  const old = load<u32>(at, 4);
  if (codeFlag(u32(old === BULK), flag(context), Limits.steps)) {
    store<u32>(at, BULK, 4);
    context = 0;
  } else {
    if (!codeAligned(at, place, old & ~FAST)) return -1;
    if (Limits.fast) {
      speed = codeFlag(old >> 31, flag(SPEEDS + speed), Limits.steps);
      store<u32>(at, load<u32>(at, 4) | (speed << 31), 4);
    }
  }
  coded++;
  return coded === stepCount ? 1 : 0;
}

/** What precedes is as long as this: at least one byte. Returns the start, or one that can't be. */
function codeLength(next: u32, start: u32): u32 {
  const length = codeNumber(next - start - 1, lengths + <usize>context * NUMBER);
  return length >= newSize - start - 1 ? newSize : start + length + 1;
}

/** Functions begin at multiples of 16, and so do most steps of code: the lowest four bits are a number of their own. */
function codeRow(next: u32, start: u32): u32 {
  const rows = codeNumber((next >> 4) - (start >> 4), lengths + <usize>context * NUMBER);
  if (rows > newSize >> 4) return newSize;
  const tree = ROWS + 64 * context + (rows === 0 ? 16 : (start & 15) === 0 ? 32 : 0);
  let node: u32 = 1;
  for (let bit = 3; bit >= 0; bit--)
    node = node * 2 + codeFlag((next >> bit) & 1, flag(tree + node), Limits.steps);
  return (((start >> 4) + rows) << 4) | (node & 15);
}

/** The distance from new place to old: one of the last, or near one of the last two. */
function codeAligned(at: usize, place: u32, old: u32): bool {
  let distance = old - place;
  let index: u32 = RECENT;
  if (encoding) {
    for (index = 0; index < RECENT && load<u32>(recent + (index << 2)) !== distance; ) index++;
  }
  if (codeFlag(u32(index < RECENT), flag(4 + context), Limits.steps)) {
    let node: u32 = 1;
    for (let bit = 3; bit >= 0; bit--)
      node = node * 2 + codeFlag((index >> bit) & 1, flag(16 + context * 16 + node), Limits.steps);
    index = node & 15;
    distance = load<u32>(recent + (index << 2));
    context = index === 1 ? 1 : 2;
  } else {
    const first = distance - load<u32>(recent);
    const second = distance - load<u32>(recent, 4);
    const which = codeFlag(u32(magnitude(second) < magnitude(first)), flag(8 + context), Limits.steps);
    const from = which ? second : first;
    const back = codeFlag(from >> 31, flag(12 + which), Limits.steps);
    const size = codeNumber(magnitude(from), seeks + <usize>((context & 1) * 2 + which) * NUMBER);
    distance = load<u32>(recent + (which << 2)) + (back ? 0 - size : size);
    index = RECENT - 1;
    context = 3;
  }
  for (; index > 0; index--) store<u32>(recent + (index << 2), load<u32>(recent + ((index - 1) << 2)));
  store<u32>(recent, distance);
  store<u32>(at, place + distance, 4);
  return place + distance <= oldSize;
}

function magnitude(value: u32): u32 {
  return value >> 31 ? 0 - value : value;
}

/** Sorts the aligned steps by old place, those of the same place by new place. False if memory ran out. */
export function sortSteps(): bool {
  let from = take((<usize>stepCount) << 2);
  let to = take((<usize>stepCount) << 2);
  const totals = take(2048 << 2);
  if (from === 0 || to === 0 || totals === 0) return false;
  for (let i: u32 = 0; i < stepCount; i++) {
    if (stepOld(i) === BULK) continue;
    store<u32>(from + ((<usize>sortedCount) << 2), i);
    sortedCount++;
  }
  for (let shift: u32 = 0; shift < 33; shift += 11) {
    memory.fill(totals, 0, 2048 << 2);
    for (let i: u32 = 0; i < sortedCount; i++) {
      const total = totals + (((stepOld(load<u32>(from + ((<usize>i) << 2))) >> shift) & 2047) << 2);
      store<u32>(total, load<u32>(total) + 1);
    }
    let sum: u32 = 0;
    for (let total = totals; total < totals + (2048 << 2); total += 4) {
      const count = load<u32>(total);
      store<u32>(total, sum);
      sum += count;
    }
    for (let i: u32 = 0; i < sortedCount; i++) {
      const index = load<u32>(from + ((<usize>i) << 2));
      const total = totals + (((stepOld(index) >> shift) & 2047) << 2);
      const place = load<u32>(total);
      store<u32>(to + ((<usize>place) << 2), index);
      store<u32>(total, place + 1);
    }
    const swap = from;
    from = to;
    to = swap;
  }
  sorted = take((<usize>sortedCount + 1) * PIECE);
  if (sorted === 0) return false;
  for (let i: u32 = 0; i < sortedCount; i++) {
    const index = load<u32>(from + ((<usize>i) << 2));
    const piece = pieceAt(i);
    store<u32>(piece, stepOld(index));
    store<u32>(piece, stepStart(index), 4);
    store<u32>(piece, stepStart(index + 1) - stepStart(index), 8);
  }
  return indexPages();
}

function pieceAt(index: u32): usize {
  return sorted + <usize>index * PIECE;
}

/** Of each page of the old file: how many of the sorted steps begin before it. */
const PAGE: u32 = 10;
let pages: usize = 0;

function indexPages(): bool {
  const count = (oldSize >> PAGE) + 2;
  pages = take((<usize>count) << 2);
  if (pages === 0) return false;
  let index: u32 = 0;
  for (let page: u32 = 0; page < count; page++) {
    while (index < sortedCount && load<u32>(pieceAt(index)) >> PAGE < page) index++;
    store<u32>(pages + ((<usize>page) << 2), index);
  }
  return true;
}

/** Bytes from the place on that the alignment has by which `mapped` answered last, 0 if there was none. */
export let mappedLeft: u32 = 0;

/** The new place of an old one: by the longest of the alignments before it that contain it, or 0xffffffff. */
export function mapped(old: u32): u32 {
  const page = pages + ((<usize>(old >> PAGE)) << 2);
  let low = load<u32>(page);
  let high = load<u32>(page, 4);
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<u32>(pieceAt(middle)) <= old) low = middle + 1;
    else high = middle;
  }
  let longest: u32 = 0;
  let found: u32 = 0xffffffff;
  mappedLeft = 0;
  for (let depth: u32 = 0; depth < DEPTH && low > 0; depth++) {
    low--;
    const piece = pieceAt(low);
    const length = load<u32>(piece, 8);
    const into = old - load<u32>(piece);
    if (into < length && length > longest) {
      longest = length;
      found = load<u32>(piece, 4) + into;
      mappedLeft = length - into;
    }
  }
  return found;
}

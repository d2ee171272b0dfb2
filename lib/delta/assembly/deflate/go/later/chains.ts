/**
 * Copies as Go finds them at its levels 7 to 9 since 1.27: along chains of places with the same hash of four bytes.
 *
 * After compress/flate/deflate.go. Copyright 2009 The Go Authors. All rights reserved. BSD-style licence, in LICENSE.
 */
import { makeCodes } from '../codes';
import { count, extraOfDistance, extraOfLength, symbolOfDistance, symbolOfLength } from '../symbols';
import { addByte, addCopy, dropTokens, tokenCount } from '../tokens';
import { writeDynamic } from './blocks';

/** Of levels 7 to 9: up to which length a longer copy is looked for, what ends a search, and places looked at. */
const LAZY: usize = memory.data<u16>([12, 30, 258]);
const NICE: usize = memory.data<u16>([16, 40, 258]);
const CHAIN: usize = memory.data<u16>([24, 64, 1024]);
/** With chains as long as this it counts what a copy saves. */
const COUNTED: i32 = 100;
/** What a copy has to save, and what it costs besides its extra bits. */
const SAVED: i32 = 4;
const COST: i32 = 3;

const BLOCK_TOKENS: u32 = 1 << 15;
const WINDOW: i32 = 1 << 15;
const SHORTEST: i32 = 4;
const LONGEST: i32 = 258;
/** Bytes that are to follow, unless none come any more. */
const AHEAD: i32 = SHORTEST + LONGEST;
/** Bytes at the beginning of a copy that another one, found by its end, may lack. */
const LACKING: i32 = 2;
const LATEST: i32 = 1 << 24;

/** Twice a window, and behind it what is compared at once. */
const bytes: usize = memory.data((1 << 16) + 8);
/** Of each hash the place where it was last, plus `offset`; of each place in a window that before it. 0 if there is none. */
const heads: usize = memory.data(4 << 17);
const HEADS: usize = 4 << 17;
const earlier: usize = memory.data(4 << 15);
const EARLIER: usize = 4 << 15;
/** How often bytes occur, and their codes: what they would take without copies. */
const occurring: usize = memory.data(256 * 4);
const codes: usize = memory.data(256 * 4);

let lazy: i32 = 0;
let nice: i32 = 0;
let chain: i32 = 0;

let offset: i32 = 1;
let filled: i32 = 0;
let at: i32 = 0;
/** Where the block begins; -1 if that is no longer in `bytes`. */
let blockBegin: i32 = 0;
/** The copy found at the place before, which a longer one may replace; below SHORTEST without one. */
let found: i32 = 0;
let foundDistance: i32 = 0;
/** Whether the byte before is in no token yet. */
let isPending: bool = false;
/** Bytes without copies; 16 bits of it. */
let plain: u32 = 0;
/** Whether no bytes come any more. */
let isLast: bool = false;

/** `level` is from 7 to 9. */
export function openChains(level: i32): void {
  const entry = (<usize>(level - 7)) << 1;
  lazy = load<u16>(LAZY + entry);
  nice = load<u16>(NICE + entry);
  chain = load<u16>(CHAIN + entry);
  memory.fill(heads, 0, HEADS);
  memory.fill(earlier, 0, EARLIER);
  dropTokens();
  offset = 1;
  filled = 0;
  at = 0;
  blockBegin = 0;
  found = SHORTEST - 1;
  isPending = false;
  plain = 0;
  isLast = false;
}

export function writeChains(input: usize, size: u32): void {
  while (size > 0) {
    if (filled === 2 * WINDOW) {
      findCopies();
      moveWindow();
    }
    const part = min(size, 2 * WINDOW - filled);
    memory.copy(bytes + filled, input, part);
    filled += <i32>part;
    input += part;
    size -= part;
  }
}

export function closeChains(): void {
  isLast = true;
  findCopies();
  if (isPending) addByte(load<u8>(bytes + at - 1));
  if (tokenCount > 0) endBlock();
}

function moveWindow(): void {
  memory.copy(bytes, bytes + WINDOW, WINDOW);
  at -= WINDOW;
  filled -= WINDOW;
  blockBegin = blockBegin >= WINDOW ? blockBegin - WINDOW : -1;
  offset += WINDOW;
  if (offset > LATEST) {
    moveEntries(heads, HEADS);
    moveEntries(earlier, EARLIER);
    offset = 1;
  }
}

/** Places are counted from this window. */
function moveEntries(table: usize, size: usize): void {
  const less = offset - 1;
  for (let entry = table; entry < table + size; entry += 4)
    store<i32>(entry, max(load<i32>(entry) - less, 0));
}

function findCopies(): void {
  if (chain >= COUNTED && filled > at) {
    memory.fill(occurring, 0, 256 * 4);
    const end = min(filled, at + WINDOW);
    for (let i = at; i < end; i++) count(occurring, load<u8>(bytes + i));
    makeCodes(occurring, 256, 15, codes);
  }
  while (filled - at >= (isLast ? 1 : AHEAD)) takeLazily();
}

/** The copy from the place before, if that from here is not longer. */
function takeLazily(): void {
  const head = remember(at);
  const length = found;
  const distance = foundDistance;
  found = SHORTEST - 1;
  if (length < lazy && length < filled - at && head >= max(at - WINDOW, 0)) findCopy(head);
  if (length >= SHORTEST && found <= length) {
    takeCopy(length, distance);
    return;
  }
  if (found >= SHORTEST) plain = 0;
  if (isPending) {
    plain = (plain + 1) & 0xffff;
    addPending();
    at++;
    const many = <i32>plain - chain;
    if (many > 0) skip(1 + (many >> 6));
  } else {
    isPending = true;
    at++;
  }
}

/** Takes the copy from the place before, or a longer one that ends later. */
function takeCopy(length: i32, distance: i32): void {
  const begin = at - 1;
  foundDistance = distance;
  const longer = lengthByEnd(begin, length, distance);
  if (longer > length) {
    length = longer;
    // Bytes that it lacks at its beginning are tokens, unless they are in it after all.
    let lacking = LACKING;
    while (lacking > 0 && length < LONGEST && isSame(begin + lacking - 1)) {
      lacking--;
      length++;
    }
    for (let i = 0; i < lacking; i++) {
      addByte(load<u8>(bytes + begin + i));
      endFullBlock();
      at++;
      remember(at);
    }
  }
  addCopy(length, foundDistance);
  const end = at + length - 1;
  for (let place = at + 1; place < end; place++) remember(place);
  at = end;
  isPending = false;
  found = SHORTEST - 1;
  endFullBlock();
  plain = 0;
}

function isSame(place: i32): bool {
  return load<u8>(bytes + place) === load<u8>(bytes + place - foundDistance);
}

/** The length from LACKING bytes behind `begin` on of a copy that is found by what follows the one there; its distance is in foundDistance. */
function lengthByEnd(begin: i32, length: i32, distance: i32): i32 {
  if (length >= LONGEST - LACKING || begin + length >= filled - (SHORTEST - 1)) return 0;
  const end = min(filled - at, LONGEST + LACKING) + begin;
  const source = load<i32>(slotOf(begin + length)) - offset - length;
  if (begin - source === distance || source <= max(at - WINDOW, 0) + LACKING) return 0;
  const longer = matchLength(bytes + begin + LACKING, bytes + source + LACKING, end - begin - LACKING);
  if (longer > length) foundDistance = begin - source;
  return longer;
}

/** Bytes are tokens without a look, after many without copies. */
function skip(steps: i32): void {
  for (let i = 0; i < steps && at < filled - 1; i++) {
    addPending();
    remember(at);
    at++;
  }
  addPending();
  isPending = false;
}

function addPending(): void {
  addByte(load<u8>(bytes + at - 1));
  endFullBlock();
}

function slotOf(place: i32): usize {
  return heads + ((<usize>((load<u32>(bytes + place) * 2654435761) >> 15)) << 2);
}

/** Remembers where four bytes are; returns where their hash was before, or -1, as for less than four bytes. */
function remember(place: i32): i32 {
  if (place + SHORTEST > filled) return -1;
  const head = slotOf(place);
  const before = load<i32>(head);
  store<i32>(earlier + ((<usize>(place & (WINDOW - 1))) << 2), before);
  store<i32>(head, place + offset);
  return before - offset;
}

/** Finds the best copy along the chain that begins at `place`. There are four bytes or more. */
function findCopy(place: i32): void {
  const most = min(LONGEST, filled - at);
  const enough = min(nice, most);
  const farthest = max(at - WINDOW, 0);
  const here = bytes + at;
  let next = load<u8>(here + found);
  let saved = SAVED;
  for (let tries = chain; tries > 0; tries--) {
    if (load<u8>(bytes + place + found) === next) {
      const length = matchLength(here, bytes + place, most);
      if (length > found) {
        const saves = chain >= COUNTED ? savedBits(here, length, at - place) : i32.MAX_VALUE;
        if (saves > saved) {
          saved = chain >= COUNTED ? saves : SAVED;
          found = length;
          foundDistance = at - place;
          if (length >= enough) return;
          next = load<u8>(here + length);
        }
      }
    }
    if (place <= farthest) return;
    place = load<i32>(earlier + ((<usize>(place & (WINDOW - 1))) << 2)) - offset;
    if (place < farthest) return;
  }
}

/** What a copy saves; as in Go, by the extra bits of the next distance, and of the distance 32768 those of 129. */
function savedBits(here: usize, length: i32, distance: i32): i32 {
  let bits = 0;
  for (let i = 0; i < length; i++)
    bits += <i32>max(1, load<u32>(codes + ((<usize>load<u8>(here + i)) << 2)) >> 16);
  const extra = distance === WINDOW ? 6 : extraOfDistance(symbolOfDistance(distance + 1));
  return bits - <i32>extra - COST - <i32>extraOfLength(symbolOfLength(length));
}

function matchLength(here: usize, there: usize, most: i32): i32 {
  for (let length = 0; length < most; length += 8) {
    const difference = load<u64>(here + length) ^ load<u64>(there + length);
    if (difference !== 0) return min(most, length + <i32>(ctz(difference) >> 3));
  }
  return most;
}

function endFullBlock(): void {
  if (tokenCount === BLOCK_TOKENS) endBlock();
}

/** Writes the tokens as blocks of the bytes before `at`. */
function endBlock(): void {
  writeDynamic(bytes + max(blockBegin, 0), blockBegin < 0 ? 0 : at - blockBegin, blockBegin >= 0, isLast);
  blockBegin = at;
  dropTokens();
}

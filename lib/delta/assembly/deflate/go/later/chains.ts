/**
 * Copies as Go finds them at its levels 7 to 9 since 1.27: along chains of places with the same hash of four bytes.
 *
 * After compress/flate/deflate.go. Copyright 2009 The Go Authors. All rights reserved. BSD-style licence, in LICENSE.
 */
import { Spent } from '../../effort';
import { matchLength } from '../../match-length';
import { makeCodes } from '../codes';
import { count, extraOfDistance, extraOfLength, symbolOfDistance, symbolOfLength } from '../symbols';
import { addByte, addCopy, dropTokens, tokenCount } from '../tokens';
import {
  addPlace,
  bytes,
  fillWindow,
  isWindowFull,
  lastPlace,
  openWindow,
  placeBefore,
  slideWindow,
  WINDOW,
  Window,
} from '../window';
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
const SHORTEST: i32 = 4;
const LONGEST: i32 = 258;
/** Bytes that are to follow, unless none come any more. */
const AHEAD: i32 = SHORTEST + LONGEST;
/** Bytes at the beginning of a copy that another one, found by its end, may lack. */
const LACKING: i32 = 2;

/** How often bytes occur, and their codes: what they would take without copies. */
const occurring: usize = memory.data(256 * 4);
const codes: usize = memory.data(256 * 4);

let lazy: i32 = 0;
let nice: i32 = 0;
let chain: i32 = 0;

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
  openWindow();
  dropTokens();
  at = 0;
  blockBegin = 0;
  found = SHORTEST - 1;
  isPending = false;
  plain = 0;
  isLast = false;
}

export function writeChains(input: usize, size: u32): void {
  while (size > 0) {
    if (isWindowFull()) {
      findCopies();
      moveWindow();
    }
    const part = fillWindow(input, size);
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
  slideWindow();
  at -= WINDOW;
  blockBegin = blockBegin >= WINDOW ? blockBegin - WINDOW : -1;
}

function findCopies(): void {
  if (chain >= COUNTED && Window.filled > at) {
    memory.fill(occurring, 0, 256 * 4);
    const end = min(Window.filled, at + WINDOW);
    for (let i = at; i < end; i++) count(occurring, load<u8>(bytes + i));
    makeCodes(occurring, 256, 15, codes);
  }
  while (Window.filled - at >= (isLast ? 1 : AHEAD)) takeLazily();
}

/** The copy from the place before, if that from here is not longer. */
function takeLazily(): void {
  const head = remember(at);
  const length = found;
  const distance = foundDistance;
  found = SHORTEST - 1;
  if (length < lazy && length < Window.filled - at && head >= max(at - WINDOW, 0)) findCopy(head);
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
  if (length >= LONGEST - LACKING || begin + length >= Window.filled - (SHORTEST - 1)) return 0;
  const end = min(Window.filled - at, LONGEST + LACKING) + begin;
  const source = lastPlace(hashOf(begin + length)) - length;
  if (begin - source === distance || source <= max(at - WINDOW, 0) + LACKING) return 0;
  const longer = <i32>(
    matchLength(bytes + begin + LACKING, bytes + source + LACKING, 0, end - begin - LACKING)
  );
  if (longer > length) foundDistance = begin - source;
  return longer;
}

/** Bytes are tokens without a look, after many without copies. */
function skip(steps: i32): void {
  for (let i = 0; i < steps && at < Window.filled - 1; i++) {
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

function hashOf(place: i32): u32 {
  return load<u32>(bytes + place) * 2654435761;
}

/** Remembers where four bytes are; returns where their hash was before, or a place below 0, as for less than four bytes. */
function remember(place: i32): i32 {
  return place + SHORTEST > Window.filled ? -1 : addPlace(place, hashOf(place));
}

/** Finds the best copy along the chain that begins at `place`. There are four bytes or more. */
function findCopy(place: i32): void {
  const most = min(LONGEST, Window.filled - at);
  const enough = min(nice, most);
  const farthest = max(at - WINDOW, 0);
  const here = bytes + at;
  let next = load<u8>(here + found);
  let saved = SAVED;
  for (let tries = chain; tries > 0; tries--) {
    Spent.steps++;
    if (load<u8>(bytes + place + found) === next) {
      const length = <i32>matchLength(here, bytes + place, 0, most);
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
    place = placeBefore(place);
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

function endFullBlock(): void {
  if (tokenCount === BLOCK_TOKENS) endBlock();
}

/** Writes the tokens as blocks of the bytes before `at`. */
function endBlock(): void {
  writeDynamic(bytes + max(blockBegin, 0), blockBegin < 0 ? 0 : at - blockBegin, blockBegin >= 0, isLast);
  blockBegin = at;
  dropTokens();
}

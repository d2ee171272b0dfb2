/**
 * Copies as Go's compress/flate finds them at its levels 2 to 9: along chains of places with the same hash of four bytes.
 *
 * After compress/flate/deflate.go. Copyright 2009 The Go Authors. All rights reserved. BSD-style licence, in LICENSE.
 */
import { Spent } from '../effort';
import { matchLength } from '../match-length';
import { writeBlock } from './blocks';
import { addByte, addCopy, dropTokens, tokenCount } from './tokens';
import {
  addPlace,
  bytes,
  fillWindow,
  isWindowFull,
  openWindow,
  placeBefore,
  slideWindow,
  WINDOW,
  Window,
} from './window';

/** Of levels 2 to 9: what is good enough to look at once instead of twice, what ends a search, and places looked at. */
const LAZY: usize = memory.data<u16>([0, 0, 4, 16, 16, 32, 128, 258]);
const NICE: usize = memory.data<u16>([16, 32, 16, 32, 128, 128, 258, 258]);
const CHAIN: usize = memory.data<u16>([8, 32, 16, 32, 128, 256, 1024, 4096]);
/** The longest copy of levels 2 and 3 of which each place is remembered. */
const REMEMBERED: usize = memory.data<u16>([5, 6]);

const BLOCK_TOKENS: u32 = 1 << 14;
const SHORTEST: i32 = 4;
const LONGEST: i32 = 258;
/** Copies of SHORTEST bytes are from here at most. */
const NEAR: i32 = 4096;
/** Bytes that are to follow, unless none come any more. */
const AHEAD: i32 = SHORTEST + LONGEST;

let lazy: i32 = 0;
let nice: i32 = 0;
let chain: i32 = 0;
let remembered: i32 = 0;

let at: i32 = 0;
/** Where the block begins; -1 if that is no longer in `bytes`. */
let blockBegin: i32 = 0;
/** The copy found at the place before, which a longer one may replace; below SHORTEST without one. */
let found: i32 = 0;
let foundDistance: i32 = 0;
/** Whether the byte before is in no token yet. */
let isPending: bool = false;

/** `level` is from 2 to 9. */
export function openChains(level: i32): void {
  const entry = (<usize>(level - 2)) << 1;
  lazy = load<u16>(LAZY + entry);
  nice = load<u16>(NICE + entry);
  chain = load<u16>(CHAIN + entry);
  remembered = level < 4 ? <i32>load<u16>(REMEMBERED + entry) : 0;
  openWindow();
  dropTokens();
  at = 0;
  blockBegin = 0;
  found = SHORTEST - 1;
  isPending = false;
}

export function writeChains(input: usize, size: u32): void {
  while (size > 0) {
    if (isWindowFull()) {
      findCopies(false);
      moveWindow();
    }
    const part = fillWindow(input, size);
    input += part;
    size -= part;
  }
}

export function closeChains(): void {
  findCopies(true);
  if (isPending) addByte(load<u8>(bytes + at - 1));
  if (tokenCount > 0) endBlock();
}

function moveWindow(): void {
  slideWindow();
  at -= WINDOW;
  blockBegin = blockBegin >= WINDOW ? blockBegin - WINDOW : -1;
}

function findCopies(last: bool): void {
  while (Window.filled - at >= (last ? 1 : AHEAD)) {
    if (remembered > 0) takeGreedily();
    else takeLazily();
  }
}

/** Levels 2 and 3: the best copy from here, or a byte. */
function takeGreedily(): void {
  const head = remember(at);
  found = SHORTEST - 1;
  if (isNear(head)) findCopy(head);
  if (found < SHORTEST) {
    addByte(load<u8>(bytes + at++));
  } else {
    addCopy(found, foundDistance);
    const end = at + found;
    if (found <= remembered) while (++at < end) remember(at);
    at = end;
  }
  if (tokenCount === BLOCK_TOKENS) endBlock();
}

/** Levels 4 to 9: the copy from the place before, if that from here is not longer. */
function takeLazily(): void {
  const head = remember(at);
  const length = found;
  const distance = foundDistance;
  found = SHORTEST - 1;
  if (length < lazy && length < Window.filled - at && isNear(head)) findCopy(head);
  if (length >= SHORTEST && found <= length) {
    addCopy(length, distance);
    const end = at + length - 1;
    while (++at < end) remember(at);
    isPending = false;
    found = SHORTEST - 1;
    if (tokenCount === BLOCK_TOKENS) endBlock();
    return;
  }
  if (isPending) {
    addByte(load<u8>(bytes + at - 1));
    if (tokenCount === BLOCK_TOKENS) endBlock();
  }
  isPending = true;
  at++;
}

/** Remembers where four bytes are; returns where their hash was before, or a place below 0, as for less than four bytes. */
function remember(place: i32): i32 {
  return place + SHORTEST > Window.filled ? -1 : addPlace(place, hashOf(place));
}

function hashOf(place: i32): u32 {
  return bswap(load<u32>(bytes + place)) * 0x1e35a7bd;
}

function isNear(place: i32): bool {
  return place >= max(at - WINDOW, 0);
}

/** Finds the longest copy along the chain that begins at `place`, the nearest of those. There are four bytes or more. */
function findCopy(place: i32): void {
  const most = min(LONGEST, Window.filled - at);
  const enough = min(nice, most);
  const farthest = at - WINDOW;
  const here = bytes + at;
  let next = load<u8>(here + found);
  for (let tries = chain; tries > 0; tries--) {
    Spent.steps++;
    if (load<u8>(bytes + place + found) === next) {
      const length = <i32>matchLength(here, bytes + place, 0, most);
      if (length > found && (length > SHORTEST || at - place <= NEAR)) {
        found = length;
        foundDistance = at - place;
        if (length >= enough) return;
        next = load<u8>(here + length);
      }
    }
    // The place before that which is a window away was replaced by this one.
    if (place === farthest) return;
    place = placeBefore(place);
    if (place < farthest || place < 0) return;
  }
}

/** Writes the tokens as a block of the bytes before `at`. */
function endBlock(): void {
  writeBlock(bytes + max(blockBegin, 0), blockBegin < 0 ? 0 : at - blockBegin, blockBegin >= 0);
  blockBegin = at;
  dropTokens();
}

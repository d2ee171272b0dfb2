/**
 * Copies as Go finds them at its levels 4 to 6 since 1.27: candidates for each hash of four bytes and of seven, of these two from level 5 on.
 *
 * After compress/flate/level4.go, level5.go and level6.go. Copyright 2026 The Go Authors. All rights reserved. BSD-style licence, in
 * LICENSE.
 */
import { matchLength } from '../../match-length';
import { addBytes, dropTokens } from '../tokens';
import {
  addLong,
  extendBack,
  FARTHEST,
  finishBlock,
  hashOfFour,
  hashOfSeven,
  history,
  LONGEST,
  longTable,
  MARGIN,
  originOf,
  remember,
  table,
} from './history';

const HASH_BITS: u32 = 15;
/** Bytes at the beginning of a copy that another one, found by its end, may lack. */
const LACKING: usize = 2;
/** From this length on level 5 looks for no other copy at the end. */
const LONG: usize = 30;

let level: i32 = 0;
let origin: usize = 0;
let end: usize = 0;
/** What was found: `length` bytes at `at`, as at `match`; 0 if the length is not known. The places after `next` were not looked at. */
let at: usize = 0;
let match: usize = 0;
let length: usize = 0;
let next: usize = 0;
let pending: usize = 0;
/** The distance of the last copy in the block. */
let repeated: usize = 1;

function shortSlot(word: u64): usize {
  return table + (hashOfFour(word, HASH_BITS) << 2);
}

function longSlot(word: u64): usize {
  return longTable + (hashOfSeven(word, HASH_BITS) << 3);
}

function rememberShort(word: u64, place: usize): void {
  store<u32>(shortSlot(word), <u32>(place - origin));
}

function rememberLong(word: u64, place: usize): void {
  remember(longSlot(word), place - origin);
}

/** Whether a candidate for `place` is near, and begins with the four bytes of the word. */
function isGood(place: usize, candidate: usize, word: u64): bool {
  return place - candidate < FARTHEST && load<u32>(candidate) === <u32>word;
}

/** Like matchLength, 258 at most. */
function limitedLength(place: usize, candidate: usize): usize {
  return matchLength(place, candidate, 4, min(end - place, LONGEST));
}

/** Takes a copy if it is longer. */
function tryLonger(place: usize, candidate: usize): bool {
  const longer = limitedLength(place, candidate);
  if (longer <= length) return false;
  at = place;
  match = candidate;
  length = longer;
  return true;
}

/** Makes tokens of the block, none if there are no copies. */
export function findByLength(block: usize, to: usize, by: i32): void {
  dropTokens();
  level = by;
  end = to;
  origin = originOf();
  at = block;
  pending = block;
  repeated = 1;
  const limit = end - MARGIN;
  let word = load<u64>(at);
  while (search(word, limit)) {
    if (length === 0) length = matchLength(at, match, 4, end - at);
    else if (length === LONGEST) length = matchLength(at, match, LONGEST, end - at);
    if (at + length < limit && (level === 6 || (level === 5 && length < LONG))) tryEnd();
    const back = extendBack(at, match, pending);
    const distance = at - match;
    at -= back;
    length += back;
    addBytes(pending, at);
    addLong(length, distance);
    repeated = distance;
    at += length;
    pending = at;
    if (next >= at) at = next + 1;
    if (at >= limit) {
      rememberEnd();
      break;
    }
    word = rememberInside();
  }
  finishBlock(pending, end);
}

/** Finds the next copy. False if there is none. */
function search(first: u64, limit: usize): bool {
  let word = first;
  next = at;
  length = 0;
  const skip: usize = level === 6 ? 7 : 6;
  while (true) {
    at = next;
    next = at + 1 + ((at - pending) >> skip);
    if (next > limit) return false;
    const short = shortSlot(word);
    const long = longSlot(word);
    const ofShort = origin + load<u32>(short);
    const ofLong = origin + load<u32>(long);
    const beforeLong = origin + load<u32>(long, 4);
    const ahead = load<u64>(next);
    store<u32>(short, <u32>(at - origin));
    remember(long, at - origin);
    if (
      level === 4
        ? searchByOne(word, ahead, ofShort, ofLong)
        : searchByTwo(word, ahead, ofShort, ofLong, beforeLong)
    )
      return true;
    word = ahead;
  }
}

/** Level 4. */
function searchByOne(word: u64, ahead: u64, ofShort: usize, ofLong: usize): bool {
  match = ofLong;
  if (isGood(at, match, word)) return true;
  match = ofShort;
  if (!isGood(at, match, word)) return false;
  const ofNext = origin + load<u32>(longSlot(ahead));
  if (isGood(next, ofNext, ahead)) {
    // As in Go: its length is that of what is as far from the first byte as the copy is from here.
    const wrong = matchLength(next, history + (next - ofNext), 4, end - next);
    if (wrong > matchLength(at, match, 4, end - at)) {
      at = next;
      match = ofNext;
    }
  }
  return true;
}

/** Levels 5 and 6. */
function searchByTwo(word: u64, ahead: u64, ofShort: usize, ofLong: usize, beforeLong: usize): bool {
  if (at - ofLong < FARTHEST) {
    match = ofLong;
    if (load<u32>(match) === <u32>word) {
      rememberShort(ahead, next);
      rememberLong(ahead, next);
      if (isGood(at, beforeLong, word)) {
        length = limitedLength(at, match);
        tryLonger(at, beforeLong);
      }
      return true;
    }
    match = beforeLong;
    if (isGood(at, match, word)) {
      rememberShort(ahead, next);
      rememberLong(ahead, next);
      return true;
    }
  }
  match = ofShort;
  if (!isGood(at, match, word)) return false;
  length = limitedLength(at, match);
  const slot = longSlot(ahead);
  const ofNext = origin + load<u32>(slot);
  const beforeNext = origin + load<u32>(slot, 4);
  rememberShort(ahead, next);
  rememberLong(ahead, next);
  if (level === 6) {
    const again = at - repeated + 1;
    if (load<u32>(again) === <u32>(word >> 8) && tryLonger(at + 1, again)) return true;
  }
  if (next - ofNext < FARTHEST) {
    if (load<u32>(ofNext) === <u32>ahead && tryLonger(next, ofNext) && level === 5) return true;
    if (isGood(next, beforeNext, ahead)) tryLonger(next, beforeNext);
  }
  return true;
}

/** Looks for a longer copy by what follows the one that was found. */
function tryEnd(): void {
  const slot = longSlot(load<u64>(at + length));
  const place = at + LACKING;
  const before = load<u32>(slot, 4);
  let candidate = origin + load<u32>(slot) - length + LACKING;
  if (<isize>(place - candidate) >= <isize>FARTHEST) return;
  tryFrom(place, candidate);
  if (level === 5) return;
  candidate = origin + before - length + LACKING;
  tryFrom(place, candidate);
}

function tryFrom(place: usize, candidate: usize): void {
  const distance = <isize>(place - candidate);
  if (distance <= 0 || distance >= <isize>FARTHEST || <isize>(candidate - history) < 0) return;
  const longer = matchLength(place, candidate, 0, end - place);
  if (longer <= length) return;
  at = place;
  match = candidate;
  length = longer;
}

/** Remembers what is behind the last copy of a block. */
function rememberEnd(): void {
  if (level === 4) {
    if (at + 8 >= end) return;
    const word = load<u64>(at);
    rememberShort(word, at);
    rememberLong(word, at);
  } else if (level === 6) {
    for (let place = next + 1; place < end - 8; place += 2) {
      const word = load<u64>(place);
      rememberShort(word, place);
      rememberLong(word, place);
    }
  }
}

/** Remembers places in a copy; returns the bytes behind it. */
function rememberInside(): u64 {
  if (level === 6) {
    for (let place = next + 1; place < at - 1; place += 2) {
      const word = load<u64>(place);
      rememberShort(word, place);
      rememberLong(word, place);
      rememberLong(word >> 8, place + 1);
    }
    return load<u64>(at);
  }
  let place = level === 4 ? next : at - length + 1;
  if (level === 5 && place < at - 1) {
    const word = load<u64>(place);
    rememberShort(word, place);
    rememberLong(word, place);
    rememberLong(word >> 8, place + 1);
    rememberShort(word >> 16, place + 2);
    place += 4;
  }
  for (; place < at - 1; place += 3) {
    const word = load<u64>(place);
    rememberLong(word, place);
    if (level === 4) rememberLong(word >> 8, place + 1);
    rememberShort(word >> 8, place + 1);
  }
  const word = load<u64>(at - 1);
  rememberShort(word, at - 1);
  rememberLong(word, at - 1);
  return word >> 8;
}

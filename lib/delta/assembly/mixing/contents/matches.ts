/**
 * Where what was just made was seen before: in the recent new file, anywhere in the old one (by a sample of its places), or
 * close to the aligned place.
 */
import { take } from '../../memory';
import { FOR_MATCH, spend } from '../coding/coder';
import { Limits } from '../coding/limits';
import { State, TEXT_CLASS } from '../state';

/** Bytes of the new file behind the present one that matches may use. */
export const HISTORY: u32 = 1 << 23;
const MULTIPLIER: u64 = ((<u64>0x9e3779b9) << 32) | 0x7f4a7c15;
const FRESH_LONG: u32 = 20;
const FRESH_SHORT: u32 = 18;
const LOCAL: u32 = 12;
/** Of the window around an aligned place. */
const BEFORE: u32 = 64;
const AFTER: u32 = 512;
/** The same outside of text, in the third model; from so many places on it is indexed once. */
const FAR_AFTER: u32 = 2048;
const SAME_WINDOW: u32 = 256;

let old: usize = 0;
let oldSize: u32 = 0;
let oldIndex: usize = 0;
let oldShift: u64 = 0;
/**
 * Of so many places of the old file one is indexed: about as many as the index has room for, so that none is pushed out by a later
 * one. An odd number, so that every place within a word has its turn.
 */
let oldStride: u32 = 0;
let freshLong: usize = 0;
let freshShort: usize = 0;
let local: usize = 0;
/** From which places on the window is indexed already. */
let windowFrom: u32 = 0;
let windowTo: u32 = 0;

/** Of the last `findMatch`. */
export let matchAt: u32 = 0;
export let matchLength: u32 = 0;
export let matchIsFresh: bool = false;

/** Of the old file; `indexOld` fills it. */
export function openIndex(oldAt: usize, size: u32): bool {
  old = oldAt;
  oldSize = size;
  const bits = min<u32>(22, max<u32>(10, 30 - clz<u32>(size | 1)));
  oldIndex = take((<usize>4) << bits);
  oldShift = 64 - <u64>bits;
  oldStride = (size >> 22) | 3;
  return oldIndex !== 0;
}

/** Of the new file. */
export function openMatches(): bool {
  freshLong = take((<usize>4) << FRESH_LONG);
  freshShort = take((<usize>4) << FRESH_SHORT);
  local = take((<usize>4) << LOCAL);
  return freshLong !== 0 && freshShort !== 0 && local !== 0;
}

/** Tells most places that others have taken the slot of, without a look at the old file. */
function tag(key: u64): u32 {
  return <u32>(key >> 20) & 15;
}

/** Samples the places of the old file. */
export function indexOld(): void {
  if (oldSize < 8) return;
  const last = oldSize - 8;
  for (let at: u32 = 0; at <= last; at += oldStride) {
    const key = load<u64>(old + at) * MULTIPLIER;
    store<u32>(oldIndex + ((<usize>(key >> oldShift)) << 2), ((at / oldStride + 1) << 4) | tag(key));
  }
}

function longSlot(end: usize): usize {
  return freshLong + ((<usize>(((load<u64>(end - 8) >> 16) * MULTIPLIER) >> (64 - FRESH_LONG))) << 2);
}

function shortSlot(end: usize): usize {
  return freshShort + ((<usize>((load<u32>(end - 4) * 0x9e3779b1) >> (32 - FRESH_SHORT))) << 2);
}

/** Remembers the new place `at`, of which `fresh` + `at` is the address and eight bytes precede it. */
export function indexFresh(fresh: usize, at: u32): void {
  store<u32>(longSlot(fresh + at), at);
  store<u32>(shortSlot(fresh + at), at);
}

/** How many of the bytes before the present place are those before the old `place`, up to `most`. */
export function commonBefore(place: u32, most: u32): u32 {
  return common(old + place, State.fresh + State.at, min(most, min(place, State.at - State.start)));
}

function common(a: usize, b: usize, limit: u32): u32 {
  let length: u32 = 0;
  while (length < limit && load<u8>(a - 1 - length) === load<u8>(b - 1 - length)) length++;
  return length;
}

/** The first place of the new file that matches may use. */
export function leastPlace(): u32 {
  return State.at - State.start > HISTORY ? State.at - HISTORY + 64 : State.start;
}

/** Looks for what precedes the new place `at`. */
export function findMatch(fresh: usize, at: u32): void {
  spend(FOR_MATCH);
  matchLength = 0;
  if (at - State.start < 8) return;
  const least = leastPlace();
  // The processor waits for all three tables at once if it is told before the first comparison.
  const key = load<u64>(fresh + at - 8) * MULTIPLIER;
  const entry = load<u32>(oldIndex + ((<usize>(key >> oldShift)) << 2));
  const short = load<u32>(shortSlot(fresh + at));
  let place = load<u32>(longSlot(fresh + at));
  if (place > least && place < at) {
    const length = common(fresh + place, fresh + at, min<u32>(32, place - least));
    if (length >= 5) {
      matchAt = place;
      matchLength = length;
      matchIsFresh = true;
      if (length >= 20) return;
    }
  }
  if (matchLength === 0) {
    place = short;
    if (place > least && place < at) {
      const length = common(fresh + place, fresh + at, min<u32>(32, place - least));
      if (length >= 4) {
        matchAt = place;
        matchLength = length;
        matchIsFresh = true;
      }
    }
  }
  if (entry < 16 || (entry & 15) !== tag(key)) return;
  place = ((entry >> 4) - 1) * oldStride + 8;
  if (place >= oldSize) return;
  const length = common(old + place, fresh + at, min<u32>(40, place));
  if (length >= 8 && length > matchLength) {
    matchAt = place;
    matchLength = length;
    matchIsFresh = false;
  }
}

function localSlot(end: usize): usize {
  return local + ((<usize>((load<u32>(end - 4) * 0x9e3779b1) >> (32 - LOCAL))) << 2);
}

/** Indexes the surroundings of an old place; of places with the same four bytes before them the first one counts. */
export function indexLocal(place: u32): void {
  if (Limits.third && State.kind !== TEXT_CLASS) {
    if (place < windowFrom || place >= windowTo) indexAhead(place);
    return;
  }
  windowTo = 0;
  indexDown(min(oldSize, place + AFTER), firstBefore(place));
}

/** In the third model, outside of text: the first from `place` on counts, else the last before it. */
function indexAhead(place: u32): void {
  windowFrom = place;
  windowTo = place + SAME_WINDOW;
  for (let at = firstBefore(place); at < place; at++) store<u32>(localSlot(old + at), at);
  indexDown(min(oldSize, place + FAR_AFTER), max<u32>(place, 4));
}

function firstBefore(place: u32): u32 {
  return place > BEFORE + 4 ? place - BEFORE : 4;
}

function indexDown(end: u32, from: u32): void {
  for (let at = end; at > from; ) {
    at--;
    store<u32>(localSlot(old + at), at);
  }
}

/** The old place near the last indexed one that the same four bytes precede, or 0. */
export function findLocal(fresh: usize, at: u32): u32 {
  if (at - State.start < 4) return 0;
  const place = load<u32>(localSlot(fresh + at));
  return place >= 4 && load<u32>(old + place - 4) === load<u32>(fresh + at - 4) ? place : 0;
}

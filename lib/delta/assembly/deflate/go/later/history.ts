/**
 * The bytes that levels 1 to 6 look at, and what they share.
 *
 * After compress/flate/deflatefast.go. Copyright 2016 The Go Authors. All rights reserved. BSD-style licence, in LICENSE.
 */
import { addBytes, addCopy, tokenCount } from '../tokens';
import { LONG_TABLE, longTable, TABLE, table } from './tables';

/** Bytes of a block. */
export const BLOCK: u32 = 65535;
export const FARTHEST: usize = 32768;
/** How near the end of a block nothing is looked for any more. */
export const MARGIN: usize = 11;
const LONGEST: u32 = 258;
const SHORTEST: u32 = 3;
/** Where the places of the tables are counted from again. */
const LATEST: u32 = 1 << 30;

/** The block before this one, and this one; behind them what is compared at once. */
const before: usize = memory.data(2 * 65536 + 8);
export const block: usize = before + 65535;
/** The place of this block. No place in the tables is near to it at first. */
let blockPlace: u32 = 0;
/** Where the bytes begin that copies can be from. */
let begin: usize = 0;

export function openHistory(): void {
  memory.fill(table, 0, TABLE);
  memory.fill(longTable, 0, LONG_TABLE);
  blockPlace = BLOCK;
  begin = block;
}

/** What an address is more than a place, in this block. */
export function originOf(): usize {
  if (blockPlace >= LATEST) movePlaces();
  return block - <usize>blockPlace;
}

/** A hash of the first five bytes. */
export function hashOfFive(word: u64, bits: u32): usize {
  return <usize>(((word << 24) * 889523592379) >> (64 - bits));
}

/** How many bytes are the same, of which the first `known` are. */
export function matchLength(at: usize, match: usize, known: usize, end: usize): usize {
  const most = end - at;
  for (let length = known; length < most; length += 8) {
    const difference = load<u64>(at + length) ^ load<u64>(match + length);
    if (difference !== 0) return min(most, length + <usize>(ctz(difference) >> 3));
  }
  return most;
}

/** How many bytes before are the same, as far as they are in no token yet. */
export function extendBack(at: usize, match: usize, pending: usize): usize {
  let back: usize = 0;
  while (
    at - back > pending &&
    match - back > begin &&
    load<u8>(at - back - 1) === load<u8>(match - back - 1)
  )
    back++;
  return back;
}

/** Copies of 258 bytes at most, and none of less than 3. */
export function addLong(length: u32, distance: u32): void {
  while (length > 0) {
    const part = length <= LONGEST ? length : length > LONGEST + SHORTEST ? LONGEST : LONGEST - SHORTEST;
    addCopy(part, distance);
    length -= part;
  }
}

/** Ends the block; without copies it has no tokens. */
export function finishBlock(pending: usize, end: usize): void {
  if (tokenCount > 0) addBytes(pending, end);
  if (end - block === BLOCK) memory.copy(before, block, BLOCK);
  blockPlace += <u32>(end - block);
  begin = before;
}

/** Places are counted from near this block again; those that are too far from it stay so. */
function movePlaces(): void {
  const less = blockPlace - BLOCK;
  for (let entry = table; entry < table + TABLE; entry += 4) movePlace(entry, less);
  for (let entry = longTable; entry < longTable + LONG_TABLE; entry += 4) movePlace(entry, less);
  blockPlace = BLOCK;
}

function movePlace(entry: usize, less: u32): void {
  const place = load<u32>(entry);
  store<u32>(entry, place > less ? place - less : 0);
}

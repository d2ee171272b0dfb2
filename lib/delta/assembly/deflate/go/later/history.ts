/**
 * The bytes that levels 1 to 6 look at, and what they share.
 *
 * After compress/flate/deflatefast.go. Copyright 2016 The Go Authors. All rights reserved. BSD-style licence, in LICENSE.
 */
import { addBytes, addCopy, tokenCount } from '../tokens';

/** Bytes of a block. */
export const BLOCK: u32 = 65535;
export const FARTHEST: usize = 32768;
/** How near the end of a block nothing is looked for any more. */
export const MARGIN: usize = 11;
export const LONGEST: usize = 258;
const SHORTEST: usize = 3;
/** Where places are counted from again. */
const LATEST: u32 = 1 << 30;

/** As much as Go keeps, and what is compared at once. */
export const history: usize = memory.data(5 * 65535 + 8);
const HISTORY: u32 = 5 * 65535;
let filled: u32 = 0;
/** The place of the first byte of `history`. None that is remembered is near to it at first. */
let firstPlace: u32 = 0;

/** Of each hash a place, or the last one and that before it << 32; 0 if there is none. Level 3 has pairs in the first of them. */
export const table: usize = memory.data(4 << 17);
const TABLE: usize = 4 << 17;
export const longTable: usize = memory.data(8 << 15);
const LONG_TABLE: usize = 8 << 15;

export function openHistory(): void {
  memory.fill(table, 0, TABLE);
  memory.fill(longTable, 0, LONG_TABLE);
  filled = 0;
  firstPlace = BLOCK;
}

/** Takes the bytes of a block; returns where they are. */
export function addBlock(place: usize, size: u32): usize {
  if (filled + size > HISTORY) {
    const gone = filled - <u32>FARTHEST;
    memory.copy(history, history + gone, FARTHEST);
    firstPlace += gone;
    filled = <u32>FARTHEST;
  }
  if (firstPlace >= LATEST) movePlaces();
  const block = history + filled;
  memory.copy(block, place, size);
  filled += size;
  return block;
}

/** What an address is more than a place. */
export function originOf(): usize {
  return history - <usize>firstPlace;
}

/** A hash of the first four bytes. */
export function hashOfFour(word: u64, bits: u32): usize {
  return <usize>((<u32>word * 2654435761) >> (32 - bits));
}

/** A hash of the first five bytes. */
export function hashOfFive(word: u64, bits: u32): usize {
  return <usize>(((word << 24) * 889523592379) >> (64 - bits));
}

/** A hash of the first seven bytes. */
export function hashOfSeven(word: u64, bits: u32): usize {
  // biome-ignore lint/correctness/noPrecisionLoss: AssemblyScript has 64 bits.
  return <usize>(((word << 8) * 58295818150454627) >> (64 - bits));
}

/** How many bytes before are the same, as far as they are in no token yet. */
export function extendBack(at: usize, match: usize, pending: usize): usize {
  let back: usize = 0;
  while (
    at - back > pending &&
    match - back > history &&
    load<u8>(at - back - 1) === load<u8>(match - back - 1)
  )
    back++;
  return back;
}

/** Copies of 258 bytes at most, and none of less than 3. */
export function addLong(length: usize, distance: usize): void {
  while (length > 0) {
    const part = length <= LONGEST ? length : length > LONGEST + SHORTEST ? LONGEST : LONGEST - SHORTEST;
    addCopy(<u32>part, <u32>distance);
    length -= part;
  }
}

/** Ends the block; without copies it has no tokens. */
export function finishBlock(pending: usize, end: usize): void {
  if (tokenCount > 0) addBytes(pending, end);
}

/** A place before the last one of a pair. */
export function remember(slot: usize, place: usize): void {
  store<u64>(slot, (load<u64>(slot) << 32) | <u64>place);
}

/** Places are counted from near here again; those that are too far away stay so. */
function movePlaces(): void {
  const less = firstPlace - BLOCK;
  for (let entry = table; entry < table + TABLE; entry += 4) movePlace(entry, less);
  for (let entry = longTable; entry < longTable + LONG_TABLE; entry += 4) movePlace(entry, less);
  firstPlace = BLOCK;
}

function movePlace(entry: usize, less: u32): void {
  const place = load<u32>(entry);
  store<u32>(entry, place > less ? place - less : 0);
}

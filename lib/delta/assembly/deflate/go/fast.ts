/**
 * Copies as Go's compress/flate finds them at its level 1: one candidate for each hash of four bytes.
 *
 * After compress/flate/deflatefast.go. Copyright 2016 The Go Authors. All rights reserved. BSD-style licence, in LICENSE.
 */
import { matchLength } from '../match-length';
import { addBytes, addCopy, dropTokens } from './tokens';

/** Bytes of a block. */
export const FAST_BLOCK: u32 = 65535;
const FARTHEST: usize = 32768;
const LONGEST: usize = 258;
/** How near the end of a block nothing is looked for any more. */
const MARGIN: usize = 15;
const HASH_BITS: u32 = 14;
/** Where the places of the table are counted from again. */
const LATEST: u32 = 1 << 30;

/** The block before this one, and this one; behind them what is compared at once. */
const before: usize = memory.data(2 * 65536 + 8);
export const fastBlock: usize = before + 65535;
/** Of each hash, where its bytes were last. */
const table: usize = memory.data(4 << 14);
const TABLE: usize = 4 << 14;
/** The place of this block. No place in the table is near to it at first. */
let blockPlace: u32 = 0;

export function openFast(): void {
  memory.fill(table, 0, TABLE);
  blockPlace = FAST_BLOCK;
}

function slotOf(word: u32): usize {
  return table + ((<usize>((word * 0x1e35a7bd) >> (32 - HASH_BITS))) << 2);
}

/** Makes tokens of the block: 128 bytes or more. */
export function findFast(size: u32): void {
  dropTokens();
  if (blockPlace >= LATEST) moveTable();
  /** What an address is more than a place. */
  const origin = fastBlock - <usize>blockPlace;
  const end = fastBlock + size;
  const limit = end - MARGIN;
  let pending = fastBlock;
  let at = fastBlock;
  let word = load<u32>(at);
  let slot = slotOf(word);
  while (true) {
    let next = at;
    let skip: usize = 32;
    let match: usize = 0;
    // The longer nothing is found, the fewer places are looked at.
    while (true) {
      at = next;
      next += skip >> 5;
      skip += skip >> 5;
      if (next > limit) {
        finishFast(pending, end);
        return;
      }
      match = origin + load<u32>(slot);
      const nextWord = load<u32>(next);
      store<u32>(slot, <u32>(at - origin));
      slot = slotOf(nextWord);
      if (at - match <= FARTHEST && load<u32>(match) === word) break;
      word = nextWord;
    }
    addBytes(pending, at);
    while (true) {
      const length = matchLength(at, match, 4, min(LONGEST, end - at));
      addCopy(<u32>length, <u32>(at - match));
      at += length;
      pending = at;
      if (at >= limit) {
        finishFast(pending, end);
        return;
      }
      const ahead = load<u64>(at - 1);
      store<u32>(slotOf(<u32>ahead), <u32>(at - 1 - origin));
      word = <u32>(ahead >> 8);
      const here = slotOf(word);
      match = origin + load<u32>(here);
      store<u32>(here, <u32>(at - origin));
      if (at - match > FARTHEST || load<u32>(match) !== word) {
        word = <u32>(ahead >> 16);
        slot = slotOf(word);
        at++;
        break;
      }
    }
  }
}

function finishFast(pending: usize, end: usize): void {
  addBytes(pending, end);
  if (end - fastBlock === FAST_BLOCK) memory.copy(before, fastBlock, FAST_BLOCK);
  blockPlace += <u32>(end - fastBlock);
}

/** Places are counted from near this block again; those that are too far from it stay so. */
function moveTable(): void {
  const less = blockPlace - FAST_BLOCK;
  for (let entry = table; entry < table + TABLE; entry += 4) {
    const place = load<u32>(entry);
    store<u32>(entry, place > less ? place - less : 0);
  }
  blockPlace = FAST_BLOCK;
}

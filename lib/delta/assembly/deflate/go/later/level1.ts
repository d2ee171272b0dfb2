/**
 * Copies as Go finds them at its level 1 since 1.27: one candidate for each hash of five bytes.
 *
 * After compress/flate/level1.go. Copyright 2026 The Go Authors. All rights reserved. BSD-style licence, in LICENSE.
 */
import { addBytes, dropTokens } from '../tokens';
import {
  addLong,
  block,
  extendBack,
  FARTHEST,
  finishBlock,
  hashOfFive,
  MARGIN,
  matchLength,
  originOf,
} from './history';
import { table } from './tables';

const HASH_BITS: u32 = 15;

function slotOf(word: u64): usize {
  return table + (hashOfFive(word, HASH_BITS) << 2);
}

/** Makes tokens of the block, none if there are no copies. */
export function findLevel1(size: u32): void {
  dropTokens();
  const origin = originOf();
  const end = block + size;
  const limit = end - MARGIN;
  let pending = block;
  let at = block;
  let word = load<u64>(at);
  while (true) {
    let next = at;
    let match: usize = 0;
    while (true) {
      let slot = slotOf(word);
      match = origin + load<u32>(slot);
      next = at + 2 + ((at - pending) >> 5);
      if (next > limit) {
        finishBlock(pending, end);
        return;
      }
      let ahead = load<u64>(next);
      store<u32>(slot, <u32>(at - origin));
      slot = slotOf(ahead);
      if (at - match < FARTHEST && load<u32>(match) === <u32>word) {
        store<u32>(slot, <u32>(next - origin));
        break;
      }
      word = ahead;
      at = next++;
      match = origin + load<u32>(slot);
      ahead >>= 8;
      store<u32>(slot, <u32>(at - origin));
      if (at - match < FARTHEST && load<u32>(match) === <u32>word) {
        // As in Go: at the hash of `at`.
        store<u32>(slot, <u32>(next - origin));
        break;
      }
      word = ahead;
      at = next;
    }
    while (true) {
      let length = matchLength(at, match, 4, end);
      const back = extendBack(at, match, pending);
      at -= back;
      length += back;
      addBytes(pending, at);
      addLong(<u32>length, <u32>(at + back - match));
      at += length;
      pending = at;
      if (next >= at) at = next + 1;
      if (at >= limit) {
        if (at + length + 8 < end) store<u32>(slotOf(load<u64>(at)), <u32>(at - origin));
        finishBlock(pending, end);
        return;
      }
      word = load<u64>(at - 2);
      store<u32>(slotOf(word), <u32>(at - 2 - origin));
      word >>= 16;
      const slot = slotOf(word);
      match = origin + load<u32>(slot);
      store<u32>(slot, <u32>(at - origin));
      if (at - match > FARTHEST || load<u32>(match) !== <u32>word) {
        word >>= 8;
        at++;
        break;
      }
    }
  }
}

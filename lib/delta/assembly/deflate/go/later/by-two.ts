/**
 * Copies as Go finds them at its level 3 since 1.27: two candidates for each hash of five bytes.
 *
 * After compress/flate/level3.go. Copyright 2026 The Go Authors. All rights reserved. BSD-style licence, in LICENSE.
 */
import { matchLength } from '../../match-length';
import { addBytes, dropTokens } from '../tokens';
import {
  addLong,
  extendBack,
  FARTHEST,
  finishBlock,
  hashOfFive,
  MARGIN,
  originOf,
  remember,
  table,
} from './history';

const HASH_BITS: u32 = 16;
/** Candidates are nearer than this, or at this distance where it says so. */
const FAR: usize = FARTHEST - 4;

function slotOf(word: u64): usize {
  return table + (hashOfFive(word, HASH_BITS) << 3);
}

/** Makes tokens of the block, none if there are no copies. */
export function findByTwo(block: usize, end: usize): void {
  dropTokens();
  const origin = originOf();
  const limit = end - MARGIN;
  let pending = block;
  let at = block;
  let word = load<u64>(at);
  while (true) {
    let next = at;
    let match: usize = 0;
    while (true) {
      const slot = slotOf(word);
      at = next;
      next = at + 1 + ((at - pending) >> 7);
      if (next > limit) {
        finishBlock(pending, end);
        return;
      }
      match = origin + load<u32>(slot);
      const before = origin + load<u32>(slot, 4);
      remember(slot, at - origin);
      if (at - match <= FAR) {
        if (load<u32>(match) === <u32>word) {
          if (
            at - before <= FAR &&
            load<u32>(before) === <u32>word &&
            matchLength(at, before, 4, end - at) > matchLength(at, match, 4, end - at)
          )
            match = before;
          break;
        }
        match = before;
        if (at - match < FAR && load<u32>(match) === <u32>word) break;
      }
      word = load<u64>(next);
    }
    while (true) {
      const back = extendBack(at, match, pending);
      const length = back + matchLength(at, match, 4, end - at);
      const distance = at - match;
      at -= back;
      addBytes(pending, at);
      addLong(length, distance);
      at += length;
      pending = at;
      if (next >= at) at = next + 1;
      if (at >= limit) {
        // As in Go: what is behind the bytes that were copied.
        const source = pending - distance;
        if (source + 8 < end) remember(slotOf(load<u64>(source)), source - origin);
        finishBlock(pending, end);
        return;
      }
      for (let inside = at - length + 2; inside < at - 5; inside += 6)
        remember(slotOf(load<u64>(inside)), inside - origin);
      word = load<u64>(at - 2);
      remember(slotOf(word), at - 2 - origin);
      word >>= 8;
      remember(slotOf(word), at - 1 - origin);
      word >>= 8;
      const slot = slotOf(word);
      match = origin + load<u32>(slot);
      const before = origin + load<u32>(slot, 4);
      remember(slot, at - origin);
      if (at - match < FAR) {
        if (load<u32>(match) === <u32>word) continue;
        match = before;
        if (at - match < FAR && load<u32>(match) === <u32>word) continue;
      }
      word >>= 8;
      at++;
      break;
    }
  }
}

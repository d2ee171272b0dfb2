/**
 * Copies as Go finds them at its levels 1 and 2 since 1.27: one candidate for each hash of five bytes.
 *
 * After compress/flate/level1.go and level2.go. Copyright 2026 The Go Authors. All rights reserved. BSD-style licence, in LICENSE.
 */
import { matchLength } from '../../match-length';
import { addBytes, dropTokens } from '../tokens';
import { addLong, extendBack, FARTHEST, finishBlock, hashOfFive, MARGIN, originOf, table } from './history';

let hashBits: u32 = 0;

function slotOf(word: u64): usize {
  return table + (hashOfFive(word, hashBits) << 2);
}

/** Makes tokens of the block, none if there are no copies. */
export function findByOne(block: usize, end: usize, level: i32): void {
  dropTokens();
  const isFirst = level === 1;
  hashBits = isFirst ? 15 : 17;
  const origin = originOf();
  const limit = end - MARGIN;
  let pending = block;
  let at = block;
  let word = load<u64>(at);
  while (true) {
    let next = at;
    let match: usize = 0;
    while (true) {
      at = next;
      let slot = slotOf(word);
      match = origin + load<u32>(slot);
      next = at + 2 + ((at - pending) >> 5);
      if (next > limit) {
        finishBlock(pending, end);
        return;
      }
      const ahead = load<u64>(next);
      store<u32>(slot, <u32>(at - origin));
      slot = slotOf(ahead);
      if (at - match < FARTHEST && load<u32>(match) === <u32>word) {
        store<u32>(slot, <u32>(next - origin));
        break;
      }
      word = ahead;
      at = next++;
      match = origin + load<u32>(slot);
      store<u32>(slot, <u32>(at - origin));
      if (at - match < FARTHEST && load<u32>(match) === <u32>word) {
        // As in Go: level 1 has the next place at the hash of this one.
        if (isFirst) store<u32>(slot, <u32>(next - origin));
        break;
      }
      word = ahead >> 8;
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
        if (at + length + 8 < end) store<u32>(slotOf(load<u64>(at)), <u32>(at - origin));
        finishBlock(pending, end);
        return;
      }
      if (!isFirst) rememberInside(at, length, origin);
      word = load<u64>(at - 2);
      store<u32>(slotOf(word), <u32>(at - 2 - origin));
      word >>= 8;
      if (!isFirst) store<u32>(slotOf(word), <u32>(at - 1 - origin));
      word >>= 8;
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

/** Level 2 remembers three of seven places in a copy. */
function rememberInside(at: usize, length: usize, origin: usize): void {
  for (let inside = at - length + 2; inside < at - 5; inside += 7) {
    const word = load<u64>(inside);
    store<u32>(slotOf(word), <u32>(inside - origin));
    store<u32>(slotOf(word >> 16), <u32>(inside + 2 - origin));
    store<u32>(slotOf(word >> 32), <u32>(inside + 4 - origin));
  }
}

/**
 * The longest match of a place in the new file among those places of the old file that are multiples of four. Sorting
 * only these makes the suffix array a quarter as long, and loses little: a longer match that starts between them is
 * found up to three bytes later and extended backward.
 *
 * The text that is sorted is made of those blocks of the old file that no run covers, one after the other; `blocks`
 * says where each comes from.
 */
import { commonPrefix } from './compare';
import { take } from './memory';
import { suffixSortWords } from './suffix';

export const BLOCK: u32 = 64;
/** Comparisons end here: beyond it one match is as good as another. */
const FAR: u32 = 1024;

let text: usize = 0;
let textSize: u32 = 0;
let blocks: usize = 0;
let suffixes: usize = 0;
/** Where in `suffixes` those begin that have the same first bytes. */
let firsts: usize = 0;
/** How many bytes it goes by: 1, 2 or 3, as the text is large. */
let firstBytes: u32 = 1;

/** Of the last `longest`. */
export let matchOld: u32 = 0;
export let matchLength: u32 = 0;

/**
 * Sorts the blocks of `old` whose byte in `covered` is 0 (one byte a block). False where memory ran out; then nothing
 * is ever found.
 */
export function prepareSearch(old: usize, oldSize: u32, covered: usize): bool {
  const done = sortBlocks(old, oldSize, covered);
  if (!done) textSize = 0;
  return done;
}

function sortBlocks(old: usize, oldSize: u32, covered: usize): bool {
  const count = (oldSize + BLOCK - 1) / BLOCK;
  let open: u32 = 0;
  for (let b: u32 = 0; b < count; b++) open += u32(load<u8>(covered + b) === 0);
  textSize = 0;
  if (open === 0) return true;
  blocks = take((<usize>open) << 2);
  text = open === count ? old : take(<usize>open * BLOCK);
  if (blocks === 0 || text === 0) return false;
  let to: usize = 0;
  for (let b: u32 = 0; b < count; b++) {
    if (load<u8>(covered + b) !== 0) continue;
    const size = min(BLOCK, oldSize - b * BLOCK);
    if (text !== old) memory.copy(text + textSize, old + b * BLOCK, size);
    store<u32>(blocks + to, b);
    to += 4;
    textSize += size;
  }
  const words = textSize >> 2;
  textSize = words << 2;
  if (words === 0) return true;
  suffixes = take((<usize>words) << 2);
  if (suffixes === 0) return false;
  if (!suffixSortWords(text, words, suffixes)) return false;
  firstBytes = words < 1 << 12 ? 1 : words < 1 << 20 ? 2 : 3;
  const size = (((<usize>1) << (firstBytes * 8)) + 1) << 2;
  firsts = take(size);
  if (firsts === 0) return false;
  memory.fill(firsts, 0, size);
  for (let i: u32 = 0; i < words; i++) {
    const slot = firstSlot(text + (i << 2));
    store<u32>(slot, load<u32>(slot) + 1);
  }
  let sum: u32 = 0;
  for (let slot = firsts; slot < firsts + size; slot += 4) {
    const count = load<u32>(slot);
    store<u32>(slot, sum);
    sum += count;
  }
  return true;
}

/** Looks `size` bytes at `pattern` up; sets matchOld and matchLength (0: none). */
export function longest(pattern: usize, size: u32): void {
  matchLength = 0;
  if (textSize === 0 || size < 4) return;
  const slot = firstSlot(pattern);
  const start = load<u32>(slot);
  const end = load<u32>(slot, 4);
  if (start === end) return;
  const limit = min(size, FAR);
  let low = start;
  let high = end;
  // What the pattern shares with the suffixes below `low` and from `high` on.
  let below = firstBytes;
  let above = firstBytes;
  while (low < high) {
    const middle = low + ((high - low) >> 1);
    const at = load<u32>(suffixes + ((<usize>middle) << 2)) << 2;
    let same = min(below, above);
    const most = min(limit, textSize - at);
    same += commonPrefix(text + at + same, most - same, pattern + same, most - same);
    const less = same === most ? same < limit : load<u8>(text + at + same) < load<u8>(pattern + same);
    if (less) {
      low = middle + 1;
      below = same;
    } else {
      high = middle;
      above = same;
    }
    if (same >= limit) {
      matchLength = same;
      matchOld = place(at);
      return;
    }
  }
  // The neighbours on both sides of where the pattern would stand.
  let best: u32 = low;
  matchLength = above;
  if (low === end || (low > start && below > above)) {
    best = low - 1;
    matchLength = below;
  }
  matchOld = place(load<u32>(suffixes + ((<usize>best) << 2)) << 2);
}

/** The entry of `firsts` for four bytes at `place`. */
function firstSlot(place: usize): usize {
  return firsts + ((<usize>(bswap(load<u32>(place)) >> (32 - firstBytes * 8))) << 2);
}

/** The position in the old file of a position in the text. */
function place(at: u32): u32 {
  return load<u32>(blocks + ((<usize>(at / BLOCK)) << 2)) * BLOCK + (at % BLOCK);
}

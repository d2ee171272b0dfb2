/**
 * Suffix sorting in linear time: SA-IS (G. Nong, S. Zhang, W. H. Chan, "Two Efficient Algorithms for Linear Time
 * Suffix Array Construction", 2009). The array itself is the working space, the recursion's too; beside it there are
 * the ranks of the words and one bucket table, each at most as large as the text.
 *
 * Words: a suffix is S when it is smaller than the one that follows it, L when it is larger; the end of the text is
 * smaller than every character. An S suffix whose left neighbour is L is an LMS suffix.
 *
 * An entry is marked (`~`) so that the pass at hand does not induce from it. Entry 0 never induces anything, so it
 * stands for an empty slot as well.
 */
import { mark, release, take } from './memory';

function char(text: usize, i: i32): u32 {
  return load<u32>(text + ((<usize>i) << 2));
}

function get(array: usize, i: i32): i32 {
  return load<i32>(array + ((<usize>i) << 2));
}

function set(array: usize, i: i32, value: i32): void {
  store<i32>(array + ((<usize>i) << 2), value);
}

/**
 * Sorts those suffixes of `text` that start at multiples of four, in the order of their bytes, and writes their
 * starts, in words, to `sa` (`count` 32-bit indices). `text` is `count` words long. False where memory ran out.
 */
export function suffixSortWords(text: usize, count: i32, sa: usize): bool {
  if (count === 0) return true;
  const before = mark();
  const ranks = take((<usize>count) << 2);
  if (ranks === 0) return false;
  const alphabet = rankWords(text, count, ranks, sa);
  if (alphabet === 0) return false;
  const done = sort(ranks, count, alphabet, sa);
  release(before);
  return done;
}

/**
 * Writes to `ranks` the rank of each word among the distinct ones, by its bytes as a big-endian number; returns how
 * many distinct ones there are, 0 where memory ran out. Two passes of radix sort, `order` and `ranks` by turns.
 */
function rankWords(text: usize, count: i32, ranks: usize, order: usize): i32 {
  const before = mark();
  const counters = take(65536 << 2);
  if (counters === 0) return 0;
  countHalves(text, count, counters, 0);
  for (let i = 0; i < count; i++) {
    const half = <i32>(bswap(load<u32>(text + ((<usize>i) << 2))) & 0xffff);
    const slot = get(counters, half);
    set(counters, half, slot + 1);
    set(ranks, slot, i);
  }
  countHalves(text, count, counters, 16);
  for (let i = 0; i < count; i++) {
    const j = get(ranks, i);
    const half = <i32>(bswap(load<u32>(text + ((<usize>j) << 2))) >> 16);
    const slot = get(counters, half);
    set(counters, half, slot + 1);
    set(order, slot, j);
  }
  release(before);
  let rank = -1;
  let last: u32 = 0;
  for (let i = 0; i < count; i++) {
    const j = get(order, i);
    const word = load<u32>(text + ((<usize>j) << 2));
    if (i === 0 || word !== last) rank++;
    last = word;
    set(ranks, j, rank);
  }
  return rank + 1;
}

/** Sets each counter to the number of words whose half (the bits from `shift` on) is below its index. */
function countHalves(text: usize, count: i32, counters: usize, shift: u32): void {
  memory.fill(counters, 0, 65536 << 2);
  for (let i = 0; i < count; i++) {
    const half = <i32>((bswap(load<u32>(text + ((<usize>i) << 2))) >> shift) & 0xffff);
    set(counters, half, get(counters, half) + 1);
  }
  let sum = 0;
  for (let half = 0; half < 65536; half++) {
    const size = get(counters, half);
    set(counters, half, sum);
    sum += size;
  }
}

/** The suffix array of `n` 32-bit characters, each below `alphabet`. False where memory ran out. */
function sort(text: usize, n: i32, alphabet: i32, sa: usize): bool {
  if (n <= 1) {
    if (n === 1) set(sa, 0, 0);
    return true;
  }
  const before = mark();
  let buckets = take((<usize>alphabet) << 2);
  if (buckets === 0) return false;

  const count = placeLms(text, n, alphabet, sa, buckets);
  if (count > 1) {
    sortLmsSubstrings(text, n, alphabet, sa, buckets);
    gather(sa, n, count);
    const names = nameLmsSubstrings(text, n, sa, count);
    const reduced = sa + ((<usize>(n - count)) << 2);
    if (names < count) {
      // The table is filled anew before each use, so its room is the recursion's for a while.
      release(before);
      if (!sort(reduced, count, names, sa)) return false;
      buckets = take((<usize>alphabet) << 2);
    } else {
      for (let i = 0; i < count; i++) set(sa, get(reduced, i), i);
    }
    restoreLms(text, n, reduced, count);
    for (let i = 0; i < count; i++) set(sa, i, get(reduced, get(sa, i)));
  } else {
    gather(sa, n, count);
  }
  placeSortedLms(text, n, alphabet, sa, buckets, count);
  induce(text, n, alphabet, sa, buckets);
  release(before);
  return true;
}

/** Sets each bucket to the index of its first entry, or with `ends` to one past its last. */
function fillBuckets(text: usize, n: i32, alphabet: i32, buckets: usize, ends: bool): void {
  memory.fill(buckets, 0, (<usize>alphabet) << 2);
  for (let i = 0; i < n; i++) {
    const c = char(text, i);
    set(buckets, c, get(buckets, c) + 1);
  }
  let sum = 0;
  for (let c = 0; c < alphabet; c++) {
    const size = get(buckets, c);
    set(buckets, c, ends ? sum + size : sum);
    sum += size;
  }
}

/** Puts every LMS suffix into its bucket, from the bucket's end, unsorted; returns how many there are. */
function placeLms(text: usize, n: i32, alphabet: i32, sa: usize, buckets: usize): i32 {
  memory.fill(sa, 0, (<usize>n) << 2);
  fillBuckets(text, n, alphabet, buckets, true);
  let count = 0;
  let right = char(text, n - 1);
  let rightIsS = false;
  for (let i = n - 2; i >= 0; i--) {
    const c = char(text, i);
    const isS = c < right || (c === right && rightIsS);
    if (rightIsS && !isS) {
      const slot = get(buckets, right) - 1;
      set(buckets, right, slot);
      set(sa, slot, i + 1);
      count++;
    }
    right = c;
    rightIsS = isS;
  }
  return count;
}

/** From LMS suffixes in their buckets to LMS suffixes in the order of their LMS substrings, and nothing else. */
function sortLmsSubstrings(text: usize, n: i32, alphabet: i32, sa: usize, buckets: usize): void {
  fillBuckets(text, n, alphabet, buckets, false);
  // The empty suffix is not in the array; it induces the last one.
  let j = n - 1;
  let c = char(text, j);
  let slot = get(buckets, c);
  set(sa, slot++, char(text, j - 1) < c ? ~j : j);
  for (let i = 0; i < n; i++) {
    j = get(sa, i);
    if (j <= 0) continue;
    set(sa, i, 0);
    j--;
    const d = char(text, j);
    if (d !== c) {
      set(buckets, c, slot);
      c = d;
      slot = get(buckets, c);
    }
    // An L suffix whose left neighbour is S waits, marked, for the pass from the right.
    if (j > 0) set(sa, slot, char(text, j - 1) < c ? ~j : j);
    slot++;
  }
  fillBuckets(text, n, alphabet, buckets, true);
  c = 0;
  slot = get(buckets, 0);
  for (let i = n - 1; i >= 0; i--) {
    j = get(sa, i);
    if (j >= 0) continue;
    set(sa, i, 0);
    j = ~j - 1;
    const d = char(text, j);
    if (d !== c) {
      set(buckets, c, slot);
      c = d;
      slot = get(buckets, c);
    }
    slot--;
    // An S suffix whose left neighbour is L is LMS: a result. Otherwise it induces, marked as above.
    if (j > 0) set(sa, slot, char(text, j - 1) > c ? j : ~j);
  }
}

/** Moves the entries above 0 to the front, in order, and clears the rest. */
function gather(sa: usize, n: i32, count: i32): void {
  let filled = 0;
  for (let i = 0; filled < count; i++) {
    const j = get(sa, i);
    if (j > 0) set(sa, filled++, j);
  }
  memory.fill(sa + ((<usize>count) << 2), 0, (<usize>(n - count)) << 2);
}

/**
 * Gives each LMS substring its rank among the distinct ones, writes the ranks in text order to the last `count`
 * entries, and returns how many distinct ones there are.
 */
function nameLmsSubstrings(text: usize, n: i32, sa: usize, count: i32): i32 {
  // LMS suffixes are at least two apart: i >> 1 is a place of its own for each.
  const places = sa + ((<usize>count) << 2);
  let next = n;
  let right = char(text, n - 1);
  let rightIsS = false;
  for (let i = n - 2; i >= 0; i--) {
    const c = char(text, i);
    const isS = c < right || (c === right && rightIsS);
    if (rightIsS && !isS) {
      set(places, (i + 1) >> 1, next - i);
      next = i + 1;
    }
    right = c;
    rightIsS = isS;
  }
  let names = 0;
  let before = 0;
  let beforeLength = 0;
  for (let i = 0; i < count; i++) {
    const j = get(sa, i);
    const length = get(places, j >> 1);
    // The one that reaches beyond the end of the text is like no other.
    let same = length === beforeLength && j + length <= n && before + length <= n;
    for (let k = 0; same && k < length; k++) same = char(text, j + k) === char(text, before + k);
    if (!same) names++;
    set(places, j >> 1, names);
    before = j;
    beforeLength = length;
  }
  let to = n;
  for (let i = n - 1; i >= count; i--) {
    const name = get(sa, i);
    if (name > 0) set(sa, --to, name - 1);
  }
  return names;
}

/** Writes the LMS suffixes in text order to `into`. */
function restoreLms(text: usize, n: i32, into: usize, count: i32): void {
  let at = count;
  let right = char(text, n - 1);
  let rightIsS = false;
  for (let i = n - 2; i >= 0; i--) {
    const c = char(text, i);
    const isS = c < right || (c === right && rightIsS);
    if (rightIsS && !isS) set(into, --at, i + 1);
    right = c;
    rightIsS = isS;
  }
}

/** Moves the sorted LMS suffixes from the front to the ends of their buckets and clears the rest. */
function placeSortedLms(text: usize, n: i32, alphabet: i32, sa: usize, buckets: usize, count: i32): void {
  memory.fill(sa + ((<usize>count) << 2), 0, (<usize>(n - count)) << 2);
  fillBuckets(text, n, alphabet, buckets, true);
  for (let i = count - 1; i >= 0; i--) {
    const j = get(sa, i);
    set(sa, i, 0);
    const c = char(text, j);
    const slot = get(buckets, c) - 1;
    set(buckets, c, slot);
    set(sa, slot, j);
  }
}

/** From sorted LMS suffixes in their buckets to the suffix array. */
function induce(text: usize, n: i32, alphabet: i32, sa: usize, buckets: usize): void {
  fillBuckets(text, n, alphabet, buckets, false);
  let j = n - 1;
  let c = char(text, j);
  let slot = get(buckets, c);
  set(sa, slot++, char(text, j - 1) < c ? ~j : j);
  for (let i = 0; i < n; i++) {
    j = get(sa, i);
    // What induced here does not induce from the right, and the other way round.
    set(sa, i, ~j);
    if (j <= 0) continue;
    j--;
    const d = char(text, j);
    if (d !== c) {
      set(buckets, c, slot);
      c = d;
      slot = get(buckets, c);
    }
    set(sa, slot++, j > 0 && char(text, j - 1) < c ? ~j : j);
  }
  fillBuckets(text, n, alphabet, buckets, true);
  c = 0;
  slot = get(buckets, 0);
  for (let i = n - 1; i >= 0; i--) {
    j = get(sa, i);
    if (j < 0) {
      set(sa, i, ~j);
      continue;
    }
    if (j === 0) continue;
    j--;
    const d = char(text, j);
    if (d !== c) {
      set(buckets, c, slot);
      c = d;
      slot = get(buckets, c);
    }
    set(sa, --slot, j === 0 || char(text, j - 1) > c ? ~j : j);
  }
}

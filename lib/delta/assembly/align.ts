/**
 * Alignments of the new file to the old one, as bsdiff finds them (C. Percival, "Naive Differences of Executable
 * Code", 2003): follow one alignment through its mismatches for as long as no other place of the old file matches
 * clearly better; then extend neighbouring alignments towards each other for as long as half of the bytes are equal.
 */
import { commonPrefix, commonSuffix, countEqual } from './compare';
import { longest, matchLength, matchOld } from './search';

/**
 * A match takes over when it is this much longer than what the present alignment has equal there. A change of
 * alignment costs about as much as this many bytes of text or code after compression.
 */
const BETTER: u32 = 40;
/**
 * Places that are looked up are this far apart. The search knows multiples of four only: as 5 is odd, four places in
 * a row reach every alignment, so a match of more than BETTER bytes is met with at least LEAST of them still ahead.
 */
const STRIDE: u32 = 5;
const LEAST: u32 = 8;
/** Where the present alignment is equal for this long, nothing else is looked for. */
const LONG: u32 = 32;
/**
 * A shorter match takes over as well if, with what surrounds it, it has this many bytes more equal (less those that are not) than the
 * present alignment, and that has no more than half of them: so tables are found of which every row holds a number that has changed.
 */
const MUCH: u32 = 80;
/** So far around a match is looked, and no further than where so many more bytes are unequal than equal. */
const AROUND: u32 = 256;
const DROP: i32 = 24;

/**
 * Seeds of new alignments in the new bytes [from, to), where `offset` (new - old position, wrapping) is the alignment
 * that holds at `from`. Writes up to `room` of them to `out`, three u32 each: new position, old position, length;
 * ascending and disjoint. Returns their number; when it is `room`, go on from the end of the last.
 */
export function findSeeds(
  old: usize,
  oldSize: u32,
  fresh: usize,
  from: u32,
  to: u32,
  offset: u32,
  out: usize,
  room: u32,
): u32 {
  let count: u32 = 0;
  let done = from;
  let at = from;
  while (at < to && count < room) {
    const aligned = at - offset;
    const inside = aligned < oldSize;
    if (inside) {
      const equal = commonPrefix(old + aligned, oldSize - aligned, fresh + at, to - at);
      if (equal >= LONG || at + equal === to) {
        at += equal;
        continue;
      }
    }
    longest(fresh + at, to - at);
    if (matchLength >= LEAST) {
      const length = commonPrefix(old + matchOld, oldSize - matchOld, fresh + at, to - at);
      const back = commonSuffix(old + matchOld, matchOld, fresh + at, at - done);
      const from = aligned - back;
      const score =
        from < oldSize ? countEqual(old + from, fresh + at - back, min(back + length, oldSize - from)) : 0;
      if (
        back + length > score + BETTER ||
        isBetterAround(old, oldSize, fresh, at, done, to, from, length, back)
      ) {
        const entry = out + <usize>count * 12;
        store<u32>(entry, at - back);
        store<u32>(entry, matchOld - back, 4);
        store<u32>(entry, back + length, 8);
        count++;
        offset = at - matchOld;
        at += length;
        done = at;
        continue;
      }
      if (matchOld === aligned) {
        at += length;
        continue;
      }
    }
    at += STRIDE;
  }
  return count;
}

/** Of the last `reachForward` or `reachBackward`: equal bytes less unequal ones. */
let balanced: i32 = 0;

/** Whether the match found at `at`, of `length` bytes and `back` before them, is better by what surrounds it than what is at `held` of the old file. */
function isBetterAround(
  old: usize,
  oldSize: u32,
  fresh: usize,
  at: u32,
  done: u32,
  to: u32,
  held: u32,
  length: u32,
  back: u32,
): bool {
  const oldEnd = matchOld + length;
  const up = reachForward(
    old + oldEnd,
    fresh + at + length,
    min(AROUND, min(to - at - length, oldSize - oldEnd)),
    DROP,
  );
  const above = balanced;
  const oldStart = matchOld - back;
  const start = at - back;
  const down = reachBackward(
    old + oldStart,
    fresh + start,
    min(AROUND, min(start - done, min(oldStart, held))),
    DROP,
  );
  const size = down + back + length + up;
  const place = held - down;
  const equal =
    place < oldSize ? countEqual(old + place, fresh + start - down, min(size, oldSize - place)) : 0;
  return equal <= size / 2 && <i32>(back + length) + above + balanced > <i32>(equal + MUCH);
}

/** How far, at most `limit`, to go up from two places so that equal bytes less unequal ones are the most. */
export function extendForward(a: usize, b: usize, limit: u32): u32 {
  return reachForward(a, b, limit, i32.MAX_VALUE);
}

/** As `extendForward`, going down from the bytes before `a` and `b`. */
export function extendBackward(a: usize, b: usize, limit: u32): u32 {
  return reachBackward(a, b, limit, i32.MAX_VALUE);
}

/** As `extendForward`, and no further than where `drop` bytes more are unequal than at the best place. */
function reachForward(a: usize, b: usize, limit: u32, drop: i32): u32 {
  let balance: i32 = 0;
  let best: u32 = 0;
  balanced = 0;
  for (let i: u32 = 0; i < limit && balance > balanced - drop; ) {
    balance += load<u8>(a + i) === load<u8>(b + i) ? 1 : -1;
    i++;
    if (balance > balanced) {
      balanced = balance;
      best = i;
    }
  }
  return best;
}

function reachBackward(a: usize, b: usize, limit: u32, drop: i32): u32 {
  let balance: i32 = 0;
  let best: u32 = 0;
  balanced = 0;
  for (let i: u32 = 1; i <= limit && balance > balanced - drop; i++) {
    balance += load<u8>(a - i) === load<u8>(b - i) ? 1 : -1;
    if (balance > balanced) {
      balanced = balance;
      best = i;
    }
  }
  return best;
}

/** Where `size` bytes at `b` that both alignments reach go over from the first (`left`) to the second (`right`). */
export function splitOverlap(left: usize, right: usize, b: usize, size: u32): u32 {
  let balance: i32 = 0;
  let most: i32 = 0;
  let best: u32 = 0;
  for (let i: u32 = 0; i < size; i++) {
    const byte = load<u8>(b + i);
    balance += i32(load<u8>(left + i) === byte) - i32(load<u8>(right + i) === byte);
    if (balance > most) {
      most = balance;
      best = i + 1;
    }
  }
  return best;
}

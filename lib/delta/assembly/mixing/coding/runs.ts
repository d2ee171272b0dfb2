/**
 * Runs, in the second model: which four bits came last in the context of a bucket, and how often in a row. It is kept in the bits of
 * the bucket's first word that the check leaves, and so takes no memory; what it says is told by counters, which all buckets share.
 */
import { take } from '../../memory';
import { learn } from './coder';

/** Of a bucket's first word: the check; above it the four bits, and how often they came. */
const CHECK: u32 = 0x1ffff;
const RUN_BITS: u32 = 17;
const RUN_COUNT: u32 = 21;
const MOST: u32 = 15;
/** Bits that the counter of a run has seen, at most. */
const LIMIT: u32 = 127;
/** Contexts of each of the four types, at most; counters of each of those. */
const CONTEXTS: usize = 16;
const COUNTERS: usize = 128;

let runs: usize = 0;

export function openRuns(): bool {
  runs = take(4 * CONTEXTS * COUNTERS * 4);
  return runs !== 0;
}

export function isCheck(word: u32, check: u32): bool {
  return (word & CHECK) === check;
}

/** Of the contexts of a type of literals: what the run of the first one says. */
export function runsOf(type: usize): usize {
  return runs + ((type * CONTEXTS * COUNTERS) << 2);
}

/**
 * The counter of what the run of a bucket says of a bit: by how long it is, whether something else came as well (`seen` by the counter of
 * the bit, which has seen at most `limit`), and the bit. `row` itself, whose counter nobody asks, if it says nothing, as other bits
 * precede this one. Without a branch: which of them it is can't be guessed.
 *
 * @param row of the context, as `runsOf`
 * @param inner the bits of these four that precede, below a 1
 * @param step how many there are
 */
export function runCounter(row: usize, word: u32, seen: u32, limit: u32, inner: usize, step: i32): usize {
  const count = word >> RUN_COUNT;
  const nibble = ((word >> RUN_BITS) & 15) | 16;
  const others = u32(seen > count) + u32(seen > count + 2) + u32(seen > max<u32>(count + 2, count * 2));
  const mixed = select(u32(count < MOST) << 1, others, seen >= limit);
  const index = (count * 4 + mixed) * 2 + ((nibble >> (3 - step)) & 1);
  const says = u32(count !== 0) & u32(<usize>(nibble >> (4 - step)) === inner);
  return row + ((<usize>(index & (0 - says))) << 2);
}

export function nextRow(row: usize): usize {
  return row + (COUNTERS << 2);
}

export function learnRun(counter: usize, bit: u32): void {
  learn(counter, bit, LIMIT);
}

/** These four bits came in the context of the bucket. */
export function continueRun(bucket: usize, nibble: u32): void {
  const word = load<u32>(bucket);
  const count = word >> RUN_COUNT;
  const again = count !== 0 && ((word >> RUN_BITS) & 15) === nibble;
  const longer = again ? min<u32>(MOST, count + 1) : 1;
  store<u32>(bucket, (word & CHECK) | (nibble << RUN_BITS) | (longer << RUN_COUNT));
}

/**
 * Long identical runs, found by hashing before anything is sorted: near-identical files are done here at the speed
 * of reading them. Blocks of the old file at multiples of BLOCK go into a hash table; a rolling hash of the new file
 * looks each of its positions up (the idea of rsync); hits are verified and extended both ways.
 */
import { commonPrefix, commonSuffix } from './compare';
import { mark, release, take } from './memory';

const BLOCK: u32 = 64;
const MULTIPLIER: u64 = ((<u64>0x9e3779b9) << 32) | 0x7f4a7c15;
/** MULTIPLIER to the power of BLOCK / 4. */
const PART_POWER: u64 = ((<u64>0xf53f7dff) << 32) | 0x42a4f4c1;

/**
 * Appends runs of at least `minimum` bytes, ascending and disjoint in the new file, to `out`: three u32 each, new
 * position, old position, length. `out` has room for newSize / minimum + 1 runs. Returns their number, -1 where memory ran out.
 */
export function findRuns(
  old: usize,
  oldSize: u32,
  fresh: usize,
  newSize: u32,
  minimum: u32,
  out: usize,
): i32 {
  if (oldSize < BLOCK || newSize < BLOCK) return 0;
  const before = mark();
  const blocks = oldSize / BLOCK;
  const bits = 33 - clz<u32>(blocks);
  const shift = 64 - <u64>bits;
  const slots = (<usize>1) << bits;
  const table = take(slots << 3);
  if (table === 0) return -1;
  memory.fill(table, 0, slots << 3);
  // A slot: block number + 1, then 32 more bits of the hash. The first block of equal hash stays.
  for (let b: u32 = 0; b < blocks; b++) {
    const hash = mix(blockHash(old + <usize>(b * BLOCK)));
    let slot = <usize>(hash >> shift);
    for (;;) {
      const entry = table + (slot << 3);
      const there = load<u32>(entry);
      if (there === 0) {
        store<u32>(entry, b + 1);
        store<u32>(entry, <u32>hash, 4);
        break;
      }
      if (load<u32>(entry, 4) === <u32>hash) break;
      slot = (slot + 1) & (slots - 1);
    }
  }

  let power: u64 = 1;
  for (let i: u32 = 0; i < BLOCK; i++) power *= MULTIPLIER;
  let count = 0;
  // Up to here the new file is covered.
  let done: u32 = 0;
  let at: u32 = 0;
  const last = newSize - BLOCK;
  let hash = blockHash(fresh);
  while (at <= last) {
    const mixed = mix(hash);
    let slot = <usize>(mixed >> shift);
    let found: u32 = 0;
    for (;;) {
      const entry = table + (slot << 3);
      const there = load<u32>(entry);
      if (there === 0) break;
      if (load<u32>(entry, 4) === <u32>mixed) {
        found = there;
        break;
      }
      slot = (slot + 1) & (slots - 1);
    }
    if (found !== 0) {
      const oldAt = (found - 1) * BLOCK;
      const length = commonPrefix(old + oldAt, oldSize - oldAt, fresh + at, newSize - at);
      if (length >= BLOCK) {
        const back = commonSuffix(old + oldAt, oldAt, fresh + at, at - done);
        if (length + back >= minimum) {
          const entry = out + <usize>count * 12;
          store<u32>(entry, at - back);
          store<u32>(entry, oldAt - back, 4);
          store<u32>(entry, length + back, 8);
          count++;
          done = at + length;
          at = done;
          if (at <= last) hash = blockHash(fresh + at);
          continue;
        }
      }
    }
    if (at < last) {
      hash =
        hash * MULTIPLIER + <u64>load<u8>(fresh + at + BLOCK) + 1 - power * (<u64>load<u8>(fresh + at) + 1);
    }
    at++;
  }
  release(before);
  return count;
}

/** By four parts, whose multiplications need not wait for each other. */
function blockHash(block: usize): u64 {
  const part = <usize>BLOCK / 4;
  let first: u64 = 0;
  let second: u64 = 0;
  let third: u64 = 0;
  let fourth: u64 = 0;
  for (let at = block; at < block + part; at++) {
    first = first * MULTIPLIER + <u64>load<u8>(at) + 1;
    second = second * MULTIPLIER + <u64>load<u8>(at + part) + 1;
    third = third * MULTIPLIER + <u64>load<u8>(at + 2 * part) + 1;
    fourth = fourth * MULTIPLIER + <u64>load<u8>(at + 3 * part) + 1;
  }
  return ((first * PART_POWER + second) * PART_POWER + third) * PART_POWER + fourth;
}

function mix(hash: u64): u64 {
  hash ^= hash >> 32;
  return hash * (((<u64>0xd6e8feb8) << 32) | 0x6659fd93);
}

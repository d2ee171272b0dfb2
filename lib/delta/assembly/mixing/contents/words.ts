/**
 * Words (identifiers) of text and what they became: minifiers and bundlers rename them from build to build, each time the
 * same word to the same other one within a scope. A table of old words has the last two that each became.
 */
import { take } from '../../memory';
import { codeMixed, counterOfFlag } from '../coding/mixer';
import { hash } from '../coding/tables';

/** Longer words are not in the table. */
export const LONGEST: u32 = 16;
/** Words below this length are looked up only if they were renamed within so many bytes; the others always. */
const SHORT: u32 = 6;
const SCOPE: u32 = 1 << 17;
/** A word that stayed as it was so many times in a row is not looked up any more. */
const SETTLED: u32 = 2;
const BITS: u32 = 14;
/** Hash of the old word; then for each of two: length, count, new place of the last use, the word. */
const ENTRY: usize = 56;
const FIRST: usize = 4;
const SECOND: usize = 30;
const COUNT: usize = 1;
const PLACE: usize = 2;
const TEXT: usize = 6;

let old: usize = 0;
let oldSize: u32 = 0;
let table: usize = 0;
/** A bit for each entry that has a word: small enough to stay in the processor's cache. */
let taken: usize = 0;
/** By entry: how often it may have changed. */
let changes: usize = 0;
/** Words that were not to be looked up: 16 bytes of the word, its entry, and how often that had changed. They are so until it changes again. */
let passed: usize = 0;
const PASSED_BITS: u64 = 13;
const PASSED: usize = 5;
/** The word of the last `measure`: its length, its bytes with zeros behind them, and a hash of them that nothing depends on. */
let measured: u32 = 0;
const MULTIPLIER: u64 = ((<u64>0x9e3779b9) << 32) | 0x7f4a7c15;
const SECOND_MULTIPLIER: u64 = ((<u64>0xc2b2ae3d) << 32) | 0x27d4eb4f;
let low: u64 = 0;
let high: u64 = 0;
let sum: u64 = 0;
/** 1 for each byte that belongs to words. */
let identifiers: usize = 0;
let flags: usize = 0;
let outcomes: u32 = 0;
/** The entry of the last `findWord`, the hash of the old word and its length. */
let entry: usize = 0;
let key: u32 = 0;
export let wordLength: u32 = 0;

export function openWords(oldAt: usize, size: u32): bool {
  old = oldAt;
  oldSize = size;
  table = take(ENTRY << BITS);
  taken = take((1 << BITS) >> 3);
  changes = take(4 << BITS);
  passed = take((<usize>1) << (<usize>PASSED_BITS + PASSED));
  flags = take(4 << 16);
  identifiers = take(256);
  if (table === 0 || taken === 0 || changes === 0 || passed === 0) return false;
  if (flags === 0 || identifiers === 0) return false;
  for (let byte: u32 = 0; byte < 256; byte++) store<u8>(identifiers + byte, u8(isWordByte(byte)));
  return true;
}

/** Letters, digits, _, $, and all that is not ASCII. */
export function isIdentifier(byte: u32): bool {
  return load<u8>(identifiers + byte) !== 0;
}

/** Which of the 16 bytes at `address` belong to words, a bit each. */
export function identifiersAt(address: usize): u32 {
  const bytes = v128.load(address);
  const letters = i8x16.lt_u(
    i8x16.sub(v128.or(bytes, i8x16.splat(0x20)), i8x16.splat(0x61)),
    i8x16.splat(26),
  );
  const digits = i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(0x30)), i8x16.splat(10));
  const others = v128.or(i8x16.eq(bytes, i8x16.splat(0x5f)), i8x16.eq(bytes, i8x16.splat(0x24)));
  return <u32>i8x16.bitmask(v128.or(v128.or(letters, digits), v128.or(others, bytes)));
}

function isWordByte(byte: u32): bool {
  return (
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x5f ||
    byte === 0x24 ||
    byte >= 0x80
  );
}

/** Measures the word that begins at the old `place`. False if none does, or it is too long. What follows the old file is zero. */
function measure(place: u32): bool {
  measured = <u32>ctz(~identifiersAt(old + place));
  if (measured === 0 || (measured === LONGEST && isIdentifier(load<u8>(old + place + LONGEST)))) return false;
  const all = u64.MAX_VALUE;
  low = load<u64>(old + place) & (all >> (64 - 8 * <u64>min<u32>(8, measured)));
  high = measured <= 8 ? 0 : load<u64>(old + place, 8) & (all >> (128 - 8 * <u64>measured));
  sum = (low + high * SECOND_MULTIPLIER) * MULTIPLIER;
  return true;
}

/** The place of the measured word among those that were passed. */
function passedSlot(): usize {
  return passed + ((<usize>(sum >> (64 - PASSED_BITS))) << PASSED);
}

/** Whether the word that begins at the old `place` may be one that is looked up. */
export function mayBeKnown(place: u32): bool {
  if (!measure(place)) return false;
  const slot = passedSlot();
  if (load<u64>(slot) !== low || load<u64>(slot, 8) !== high) return true;
  return load<u32>(changes + ((<usize>load<u32>(slot, 16)) << 2)) !== load<u32>(slot, 20);
}

/** The measured word is not to be looked up as its entry is now. */
function pass(): bool {
  const slot = passedSlot();
  const index = key >> (32 - BITS);
  store<u64>(slot, low);
  store<u64>(slot, high, 8);
  store<u32>(slot, index, 16);
  store<u32>(slot, load<u32>(changes + ((<usize>index) << 2)), 20);
  return false;
}

/** The entry of `key` is about to change. */
function change(): void {
  const count = changes + ((<usize>(key >> (32 - BITS))) << 2);
  store<u32>(count, load<u32>(count) + 1);
}

function hashOf(place: u32, length: u32): u32 {
  let sum: u32 = 0;
  for (let i: u32 = 0; i < length; i++) sum = hash(sum, load<u8>(old + place + i));
  return sum | 1;
}

/** Whether a word begins at the old `place` of which it is known what it became; `at` is the new place. */
export function findWord(place: u32, at: u32): bool {
  if (place >= oldSize || !isIdentifier(load<u8>(old + place))) return false;
  if (place > 0 && isIdentifier(load<u8>(old + place - 1))) return false;
  if (!mayBeKnown(place)) return false;
  wordLength = measured;
  key = hashOf(place, wordLength);
  const index = key >> (32 - BITS);
  if (((load<u32>(taken + ((index >> 5) << 2)) >> (index & 31)) & 1) === 0) return pass();
  entry = table + <usize>index * ENTRY;
  if (load<u32>(entry) !== key) return pass();
  const first = entry + FIRST;
  if (load<u8>(first, COUNT) >= SETTLED && isSame(first + TEXT, load<u8>(first), old + place, wordLength)) {
    return pass();
  }
  return wordLength >= SHORT || at - load<u32>(first + PLACE) < SCOPE;
}

function isSame(word: usize, length: u32, other: usize, otherLength: u32): bool {
  return length === otherLength && memory.compare(word, other, length) === 0;
}

/** The new word at `fresh + at`, ending before `end`, is exactly this one. */
function isHere(word: usize, length: u32, here: usize, most: u32): bool {
  return length < most && memory.compare(word, here, length) === 0 && !isIdentifier(load<u8>(here + length));
}

/**
 * Codes what the word of the last `findWord` became; `most` bytes are left of the step. Writes it to `here` and returns its
 * length; 0 if it is none of those that are known.
 */
export function codeWord(place: u32, here: usize, at: u32, most: u32, encoding: bool): u32 {
  const original = old + place;
  const first = entry + FIRST;
  const second = entry + SECOND;
  change();
  const firstIsOld = isSame(first + TEXT, load<u8>(first), original, wordLength);
  for (let i: u32 = 0; i < 3; i++) {
    const slot = i === 0 ? first : second;
    let word = slot + TEXT;
    let length: u32 = load<u8>(slot);
    if (i === 2) {
      if (firstIsOld || isSame(second + TEXT, load<u8>(second), original, wordLength)) break;
      word = original;
      length = wordLength;
    }
    if (length === 0 || length >= most) continue;
    const same = u32(i === 2 || isSame(word, length, original, wordLength));
    const count: u32 = i === 2 ? 0 : min<u32>(7, load<u8>(slot, COUNT));
    const apart = at - load<u32>(first + PLACE);
    const far: u32 = apart < 64 ? 0 : apart < 1024 ? 1 : apart < 16384 ? 2 : 3;
    const which = i * 2 + same;
    counterOfFlag(
      0,
      flags + ((<usize>(((which * 8 + count) * 4 + far) * 4 + min<u32>(3, wordLength - 1))) << 2),
    );
    counterOfFlag(1, flags + ((<usize>(1024 + which * 256 + (outcomes & 255))) << 2));
    counterOfFlag(2, flags + ((<usize>(4096 + (hash(key, which) & 16383))) << 2));
    counterOfFlag(
      3,
      flags +
        ((<usize>(
          (20480 + (hash(hash(load<u8>(here - 1), load<u8>(original + wordLength)), which) & 16383))
        )) <<
          2),
    );
    const right = codeMixed(
      u32(encoding && isHere(word, length, here, most)),
      4,
      1792 + which * 8 + count,
      255,
    );
    if (i === 0) outcomes = (outcomes << 1) | right;
    if (!right && i === 0) store<u8>(first, 0, COUNT);
    if (right) {
      memory.copy(here, word, length);
      if (i === 0) {
        store<u8>(first, <u8>min<u32>(255, load<u8>(first, COUNT) + 1), COUNT);
        if (!same) store<u32>(first + PLACE, at);
      } else {
        prefer(here, length, at, i === 1);
      }
      return length;
    }
  }
  return 0;
}

/** Puts a word first. `swap`: it is the second; otherwise the second is forgotten. */
function prefer(word: usize, length: u32, at: u32, swap: bool): void {
  const first = entry + FIRST;
  const count: u32 = swap ? load<u8>(entry + SECOND, COUNT) : 0;
  memory.copy(entry + SECOND, first, ENTRY / 2 - 2);
  store<u8>(first, <u8>length);
  store<u8>(first, <u8>min<u32>(255, count + 1), COUNT);
  store<u32>(first + PLACE, at);
  memory.copy(first + TEXT, word, length);
}

/** The old word at `place` became the one of `length` bytes at `word`. */
export function learnWord(place: u32, word: usize, length: u32, at: u32): void {
  if (!measure(place) || length === 0 || length > LONGEST) return;
  wordLength = measured;
  key = hashOf(place, wordLength);
  change();
  entry = table + <usize>(key >> (32 - BITS)) * ENTRY;
  if (load<u32>(entry) !== key) {
    memory.fill(entry, 0, ENTRY);
    store<u32>(entry, key);
    const index = key >> (32 - BITS);
    const bits = taken + ((index >> 5) << 2);
    store<u32>(bits, load<u32>(bits) | (1 << (index & 31)));
  } else if (isSame(entry + FIRST + TEXT, load<u8>(entry + FIRST), word, length)) {
    store<u32>(entry + FIRST + PLACE, at);
    return;
  }
  prefer(word, length, at, isSame(entry + SECOND + TEXT, load<u8>(entry + SECOND), word, length));
}

/**
 * An arithmetic coder for single bits (as in lpaq by M. Mahoney: two bounds of 32 bits, no carry), the counters that
 * predict them, and trees of counters for numbers. The same code encodes and decodes: `encoding` says which.
 */
import { take } from '../../memory';
import { Limits } from './limits';
import { fillTables, rate, stretch } from './tables';

/** Bytes of the buffer between this module and its caller. */
export const BUFFER: u32 = 1 << 16;

export let encoding: bool = false;
/** The buffer: of bytes to come if decoding, else of bytes that were made. */
export let buffer: usize = 0;
export let bufferAt: u32 = 0;
export let bufferEnd: u32 = 0;
/** Zeros that were read beyond the end of the input. */
export let overrun: u32 = 0;
/** Bits coded: the measure of the work. */
export let bits: u32 = 0;
/** About how long what was coded takes to decode, in tenths of a microsecond (measured, @oven/bun-linux-x64 1.4.4 -> 1.4.5). */
export let effort: u32 = 0;
export const FOR_FLAG: u32 = 4;
export const FOR_LITERAL: u32 = 20;
export const FOR_MATCH: u32 = 6;
/** Bits of fast steps take as long as one that is modelled. */
const FAST_PER_BIT: u32 = 16;
let fastBits: u32 = 0;

/** Parts of the patch: the model charges each with what it costs. Of the last two there is one for each class. */
export const STEPS: usize = 1;
export const REFERENCES: usize = 2;
export const FIELDS: usize = 3;
export const BLOCKS: usize = 4;
export const WORDS: usize = 5;
export const SUSPECTS: usize = 6;
export const HITS: usize = 7;
export const LITERALS: usize = 10;
const PARTS: usize = 13;

/** By part, for the encoder and where they are asked for: bits of the patch, as a number of 64 bits whose point is above the lowest 16. */
let costs: usize = 0;
let part: usize = 0;
let counting: bool = false;

let low: u32 = 0;
let high: u32 = 0xffffffff;
let code: u32 = 0;

export function openCoder(encode: bool): bool {
  encoding = encode;
  counting = encode;
  buffer = take(BUFFER);
  costs = take(PARTS << 3);
  part = costs;
  return buffer !== 0 && fillTables();
}

/** Begins another code; `input` bytes of it, all there are, lie at `address`, unless it is to be made. */
export function restartCoder(address: usize, input: u32): bool {
  if (encoding) address = take(BUFFER);
  costs = take(PARTS << 3);
  part = costs;
  buffer = address;
  bufferAt = 0;
  bufferEnd = input;
  overrun = 0;
  bits = 0;
  effort = 0;
  fastBits = 0;
  low = 0;
  high = 0xffffffff;
  code = 0;
  if (!encoding) startDecoding();
  return buffer !== 0 && costs !== 0;
}

export function spend(on: u32): void {
  effort += on;
}

/** What the parts cost is counted by the decoder as well. */
export function countCosts(): void {
  counting = true;
}

/** What is coded from now on belongs to the part. */
export function charge(to: usize): void {
  part = costs + (to << 3);
}

/** What a part costs, in bytes. */
export function costOf(index: usize): u32 {
  return <u32>(load<u64>(costs + (index << 3)) >> 19);
}

/** What all parts cost, in bytes. */
export function costOfAll(): u32 {
  let sum: u64 = 0;
  for (let i: usize = 0; i < PARTS; i++) sum += load<u64>(costs + (i << 3));
  return <u32>(sum >> 19);
}

/** Decoding: `size` bytes were placed in the buffer. Encoding: the buffer was emptied. */
export function refill(size: u32): void {
  bufferAt = 0;
  bufferEnd = size;
}

/** Call it once before the first bit is decoded, when the buffer has been filled. */
export function startDecoding(): void {
  for (let i = 0; i < 4; i++) code = (code << 8) | nextByte();
}

/** Encodes what the decoder needs to read the last bits. */
export function finishEncoding(): void {
  for (let i = 0; i < 4; i++) {
    putByte(low >> 24);
    low <<= 8;
  }
}

/** Decoding, after the last bit: whether the input ends as `finishEncoding` ends it. */
export function endsAsEncoded(): bool {
  return bufferAt === bufferEnd && code === low;
}

function nextByte(): u32 {
  if (bufferAt < bufferEnd) return load<u8>(buffer + bufferAt++);
  overrun++;
  return 0;
}

function putByte(byte: u32): void {
  store<u8>(buffer + bufferAt++, <u8>byte);
}

/**
 * Codes a bit: 1 is all up to `middle`. Decoding ignores `bit`. Returns the bit. It does not branch on it, as which it is can
 * hardly be guessed.
 */
function narrow(bit: u32, middle: u32): u32 {
  if (!encoding) bit = u32(code <= middle);
  high = select(middle, high, bit !== 0);
  low = select(low, middle + 1, bit !== 0);
  while (((low ^ high) & 0xff000000) === 0) {
    if (encoding) putByte(high >> 24);
    else code = (code << 8) | nextByte();
    low <<= 8;
    high = (high << 8) | 255;
  }
  return bit;
}

/** Codes one bit; `probability` of 1, 1 to 65535 of 65536. Decoding ignores `bit`. Returns the bit. */
export function codeBit(bit: u32, probability: u32): u32 {
  bits++;
  bit = narrow(bit, low + <u32>((<u64>(high - low) * <u64>probability) >> 16));
  count(bit, probability);
  return bit;
}

/** For statistics only: nothing depends on it. */
function count(bit: u32, probability: u32): void {
  if (!counting) return;
  const share = <f64>(bit ? probability : 65536 - probability) / 65536;
  store<u64>(part, load<u64>(part) + <u64>(-Math.log2(share) * 65536));
}

/**
 * A counter: 22 bits of probability, 10 bits of how many bits it has seen, kept with the highest bit flipped, so that
 * fresh memory is a fresh counter.
 */
export function chance(counter: usize): u32 {
  return min<u32>(65534, max<u32>(1, (load<u32>(counter) ^ 0x80000000) >> 16));
}

/** `stretch` of it. */
export function stretchOf(counter: usize): i32 {
  return stretch((load<u32>(counter) ^ 0x80000000) >> 16);
}

export function seen(counter: usize): u32 {
  return load<u32>(counter) & 1023;
}

/** Moves the counter towards `bit`, the slower the more it has seen, up to `limit`. */
export function learn(counter: usize, bit: u32, limit: u32): void {
  const value = load<u32>(counter) ^ 0x80000000;
  const count = value & 1023;
  const probability = <i64>(value >> 10);
  const target: i64 = select<i64>(4194303, 0, bit !== 0);
  const moved = <u32>(probability + (((target - probability) * <i64>rate(count)) >> 16));
  store<u32>(counter, ((moved << 10) | (count < limit ? count + 1 : count)) ^ 0x80000000);
}

/** Codes a bit by a counter, which learns it. */
export function codeFlag(bit: u32, counter: usize, limit: u32): u32 {
  const coded = codeBit(bit, chance(counter));
  learn(counter, coded, limit);
  return coded;
}

/** The same of a fast step, where FAST_PER_BIT bits count as one. */
export function codeFastFlag(bit: u32, counter: usize, limit: u32): u32 {
  const probability = chance(counter);
  const coded = narrow(bit, low + <u32>((<u64>(high - low) * <u64>probability) >> 16));
  spendFast(1);
  count(coded, probability);
  learn(counter, coded, limit);
  return coded;
}

/** The same by two counters, in the middle between them. */
export function codeFastBit(bit: u32, one: usize, two: usize, limit: u32): u32 {
  const probability = (chance(one) + chance(two)) >> 1;
  const coded = narrow(bit, low + <u32>((<u64>(high - low) * <u64>probability) >> 16));
  spendFast(1);
  count(coded, probability);
  learn(one, coded, limit);
  learn(two, coded, limit);
  return coded;
}

/** So many bits of a fast step, or what takes as long. */
export function spendFast(more: u32): void {
  fastBits += more;
  if (fastBits < FAST_PER_BIT) return;
  const whole = fastBits / FAST_PER_BIT;
  fastBits %= FAST_PER_BIT;
  bits += whole;
  spend(FOR_FLAG * whole);
}

/** What was coded since there were `before` bits counts as in a fast step. */
export function countAsFast(before: u32): void {
  const more = bits - before;
  bits = before;
  spendFast(more);
}

/** The same in a stream of which neither bits nor costs are counted. */
export function codeUncountedFlag(bit: u32, counter: usize, limit: u32): u32 {
  bit = narrow(bit, low + <u32>((<u64>(high - low) * <u64>chance(counter)) >> 16));
  learn(counter, bit, limit);
  return bit;
}

/** Bytes of the counters of one number. */
export const NUMBER: usize = (32 + 32 * 8 + 32 * 32) * 4;

/**
 * Codes a number below 2^32 - 1: how many bits it has (+ 1), by a tree; then the bits below the highest one, the first
 * three by a tree of their own, the others each by a counter.
 */
export function codeNumber(value: u32, counters: usize): u32 {
  const raised = value + 1;
  let size: u32 = encoding ? 31 - <u32>clz(raised) : 0;
  let node: u32 = 1;
  for (let i = 4; i >= 0; i--) {
    node = node * 2 + codeFlag((size >> i) & 1, counters + ((<usize>node) << 2), Limits.sizes);
  }
  size = node & 31;
  const leading = counters + (32 << 2) + ((<usize>size) << 5);
  const rest = counters + ((32 + 32 * 8) << 2) + ((<usize>size) << 7);
  let result: u32 = 1;
  node = 1;
  for (let i = <i32>size - 1; i >= 0; i--) {
    const wanted = (raised >> i) & 1;
    let bit: u32;
    if (<i32>size - i <= 3) {
      bit = codeFlag(wanted, leading + ((<usize>node) << 2), Limits.digits);
      node = node * 2 + bit;
    } else {
      bit = codeFlag(wanted, rest + ((<usize>i) << 2), Limits.digits);
    }
    result = result * 2 + bit;
  }
  return result - 1;
}

/** Codes a byte without a model. */
export function codeRaw(value: u32, size: i32): u32 {
  let result: u32 = 0;
  for (let i = size - 1; i >= 0; i--) result = result * 2 + codeBit((value >> i) & 1, 32768);
  return result;
}

/** The same in such a stream. */
export function codeUncounted(value: u32, size: i32): u32 {
  let result: u32 = 0;
  for (let i = size - 1; i >= 0; i--)
    result = result * 2 + narrow((value >> i) & 1, low + ((high - low) >> 1));
  return result;
}

/** Codes a difference that wraps, small ones of both signs alike. */
export function codeDifference(value: u32, counters: usize): u32 {
  const coded = codeNumber(min<u32>((value << 1) ^ (0 - (value >> 31)), 0xfffffffe), counters);
  return (coded >> 1) ^ (0 - (coded & 1));
}

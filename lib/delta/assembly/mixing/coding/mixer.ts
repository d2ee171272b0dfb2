/**
 * Mixing of predictions in the logistic domain (M. Mahoney, "Adaptive Weighing of Context Models for Lossless Data
 * Compression", 2005), in whole numbers: `flag` for yes or no, `literal` for a byte out of hashed contexts.
 */
import { take } from '../../memory';
import { chance, codeBit, encoding, FOR_FLAG, FOR_LITERAL, learn, seen, spend } from './coder';
import { hash, squash, stretch } from './tables';

/** Weights have 16 bits behind the point; they stay below ±8. */
const WEIGHT_LIMIT: i32 = (1 << 19) - 1;
const FLAG_INPUTS: usize = 8;
const FLAG_SETS: u32 = 2304;
const FLAG_WEIGHT: i32 = 22938;
const LITERAL_INPUTS: usize = 24;
const LITERAL_WEIGHT: i32 = 8520;
/** Sets of weights of literals: chosen by the caller, and by the bits of the byte so far. */
const LITERAL_SETS: u32 = 128;
/** A bucket: a check, then a counter for each node of a tree of four bits. */
const BUCKET: u32 = 6;
const COUNT_LIMIT: u32 = 127;

let inputs: usize = 0;
let flagWeights: usize = 0;
let literalWeights: usize = 0;
let bitWeights: usize = 0;
let buckets: usize = 0;
let bucketShift: u32 = 0;
/** By prediction (aligned old byte, match), context, expected bit, position of the bit. */
let predicted: usize = 0;
/** Addresses of the counters of a flag; addresses of the buckets of a literal. */
let slots: usize = 0;
/** Hashes of the contexts of a literal: the caller writes them here. */
export let contexts: usize = 0;
/** Of the buckets of these four bits. */
let keys: usize = 0;

/** Bytes. */
export function sizeOfBuckets(bits: u32): usize {
  return (<usize>1) << (bits + BUCKET);
}

export function openMixer(bucketBits: u32): bool {
  inputs = take(LITERAL_INPUTS << 2);
  flagWeights = take(FLAG_INPUTS * <usize>FLAG_SETS * 4);
  literalWeights = take(LITERAL_INPUTS * <usize>LITERAL_SETS * 4);
  bitWeights = take(LITERAL_INPUTS * 256 * 4);
  predicted = take(2 * 64 * 2 * 8 * 4);
  slots = take(16 * 4);
  contexts = take(16 * 4);
  keys = take(16 * 4);
  buckets = take(sizeOfBuckets(bucketBits));
  bucketShift = 32 - bucketBits;
  if (flagWeights === 0 || literalWeights === 0 || bitWeights === 0 || contexts === 0 || buckets === 0)
    return false;
  fill(flagWeights, FLAG_INPUTS * <usize>FLAG_SETS, FLAG_WEIGHT);
  fill(literalWeights, LITERAL_INPUTS * <usize>LITERAL_SETS, LITERAL_WEIGHT);
  fill(bitWeights, LITERAL_INPUTS * 256, LITERAL_WEIGHT);
  return true;
}

function fill(weights: usize, count: usize, value: i32): void {
  for (let i: usize = 0; i < count; i++) store<i32>(weights + (i << 2), value);
}

function dot(weights: usize, count: usize): i32 {
  let sum = i32x4.splat(0);
  for (let i: usize = 0; i < count << 2; i += 16) {
    sum = i32x4.add(sum, i32x4.shr_s(i32x4.mul(v128.load(inputs + i), v128.load(weights + i)), 8));
  }
  const all =
    i32x4.extract_lane(sum, 0) +
    i32x4.extract_lane(sum, 1) +
    i32x4.extract_lane(sum, 2) +
    i32x4.extract_lane(sum, 3);
  return all >> 8;
}

function train(weights: usize, count: usize, error: i32): void {
  const by = i32x4.splat(error);
  const half = i32x4.splat(1 << 14);
  const least = i32x4.splat(-WEIGHT_LIMIT);
  const most = i32x4.splat(WEIGHT_LIMIT);
  for (let i: usize = 0; i < count << 2; i += 16) {
    const step = i32x4.shr_s(i32x4.add(i32x4.mul(v128.load(inputs + i), by), half), 15);
    const moved = i32x4.add(v128.load(weights + i), step);
    v128.store(weights + i, i32x4.max_s(least, i32x4.min_s(most, moved)));
  }
}

/** Sets the counter that predicts a flag at `index`, 0 to 7. */
export function counterOfFlag(index: usize, counter: usize): void {
  store<usize>(slots + (index << 2), counter);
}

/** Codes yes or no by the first `count` counters (`counterOfFlag`), with the weights of `set`, 0 to 2303. */
export function codeMixed(bit: u32, count: usize, set: u32, limit: u32): u32 {
  spend(FOR_FLAG);
  v128.store(inputs, i32x4.splat(0));
  v128.store(inputs, i32x4.splat(0), 16);
  for (let i: usize = 0; i < count; i++) {
    const counter = load<usize>(slots + (i << 2));
    store<i32>(inputs + (i << 2), select(0, stretch(chance(counter)), seen(counter) === 0));
  }
  const weights = flagWeights + ((<usize>set * FLAG_INPUTS) << 2);
  const probability = squash(dot(weights, FLAG_INPUTS));
  const coded = codeBit(bit, probability);
  train(weights, FLAG_INPUTS, <i32>(coded << 16) - <i32>probability);
  for (let i: usize = 0; i < count; i++) learn(load<usize>(slots + (i << 2)), coded, limit);
  return coded;
}

function bucket(key: u32): usize {
  const index = key >> bucketShift;
  const check = (key & 0xffff) | 0x10000;
  const first = buckets + ((<usize>index) << BUCKET);
  if (load<u32>(first) === check) return first;
  const second = buckets + ((<usize>(index ^ 1)) << BUCKET);
  if (load<u32>(second) === check) return second;
  const replaced = seen(second + 4) < seen(first + 4) ? second : first;
  memory.fill(replaced, 0, 1 << BUCKET);
  store<u32>(replaced, check);
  return replaced;
}

/**
 * Codes a byte by the first `count` hashes of `contexts` (at most 10) and by two predictions of it, each -1 or a byte, with
 * a context of 0 to 63. `set`, 0 to 127, chooses the weights.
 */
export function codeLiteral(
  byte: u32,
  count: usize,
  aligned: i32,
  alignedContext: u32,
  matched: i32,
  matchedContext: u32,
  set: u32,
): u32 {
  spend(FOR_LITERAL);
  const weights = literalWeights + ((<usize>set * LITERAL_INPUTS) << 2);
  const used: usize = (2 * count + 6) & ~3;
  for (let i: usize = 2 * count; i < used; i++) store<i32>(inputs + (i << 2), 0);
  store<i32>(inputs + ((2 * count + 2) << 2), 77);
  let node: u32 = 1;
  for (let half = 0; half < 2; half++) {
    // The processor waits for all of them at once if it is told before the first comparison.
    let touched: u32 = 0;
    for (let i: usize = 0; i < count; i++) {
      let key = load<u32>(contexts + (i << 2));
      if (half !== 0) key = hash(key, node + 256);
      store<u32>(keys + (i << 2), key);
      const index = key >> bucketShift;
      touched |= load<u32>(buckets + ((<usize>index) << BUCKET));
      touched |= load<u32>(buckets + ((<usize>(index ^ 1)) << BUCKET));
    }
    store<u32>(keys + 60, touched);
    for (let i: usize = 0; i < count; i++) store<usize>(slots + (i << 2), bucket(load<u32>(keys + (i << 2))));
    let inner: usize = 1;
    for (let step = 0; step < 4; step++) {
      const place: u32 = 7 - (half * 4 + step);
      for (let i: usize = 0; i < count; i++) {
        const counter = load<usize>(slots + (i << 2)) + (inner << 2);
        const p = chance(counter);
        const n = seen(counter);
        store<i32>(inputs + (i << 3), select(0, stretch(p), n === 0));
        store<i32>(inputs + (i << 3), ((<i32>p - 32768) * <i32>(min<u32>(n, 3) * 341)) >> 16, 4);
      }
      let alignedCounter: usize = 0;
      if (aligned >= 0 && <u32>(aligned | 256) >> (place + 1) === node) {
        alignedCounter = predicted + (((alignedContext * 2 + ((aligned >> place) & 1)) * 8 + place) << 2);
      }
      let matchedCounter: usize = 0;
      if (matched >= 0 && <u32>(matched | 256) >> (place + 1) === node) {
        matchedCounter =
          predicted + ((((64 + matchedContext) * 2 + ((matched >> place) & 1)) * 8 + place) << 2);
      }
      store<i32>(inputs + (count << 3), alignedCounter === 0 ? 0 : stretch(chance(alignedCounter)));
      store<i32>(inputs + (count << 3), matchedCounter === 0 ? 0 : stretch(chance(matchedCounter)), 4);
      const byBits = bitWeights + ((<usize>node * LITERAL_INPUTS) << 2);
      const probability = squash(dot(weights, used) + dot(byBits, used));
      const bit = codeBit(encoding ? (byte >> place) & 1 : 0, min<u32>(65520, max<u32>(16, probability)));
      const error = <i32>(bit << 16) - <i32>probability;
      train(weights, used, error);
      train(byBits, used, error);
      for (let i: usize = 0; i < count; i++)
        learn(load<usize>(slots + (i << 2)) + (inner << 2), bit, COUNT_LIMIT);
      if (alignedCounter !== 0) learn(alignedCounter, bit, 255);
      if (matchedCounter !== 0) learn(matchedCounter, bit, 255);
      inner = inner * 2 + bit;
      node = node * 2 + bit;
    }
  }
  return node & 255;
}

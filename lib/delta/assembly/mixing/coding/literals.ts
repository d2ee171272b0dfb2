/** Literals: a byte out of hashed contexts, by the first three models; what the fourth one has of them (layers.ts). */
import { take } from '../../memory';
import { chance, codeBit, encoding, FOR_LITERAL, learn, seen, spend, stretchOf } from './coder';
import { codeFieldInLayers } from './layers';
import { Limits } from './limits';
import { dot, INPUTS, inputs, train, weightsOf } from './mixer';
import { continueRun, isCheck, learnRun, nextRow, openRuns, runCounter, runsOf } from './runs';
import { hash, squash, stretch } from './tables';

export const WEIGHT: i32 = 8520;
/** Sets of weights: chosen by the caller, and by the bits of the byte so far. */
export const SETS: usize = 128;
/** Data, code, text, fields: the second model has sets by the bits so far for each. */
export const TYPES: usize = 4;
/** A bucket: a check, then a counter for each node of a tree of four bits. */
export const BUCKET: u32 = 6;
/** Bits that a counter in a bucket has seen, at most, in the first model and in the second. */
const LIMIT: u32 = 127;
export const SECOND_LIMIT: u32 = 20;

let callerWeights: usize = 0;
let bitWeights: usize = 0;
export let buckets: usize = 0;
export let bucketShift: u32 = 0;
/** By prediction (aligned old byte, match), context, expected bit, position of the bit; then one for what is not predicted. */
let predicted: usize = 0;
const NO_PREDICTION: usize = 2 * 64 * 2 * 8 * 4;
/** Hashes of the contexts of a literal: the caller writes them here. */
export let contexts: usize = 0;
/** Contexts of a literal, at most, in the fourth model. */
export const MOST_CONTEXTS: usize = 16;
/** Of these four bits: hashes, addresses of buckets. */
let keys: usize = 0;
export let slots: usize = 0;
/** Of this bit: addresses of the counters of runs. */
export let told: usize = 0;

/** Bytes. */
export function sizeOfBuckets(bits: u32): usize {
  return (<usize>1) << (bits + BUCKET);
}

export function openLiterals(bucketBits: u32): bool {
  callerWeights = weightsOf(INPUTS * SETS, WEIGHT);
  bitWeights = weightsOf(INPUTS * 256 * (Limits.second ? TYPES : 1), WEIGHT);
  predicted = take(NO_PREDICTION + 4);
  contexts = take(MOST_CONTEXTS * 4);
  keys = take((MOST_CONTEXTS + 1) * 4);
  slots = take(MOST_CONTEXTS * 4);
  told = take(MOST_CONTEXTS * 4);
  buckets = take(sizeOfBuckets(bucketBits));
  bucketShift = 32 - bucketBits;
  const isThere = callerWeights !== 0 && bitWeights !== 0 && told !== 0 && buckets !== 0;
  return isThere && (!Limits.second || openRuns());
}

/** The bucket of a context, which is cleared for it if it has none. */
export function bucket(key: u32): usize {
  const index = key >> bucketShift;
  const check = (key & 0xffff) | 0x10000;
  const first = buckets + ((<usize>index) << BUCKET);
  if (isCheck(load<u32>(first), check)) return first;
  const second = buckets + ((<usize>(index ^ 1)) << BUCKET);
  if (isCheck(load<u32>(second), check)) return second;
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
  if (Limits.fourth) return codeFieldInLayers(byte, count, aligned, alignedContext, set);
  spend(FOR_LITERAL);
  const weights = callerWeights + ((<usize>set * INPUTS) << 2);
  const used: usize = (2 * count + 6) & ~3;
  for (let i: usize = 2 * count; i < used; i++) store<i32>(inputs + (i << 2), 0);
  store<i32>(inputs + ((2 * count + 2) << 2), 77);
  let node: u32 = 1;
  for (let half = 0; half < 2; half++) {
    findBuckets(count, half, node);
    if (Limits.second)
      node = codeBySecond(
        byte,
        node,
        half,
        count,
        aligned,
        alignedContext,
        matched,
        matchedContext,
        weights,
        used,
        <usize>(set >> 5),
      );
    else
      node = codeByFirst(
        byte,
        node,
        half,
        count,
        aligned,
        alignedContext,
        matched,
        matchedContext,
        weights,
        used,
      );
  }
  return node & 255;
}

/** The buckets of the first `count` contexts, for the first half of a byte or for the second, to whose node the first one leads. */
export function findBuckets(count: usize, half: i32, node: u32): void {
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
  store<u32>(keys + (MOST_CONTEXTS << 2), touched);
  for (let i: usize = 0; i < count; i++) store<usize>(slots + (i << 2), bucket(load<u32>(keys + (i << 2))));
}

/** Four bits of a byte, whose buckets are found, by the first model. Returns the node that they lead to. */
function codeByFirst(
  byte: u32,
  start: u32,
  half: i32,
  count: usize,
  aligned: i32,
  alignedContext: u32,
  matched: i32,
  matchedContext: u32,
  weights: usize,
  used: usize,
): u32 {
  let node = start;
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
    const alignedCounter = predicting(aligned, alignedContext, place, node);
    const matchedCounter = predicting(matched, 64 + matchedContext, place, node);
    store<i32>(inputs + (count << 3), saying(alignedCounter));
    store<i32>(inputs + (count << 3), saying(matchedCounter), 4);
    const bit = codeWeighed((byte >> place) & 1, weights, node, used);
    for (let i: usize = 0; i < count; i++) learn(load<usize>(slots + (i << 2)) + (inner << 2), bit, LIMIT);
    learn(alignedCounter, bit, 255);
    learn(matchedCounter, bit, 255);
    inner = inner * 2 + bit;
    node = node * 2 + bit;
  }
  return node;
}

/** By the second model, which has what runs say in the place of how sure counters are, and literals of `type` by themselves. */
function codeBySecond(
  byte: u32,
  start: u32,
  half: i32,
  count: usize,
  aligned: i32,
  alignedContext: u32,
  matched: i32,
  matchedContext: u32,
  weights: usize,
  used: usize,
  type: usize,
): u32 {
  let node = start;
  let inner: usize = 1;
  for (let step = 0; step < 4; step++) {
    const place: u32 = 7 - (half * 4 + step);
    let row = runsOf(type);
    for (let i: usize = 0; i < count; i++) {
      const bucket = load<usize>(slots + (i << 2));
      const counter = bucket + (inner << 2);
      const n = seen(counter);
      store<i32>(inputs + (i << 3), select(0, stretchOf(counter), n === 0));
      const run = runCounter(row, load<u32>(bucket), n, SECOND_LIMIT, inner, step);
      store<usize>(told + (i << 2), run);
      store<i32>(inputs + (i << 3), select(0, stretchOf(run), run === row), 4);
      row = nextRow(row);
    }
    const alignedCounter = predicting(aligned, alignedContext, place, node);
    const matchedCounter = predicting(matched, 64 + matchedContext, place, node);
    store<i32>(inputs + (count << 3), saying(alignedCounter));
    store<i32>(inputs + (count << 3), saying(matchedCounter), 4);
    const bit = codeWeighed((byte >> place) & 1, weights, <u32>type * 256 + node, used);
    for (let i: usize = 0; i < count; i++) {
      learn(load<usize>(slots + (i << 2)) + (inner << 2), bit, SECOND_LIMIT);
      learnRun(load<usize>(told + (i << 2)), bit);
    }
    learn(alignedCounter, bit, Limits.predictions);
    learn(matchedCounter, bit, Limits.predictions);
    inner = inner * 2 + bit;
    node = node * 2 + bit;
  }
  for (let i: usize = 0; i < count; i++) continueRun(load<usize>(slots + (i << 2)), <u32>inner & 15);
  return node;
}

/** The counter of a prediction of a byte, if it is still possible, else the one that nobody asks. */
export function predicting(prediction: i32, context: u32, place: u32, node: u32): usize {
  const isPossible = prediction >= 0 && <u32>(prediction | 256) >> (place + 1) === node;
  const counter = predicted + (((context * 2 + ((prediction >> place) & 1)) * 8 + place) << 2);
  return select(counter, predicted + NO_PREDICTION, isPossible);
}

/** The input of such a counter. */
export function saying(counter: usize): i32 {
  return select(0, stretchOf(counter), counter === predicted + NO_PREDICTION);
}

/** Codes a bit by the inputs, whose weights learn it. `set`: which by the bits so far. */
function codeWeighed(wanted: u32, weights: usize, set: u32, used: usize): u32 {
  const byBits = bitWeights + ((<usize>set * INPUTS) << 2);
  const probability = squash(dot(weights, used) + dot(byBits, used));
  const bit = codeBit(encoding ? wanted : 0, min<u32>(65520, max<u32>(16, probability)));
  const error = <i32>(bit << 16) - <i32>probability;
  train(weights, used, error);
  train(byBits, used, error);
  return bit;
}

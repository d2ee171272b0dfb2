/**
 * Literals of the fourth model, which takes its time: four sets of weights each make a probability of all inputs, and a second layer
 * mixes these (as in paq8 by M. Mahoney). Counters learn of the old file as well.
 */
import { codeBit, encoding, FOR_LITERAL, learn, seen, spend, stretchOf } from './coder';
import { Limits } from './limits';
import {
  bucket,
  contexts,
  findBuckets,
  predicting,
  SETS,
  saying,
  slots,
  TYPES,
  told,
  WEIGHT,
} from './literals';
import { dot, inputs, MOST_INPUTS, WEIGHT_LIMIT, weightsOf } from './mixer';
import { continueRun, learnRun, nextRow, runCounter, runsOf } from './runs';
import { hash, squash } from './tables';

/** Bits that a counter in a bucket has seen, at most. */
const LIMIT: u32 = 30;
/** Inputs of a literal: two for each context, of both predictions, and a constant one. A multiple of 4. */
const INPUTS = MOST_INPUTS;
const CONSTANT: i32 = 77;
/** Sets of weights of the first layer: by the caller's set and the bits so far as in the second model, and two that the caller chooses. */
const OTHER_SETS: usize = 1024;
/** Weights of the second layer: each of the four probabilities has a quarter at first. */
const QUARTER: i32 = 1 << 14;
/** How fast they learn: the smaller the faster. They stay below ±4, so that the sum of four products stays below 2^31. */
const LAYER_RATE: i32 = 18;
const LAYER_LIMIT: i32 = (1 << 18) - 1;
let callerWeights: usize = 0;
let bitWeights: usize = 0;
let secondWeights: usize = 0;
let thirdWeights: usize = 0;
/** Of the second layer. */
let layer: usize = 0;

export function openLayers(): bool {
  callerWeights = weightsOf(INPUTS * SETS, WEIGHT);
  bitWeights = weightsOf(INPUTS * 256 * TYPES, WEIGHT);
  secondWeights = weightsOf(INPUTS * OTHER_SETS, WEIGHT);
  thirdWeights = weightsOf(INPUTS * OTHER_SETS, WEIGHT);
  layer = weightsOf(4 * TYPES, QUARTER);
  return callerWeights !== 0 && bitWeights !== 0 && secondWeights !== 0 && thirdWeights !== 0 && layer !== 0;
}

/** The bytes of a field, which has six contexts. */
export function codeFieldInLayers(byte: u32, count: usize, guess: i32, context: u32, set: u32): u32 {
  return codeInLayers(byte, count, guess, context, -1, 0, set, 768 + <u32>guess, 768 + context);
}

/**
 * Codes a byte by the first `count` hashes of `contexts` (at most 16) and by two predictions of it, as `codeLiteral` does.
 *
 * @param second 0 to 1023, as is `third`: which weights, besides those of `set` and of the bits so far
 */
export function codeInLayers(
  byte: u32,
  count: usize,
  aligned: i32,
  alignedContext: u32,
  matched: i32,
  matchedContext: u32,
  set: u32,
  second: u32,
  third: u32,
): u32 {
  spend(3 * FOR_LITERAL);
  const type = <usize>(set >> 5);
  const used: usize = (2 * count + 6) & ~3;
  const last = inputs + (count << 3);
  v128.store(inputs + ((used - 4) << 2), i32x4.splat(0));
  store<i32>(last, CONSTANT, 8);
  const first = callerWeights + ((<usize>set * INPUTS) << 2);
  const bySecond = secondWeights + ((<usize>second * INPUTS) << 2);
  const byThird = thirdWeights + ((<usize>third * INPUTS) << 2);
  const mixed = layer + (type << 4);
  let node: u32 = 1;
  for (let half = 0; half < 2; half++) {
    findBuckets(count, half, node);
    let inner: usize = 1;
    for (let step = 0; step < 4; step++) {
      const place: u32 = 7 - (half * 4 + step);
      let row = runsOf(type);
      for (let i: usize = 0; i < count; i++) {
        const bucket = load<usize>(slots + (i << 2));
        const counter = bucket + (inner << 2);
        const n = seen(counter);
        store<i32>(inputs + (i << 3), select(0, stretchOf(counter), n === 0));
        const run = runCounter(row, load<u32>(bucket), n, LIMIT, inner, step);
        store<usize>(told + (i << 2), run);
        store<i32>(inputs + (i << 3), select(0, stretchOf(run), run === row), 4);
        row = nextRow(row);
      }
      const alignedCounter = predicting(aligned, alignedContext, place, node);
      const matchedCounter = predicting(matched, 64 + matchedContext, place, node);
      store<i32>(last, saying(alignedCounter));
      store<i32>(last, saying(matchedCounter), 4);
      const byNode = bitWeights + (((type * 256 + <usize>node) * INPUTS) << 2);
      const s0 = sumOf(first, used);
      const s1 = sumOf(byNode, used);
      const s2 = sumOf(bySecond, used);
      const s3 = sumOf(byThird, used);
      const sum =
        (s0 * load<i32>(mixed) +
          s1 * load<i32>(mixed, 4) +
          s2 * load<i32>(mixed, 8) +
          s3 * load<i32>(mixed, 12)) >>
        16;
      const probability = squash(sum);
      const wanted = encoding ? (byte >> place) & 1 : 0;
      const bit = codeBit(wanted, min<u32>(65520, max<u32>(16, probability)));
      const y = <i32>(bit << 16);
      trainSet(first, used, y - <i32>squash(s0));
      trainSet(byNode, used, y - <i32>squash(s1));
      trainSet(bySecond, used, y - <i32>squash(s2));
      trainSet(byThird, used, y - <i32>squash(s3));
      const error = y - <i32>probability;
      moveWeight(mixed, s0, error);
      moveWeight(mixed + 4, s1, error);
      moveWeight(mixed + 8, s2, error);
      moveWeight(mixed + 12, s3, error);
      for (let i: usize = 0; i < count; i++) {
        learn(load<usize>(slots + (i << 2)) + (inner << 2), bit, LIMIT);
        learnRun(load<usize>(told + (i << 2)), bit);
      }
      learn(alignedCounter, bit, Limits.predictions);
      learn(matchedCounter, bit, Limits.predictions);
      inner = inner * 2 + bit;
      node = node * 2 + bit;
    }
    for (let i: usize = 0; i < count; i++) continueRun(load<usize>(slots + (i << 2)), <u32>inner & 15);
  }
  return node & 255;
}

/** What the first `count` inputs, a multiple of 4, say under the weights. */
function sumOf(weights: usize, count: usize): i32 {
  return min<i32>(2047, max<i32>(-2047, dot(weights, count)));
}

/** Twice as fast as `train` of mixer.ts. */
function trainSet(weights: usize, count: usize, error: i32): void {
  const by = i32x4.splat(error);
  const half = i32x4.splat(1 << 13);
  const least = i32x4.splat(-WEIGHT_LIMIT);
  const most = i32x4.splat(WEIGHT_LIMIT);
  for (let i: usize = 0; i < count << 2; i += 16) {
    const step = i32x4.shr_s(i32x4.add(i32x4.mul(v128.load(inputs + i), by), half), 14);
    const moved = i32x4.add(v128.load(weights + i), step);
    v128.store(weights + i, i32x4.max_s(least, i32x4.min_s(most, moved)));
  }
}

function moveWeight(weight: usize, said: i32, error: i32): void {
  const moved = load<i32>(weight) + ((said * error + (1 << (LAYER_RATE - 1))) >> LAYER_RATE);
  store<i32>(weight, max<i32>(-LAYER_LIMIT, min<i32>(LAYER_LIMIT, moved)));
}

/**
 * Counters and runs of the first `count` contexts learn a byte of the old file, but for those of `unknown`, a bit for each.
 */
export function learnLiteral(byte: u32, count: usize, unknown: u32): void {
  let node: u32 = 1;
  for (let half = 0; half < 2; half++) {
    const nibble = (byte >> (4 - 4 * half)) & 15;
    for (let i: usize = 0; i < count; i++) {
      if ((unknown >> <u32>i) & 1) continue;
      const key = load<u32>(contexts + (i << 2));
      const counters = bucket(half === 0 ? key : hash(key, node + 256));
      let inner: u32 = 1;
      for (let step = 3; step >= 0; step--) {
        const bit = (nibble >> step) & 1;
        learn(counters + ((<usize>inner) << 2), bit, LIMIT);
        inner = inner * 2 + bit;
      }
      continueRun(counters, nibble);
    }
    node = 16 + nibble;
  }
}

/**
 * Mixing of predictions in the logistic domain (M. Mahoney, "Adaptive Weighing of Context Models for Lossless Data
 * Compression", 2005), in whole numbers: of flags here, of bytes in literals.ts.
 */
import { take } from '../../memory';
import { codeBit, FOR_FLAG, learn, seen, spend, stretchOf } from './coder';
import { Limits } from './limits';
import { squash } from './tables';

/** Weights have 16 bits behind the point; they stay below ±8. */
export const WEIGHT_LIMIT: i32 = (1 << 19) - 1;
const FLAG_INPUTS: usize = 8;
const FLAG_SETS: u32 = 2304;
const FLAG_WEIGHT: i32 = 22938;
/** Of the third model: sets whose sum is added to that of the others. */
const OTHER_SETS: u32 = 1040;
/** Inputs of the first three models, at most; of the fourth one. */
export const INPUTS: usize = 24;
export const MOST_INPUTS: usize = 36;

export let inputs: usize = 0;
let flagWeights: usize = 0;
let otherWeights: usize = 0;
/** Addresses of the counters of a flag. */
let slots: usize = 0;

export function openMixer(): bool {
  inputs = take(MOST_INPUTS << 2);
  flagWeights = weightsOf(FLAG_INPUTS * <usize>FLAG_SETS, FLAG_WEIGHT);
  otherWeights = weightsOf(FLAG_INPUTS * <usize>OTHER_SETS, 0);
  slots = take(FLAG_INPUTS * 4);
  return inputs !== 0 && flagWeights !== 0 && otherWeights !== 0 && slots !== 0;
}

/** Takes memory for weights, each of which is `value`; 0 if there is none. */
export function weightsOf(count: usize, value: i32): usize {
  const weights = take(count << 2);
  if (weights === 0) return 0;
  for (let i: usize = 0; i < count; i++) store<i32>(weights + (i << 2), value);
  return weights;
}

/** The sum of the first `count` inputs, a multiple of 4, under the weights. */
export function dot(weights: usize, count: usize): i32 {
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

/** Moves the weights of those inputs by how far the probability was from the bit. */
export function train(weights: usize, count: usize, error: i32): void {
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
  weighFlag(count);
  const weights = flagWeights + ((<usize>set * FLAG_INPUTS) << 2);
  const probability = squash(dot(weights, FLAG_INPUTS));
  const coded = codeBit(bit, probability);
  train(weights, FLAG_INPUTS, <i32>(coded << 16) - <i32>probability);
  learnFlag(count, coded, limit);
  return coded;
}

/** The same by two sets of weights, the second one `other`, 0 to 1039. */
export function codeMixedTwice(bit: u32, count: usize, set: u32, other: u32, limit: u32): u32 {
  weighFlag(count);
  const weights = flagWeights + ((<usize>set * FLAG_INPUTS) << 2);
  const others = otherWeights + ((<usize>other * FLAG_INPUTS) << 2);
  const probability = squash(dot(weights, FLAG_INPUTS) + dot(others, FLAG_INPUTS));
  const coded = codeBit(bit, probability);
  const error = <i32>(coded << 16) - <i32>probability;
  train(weights, FLAG_INPUTS, error);
  train(others, FLAG_INPUTS, error);
  learnFlag(count, coded, limit);
  return coded;
}

/** The inputs, which the counters give. */
function weighFlag(count: usize): void {
  spend(FOR_FLAG);
  v128.store(inputs, i32x4.splat(0));
  v128.store(inputs, i32x4.splat(0), 16);
  for (let i: usize = 0; i < count; i++) {
    const counter = load<usize>(slots + (i << 2));
    store<i32>(inputs + (i << 2), select(0, stretchOf(counter), seen(counter) === 0));
  }
  store<i32>(inputs + (count << 2), Limits.bias);
}

function learnFlag(count: usize, bit: u32, limit: u32): void {
  for (let i: usize = 0; i < count; i++) learn(load<usize>(slots + (i << 2)), bit, limit);
}

/** How flags are mixed and literals decoded, from lib/delta/FORMAT.md. */
import {
  CounterArray,
  Counters,
  chance,
  type Decoder,
  dot,
  hash,
  learn,
  squash,
  stretch,
  train,
  Weights,
} from './arithmetic.ts';
import { LIMITS, type Model } from './limits.ts';

/** The limit of the counters of runs. */
const RUNS = 127;
/** The input of a mixed flag that is always there. */
const BIAS = 256;
/** The last input of a literal. */
const CONSTANT = 77;

export class MixedFlags {
  readonly #decoder: Decoder;
  readonly #model: Model;
  readonly #weights = new Weights(22938);
  readonly #others = new Weights(0);

  constructor(decoder: Decoder, model: Model) {
    this.#decoder = decoder;
    this.#model = model;
  }

  /** `other`: which of the second sets of weights is added, in the third model. */
  flag(counters: [number, number][], set: number, limit: number, other: number | null = null): number {
    const inputs = counters.map((counter) => (counter[1] === 0 ? 0 : stretch(chance(counter))));
    if (this.#model > 1) inputs.push(BIAS);
    const sets = [this.#weights.set(set), ...(other === null ? [] : [this.#others.set(other)])];
    const probability = squash(sets.reduce((sum, weights) => sum + dot(inputs, weights), 0));
    const bit = this.#decoder.bit(probability);
    for (const weights of sets) train(inputs, weights, bit * 65536 - probability);
    for (const counter of counters) learn(counter, bit, limit);
    return bit;
  }
}

/** A bucket has so many counters: one for each number of up to four bits so far, with a 1 before them. */
const COUNTERS = 16;

/** What each context has seen, by the number of its bucket. Flat, since this is where the time goes. */
class Buckets {
  readonly #bits: number;
  /** The check and 1, or 0 while no context has the bucket. */
  readonly #checks: Uint32Array;
  readonly counters: CounterArray;
  /** The last four bits that were decoded with it, and how often in a row they were these. */
  readonly #runBits: Uint8Array;
  readonly #runLengths: Uint8Array;

  constructor(bits: number) {
    this.#bits = bits;
    this.#checks = new Uint32Array(2 ** bits);
    this.counters = new CounterArray(COUNTERS * 2 ** bits);
    this.#runBits = new Uint8Array(2 ** bits);
    this.#runLengths = new Uint8Array(2 ** bits);
  }

  /** The number of the bucket, which another context may take over before these bits are done. */
  of(key: number): number {
    const index = key >>> (32 - this.#bits);
    const check = (key & 0xffff) + 1;
    if (this.#checks[index] === check) return index;
    if (this.#checks[index ^ 1] === check) return index ^ 1;
    const replaced = this.#seen(index ^ 1) < this.#seen(index) ? index ^ 1 : index;
    if (this.#checks[replaced] !== 0) this.counters.clear(COUNTERS * replaced, COUNTERS * (replaced + 1));
    this.#checks[replaced] = check;
    this.#runLengths[replaced] = 0;
    return replaced;
  }

  #seen(bucket: number): number {
    return this.counters.seen(COUNTERS * bucket + 1);
  }

  run(bucket: number): { bits: number; length: number } {
    return { bits: Number(this.#runBits[bucket]), length: Number(this.#runLengths[bucket]) };
  }

  continueRun(bucket: number, bits: number): void {
    const run = this.run(bucket);
    this.#runLengths[bucket] = run.length > 0 && run.bits === bits ? Math.min(15, run.length + 1) : 1;
    this.#runBits[bucket] = bits;
  }
}

export interface Literal {
  contexts: number[];
  /** The bytes that are predicted, -1 for none, and their contexts. */
  aligned: number;
  alignedContext: number;
  match: number;
  matchContext: number;
  /** Of the caller's weights. */
  set: number;
  /** The class, or 3 for the bytes of a field. */
  type: number;
  /** Two more sets of weights, of the fourth model. */
  otherSets: [number, number];
}

export class Literals {
  readonly #decoder: Decoder;
  readonly #model: Model;
  readonly #buckets: Buckets;
  readonly #weights = new Weights(8520);
  readonly #bitWeights = new Weights(8520);
  readonly #predicted = new Counters();
  readonly #runs = new Counters();
  readonly #layers = new Layers();

  constructor(decoder: Decoder, model: Model, bucketBits: number) {
    this.#decoder = decoder;
    this.#model = model;
    this.#buckets = new Buckets(bucketBits);
  }

  byte(literal: Literal): number {
    const node = this.#half(1, literal.contexts, literal);
    const lower = literal.contexts.map((key) => hash(key, node + 256));
    return this.#half(node, lower, literal) & 255;
  }

  /** Decodes the four bits below `upper`, with which the node of a byte begins. */
  #half(upper: number, keys: number[], literal: Literal): number {
    const { type } = literal;
    const { contexts: contextLimit, predictions: predictionLimit } = LIMITS[this.#model];
    const buckets = keys.map((key) => this.#buckets.of(key));
    const { counters } = this.#buckets;
    const weights = this.#weights.set(literal.set);
    const firstPlace = upper === 1 ? 7 : 3;
    let node = upper;
    let inner = 1;
    for (let place = firstPlace; place > firstPlace - 4; place--) {
      const inputs: number[] = [];
      const learning: { counter: [number, number]; limit: number }[] = [];
      for (const [i, bucket] of buckets.entries()) {
        const counter = COUNTERS * bucket + inner;
        const seen = counters.seen(counter);
        inputs.push(seen === 0 ? 0 : stretch(counters.chance(counter)));
        if (this.#model === 1) {
          inputs.push(((counters.chance(counter) - 32768) * Math.min(seen, 3) * 341) >> 16);
          continue;
        }
        const run = this.#runCounter(bucket, firstPlace - place, inner, seen, 4 * i + type);
        inputs.push(run === null ? 0 : stretch(chance(run)));
        if (run !== null) learning.push({ counter: run, limit: RUNS });
      }
      for (const { byte, index } of predictions(literal)) {
        if (byte < 0 || (byte | 256) >> (place + 1) !== node) {
          inputs.push(0);
          continue;
        }
        const counter = this.#predicted.at((index * 2 + ((byte >> place) & 1)) * 8 + place);
        inputs.push(stretch(chance(counter)));
        learning.push({ counter, limit: predictionLimit });
      }
      inputs.push(CONSTANT);
      let bit: number;
      if (this.#model === 4) {
        bit = this.#layers.bit(this.#decoder, inputs, literal, node);
      } else {
        const byBits = this.#bitWeights.set(this.#model === 1 ? node : 256 * type + node);
        const probability = squash(dot(inputs, weights) + dot(inputs, byBits));
        bit = this.#decoder.bit(Math.min(65520, Math.max(16, probability)));
        const error = bit * 65536 - probability;
        train(inputs, weights, error);
        train(inputs, byBits, error);
      }
      for (const bucket of buckets) counters.learn(COUNTERS * bucket + inner, bit, contextLimit);
      for (const { counter, limit } of learning) learn(counter, bit, limit);
      inner = inner * 2 + bit;
      node = node * 2 + bit;
    }
    for (const bucket of buckets) this.#buckets.continueRun(bucket, inner & 15);
    return node;
  }

  /** Counters and runs learn a byte of the old file; null is a context that it says nothing of. */
  learn(byte: number, contexts: (number | null)[]): void {
    const { contexts: limit } = LIMITS[this.#model];
    const { counters } = this.#buckets;
    for (const upper of [true, false]) {
      const bits = upper ? byte >> 4 : byte & 15;
      for (const key of contexts) {
        if (key === null) continue;
        const bucket = this.#buckets.of(upper ? key : hash(key, 256 + 16 + (byte >> 4)));
        for (let place = 3, inner = 1; place >= 0; place--) {
          const bit = (bits >> place) & 1;
          counters.learn(COUNTERS * bucket + inner, bit, limit);
          inner = inner * 2 + bit;
        }
        this.#buckets.continueRun(bucket, bits);
      }
    }
  }

  /** The counter of what the run says of the bit, null if it says nothing of it. */
  #runCounter(
    bucket: number,
    index: number,
    inner: number,
    seen: number,
    row: number,
  ): [number, number] | null {
    const { bits, length } = this.#buckets.run(bucket);
    if (length === 0 || (bits | 16) >> (4 - index) !== inner) return null;
    const expected = (bits >> (3 - index)) & 1;
    const { contexts: limit } = LIMITS[this.#model];
    return this.#runs.at(((row * 16 + length) * 4 + unlikeness(seen, length, limit)) * 2 + expected);
  }
}

/** The mixing of the fourth model: four sets of weights, and weights of what these say. */
class Layers {
  readonly #sets = [new Weights(8520), new Weights(8520), new Weights(8520), new Weights(8520)];
  readonly #layer = new Weights(16384);

  bit(decoder: Decoder, inputs: readonly number[], { set, type, otherSets }: Literal, node: number): number {
    const chosen = [set, type * 256 + node, ...otherSets].map((index, i) =>
      (this.#sets[i] as Weights).set(index),
    );
    const said = chosen.map((weights) => Math.min(2047, Math.max(-2047, dot(inputs, weights))));
    const layer = this.#layer.set(type);
    const sum = said.reduce((total, x, i) => total + x * Number(layer[i]), 0);
    const probability = squash(Math.floor(sum / 65536));
    const bit = decoder.bit(Math.min(65520, Math.max(16, probability)));
    for (const [i, x] of said.entries()) {
      train(inputs, chosen[i] as Int32Array, bit * 65536 - squash(x), 14);
      const moved = Number(layer[i]) + Math.floor((x * (bit * 65536 - probability) + 131072) / 262144);
      layer[i] = Math.min(262143, Math.max(-262143, moved));
    }
    return bit;
  }
}

/** How far what a counter has seen is from a run of this length: 0 if it has seen nothing else. */
function unlikeness(seen: number, length: number, limit: number): number {
  if (seen >= limit) return length < 15 ? 2 : 0;
  if (seen <= length) return 0;
  if (seen <= length + 2) return 1;
  return seen <= 2 * length ? 2 : 3;
}

/** The bytes that are predicted, and where their counters are. */
const predictions = ({ aligned, alignedContext, match, matchContext }: Literal) => [
  { byte: aligned, index: alignedContext },
  { byte: match, index: 64 + matchContext },
];

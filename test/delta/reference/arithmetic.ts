/** The arithmetic of `mixing`, from lib/delta/FORMAT.md: hashes, counters, numbers and the code that bits are read from. */
import { LIMITS, type Model } from './limits.ts';

export const NOWHERE = 0xffffffff;
export const u32 = (value: number) => value >>> 0;

export function requireSound(isSound: boolean): void {
  if (!isSound) throw new RangeError('the stream is malformed');
}

const POINTS = [
  32768, 36843, 40793, 44511, 47911, 50941, 53581, 55834, 57724, 59287, 60565, 61598, 62428, 63090, 63615,
  64030, 64357, 64614, 64816, 64974, 65097, 65194, 65269, 65328, 65374, 65410, 65438, 65459, 65476, 65489,
  65500, 65508, 65514, 65519, 65523, 65526, 65528, 65530, 65531, 65532, 65533, 65534, 65534, 65535, 65535,
  65535, 65535, 65535, 65535,
];
const point = (index: number) => (index < 0 ? 65536 - Number(POINTS[-index]) : Number(POINTS[index]));

export function squash(sum: number): number {
  const x = Math.min(3071, Math.max(-3071, sum));
  const index = Math.floor(x / 64);
  const value = point(index) + (((point(index + 1) - point(index)) * (x - 64 * index)) >> 6);
  return Math.min(65535, Math.max(1, value));
}

const STRETCH: number[] = [];
for (let i = 0, sum = -2047; i < 4096; i++) {
  while (sum < 2047 && squash(sum) < i * 16 + 8) sum++;
  STRETCH.push(sum);
}
export const stretch = (probability: number) => Number(STRETCH[probability >> 4]);

export function hash(a: number, b: number): number {
  let x = u32(Math.imul(a + 0x9e3779b9, 0x85ebca6b) + Math.imul(b ^ 0x27d4eb2f, 0xc2b2ae35));
  x ^= x >>> 15;
  x = Math.imul(x, 0x2c1b3c6d);
  return u32(x ^ (x >>> 13));
}

/** Of probabilities of 22 bits. */
const ONE_HALF = 2 ** 21;

/** A counter that begins at one half: its probability, of 22 bits, and the bits that it has seen. */
const newCounter = (): [number, number] => [ONE_HALF, 0];

/** A table of such counters. */
export class Counters {
  readonly #map = new Map<number, [number, number]>();

  at(index: number): [number, number] {
    let counter = this.#map.get(index);
    if (counter === undefined) {
      counter = newCounter();
      this.#map.set(index, counter);
    }
    return counter;
  }
}

const chanceOf = (probability: number) => Math.min(65534, Math.max(1, probability >> 6));
export const chance = ([probability]: [number, number]) => chanceOf(probability);

/** The probability of a counter when it has learned a bit. */
function learned(probability: number, seen: number, bit: number): number {
  const rate = Math.floor(655360 / (10 * seen + 16));
  return probability + Math.floor((((bit ? 4194303 : 0) - probability) * rate) / 65536);
}

export function learn(counter: [number, number], bit: number, limit: number): void {
  counter[0] = learned(counter[0], counter[1], bit);
  if (counter[1] < limit) counter[1]++;
}

/** Very many counters, in two arrays. All of them have seen nothing in the beginning. */
export class CounterArray {
  /** How far each probability is from that of a new counter. */
  readonly #moved: Int32Array;
  readonly #seen: Uint8Array;

  constructor(count: number) {
    this.#moved = new Int32Array(count);
    this.#seen = new Uint8Array(count);
  }

  /** They have seen nothing again. */
  clear(from: number, to: number): void {
    for (let i = from; i < to; i++) {
      this.#moved[i] = 0;
      this.#seen[i] = 0;
    }
  }

  chance(index: number): number {
    return chanceOf(ONE_HALF + Number(this.#moved[index]));
  }

  /** Bits that it has seen. */
  seen(index: number): number {
    return Number(this.#seen[index]);
  }

  learn(index: number, bit: number, limit: number): void {
    const seen = this.seen(index);
    this.#moved[index] = learned(ONE_HALF + Number(this.#moved[index]), seen, bit) - ONE_HALF;
    if (seen < limit) this.#seen[index] = seen + 1;
  }
}

/** What a stream is decoded by. The fuzzer hands in one that decides by itself. */
export class Decoder {
  readonly #bytes: Uint8Array;
  #at = 0;
  #low = 0;
  #high = NOWHERE;
  #code = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    for (let i = 0; i < 4; i++) this.#code = this.#code * 256 + this.#next();
  }

  #next(): number {
    return this.#bytes[this.#at++] ?? 0;
  }

  /** After the last bit: nothing is left, and nothing was missing. */
  end(): void {
    requireSound(this.#at === this.#bytes.length && this.#code === this.#low);
  }

  bit(probability: number): number {
    // Less than 2^48, so exact.
    const middle = this.#low + Math.floor(((this.#high - this.#low) * probability) / 65536);
    const bit = this.#code <= middle ? 1 : 0;
    if (bit) this.#high = middle;
    else this.#low = middle + 1;
    while (this.#low >>> 24 === this.#high >>> 24) {
      this.#low = u32(this.#low << 8);
      this.#high = u32((this.#high << 8) | 255);
      this.#code = u32((this.#code << 8) | this.#next());
    }
    return bit;
  }

  flag(counter: [number, number], limit: number): number {
    const bit = this.bit(chance(counter));
    learn(counter, bit, limit);
    return bit;
  }

  raw(bits: number): number {
    let value = 0;
    for (let i = 0; i < bits; i++) value = value * 2 + this.bit(32768);
    return value;
  }

  number(counters: NumberCounters): number {
    const { sizes, digits } = LIMITS[counters.model];
    let node = 1;
    for (let i = 0; i < 5; i++) node = node * 2 + this.flag(counters.sizes.at(node), sizes);
    const size = node - 32;
    let value = 1;
    node = 1;
    for (let i = size - 1; i >= 0; i--) {
      let bit: number;
      if (size - i <= 3) {
        bit = this.flag(counters.leading.at(size * 8 + node), digits);
        node = node * 2 + bit;
      } else {
        bit = this.flag(counters.rest.at(size * 32 + i), digits);
      }
      value = value * 2 + bit;
    }
    return value - 1;
  }
}

export class NumberCounters {
  readonly sizes = new Counters();
  readonly leading = new Counters();
  readonly rest = new Counters();
  readonly model: Model;

  constructor(model: Model) {
    this.model = model;
  }
}

export const numbers = (count: number, model: Model) =>
  Array.from({ length: count }, () => new NumberCounters(model));
export const unzigzag = (value: number) => u32((value >>> 1) ^ -(value & 1));

/** Logistic mixing: sets of weights, made when they are first used. */
export class Weights {
  readonly #sets = new Map<number, Int32Array>();
  readonly #first: number;

  constructor(first: number) {
    this.#first = first;
  }

  set(index: number): Int32Array {
    let weights = this.#sets.get(index);
    if (weights === undefined) {
      weights = new Int32Array(36).fill(this.#first);
      this.#sets.set(index, weights);
    }
    return weights;
  }
}

export function dot(inputs: readonly number[], weights: Int32Array): number {
  let sum = 0;
  for (let i = 0; i < inputs.length; i++) sum += Math.floor((Number(inputs[i]) * Number(weights[i])) / 256);
  return Math.floor(sum / 256);
}

/** `shift`: how slowly they learn. */
export function train(inputs: readonly number[], weights: Int32Array, error: number, shift = 15): void {
  for (let i = 0; i < inputs.length; i++) {
    const step = Math.floor((Number(inputs[i]) * error + 2 ** (shift - 1)) / 2 ** shift);
    const moved = Number(weights[i]) + step;
    weights[i] = Math.min(524287, Math.max(-524287, moved));
  }
}

/**
 * A decoder that decides: it reads a stream as the second decoder of the tests does, changes some of the numbers and bits on the
 * way, and writes a stream of what it made of them. That is a well-formed arithmetic code, however absurd what it says: damage of
 * bytes alone would hardly ever get a number to its bounds, or get far behind a change.
 */
import { Decoder, type NumberCounters } from '../delta/reference/arithmetic.ts';

/** What is changed, by how many numbers, raw numbers and bits were read before. */
export interface Decisions {
  numbers: ReadonlyMap<number, number>;
  raws: ReadonlyMap<number, number>;
  bits: ReadonlySet<number>;
  /** From this bit on, as many of 1000 bits are turned round. */
  noise: { from: number; perMille: number; next: () => number };
  /** Bits that are read at most. */
  most: number;
}

/** What a stream consists of. */
export interface Reading {
  /** The values of its numbers. */
  numbers: number[];
  /** How many raw ones there are. */
  raws: number;
  bits: number;
  /** How many bits precede the end of the last number: what describes the rest is there. */
  head: number;
}

export const NO_DECISIONS: Decisions = {
  numbers: new Map(),
  raws: new Map(),
  bits: new Set(),
  noise: { from: 0, perMille: 0, next: () => 0 },
  most: Number.POSITIVE_INFINITY,
};

/** Thrown when as many bits were read as may be. */
export class TooManyBits extends Error {}

const bitsOf = (value: number, count: number) =>
  Array.from({ length: count }, (_, i) => Math.floor(value / 2 ** (count - 1 - i)) % 2);

export class DecidingDecoder extends Decoder {
  readonly reading: Reading = { numbers: [], raws: 0, bits: 0, head: 0 };
  readonly #decisions: Decisions;
  readonly #made: number[] = [];
  #decided: number[] = [];
  #low = 0;
  #high = 0xffffffff;

  constructor(bytes: Uint8Array, decisions: Decisions) {
    super(bytes);
    this.#decisions = decisions;
  }

  /** The stream of what was read. */
  written(): Uint8Array {
    const last = [24, 16, 8, 0].map((shift) => (this.#low >>> shift) & 255);
    return Uint8Array.from([...this.#made, ...last]);
  }

  /** What is read ends anywhere; what is written ends as it should. */
  override end(): void {
    // Nothing.
  }

  override bit(probability: number): number {
    const { bits, noise, most } = this.#decisions;
    const at = this.reading.bits++;
    if (at >= most) throw new TooManyBits();
    const read = super.bit(probability);
    let bit = this.#decided.shift() ?? read;
    if (bits.has(at) || (at >= noise.from && noise.perMille > 0 && noise.next() % 1000 < noise.perMille))
      bit ^= 1;
    this.#write(bit, probability);
    return bit;
  }

  override raw(bits: number): number {
    const decided = this.#decisions.raws.get(this.reading.raws++);
    if (decided !== undefined) this.#decided = bitsOf(decided % 2 ** bits, bits);
    return super.raw(bits);
  }

  override number(counters: NumberCounters): number {
    const decided = this.#decisions.numbers.get(this.reading.numbers.length);
    if (decided !== undefined) {
      const size = 31 - Math.clz32(decided + 1);
      this.#decided = [...bitsOf(size, 5), ...bitsOf(decided + 1 - 2 ** size, size)];
    }
    const value = super.number(counters);
    this.reading.numbers.push(value);
    this.reading.head = this.reading.bits;
    return value;
  }

  #write(bit: number, probability: number): void {
    const middle = this.#low + Number((BigInt(this.#high - this.#low) * BigInt(probability)) >> 16n);
    if (bit) this.#high = middle;
    else this.#low = middle + 1;
    while (this.#low >>> 24 === this.#high >>> 24) {
      this.#made.push(this.#low >>> 24);
      this.#low = (this.#low << 8) >>> 0;
      this.#high = ((this.#high << 8) | 255) >>> 0;
    }
  }
}

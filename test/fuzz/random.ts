/** Choices of one case, all from its number: the same number makes the same case again. */
import { randomNumbers } from '../delta/pairs.ts';

export class Random {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = randomNumbers(Math.imul(seed + 1, 0x9e3779b1));
    for (let i = 0; i < 4; i++) this.#next();
  }

  /** 0 to `count` - 1. */
  below(count: number): number {
    return Math.floor((this.#next() / 2 ** 32) * count);
  }

  /** True once in `count` times. */
  once(count: number): boolean {
    return this.below(count) === 0;
  }

  pick<T>(from: readonly T[]): T {
    const picked = from[this.below(from.length)];
    if (picked === undefined) throw new Error('there is nothing to pick from');
    return picked;
  }

  /** Small numbers far more often than large ones. */
  small(below: number): number {
    return this.below(1 + this.below(1 + this.below(below)));
  }

  bytes(size: number): Uint8Array {
    return Uint8Array.from({ length: size }, () => this.#next() >>> 24);
  }

  /** A number near a power of two, or near one of those that matter here. */
  edge(matters: readonly number[] = []): number {
    const near = this.once(2) && matters.length > 0 ? this.pick(matters) : 2 ** this.below(32);
    return Math.min(2 ** 32 - 2, Math.max(0, near + this.below(5) - 2));
  }

  /** A copy with a few bytes changed, inserted, removed, or taken from another place. */
  damaged(bytes: Uint8Array, within = bytes.length): Uint8Array {
    let made = Buffer.from(bytes);
    for (let edits = 1 + this.small(8); edits > 0 && made.length > 0; edits--) {
      const at = this.below(Math.min(made.length, within));
      const size = Math.min(1 + this.small(40), made.length - at);
      const kind = this.below(8);
      if (kind < 3) made[at] = (made[at] ?? 0) ^ (1 << this.below(8));
      else if (kind === 3) made[at] = this.pick([0, 1, 127, 128, 255, this.below(256)]);
      else if (kind === 4) made = Buffer.concat([made.subarray(0, at), made.subarray(at + size)]);
      else if (kind === 5) made = Buffer.concat([made.subarray(0, at), this.bytes(size), made.subarray(at)]);
      else if (kind === 6) this.#copyWithin(made, at, size);
      else if (this.once(4)) made = made.subarray(0, at);
      else made.fill(this.pick([0, 255]), at, at + size);
    }
    return Uint8Array.from(made);
  }

  #copyWithin(bytes: Buffer, at: number, size: number): void {
    const from = this.below(bytes.length - size + 1);
    bytes.copy(bytes, at, from, from + size);
  }
}

/** The light coder of bulk once more, from lib/delta/FORMAT.md: a plain decoder for the second one of `mixing`. */
import { Counters, type Decoder, NumberCounters, requireSound } from './arithmetic.ts';

const LIMIT = 127;

/** `size` bytes of bulk. */
export function decodeLight(stream: Decoder, size: number): Uint8Array {
  return new Light(stream, size).decode();
}

class Light {
  readonly #decoder: Decoder;
  readonly #made: Uint8Array;
  #at = 0;
  #last = [1, 1, 1, 1];
  #state = 0;

  readonly #isMatch = new Counters();
  readonly #isRepeated = new Counters();
  readonly #isOther = new Counters();
  readonly #isShort = new Counters();
  readonly #newLengths = new Counters();
  readonly #oldLengths = new Counters();
  readonly #classes = new Counters();
  readonly #low = new Counters();
  readonly #lowest = new Counters();
  readonly #bytes = new Counters();

  constructor(stream: Decoder, size: number) {
    this.#decoder = stream;
    this.#made = new Uint8Array(size);
  }

  decode(): Uint8Array {
    const [counts, sizes] = [new NumberCounters(1), new NumberCounters(1)];
    const stretches: { end: number; class: number }[] = [];
    let end = 0;
    const count = this.#decoder.number(counts);
    requireSound(count <= 1024);
    for (let i = 0; i < count; i++) {
      end += this.#decoder.number(sizes) + 1;
      stretches.push({ end, class: this.#decoder.raw(2) });
      requireSound(end <= this.#made.length && Number(stretches.at(-1)?.class) < 3);
    }
    requireSound(end === this.#made.length);
    while (this.#at < this.#made.length) {
      this.#token(stretches.find((stretch) => stretch.end > this.#at)?.class ?? 0);
    }
    this.#decoder.end();
    return this.#made;
  }

  #flag(counters: Counters, index: number): number {
    return this.#decoder.flag(counters.at(index), LIMIT);
  }

  #tree(counters: Counters, base: number, bits: number): number {
    let node = 1;
    for (let i = 0; i < bits; i++) node = 2 * node + this.#flag(counters, base + node);
    return node - 2 ** bits;
  }

  #reversed(counters: Counters, base: number, bits: number): number {
    let node = 1;
    let value = 0;
    for (let i = 0; i < bits; i++) {
      const bit = this.#flag(counters, base + node);
      node = 2 * node + bit;
      value += bit * 2 ** i;
    }
    return value;
  }

  #length(counters: Counters): number {
    if (!this.#flag(counters, 0)) return 2 + this.#tree(counters, 16, 3);
    if (!this.#flag(counters, 1)) return 10 + this.#tree(counters, 32, 3);
    return 18 + this.#tree(counters, 64, 8);
  }

  #distance(length: number): number {
    const kind = this.#tree(this.#classes, Math.min(length - 2, 3) * 64, 6);
    if (kind < 4) return kind + 1;
    const bits = (kind >> 1) - 1;
    const value = (2 + (kind & 1)) * 2 ** bits + 1;
    if (bits < 6) return value + this.#reversed(this.#low, 32 * kind, bits);
    const high = this.#decoder.raw(bits - 4) * 16;
    return value + high + this.#reversed(this.#lowest, 0, 4);
  }

  #byte(kind: number): number {
    const base = (256 * kind + (this.#made[this.#at - 1] ?? 0)) * 768;
    const expected = this.#made[this.#at - Number(this.#last[0])] ?? 0;
    let isAsExpected = (this.#state & 3) !== 0;
    let node = 1;
    for (let place = 7; place >= 0; place--) {
      const likely = (expected >> place) & 1;
      const bit = this.#flag(this.#bytes, base + node + (isAsExpected ? 256 * (1 + likely) : 0));
      if (bit !== likely) isAsExpected = false;
      node = 2 * node + bit;
    }
    return node & 255;
  }

  #token(kind: number): void {
    const state = this.#state;
    if (!this.#flag(this.#isMatch, kind * 64 + state)) {
      this.#made[this.#at] = this.#byte(kind);
      this.#at++;
      this.#state = (state * 4) & 63;
      return;
    }
    let length: number;
    if (this.#flag(this.#isRepeated, state)) {
      let which = 0;
      while (which < 3 && this.#flag(this.#isOther, state * 4 + which)) which++;
      const isShort = which === 0 && this.#flag(this.#isShort, state) === 1;
      length = isShort ? 1 : this.#length(this.#oldLengths);
      this.#last.unshift(...this.#last.splice(which, 1));
      this.#state = (state * 4 + 2) & 63;
    } else {
      length = this.#length(this.#newLengths);
      this.#last = [this.#distance(length), ...this.#last.slice(0, 3)];
      this.#state = (state * 4 + 1) & 63;
    }
    requireSound(Number(this.#last[0]) <= this.#at && length <= this.#made.length - this.#at);
    for (let i = 0; i < length; i++, this.#at++) {
      this.#made[this.#at] = this.#made[this.#at - Number(this.#last[0])] ?? 0;
    }
  }
}

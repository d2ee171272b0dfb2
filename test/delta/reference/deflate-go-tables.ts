/** Tokens of Go's levels 1 to 6 since 1.27, from lib/delta/FORMAT.md. */
import { equalBytes, type Token } from './deflate-go.ts';

const NEAR = 32767;

/** The places of a slot: the last one, and that before. */
type Pair = [last: number, before: number];

/** A table of places by a hash of so many bytes, which is so many bits long. */
class Table {
  readonly #bytes: Uint8Array;
  readonly #of: number;
  readonly #bits: number;
  readonly #pairs = new Map<number, Pair>();

  constructor(bytes: Uint8Array, of: number, bits: number) {
    this.#bytes = bytes;
    this.#of = of;
    this.#bits = bits;
  }

  slot(place: number, known = this.#of): number {
    let word = 0n;
    for (let i = known - 1; i >= 0; i--) word = word * 256n + BigInt(this.#bytes[place + i] ?? 0);
    if (this.#of === 4) return Number(BigInt.asUintN(32, word * 2654435761n) >> BigInt(32 - this.#bits));
    const factor = this.#of === 5 ? 889523592379n : 58295818150454627n;
    const high = word * 2n ** BigInt(64 - 8 * this.#of) * factor;
    return Number(BigInt.asUintN(64, high) >> BigInt(64 - this.#bits));
  }

  /** No place is infinitely far away. */
  at(place: number): Pair {
    return this.#pairs.get(this.slot(place)) ?? [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  }

  set(place: number, slot = this.slot(place)): void {
    const [last] = this.#pairs.get(slot) ?? [Number.NEGATIVE_INFINITY];
    this.#pairs.set(slot, [place, last]);
  }

  swap(place: number): Pair {
    const pair = this.at(place);
    this.set(place);
    return pair;
  }
}

export class Tables {
  readonly #bytes: Uint8Array;
  readonly #level: number;
  readonly #five: Table;
  readonly #short: Table;
  readonly #long: Table;
  #first = 0;
  #tokens: Token[] = [];
  #end = 0;
  #at = 0;
  #pending = 0;
  #next = 0;
  #from = 0;
  #length = 0;
  #repeated = 1;

  constructor(bytes: Uint8Array, level: number) {
    this.#bytes = bytes;
    this.#level = level;
    this.#five = new Table(bytes, 5, 14 + (level === 101 ? 1 : level === 102 ? 3 : 2));
    this.#short = new Table(bytes, 4, 15);
    this.#long = new Table(bytes, 7, 15);
  }

  tokens(begin: number, end: number): Token[] {
    if (end - this.#first > 5 * 65535) this.#first = begin - 32768;
    this.#tokens = [];
    this.#end = end;
    this.#at = begin;
    this.#pending = begin;
    this.#repeated = 1;
    if (this.#level < 103) this.#byOne();
    else if (this.#level === 103) this.#byTwo();
    else this.#byLength();
    if (this.#tokens.length > 0) this.#pass(this.#end);
    return this.#tokens;
  }

  #pass(to: number): void {
    for (; this.#pending < to; this.#pending++) this.#tokens.push(Number(this.#bytes[this.#pending]));
  }

  #isGood(place: number, candidate: number, farthest = NEAR): boolean {
    return place - candidate <= farthest && equalBytes(this.#bytes, candidate, place, 4) === 4;
  }

  #same(place: number, candidate: number, most = Number.POSITIVE_INFINITY): number {
    return equalBytes(this.#bytes, candidate, place, Math.min(most, this.#end - place));
  }

  /** The token of a copy, and the bytes before it. Returns its length and distance. */
  #copy(from: number): { length: number; distance: number } {
    const distance = this.#at - from;
    let length = this.#same(this.#at, from);
    while (this.#at > this.#pending && this.#at - distance > 0) {
      if (this.#bytes[this.#at - 1] !== this.#bytes[this.#at - 1 - distance]) break;
      this.#at--;
      length++;
    }
    this.#pass(this.#at);
    this.#at += length;
    this.#pending = this.#at;
    for (let left = length; left > 0; ) {
      const part = left > 261 ? 258 : left > 258 ? 255 : left;
      this.#tokens.push({ length: part, distance });
      left -= part;
    }
    if (this.#next >= this.#at) this.#at = this.#next + 1;
    return { length, distance };
  }

  get #isNearEnd(): boolean {
    return this.#at >= this.#end - 11;
  }

  /** Levels 101 and 102. */
  #byOne(): void {
    const isFirst = this.#level === 101;
    for (;;) {
      this.#next = this.#at + 2 + ((this.#at - this.#pending) >> 5);
      if (this.#next > this.#end - 11) return;
      let [from] = this.#five.swap(this.#at);
      if (this.#isGood(this.#at, from)) this.#five.set(this.#next);
      else {
        this.#at = this.#next++;
        [from] = this.#five.swap(this.#at);
        if (!this.#isGood(this.#at, from)) {
          this.#at = this.#next;
          continue;
        }
        if (isFirst) this.#five.set(this.#next, this.#five.slot(this.#at));
      }
      while (this.#isGood(this.#at, from, 32768)) {
        const { length } = this.#copy(from);
        if (this.#isNearEnd) {
          if (this.#at + length + 8 < this.#end) this.#five.set(this.#at);
          return;
        }
        if (!isFirst) {
          for (let i = this.#at - length + 2; i < this.#at - 5; i += 7) {
            this.#five.set(i);
            this.#five.set(i + 2);
            // Go has four bytes left there.
            this.#five.set(i + 4, this.#five.slot(i + 4, 4));
          }
        }
        this.#five.set(this.#at - 2);
        if (!isFirst) this.#five.set(this.#at - 1);
        [from] = this.#five.swap(this.#at);
      }
      this.#at++;
    }
  }

  /** Level 103. */
  #byTwo(): void {
    const far = 32764;
    for (;;) {
      this.#next = this.#at + 1 + ((this.#at - this.#pending) >> 7);
      if (this.#next > this.#end - 11) return;
      const [last, before] = this.#five.swap(this.#at);
      let from: number | null = null;
      if (this.#isGood(this.#at, last, far)) {
        const isBetter =
          this.#isGood(this.#at, before, far) && this.#same(this.#at, before) > this.#same(this.#at, last);
        from = isBetter ? before : last;
      } else if (this.#at - last <= far && this.#isGood(this.#at, before, far - 1)) from = before;
      if (from === null) {
        this.#at = this.#next;
        continue;
      }
      while (from !== null) {
        const { length, distance } = this.#copy(from);
        if (this.#isNearEnd) {
          const source = this.#pending - distance;
          if (source + 8 < this.#end) this.#five.set(source);
          return;
        }
        for (let i = this.#at - length + 2; i < this.#at - 5; i += 6) this.#five.set(i);
        this.#five.set(this.#at - 2);
        this.#five.set(this.#at - 1);
        const [c, b] = this.#five.swap(this.#at);
        from = null;
        if (this.#isGood(this.#at, c, far - 1)) from = c;
        else if (this.#at - c < far && this.#isGood(this.#at, b, far - 1)) from = b;
      }
      this.#at++;
    }
  }

  #setBoth(place: number): void {
    this.#short.set(place);
    this.#long.set(place);
  }

  #tryLonger(place: number, from: number): boolean {
    const length = this.#same(place, from, 258);
    if (length <= this.#length) return false;
    this.#at = place;
    this.#from = from;
    this.#length = length;
    return true;
  }

  /** Levels 104 to 106. */
  #byLength(): void {
    while (this.#search()) {
      this.#length = this.#same(this.#at, this.#from);
      const isTried = this.#level === 106 || (this.#level === 105 && this.#length < 30);
      if (isTried && this.#at + this.#length < this.#end - 11) this.#tryEnd();
      const { length, distance } = this.#copy(this.#from);
      this.#repeated = distance;
      if (this.#isNearEnd) {
        if (this.#level === 104 && this.#at + 8 < this.#end) this.#setBoth(this.#at);
        if (this.#level === 106) for (let i = this.#next + 1; i < this.#end - 8; i += 2) this.#setBoth(i);
        return;
      }
      this.#remember(length);
    }
  }

  #remember(length: number): void {
    if (this.#level === 106) {
      for (let i = this.#next + 1; i < this.#at - 1; i += 2) {
        this.#setBoth(i);
        this.#long.set(i + 1);
      }
      return;
    }
    let i = this.#level === 104 ? this.#next : this.#at - length + 1;
    if (this.#level === 105 && i < this.#at - 1) {
      this.#setBoth(i);
      this.#long.set(i + 1);
      this.#short.set(i + 2);
      i += 4;
    }
    for (; i < this.#at - 1; i += 3) {
      this.#long.set(i);
      if (this.#level === 104) this.#long.set(i + 1);
      this.#short.set(i + 1);
    }
    this.#setBoth(this.#at - 1);
  }

  #search(): boolean {
    for (;;) {
      this.#next = this.#at + 1 + ((this.#at - this.#pending) >> (this.#level === 106 ? 7 : 6));
      if (this.#next > this.#end - 11) return false;
      const [s] = this.#short.swap(this.#at);
      const [c, b] = this.#long.swap(this.#at);
      if (this.#level === 104 ? this.#isFoundByOne(s, c) : this.#isFoundByTwo(s, c, b)) return true;
      this.#at = this.#next;
    }
  }

  #isFoundByOne(s: number, c: number): boolean {
    const [at, next] = [this.#at, this.#next];
    if (this.#isGood(at, c)) {
      this.#from = c;
      return true;
    }
    if (!this.#isGood(at, s)) return false;
    this.#from = s;
    const [n] = this.#long.at(next);
    if (this.#isGood(next, n)) {
      // Go compares with this.
      const wrong = this.#first + (next - n);
      const skip = Math.min(4, this.#end - next);
      const compared = skip + equalBytes(this.#bytes, wrong + skip, next + skip, this.#end - next - skip);
      if (compared > this.#same(at, s)) {
        this.#at = next;
        this.#from = n;
      }
    }
    return true;
  }

  #isFoundByTwo(s: number, c: number, b: number): boolean {
    const [at, next] = [this.#at, this.#next];
    if (at - c <= NEAR) {
      const from = this.#isGood(at, c) ? c : this.#isGood(at, b) ? b : null;
      if (from !== null) {
        this.#setBoth(next);
        this.#from = from;
        this.#length = this.#same(at, from, 258);
        if (from === c && this.#isGood(at, b)) this.#tryLonger(at, b);
        return true;
      }
    }
    if (!this.#isGood(at, s)) return false;
    this.#from = s;
    this.#length = this.#same(at, s, 258);
    const [n, m] = this.#long.at(next);
    this.#setBoth(next);
    if (this.#level === 106) {
      const again = at + 1 - this.#repeated;
      if (equalBytes(this.#bytes, again, at + 1, 4) === 4 && this.#tryLonger(at + 1, again)) return true;
    }
    if (next - n <= NEAR) {
      if (this.#isGood(next, n) && this.#tryLonger(next, n) && this.#level === 105) return true;
      if (this.#isGood(next, m)) this.#tryLonger(next, m);
    }
    return true;
  }

  #tryEnd(): void {
    const [q, o] = this.#long.at(this.#at + this.#length);
    const place = this.#at + 2;
    const tryFrom = (from: number) => {
      const distance = place - from;
      if (distance <= 0 || distance > NEAR || from < 0) return;
      const length = this.#same(place, from);
      if (length <= this.#length) return;
      this.#at = place;
      this.#from = from;
      this.#length = length;
    };
    const from = q - this.#length + 2;
    if (place - from > NEAR) return;
    tryFrom(from);
    if (this.#level === 106) tryFrom(o - this.#length + 2);
  }
}

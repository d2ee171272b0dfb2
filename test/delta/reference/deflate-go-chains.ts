/** Tokens of Go's levels 7 to 9 since 1.27, from lib/delta/FORMAT.md. */
import { codeLengths, equalBytes, splitDistance, splitLength, type Token } from './deflate-go.ts';

const PARAMETERS = [
  { lazy: 12, nice: 16, chain: 24 },
  { lazy: 30, nice: 40, chain: 64 },
  { lazy: 258, nice: 258, chain: 1024 },
];

interface Copy {
  length: number;
  distance: number;
}

const NONE: Copy = { length: 3, distance: 0 };

/** Called with the tokens of a block, its bytes if Go has them all, and whether no window follows. */
type Write = (tokens: Token[], bytes: Uint8Array | null, isLast: boolean) => void;

export class LaterChains {
  readonly #bytes: Uint8Array;
  readonly #write: Write;
  readonly #lazy: number;
  readonly #nice: number;
  readonly #chain: number;
  readonly #isCounted: boolean;
  readonly #last = new Map<number, number>();
  readonly #earlier: Int32Array;
  #lengths: number[] = [];
  #base = 0;
  #at = 0;
  #tokens: Token[] = [];
  #blockBegin = 0;
  #found = NONE;
  #waits = false;
  #plain = 0;

  constructor(bytes: Uint8Array, level: number, write: Write) {
    const parameters = PARAMETERS[level - 107];
    if (parameters === undefined) throw new Error(`no level ${level}`);
    this.#bytes = bytes;
    this.#write = write;
    this.#lazy = parameters.lazy;
    this.#nice = parameters.nice;
    this.#chain = parameters.chain;
    this.#isCounted = level === 109;
    this.#earlier = new Int32Array(bytes.length).fill(-1);
  }

  get #windowEnd(): number {
    return Math.min(this.#bytes.length, this.#base + 65536);
  }

  run(): void {
    if (this.#bytes.length > 0) this.#count();
    while (this.#at < this.#bytes.length) {
      if (this.#at >= this.#base + 65275 && this.#bytes.length > this.#base + 65536) {
        this.#base += 32768;
        this.#count();
      }
      this.#step();
    }
    if (this.#waits) this.#tokens.push(Number(this.#bytes[this.#at - 1]));
    if (this.#tokens.length > 0) this.#endBlock();
  }

  #count(): void {
    const occurs = Array.from({ length: 256 }, () => 0);
    for (const byte of this.#bytes.subarray(this.#at, Math.min(this.#windowEnd, this.#at + 32768)))
      occurs[byte] = Number(occurs[byte]) + 1;
    this.#lengths = codeLengths(occurs, 15);
  }

  #slot(place: number): number {
    const word = [3, 2, 1, 0].reduce((sum, i) => sum * 256 + Number(this.#bytes[place + i]), 0);
    return Math.imul(word, 2654435761) >>> 15;
  }

  #remember(place: number): void {
    if (place + 4 > this.#windowEnd) return;
    const slot = this.#slot(place);
    this.#earlier[place] = this.#last.get(slot) ?? -1;
    this.#last.set(slot, place);
  }

  #add(token: Token): void {
    this.#tokens.push(token);
    if (typeof token === 'number') this.#endIfFull();
  }

  #endIfFull(): void {
    if (this.#tokens.length === 32768) this.#endBlock();
  }

  #endBlock(): void {
    const part = this.#bytes.subarray(this.#blockBegin, this.#at);
    const hasBytes = this.#blockBegin >= this.#base && part.length <= 65535;
    this.#write(this.#tokens, hasBytes ? part : null, this.#bytes.length <= this.#base + 65536);
    this.#tokens = [];
    this.#blockBegin = this.#at;
  }

  #saved(length: number, distance: number): number {
    let bits = 0;
    for (let i = 0; i < length; i++)
      bits += Math.max(1, Number(this.#lengths[Number(this.#bytes[this.#at + i])]));
    const extra = distance === 32768 ? 6 : splitDistance(distance + 1).extra;
    return bits - extra - 3 - splitLength(length).extra;
  }

  #best(): Copy {
    let best = NONE;
    let saved = 4;
    const most = Math.min(258, this.#windowEnd - this.#at);
    let place = Number(this.#earlier[this.#at]);
    for (let tries = this.#chain; tries > 0; tries--) {
      if (place < Math.max(this.#base, this.#at - 32768)) break;
      const copy = { length: equalBytes(this.#bytes, place, this.#at, most), distance: this.#at - place };
      if (copy.length > best.length) {
        const saves = this.#isCounted ? this.#saved(copy.length, copy.distance) : saved + 1;
        if (saves > saved) {
          if (this.#isCounted) saved = saves;
          best = copy;
          if (copy.length >= Math.min(this.#nice, most)) break;
        }
      }
      place = Number(this.#earlier[place]);
    }
    return best;
  }

  #step(): void {
    this.#remember(this.#at);
    const before = this.#found;
    const isTried = before.length < this.#lazy && before.length < this.#windowEnd - this.#at;
    const copy = isTried ? this.#best() : NONE;
    this.#found = copy;
    if (before.length >= 4 && copy.length <= before.length) {
      this.#take(before);
      return;
    }
    if (copy.length >= 4) this.#plain = 0;
    if (!this.#waits) {
      this.#waits = true;
      this.#at++;
      return;
    }
    this.#plain = (this.#plain + 1) % 65536;
    this.#addWaiting();
    this.#at++;
    if (this.#plain <= this.#chain) return;
    const many = 1 + ((this.#plain - this.#chain) >> 6);
    for (let i = 0; i < many && this.#at < this.#windowEnd - 1; i++) {
      this.#addWaiting();
      this.#remember(this.#at);
      this.#at++;
    }
    this.#addWaiting();
    this.#waits = false;
  }

  #addWaiting(): void {
    this.#add(Number(this.#bytes[this.#at - 1]));
  }

  #take(before: Copy): void {
    let { length, distance } = before;
    const begin = this.#at - 1;
    if (length < 256 && begin + length < this.#windowEnd - 3) {
      const source = (this.#last.get(this.#slot(begin + length)) ?? Number.NEGATIVE_INFINITY) - length;
      if (begin - source !== distance && source > Math.max(this.#base, this.#at - 32768) + 2) {
        const most = Math.min(this.#windowEnd - this.#at, 260) - 2;
        const longer = equalBytes(this.#bytes, source + 2, begin + 2, most);
        if (longer > length) {
          length = longer;
          distance = begin - source;
          let lacking = 2;
          while (lacking > 0 && length < 258) {
            if (this.#bytes[begin + lacking - 1] !== this.#bytes[source + lacking - 1]) break;
            lacking--;
            length++;
          }
          for (let i = 0; i < lacking; i++) {
            this.#add(Number(this.#bytes[begin + i]));
            this.#at++;
            this.#remember(this.#at);
          }
        }
      }
    }
    this.#add({ length, distance });
    const end = this.#at + length - 1;
    for (let i = this.#at + 1; i < end; i++) this.#remember(i);
    this.#at = end;
    this.#waits = false;
    this.#found = NONE;
    this.#plain = 0;
    this.#endIfFull();
  }
}

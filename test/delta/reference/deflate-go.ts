/** Streams of DEFLATE as Go makes them, once more, from lib/delta/FORMAT.md: plain, of all bytes at once. */

/** A byte, or a copy. */
export type Token = number | { length: number; distance: number };

const BLOCK = 65535;
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
export const END_OF_BLOCK = 256;

/** Levels 2 to 9: up to which length a longer copy is looked for from the next place, what is enough, places tried, remembered. */
const PARAMETERS = new Map([
  [2, { lazy: 0, nice: 16, chain: 8, remembered: 5 }],
  [3, { lazy: 0, nice: 32, chain: 32, remembered: 6 }],
  [4, { lazy: 4, nice: 16, chain: 16, remembered: 0 }],
  [5, { lazy: 16, nice: 32, chain: 32, remembered: 0 }],
  [6, { lazy: 16, nice: 128, chain: 128, remembered: 0 }],
  [7, { lazy: 32, nice: 128, chain: 256, remembered: 0 }],
  [8, { lazy: 128, nice: 258, chain: 1024, remembered: 0 }],
  [9, { lazy: 258, nice: 258, chain: 4096, remembered: 0 }],
]);

export function deflateAsGo(bytes: Uint8Array, level: number): Uint8Array {
  const blocks = new Blocks();
  if (level >= 2) new Chains(bytes, level, blocks).run();
  else {
    const fast = new Fast(bytes);
    for (let at = 0; at < bytes.length; at += BLOCK) {
      const end = Math.min(bytes.length, at + BLOCK);
      const part = bytes.subarray(at, end);
      if (level === 0 || (level === 1 && part.length <= 16)) blocks.stored(part, 0);
      else if (level === -2 || part.length < 128) blocks.ofBytes(part);
      else {
        const tokens = fast.tokens(at, end);
        if (tokens.length > part.length - (part.length >> 4)) blocks.ofBytes(part);
        else blocks.dynamic(tokens, part);
      }
    }
  }
  blocks.stored(new Uint8Array(), 1);
  return blocks.bits.bytes();
}

const times = (word: number) => Math.imul(word, 0x1e35a7bd) >>> 0;

export function equalBytes(bytes: Uint8Array, a: number, b: number, most: number): number {
  let length = 0;
  while (length < most && bytes[a + length] === bytes[b + length]) length++;
  return length;
}

/** Tokens of level 1. */
class Fast {
  readonly #bytes: Uint8Array;
  readonly #table = new Map<number, number>();

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  #word(at: number): number {
    return [0, 1, 2, 3].reduce((word, i) => word + Number(this.#bytes[at + i]) * 2 ** (8 * i), 0);
  }

  /** The place that the table has for what is at `at`, if that is near and the same; then the table has `at`. */
  #swap(at: number): number | null {
    const word = this.#word(at);
    const slot = times(word) >>> 18;
    const place = this.#table.get(slot);
    this.#table.set(slot, at);
    return place !== undefined && at - place <= 32768 && this.#word(place) === word ? place : null;
  }

  tokens(begin: number, end: number): Token[] {
    const tokens: Token[] = [];
    const limit = end - 15;
    let [at, pending] = [begin, begin];
    const pass = (to: number) => {
      for (; pending < to; pending++) tokens.push(Number(this.#bytes[pending]));
    };
    for (;;) {
      let place: number | null = null;
      for (let [next, skip] = [at, 32]; place === null; ) {
        at = next;
        const step = skip >> 5;
        next += step;
        skip += step;
        if (next > limit) {
          pass(end);
          return tokens;
        }
        place = this.#swap(at);
      }
      pass(at);
      while (place !== null) {
        const length = equalBytes(this.#bytes, place, at, Math.min(258, end - at));
        tokens.push({ length, distance: at - place });
        at += length;
        pending = at;
        if (at >= limit) {
          pass(end);
          return tokens;
        }
        this.#swap(at - 1);
        place = this.#swap(at);
      }
      at++;
    }
  }
}

/** Levels 2 to 9. */
class Chains {
  readonly #bytes: Uint8Array;
  readonly #blocks: Blocks;
  readonly #lazy: number;
  readonly #nice: number;
  readonly #chain: number;
  readonly #remembered: number;
  readonly #last = new Map<number, number>();
  readonly #earlier: Int32Array;
  #base = 0;
  #at = 0;
  #tokens: Token[] = [];
  #blockBegin = 0;

  constructor(bytes: Uint8Array, level: number, blocks: Blocks) {
    const parameters = PARAMETERS.get(level);
    if (parameters === undefined) throw new Error(`no level ${level}`);
    this.#bytes = bytes;
    this.#blocks = blocks;
    this.#lazy = parameters.lazy;
    this.#nice = parameters.nice;
    this.#chain = parameters.chain;
    this.#remembered = parameters.remembered;
    this.#earlier = new Int32Array(bytes.length).fill(-1);
  }

  run(): void {
    if (this.#lazy === 0) this.#greedy();
    else this.#lazily();
    if (this.#tokens.length > 0) this.#endBlock();
  }

  #moveBase(): void {
    if (this.#at >= this.#base + 65275 && this.#bytes.length > this.#base + 65536) this.#base += 32768;
  }

  #remember(at: number): void {
    if (at + 4 > this.#bytes.length) return;
    const word = [0, 1, 2, 3].reduce((sum, i) => sum * 256 + Number(this.#bytes[at + i]), 0);
    const slot = times(word) >>> 15;
    this.#earlier[at] = this.#last.get(slot) ?? -1;
    this.#last.set(slot, at);
  }

  #best(at: number): { length: number; distance: number } {
    let best = { length: 3, distance: 0 };
    const most = Math.min(258, this.#bytes.length - at);
    let place = Number(this.#earlier[at]);
    for (let tries = this.#chain; tries > 0; tries--) {
      if (place < this.#base || place < at - 32768) break;
      const length = equalBytes(this.#bytes, place, at, most);
      if (length > best.length && (length > 4 || at - place <= 4096)) {
        best = { length, distance: at - place };
        if (length >= Math.min(this.#nice, most)) break;
      }
      place = Number(this.#earlier[place]);
    }
    return best;
  }

  #add(token: Token): void {
    this.#tokens.push(token);
  }

  #endIfFull(): void {
    if (this.#tokens.length === 16384) this.#endBlock();
  }

  #endBlock(): void {
    const part = this.#bytes.subarray(this.#blockBegin, this.#at);
    this.#blocks.best(this.#tokens, this.#blockBegin >= this.#base ? part : null);
    this.#blockBegin = this.#at;
    this.#tokens = [];
  }

  #greedy(): void {
    while (this.#at < this.#bytes.length) {
      this.#moveBase();
      this.#remember(this.#at);
      const copy = this.#best(this.#at);
      if (copy.length < 4) {
        this.#add(Number(this.#bytes[this.#at++]));
      } else {
        this.#add(copy);
        const end = this.#at + copy.length;
        if (copy.length <= this.#remembered) for (let i = this.#at + 1; i < end; i++) this.#remember(i);
        this.#at = end;
      }
      this.#endIfFull();
    }
  }

  #lazily(): void {
    const none = { length: 3, distance: 0 };
    let before = none;
    let isPending = false;
    while (this.#at < this.#bytes.length) {
      this.#moveBase();
      this.#remember(this.#at);
      const isTried = before.length < this.#lazy && before.length < this.#bytes.length - this.#at;
      const copy = isTried ? this.#best(this.#at) : none;
      if (before.length >= 4 && copy.length <= before.length) {
        this.#add(before);
        const end = this.#at + before.length - 1;
        for (let i = this.#at + 1; i < end; i++) this.#remember(i);
        this.#at = end;
        isPending = false;
        before = none;
        this.#endIfFull();
        continue;
      }
      if (isPending) {
        this.#add(Number(this.#bytes[this.#at - 1]));
        this.#endIfFull();
      }
      isPending = true;
      before = copy;
      this.#at++;
    }
    if (isPending) this.#add(Number(this.#bytes[this.#at - 1]));
  }
}

/** A length or a distance as its symbol and extra bits: `steps` symbols for each power of two. */
function split(value: number, steps: number): { symbol: number; extra: number; rest: number } {
  if (value < 2 * steps) return { symbol: value, extra: 0, rest: 0 };
  let extra = 0;
  while (value >> extra >= 2 * steps) extra++;
  return { symbol: steps * extra + (value >> extra), extra, rest: value % 2 ** extra };
}

export const splitLength = (length: number) =>
  length === 258 ? { symbol: 28, extra: 0, rest: 0 } : split(length - 3, 4);
export const splitDistance = (distance: number) => split(distance - 1, 2);

interface Item {
  frequency: number;
  /** A symbol, or the two items of a package. */
  of: number | [Item, Item];
}

/** The lengths of codes by package-merge. */
export function codeLengths(frequencies: number[], maxBits: number): number[] {
  const lengths = frequencies.map(() => 0);
  const symbols: Item[] = frequencies
    .map((frequency, of) => ({ frequency, of }))
    .filter(({ frequency }) => frequency > 0)
    .sort((a, b) => a.frequency - b.frequency || a.of - b.of);
  if (symbols.length <= 2) {
    for (const { of } of symbols) lengths[of as number] = 1;
    return lengths;
  }
  let list = symbols;
  for (let i = 1; i < Math.min(maxBits, symbols.length - 1); i++) {
    const packages: Item[] = [];
    for (let j = 0; j + 1 < list.length; j += 2) {
      const [a, b] = [list[j], list[j + 1]];
      if (a !== undefined && b !== undefined)
        packages.push({ frequency: a.frequency + b.frequency, of: [a, b] });
    }
    // The sort is stable: packages stay before symbols of the same frequency.
    list = [...packages, ...symbols].sort((a, b) => a.frequency - b.frequency);
  }
  const take = ({ of }: Item): void => {
    if (typeof of === 'number') lengths[of] = Number(lengths[of]) + 1;
    else of.forEach(take);
  };
  list.slice(0, 2 * symbols.length - 2).forEach(take);
  return lengths;
}

/** Codes by their lengths, as strings of bits. */
function codesOf(lengths: number[]): string[] {
  const codes = lengths.map(() => '');
  let next = 0;
  for (let length = 1; length <= 15; length++) {
    lengths.forEach((of, symbol) => {
      if (of === length) codes[symbol] = (next++).toString(2).padStart(length, '0');
    });
    next *= 2;
  }
  return codes;
}

export const FIXED: Codes = {
  literals: codesOf(Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8))),
  distances: codesOf(Array.from({ length: 30 }, () => 5)),
  header: '010',
};

/** How often the symbols of a block occur. */
export interface Counts {
  literals: number[];
  distances: number[];
}

/** Codes, and what a dynamic block of them begins with, in bits from the first on. */
export interface Codes {
  literals: string[];
  distances: string[];
  header: string;
}

class Blocks {
  readonly bits = new Bits();

  stored(bytes: Uint8Array, last: number): void {
    this.bits.stored(bytes, last);
  }

  ofBytes(bytes: Uint8Array): void {
    this.dynamic([...bytes], bytes);
  }

  dynamic(tokens: Token[], bytes: Uint8Array): void {
    const { codes, size } = plan(countsOf(tokens));
    if (8 * (bytes.length + 5) < size + (size >> 4)) this.stored(bytes, 0);
    else this.#write(tokens, codes);
  }

  best(tokens: Token[], bytes: Uint8Array | null): void {
    const counts = countsOf(tokens);
    const { codes, size } = plan(counts);
    const fixed = 3 + codedBits(counts, FIXED);
    const least = Math.min(size, fixed) + extraBits(tokens);
    if (bytes !== null && bytes.length <= 65535 && 8 * (bytes.length + 5) < least) this.stored(bytes, 0);
    else this.#write(tokens, size < fixed ? codes : FIXED);
  }

  #write(tokens: Token[], codes: Codes): void {
    this.bits.code(codes.header);
    this.bits.tokens(tokens, codes);
    this.bits.code(codes.literals[END_OF_BLOCK]);
  }
}

/** Codes of the block's own; `counts` gets a distance if it has none. Bits are without the extra ones of copies. */
export function plan(counts: Counts): { codes: Codes; size: number } {
  if (counts.distances.every((occurs) => occurs === 0)) count(counts.distances, 0);
  const codes = codesWithHeader(codeLengths(counts.literals, 15), codeLengths(counts.distances, 15));
  return { codes, size: codes.header.length + codedBits(counts, codes) };
}

export function extraBits(tokens: Token[]): number {
  return tokens.reduce<number>((sum, token) => {
    if (typeof token === 'number') return sum;
    return sum + splitLength(token.length).extra + splitDistance(token.distance).extra;
  }, 0);
}

/** Bits of all symbols by these codes, without extra ones. */
export function codedBits(counts: Counts, codes: Codes): number {
  const sum = (of: number[], by: string[]) =>
    of.reduce((bits, occurs, i) => bits + (occurs === 0 ? 0 : occurs * Number(by[i]?.length)), 0);
  return sum(counts.literals, codes.literals) + sum(counts.distances, codes.distances);
}

/** Of the tokens, and the end of the block. */
export function countsOf(tokens: Token[]): Counts {
  const literals = Array.from({ length: 286 }, () => 0);
  const distances = Array.from({ length: 30 }, () => 0);
  for (const token of [...tokens, END_OF_BLOCK]) {
    if (typeof token === 'number') count(literals, token);
    else {
      count(literals, 257 + splitLength(token.length).symbol);
      count(distances, splitDistance(token.distance).symbol);
    }
  }
  return { literals, distances };
}

function count(of: number[], symbol: number): void {
  of[symbol] = Number(of[symbol]) + 1;
}

export function codesWithHeader(literalLengths: number[], distanceLengths: number[]): Codes {
  const used = (lengths: number[]) => lengths.slice(0, lengths.findLastIndex((length) => length > 0) + 1);
  const [ofLiterals, ofDistances] = [used(literalLengths), used(distanceLengths)];
  const runs = runsOf([...ofLiterals, ...ofDistances]);
  const lengths = Array.from({ length: 19 }, () => 0);
  for (const { symbol } of runs) count(lengths, symbol);
  const ofLengths = codeLengths(lengths, 7);
  const lengthCount = Math.max(4, ORDER.findLastIndex((symbol) => Number(ofLengths[symbol]) > 0) + 1);
  const codes = codesOf(ofLengths);
  const header = [
    '001',
    lowFirst(ofLiterals.length - 257, 5),
    lowFirst(ofDistances.length - 1, 5),
    lowFirst(lengthCount - 4, 4),
    ...ORDER.slice(0, lengthCount).map((symbol) => lowFirst(Number(ofLengths[symbol]), 3)),
    ...runs.map(({ symbol, rest, extra }) => `${codes[symbol]}${lowFirst(rest, extra)}`),
  ].join('');
  return { literals: codesOf(literalLengths), distances: codesOf(distanceLengths), header };
}

function runsOf(lengths: number[]): { symbol: number; rest: number; extra: number }[] {
  const runs: { symbol: number; rest: number; extra: number }[] = [];
  for (let at = 0; at < lengths.length; ) {
    const length = Number(lengths[at]);
    let left = 0;
    while (lengths[at + left] === length) left++;
    at += left;
    const one = () => {
      runs.push({ symbol: length, rest: 0, extra: 0 });
      left--;
    };
    const many = (symbol: number, least: number, most: number, extra: number) => {
      const part = Math.min(left, most);
      runs.push({ symbol, rest: part - least, extra });
      left -= part;
    };
    if (length > 0) {
      one();
      while (left >= 3) many(16, 3, 6, 2);
    } else {
      while (left >= 11) many(18, 11, 138, 7);
      if (left >= 3) many(17, 3, 10, 3);
    }
    while (left > 0) one();
  }
  return runs;
}

/** A number as bits, the lowest one first. */
function lowFirst(value: number, count: number): string {
  return Array.from({ length: count }, (_, i) => Math.floor(value / 2 ** i) % 2).join('');
}

export class Bits {
  #bytes: number[] = [];
  #bit = 0;

  code(bits: string | undefined): void {
    for (const bit of bits ?? '') this.number(Number(bit), 1);
  }

  number(value: number, count: number): void {
    for (let i = 0; i < count; i++) {
      if (this.#bit % 8 === 0) this.#bytes.push(0);
      const at = this.#bytes.length - 1;
      this.#bytes[at] = Number(this.#bytes[at]) | (((value >> i) & 1) << (this.#bit++ % 8));
    }
  }

  tokens(tokens: Token[], codes: Codes): void {
    for (const token of tokens) {
      if (typeof token === 'number') {
        this.code(codes.literals[token]);
        continue;
      }
      const length = splitLength(token.length);
      this.code(codes.literals[257 + length.symbol]);
      this.number(length.rest, length.extra);
      const distance = splitDistance(token.distance);
      this.code(codes.distances[distance.symbol]);
      this.number(distance.rest, distance.extra);
    }
  }

  stored(bytes: Uint8Array, last: number): void {
    this.number(last, 3);
    this.fill();
    this.number(bytes.length, 16);
    this.number(65535 - bytes.length, 16);
    for (const byte of bytes) this.number(byte, 8);
  }

  fill(): void {
    this.#bit = 8 * this.#bytes.length;
  }

  bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}

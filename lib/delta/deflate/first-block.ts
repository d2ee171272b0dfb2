/** Whether a stream of DEFLATE (RFC 1951) can begin somewhere: what its first block begins with, without asking zlib. For the encoder only. */

const [STORED, FIXED, DYNAMIC] = [0, 1, 2];
/** The order of the lengths of the codes of lengths. */
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const [MOST_LITERALS, MOST_DISTANCES, LONGEST] = [286, 30, 15];
const [LITERALS, DISTANCES, CODES] = [257, 1, 4];
const END_OF_BLOCK = 256;
/** How many lengths of matches there are; tokens by the fixed codes that are looked at. */
const [LENGTHS, TOKENS] = [29, 40];
/** Of the codes of lengths that repeat one: bits of the number, and the least one. */
const REPEATS: Readonly<Record<number, readonly [bits: number, least: number]>> = {
  16: [2, 3],
  17: [3, 3],
  18: [7, 11],
};

export function beginsBlock(bytes: Uint8Array, start: number): boolean {
  const reader = new Bits(bytes, start);
  reader.take(1);
  const kind = reader.take(2);
  if (kind === STORED) {
    reader.skipToByte();
    return (reader.take(16) ^ reader.take(16)) === 0xffff;
  }
  if (kind === DYNAMIC) return hasCodes(reader);
  return kind === FIXED && hasTokens(reader);
}

/** Whether the first tokens by the fixed codes can be: no distance reaches before the first byte. */
function hasTokens(reader: Bits): boolean {
  for (let tokens = 0, made = 0; tokens < TOKENS; tokens++) {
    const symbol = fixedSymbol(reader);
    if (symbol === END_OF_BLOCK) return true;
    if (symbol < END_OF_BLOCK) made++;
    else {
      const index = symbol - LITERALS;
      if (index >= LENGTHS) return false;
      const more = index < 8 || index === LENGTHS - 1 ? 0 : (index >> 2) - 1;
      const least = index < 8 ? index : index === LENGTHS - 1 ? 255 : (4 + (index & 3)) << more;
      const length = 3 + least + reader.take(more);
      const code = reader.reversed(5);
      if (code >= MOST_DISTANCES) return false;
      const extra = code < 4 ? 0 : (code >> 1) - 1;
      const distance = (code < 4 ? code : (2 + (code & 1)) << extra) + reader.take(extra) + 1;
      if (distance > made) return false;
      made += length;
    }
  }
  return true;
}

/** RFC 1951, 3.2.6. */
function fixedSymbol(reader: Bits): number {
  const seven = reader.reversed(7);
  if (seven < 24) return END_OF_BLOCK + seven;
  const eight = 2 * seven + reader.take(1);
  if (eight < 192) return eight - 48;
  if (eight < 200) return 280 + eight - 192;
  return 144 + 2 * eight + reader.take(1) - 400;
}

/** Whether the lengths of the codes can be: as zlib, which takes no others. */
function hasCodes(reader: Bits): boolean {
  const literals = LITERALS + reader.take(5);
  const distances = DISTANCES + reader.take(5);
  const count = CODES + reader.take(4);
  if (literals > MOST_LITERALS || distances > MOST_DISTANCES) return false;
  const own = new Array<number>(ORDER.length).fill(0);
  for (const symbol of ORDER.slice(0, count)) own[symbol] = reader.take(3);
  const code = new Map<number, number>();
  if (assign(own, code) !== 0) return false;
  const lengths: number[] = [];
  while (lengths.length < literals + distances) {
    const symbol = reader.symbol(code);
    if (symbol === null) return false;
    const repeat = REPEATS[symbol];
    const length = symbol === 16 ? lengths.at(-1) : repeat === undefined ? symbol : 0;
    if (length === undefined) return false;
    const times = repeat === undefined ? 1 : repeat[1] + reader.take(repeat[0]);
    for (let i = 0; i < times; i++) lengths.push(length);
  }
  if (lengths.length > literals + distances || lengths[END_OF_BLOCK] === 0) return false;
  return [lengths.slice(0, literals), lengths.slice(literals)].every((each) => {
    const left = assign(each, new Map());
    return left === 0 || (left > 0 && each.filter((length) => length > 0).length <= 1);
  });
}

/** Codes by their length and bits, as RFC 1951 assigns them; how many of the longest are left, below 0 if there are too many. */
function assign(lengths: readonly number[], code: Map<number, number>): number {
  let next = 0;
  let left = 1;
  for (let length = 1; length <= LONGEST; length++) {
    next *= 2;
    left *= 2;
    for (const [symbol, own] of lengths.entries()) {
      if (own !== length) continue;
      code.set(2 ** length + next, symbol);
      next++;
      left--;
    }
    if (left < 0) return left;
  }
  return left;
}

/** Zeros behind the end. */
class Bits {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#at = 8 * start;
  }

  take(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value += this.#next() << i;
    return value;
  }

  /** The first bit is the highest. */
  reversed(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value = 2 * value + this.#next();
    return value;
  }

  /** Null if no code has these bits. */
  symbol(code: ReadonlyMap<number, number>): number | null {
    let bits = 1;
    for (let length = 1; length <= LONGEST; length++) {
      bits = 2 * bits + this.#next();
      const symbol = code.get(bits);
      if (symbol !== undefined) return symbol;
    }
    return null;
  }

  skipToByte(): void {
    this.#at = Math.ceil(this.#at / 8) * 8;
  }

  #next(): number {
    const bit = ((this.#bytes[this.#at >>> 3] ?? 0) >> (this.#at & 7)) & 1;
    this.#at++;
    return bit;
  }
}

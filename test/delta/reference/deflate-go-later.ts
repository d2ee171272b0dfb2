/** Streams of DEFLATE as Go makes them since 1.27, once more, from lib/delta/FORMAT.md: plain, of all bytes at once. */
import {
  Bits,
  type Codes,
  type Counts,
  codedBits,
  codeLengths,
  codesWithHeader,
  countsOf,
  END_OF_BLOCK,
  extraBits,
  FIXED,
  plan,
  type Token,
} from './deflate-go.ts';
import { LaterChains } from './deflate-go-chains.ts';
import { Tables } from './deflate-go-tables.ts';

/** `level` is 98, or from 100 to 109. */
export function deflateAsLaterGo(bytes: Uint8Array, level: number): Uint8Array {
  const blocks = new OpenBlocks(level === 98 ? 10 : level < 107 ? 7 : 8);
  if (level >= 107) {
    new LaterChains(bytes, level, (...block) => blocks.tokens(...block)).run();
    return blocks.finish();
  }
  const tables = new Tables(bytes, level);
  const most = level === 98 ? 32768 : 65535;
  for (let begin = 0; begin < bytes.length; begin += most) {
    const end = Math.min(bytes.length, begin + most);
    const part = bytes.subarray(begin, end);
    const isLast = end === bytes.length;
    if (level === 100 || (level > 100 && part.length <= 32)) blocks.store(part);
    else if (level === 98 || part.length < 128) blocks.bytes(part, isLast);
    else {
      const tokens = tables.tokens(begin, end);
      if (tokens.length === 0) blocks.store(part);
      else if (tokens.length > part.length - (part.length >> 4)) blocks.bytes(part, isLast);
      else blocks.tokens(tokens, part, isLast);
    }
  }
  return blocks.finish();
}

/** Blocks that go on as long as their codes are good. */
class OpenBlocks {
  readonly #bits = new Bits();
  readonly #penalty: number;
  #open: { codes: Codes; isOfBytes: boolean } | null = null;

  constructor(penalty: number) {
    this.#penalty = penalty;
  }

  #end(): void {
    if (this.#open !== null) this.#bits.code(this.#open.codes.literals[END_OF_BLOCK]);
    this.#open = null;
  }

  finish(): Uint8Array {
    this.#end();
    this.#bits.code('1100000000');
    return this.#bits.bytes();
  }

  store(bytes: Uint8Array): void {
    this.#end();
    this.#bits.stored(bytes, 0);
  }

  bytes(bytes: Uint8Array, isLast: boolean): void {
    const counts = countsOf([...bytes]);
    const stored = 8 * (bytes.length + 5);
    const ofBytes = counts.literals.slice(0, 256);
    const spread = ofBytes.reduce((sum, occurs) => sum + (256 * occurs - bytes.length) ** 2, 0);
    if (bytes.length > 1024 && spread < 2 ** 17 * bytes.length) {
      this.store(bytes);
      return;
    }
    const lengths = codeLengths(counts.literals, 15);
    const codes = codesWithHeader(lengths, [1]);
    let size = counts.literals.reduce((sum, occurs, i) => sum + occurs * Number(lengths[i]), 0);
    size += this.#open?.codes.header.length ?? 560;
    size += size >> this.#penalty;
    if (stored <= size) {
      this.store(bytes);
      return;
    }
    if (this.#open !== null) {
      const used = codedBits({ literals: ofBytes, distances: [] }, this.#open.codes);
      if (!hasAll({ literals: ofBytes, distances: [] }, this.#open.codes) || size < used) this.#end();
    }
    if (this.#open === null) this.#begin(codes, true);
    this.#bits.tokens([...bytes], this.#open?.codes ?? codes);
    if (isLast) this.#end();
  }

  #begin(codes: Codes, isOfBytes: boolean): void {
    this.#bits.code(codes.header);
    this.#open = { codes, isOfBytes };
  }

  #fixed(tokens: Token[]): void {
    this.#end();
    this.#begin(FIXED, false);
    this.#bits.tokens(tokens, FIXED);
    this.#end();
  }

  /** Without its bytes a block can't be stored. */
  tokens(tokens: Token[], bytes: Uint8Array | null, isLast: boolean): void {
    const counts = countsOf(tokens);
    const total = tokens.length + (isLast ? 1 : 0);
    const stored = bytes === null ? Number.POSITIVE_INFINITY : 8 * (bytes.length + 5);
    const extra = extraBits(tokens);
    if (this.#open !== null && (this.#open.isOfBytes || !hasAll(counts, this.#open.codes))) this.#end();
    const estimated = estimate(counts, total) + extra;
    const own = plan(counts);
    const fixed = total < 250 ? 3 + codedBits(counts, FIXED) : Number.POSITIVE_INFINITY;
    if (this.#open !== null) {
      const { codes } = this.#open;
      const fresh = codes.header.length + estimated;
      const renewed = fresh + (fresh >> this.#penalty) + Number(codes.literals[END_OF_BLOCK]?.length);
      const kept = codedBits(counts, codes) + extra;
      if (renewed < kept) this.#end();
      const least = Math.min(renewed, kept);
      if (bytes !== null && stored <= least) {
        this.store(bytes);
        return;
      }
      if (fixed + extra + 7 < least) {
        this.#fixed(tokens);
        return;
      }
    }
    if (this.#open === null) {
      if (bytes !== null && stored <= Math.min(fixed, own.size) + extra) {
        this.store(bytes);
        return;
      }
      if (fixed <= own.size) {
        this.#fixed(tokens);
        return;
      }
      this.#begin(own.codes, false);
    }
    this.#bits.tokens(tokens, this.#open?.codes ?? own.codes);
    if (isLast) this.#end();
  }
}

/** Whether there are codes for all symbols that occur. */
function hasAll(counts: Counts, codes: Codes): boolean {
  const has = (of: number[], by: string[]) =>
    of.every((occurs, i) => occurs === 0 || Number(by[i]?.length) > 0);
  return has(counts.literals, codes.literals) && has(counts.distances, codes.distances);
}

/** What the symbols are believed to take at best, in single precision. */
function estimate(counts: Counts, total: number): number {
  const round = Math.fround;
  let sum = 0;
  const add = (all: number[], part: number) => {
    for (const occurs of all) {
      if (occurs === 0) continue;
      const each = Math.min(15, Math.max(1, -logarithm(round(occurs * part))));
      sum = round(sum + round(each * occurs));
    }
  };
  const part = round(1 / total);
  add(counts.literals.slice(0, END_OF_BLOCK), part);
  sum = round(sum + 15);
  add(counts.literals.slice(END_OF_BLOCK + 1), part);
  const copies = counts.distances.reduce((all, occurs) => all + occurs, 0);
  add(counts.distances, round(1 / copies));
  return Math.floor(sum);
}

function logarithm(value: number): number {
  const round = Math.fround;
  let exponent = 0;
  while (value * 2 ** -exponent < 1) exponent--;
  while (value * 2 ** -exponent >= 2) exponent++;
  const mantissa = value * 2 ** -exponent;
  const [a, b, c] = [round(-0.34484843), round(2.02466578), round(0.67487759)];
  return round(exponent - 1 + round(round(round(round(a * mantissa) + b) * mantissa) - c));
}

/** Streams of DEFLATE as zlib, gzip and zip make them, once more, from lib/delta/FORMAT.md: plain, of all bytes at once. */
import { ZipBlocks } from './deflate-zip-blocks.ts';

const HALF = 32768;
const AHEAD = 262;
const FARTHEST = HALF - AHEAD;
const SHARD = 2 ** 20;
const GZIP = 10;

const LEVELS = [
  { good: 4, lazy: 4, nice: 8, chain: 4 },
  { good: 4, lazy: 5, nice: 16, chain: 8 },
  { good: 4, lazy: 6, nice: 32, chain: 32 },
  { good: 4, lazy: 4, nice: 16, chain: 16 },
  { good: 8, lazy: 16, nice: 32, chain: 32 },
  { good: 8, lazy: 16, nice: 128, chain: 128 },
  { good: 8, lazy: 32, nice: 128, chain: 256 },
  { good: 32, lazy: 128, nice: 258, chain: 1024 },
  { good: 32, lazy: 258, nice: 258, chain: 4096 },
];

interface Found {
  length: number;
  distance: number;
}
const NOTHING: Found = { length: 2, distance: 0 };

/** Null if there is no such level or memory. */
export function deflateLikeZip(input: Uint8Array, level: number, memory: number): Uint8Array | null {
  const effort = LEVELS[level - 1];
  const base = memory % 16;
  const isSharded = (memory & 16) > 0;
  const isFiltered = (memory & 64) > 0;
  if (effort === undefined || memory & 32 || memory > 127 || base < 1 || base > 11) return null;
  if (base > 9 && (isSharded || isFiltered)) return null;
  const blocks = new ZipBlocks();
  const size = isSharded ? SHARD : input.length + 1;
  for (let at = 0; at === 0 || at < input.length; at += size) {
    const parser = new Parser(input.subarray(at, at + size), level, base, isFiltered, blocks);
    parser.run(at + size >= input.length);
  }
  return blocks.bits.bytes();
}

class Parser {
  readonly #w = new Uint8Array(2 * HALF + 2);
  readonly #newest: Uint16Array;
  readonly #before = new Uint16Array(HALF);
  readonly #shift: number;
  readonly #effort: (typeof LEVELS)[number];
  readonly #most: number;
  #at = 0;
  #end = 0;
  #taken = 0;
  #indexed = 0;
  #blockStart = 0;
  /** gzip has seen the end. */
  #endSeen = false;

  constructor(
    private readonly input: Uint8Array,
    private readonly level: number,
    private readonly base: number,
    private readonly isFiltered: boolean,
    private readonly blocks: ZipBlocks,
  ) {
    const bits = base > 9 ? 15 : base + 7;
    this.#shift = Math.floor((bits + 2) / 3);
    this.#newest = new Uint16Array(2 ** bits);
    this.#most = base > 9 ? 32767 : 2 ** (base + 6) - 1;
    this.#effort = LEVELS[level - 1] ?? { good: 0, lazy: 0, nice: 0, chain: 0 };
    this.#fill();
  }

  run(isLast: boolean): void {
    if (this.level < 4) while (this.#step()) this.#quickly();
    else this.#lazily();
    if (isLast) this.#endBlock(true);
    else {
      if (this.blocks.tokens.length > 0) this.#endBlock(false);
      this.blocks.stored(new Uint8Array(), false);
    }
  }

  #fill(): void {
    const piece = this.input.subarray(this.#taken, this.#taken + 2 * HALF - this.#end);
    this.#w.set(piece, this.#end);
    this.#end += piece.length;
    this.#taken += piece.length;
  }

  /** What precedes each step. False at the end. */
  #step(): boolean {
    if (this.#end - this.#at < AHEAD && !this.#endSeen) {
      if (this.#at >= HALF + FARTHEST) this.#slide();
      this.#endSeen = this.base === GZIP && this.#taken === this.input.length && this.#end - this.#at < AHEAD;
      if (this.#endSeen) this.#w.fill(0, this.#end, this.#end + 2);
    }
    return this.#at < this.#end;
  }

  #slide(): void {
    this.#w.copyWithin(0, HALF, 2 * HALF);
    this.#at -= HALF;
    this.#end -= HALF;
    this.#indexed -= HALF;
    this.#blockStart -= HALF;
    for (const places of [this.#newest, this.#before])
      places.forEach((place, index) => {
        places[index] = Math.max(0, place - HALF);
      });
    this.#fill();
  }

  #index(limit: number): void {
    for (; this.#indexed < limit; this.#indexed++) {
      const place = this.#indexed;
      if (place + 3 > this.#end) continue;
      const [a = 0, b = 0, c = 0] = this.#w.subarray(place, place + 3);
      const hash = ((a << (2 * this.#shift)) ^ (b << this.#shift) ^ c) & (this.#newest.length - 1);
      this.#before[place % HALF] = this.#newest[hash] ?? 0;
      this.#newest[hash] = place;
    }
  }

  #look(least: number): Found {
    const isGzip = this.base === GZIP;
    const { good, nice, chain } = this.#effort;
    const known = this.#end - this.#at;
    let place = known < 3 ? 0 : (this.#before[this.#at % HALF] ?? 0);
    if (place === 0 || this.#at - place > FARTHEST || (isGzip && this.#at > 2 * HALF - AHEAD)) return NOTHING;
    const most = isGzip ? 258 : Math.min(258, known);
    const enough = isGzip ? nice : Math.min(nice, known);
    let found: Found = { length: least, distance: 0 };
    for (let tries = least >= good ? chain >> 2 : chain; ; ) {
      let length = 0;
      while (length < most && this.#w[place + length] === this.#w[this.#at + length]) length++;
      if (length > found.length) {
        found = { length, distance: this.#at - place };
        if (length >= enough) break;
      }
      place = this.#before[place % HALF] ?? 0;
      if (place <= Math.max(0, this.#at - FARTHEST) || --tries === 0) break;
    }
    return { length: Math.min(found.length, known), distance: found.distance };
  }

  #quickly(): void {
    const start = this.#at;
    this.#index(start + 1);
    const found = this.#look(2);
    if (found.length < 3) this.#byte(start);
    else this.blocks.tokens.push(found);
    this.#at += found.length < 3 ? 1 : found.length;
    if (found.length <= this.#effort.lazy) this.#index(this.#at);
    else this.#indexed = this.#at;
    this.#endIfFull(start);
  }

  #lazily(): void {
    let held: Found | null = null;
    while (this.#step()) {
      this.#index(this.#at + 1);
      const before: Found = held ?? NOTHING;
      let found = before.length < this.#effort.lazy ? this.#look(before.length) : NOTHING;
      if ((found.length === 3 && found.distance > 4096) || (this.isFiltered && found.length <= 5))
        found = NOTHING;
      if (before.length >= 3 && found.length <= before.length) {
        const start = this.#at - 1;
        this.blocks.tokens.push(before);
        this.#at = start + before.length;
        this.#index(this.#at);
        held = null;
        this.#endIfFull(start + 1);
        continue;
      }
      if (held !== null) {
        this.#byte(this.#at - 1);
        this.#endIfFull(this.#at);
      }
      held = found;
      this.#at++;
    }
    if (held !== null) this.#byte(this.#at - 1);
  }

  #byte(place: number): void {
    this.blocks.tokens.push(this.#w[place] ?? 0);
  }

  /** `place`: of gzip and zip, up to where the block is looked at. */
  #endIfFull(place: number): void {
    const { tokens } = this.blocks;
    if (tokens.length === this.#most) this.#endBlock(false);
    else if (this.base > 9 && this.level > 2 && tokens.length > 0 && tokens.length % 4096 === 0) {
      const { bits, matches } = this.blocks.guess();
      if (matches < tokens.length >> 1 && bits >> 3 < (place - this.#blockStart) >> 1) this.#endBlock(false);
    }
  }

  #endBlock(isLast: boolean): void {
    const bytes = this.#blockStart < 0 ? null : this.#w.slice(this.#blockStart, this.#at);
    this.blocks.end(bytes, isLast);
    this.#blockStart = this.#at;
  }
}

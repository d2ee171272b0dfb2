/** The longest match of what precedes a place, in the new file and in the old one: from lib/delta/FORMAT.md. */
import { u32 } from './arithmetic.ts';
import type { Files } from './files.ts';
import type { Model } from './limits.ts';
import { type State, TEXT_CLASS } from './state.ts';

const MULTIPLIER = 0x9e3779b97f4a7c15n;
const multiplied = (value: bigint) => BigInt.asUintN(64, value * MULTIPLIER);

/** The index of the old file, which both lanes have in common. */
export class OldIndex {
  readonly #places = new Map<bigint, { place: number; tag: bigint }>();
  readonly #shift: bigint;

  constructor(files: Files) {
    const size = files.old.length;
    this.#shift = BigInt(64 - Math.min(22, Math.max(10, 30 - Math.clz32(size | 1))));
    for (let at = 0; at + 8 <= size; at += (size >>> 22) | 3) {
      const key = multiplied(files.oldLong(at));
      this.#places.set(key >> this.#shift, { place: at + 8, tag: (key >> 20n) & 15n });
    }
  }

  find(bytes: bigint): number | undefined {
    const key = multiplied(bytes);
    const entry = this.#places.get(key >> this.#shift);
    return entry?.tag === ((key >> 20n) & 15n) ? entry.place : undefined;
  }
}

export class Matches {
  /** How many bytes matched, 0 for no match. */
  length = 0;
  place = 0;
  inFresh = false;
  readonly #model: Model;
  readonly #state: State;
  readonly #old: OldIndex;
  readonly #long = new Map<bigint, number>();
  readonly #short = new Map<number, number>();
  readonly #local = new Map<number, number>();
  /** Old places from which on nothing is indexed anew. */
  #window = { from: 0, to: 0 };
  #indexedTo = 0;
  #lostAt = 0;
  #lostInFresh = false;
  #lostMisses = 0;

  constructor(model: Model, state: State, old: OldIndex) {
    this.#model = model;
    this.#state = state;
    this.#old = old;
  }

  /** The byte that it predicts, -1 for none. */
  get byte(): number {
    if (this.length === 0) return -1;
    const { files } = this.#state;
    return this.inFresh ? files.newByte(this.place) : files.oldByte(this.place);
  }

  /** Its length, as contexts tell it. */
  get context(): number {
    const length = Math.min(this.length, 31);
    return length < 16 ? length : 16 + ((length - 16) >> 2);
  }

  /** What follows from the byte that was made at the place. */
  follow(byte: number): void {
    if (this.length === 0) return;
    if (this.byte === byte) {
      this.length = Math.min(this.length + 1, 1000);
      this.place++;
      if (this.length > 8) this.#lostMisses = 0;
    } else {
      this.#lostMisses = this.length > 1 ? 1 : this.#lostMisses + 1;
      this.length = 0;
      this.#lostAt = this.place + 1;
      this.#lostInFresh = this.inFresh;
    }
  }

  /** Indexes the place that the state is at. */
  indexHere(): void {
    if (this.#state.made >= 8) this.#index(this.#state.at);
  }

  indexedHere(): void {
    this.#indexedTo = this.#state.at + 1;
  }

  /** Indexes what precedes a miss, and the old file around it. */
  indexAround(): void {
    const { files, at } = this.#state;
    this.#indexOldAround();
    for (let place = Math.max(files.start + 8, this.#indexedTo, at - 256); place < at; place++)
      this.#index(place);
  }

  #indexOldAround(): void {
    const { files, oldAt } = this.#state;
    const from = oldAt > 68 ? oldAt - 64 : 4;
    if (this.#model < 3 || this.#state.class === TEXT_CLASS) {
      this.#window = { from: 0, to: 0 };
      for (let place = Math.min(files.old.length, oldAt + 512) - 1; place >= from; place--) {
        this.#noteAround(place);
      }
      return;
    }
    if (oldAt >= this.#window.from && oldAt < this.#window.to) return;
    this.#window = { from: oldAt, to: oldAt + 256 };
    for (let place = from; place < oldAt; place++) this.#noteAround(place);
    for (let place = Math.min(files.old.length, oldAt + 2048) - 1; place >= Math.max(oldAt, 4); place--) {
      this.#noteAround(place);
    }
  }

  #noteAround(place: number): void {
    this.#local.set(shortKey(this.#state.files.oldWord(place - 4), 12), place);
  }

  /** The old place, around the last miss, that the last four bytes precede; undefined if there is none. */
  findAround(): number | undefined {
    const { files, at, oldAt } = this.#state;
    const word = files.newWord(at - 4);
    const place = this.#local.get(shortKey(word, 12)) ?? 0;
    if (place < 4 || files.oldWord(place - 4) !== word) return undefined;
    return place !== oldAt && place < files.old.length ? place : undefined;
  }

  /** Looks for a match if there is none, or takes up the one that was lost. */
  refresh(): void {
    const { files, at } = this.#state;
    const size = files.old.length;
    if (this.length > 0 && this.place < (this.inFresh ? at : size)) return;
    this.find();
    if (this.#model >= 3 || this.length > 0 || this.#lostAt === 0 || this.#lostMisses >= 8) return;
    const isThere = this.#lostInFresh
      ? this.#lostAt >= this.#least() && this.#lostAt < at
      : this.#lostAt < size;
    if (!isThere) return;
    this.length = 1;
    this.place = this.#lostAt;
    this.inFresh = this.#lostInFresh;
  }

  find(): void {
    this.length = 0;
    const { files, at, made } = this.#state;
    if (made < 8) return;
    this.#findFresh(this.#long.get(this.#longKey(at)), 5);
    if (this.length >= 20) return;
    if (this.length === 0) this.#findFresh(this.#short.get(shortKey(files.newWord(at - 4), 18)), 4);
    const place = this.#old.find(files.newLong(at - 8));
    if (place === undefined || place >= files.old.length) return;
    const length = this.#common((each) => files.oldByte(each), place, Math.min(40, place));
    if (length >= 8 && length > this.length) this.#take(place, length, false);
  }

  /** How many of the last bytes precede the old place as well. */
  commonWith(place: number, most: number): number {
    const { files, made } = this.#state;
    return this.#common((each) => files.oldByte(each), place, Math.min(most, place, made));
  }

  #findFresh(place: number | undefined, enough: number): void {
    const { files, at } = this.#state;
    const least = this.#least();
    if (place === undefined || place <= least || place >= at) return;
    const length = this.#common((each) => files.newByte(each), place, Math.min(32, place - least));
    if (length >= enough) this.#take(place, length, true);
  }

  #take(place: number, length: number, inFresh: boolean): void {
    this.length = length;
    this.place = place;
    this.inFresh = inFresh;
  }

  #common(byteAt: (place: number) => number, place: number, limit: number): number {
    const { files, at } = this.#state;
    let length = 0;
    while (length < limit && byteAt(place - 1 - length) === files.newByte(at - 1 - length)) length++;
    return length;
  }

  #least(): number {
    const { at, made, files } = this.#state;
    return made > 2 ** 23 ? at - 2 ** 23 + 64 : files.start;
  }

  #longKey(at: number): bigint {
    return multiplied(this.#state.files.newLong(at - 8) >> 16n) >> 44n;
  }

  #index(at: number): void {
    this.#long.set(this.#longKey(at), at);
    this.#short.set(shortKey(this.#state.files.newWord(at - 4), 18), at);
  }
}

const shortKey = (word: number, bits: number) => u32(Math.imul(word, 0x9e3779b1)) >>> (32 - bits);

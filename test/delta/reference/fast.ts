/** Fast steps, from lib/delta/FORMAT.md: references, bytes and fields whose bits are told by one counter or by two. */
import { Counters, chance, type Decoder, hash, learn } from './arithmetic.ts';
import { type State, TEXT_CLASS } from './state.ts';

const LIMIT = 127;

export class Fast {
  readonly #decoder: Decoder;
  readonly #state: State;
  readonly #references = new Counters();
  readonly #histories = new Counters();
  readonly #aligned = new Counters();
  readonly #likened = new Counters();
  readonly #trees = new Counters();
  readonly #likenedFields = new Counters();
  readonly #fieldTrees = new Counters();

  constructor(decoder: Decoder, state: State) {
    this.#decoder = decoder;
    this.#state = state;
  }

  isWanted(set: number, history: number): boolean {
    return this.#decoder.flag(this.#references.at(set * 8 + (history & 7)), LIMIT) === 1;
  }

  field(kind: number, size: number, wanted: bigint): bigint {
    let value = 0n;
    for (let i = size - 1; i >= 0; i--) {
      const shift = BigInt(8 * i);
      const isEqual = value === wanted >> (shift + 8n);
      const place = 8 * kind + i;
      const like = Number((wanted >> shift) & 255n);
      const tree = hash(place, Number(value & 255n)) & 4095;
      const likened = { counters: this.#likenedFields, row: 2 * place + (isEqual ? 1 : 0) };
      value = (value << 8n) | BigInt(this.#byte(like, likened, { counters: this.#fieldTrees, row: tree }));
    }
    return value;
  }

  /** A byte that is known not to be the aligned one. */
  miss(): void {
    const state = this.#state;
    state.wary = true;
    state.blockLeft = -1;
    state.cleanBlocks = 0;
    state.history = 255;
    this.#literal();
  }

  byte(): void {
    const state = this.#state;
    const { oldAt, history, class: type } = state;
    const { old, fresh } = state.files;
    if (oldAt < old.length) {
      const aligned = old[oldAt] ?? 0;
      const second = (4 * type + (history & 3)) * 256 + aligned;
      if (this.#bit(this.#histories.at(256 * type + history), this.#aligned.at(second)) === 1) {
        fresh[state.at++] = aligned;
        state.oldAt++;
        state.history = ((history << 1) | 1) & 255;
        state.advanceCalm(1);
        return;
      }
    }
    this.#literal();
  }

  #literal(): void {
    const state = this.#state;
    const { at, oldAt, files, class: type } = state;
    const aligned = files.old[oldAt] ?? 0;
    const pair = files.newByte(at - 2) | (files.newByte(at - 1) << 8);
    const tree = type === TEXT_CLASS ? hash(pair, 0) & 4095 : 4096 + 256 * type + aligned;
    const likened = { counters: this.#likened, row: 256 * type + files.newByte(at - 1) };
    files.fresh[at] = this.#byte(aligned, likened, { counters: this.#trees, row: tree });
    state.history = (state.history << 1) & 255;
    state.calm = 0;
    state.lastMiss = oldAt;
    state.at++;
    if (oldAt < files.old.length) state.oldAt++;
  }

  #byte(like: number, first: Row, second: Row): number {
    let node = 1;
    let isLike = true;
    for (let i = 7; i >= 0; i--) {
      const next = (like >> i) & 1;
      const row = isLike ? 1 + next : 0;
      const one = first.counters.at((first.row * 3 + row) * 256 + node);
      const bit = this.#bit(one, second.counters.at(second.row * 256 + node));
      if (bit !== next) isLike = false;
      node = 2 * node + bit;
    }
    return node - 256;
  }

  #bit(one: [number, number], two: [number, number]): number {
    const bit = this.#decoder.bit((chance(one) + chance(two)) >> 1);
    learn(one, bit, LIMIT);
    learn(two, bit, LIMIT);
    return bit;
  }
}

/** Counters of bytes, and which of them. */
interface Row {
  counters: Counters;
  row: number;
}

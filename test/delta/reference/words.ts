/** Words of the old file that became others, and where a byte may be wrong like one before: from lib/delta/FORMAT.md. */
import { Counters, chance, hash, u32 } from './arithmetic.ts';
import { isIdentifier } from './files.ts';
import type { MixedFlags } from './literals.ts';
import { CODE_CLASS, type State, TEXT_CLASS } from './state.ts';

interface Became {
  bytes: number[];
  count: number;
  place: number;
}

/** An old word, by its hash, and what it became last. */
interface WordEntry {
  key: number;
  became: [Became, Became];
}

const WORD_LIMIT = 255;
const SUSPECT_LIMIT = 127;

const isEqual = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

/** Words and suspects are looked for only so far behind a change. */
const isWatched = ({ class: kind, changedAt, at }: State) =>
  kind !== CODE_CLASS && changedAt >= 0 && at - changedAt < 2 ** 18;

export class Words {
  readonly #state: State;
  readonly #flags: MixedFlags;
  readonly #entries = new Map<number, WordEntry>();
  readonly #counters = new Counters();
  #outcomes = 0;
  #deniedAt = -1;
  #pending: { at: number; old: number } | null = null;

  constructor(state: State, flags: MixedFlags) {
    this.#state = state;
    this.#flags = flags;
  }

  get isPending(): boolean {
    return this.#pending !== null;
  }

  forgetPending(): void {
    this.#pending = null;
  }

  deny(): void {
    this.#deniedAt = this.#state.at;
  }

  /** The entry of the word that begins at the old place, if it is to be looked up. */
  candidate(): { entry: WordEntry; bytes: number[] } | null {
    const { files, at, oldAt } = this.#state;
    if (!isWatched(this.#state) || (oldAt > 0 && isIdentifier(files.oldByte(oldAt - 1)))) return null;
    if (at > files.start && isIdentifier(files.newByte(at - 1))) return null;
    const word = this.#oldIdentifier(oldAt);
    const entry = word === null ? undefined : this.#entries.get(word.key >>> 18);
    if (word === null || entry?.key !== word.key) return null;
    const [first] = entry.became;
    if (first.count >= 2 && isEqual(first.bytes, word.bytes)) return null;
    if (word.bytes.length < 6 && at - first.place >= 2 ** 17) return null;
    if (this.#state.class !== TEXT_CLASS && word.bytes.length < 6) return null;
    return { entry, bytes: word.bytes };
  }

  isHere(): boolean {
    const { at, wary, history } = this.#state;
    if (at === this.#deniedAt || (wary && (history & 1) === 0)) return false;
    return this.candidate() !== null;
  }

  /** What the word became, null if that is nothing known. */
  renamed(entry: WordEntry, bytes: number[]): number[] | null {
    const { files, at, oldAt, stepEnd } = this.#state;
    const [first, second] = entry.became;
    const apart = u32(at - first.place);
    const far = apart < 64 ? 0 : apart < 1024 ? 1 : apart < 16384 ? 2 : 3;
    const around = hash(files.newByte(at - 1), files.oldByte(oldAt + bytes.length));
    const isOld = (word: number[]) => isEqual(word, bytes);
    for (const [i, { bytes: word, count }] of [first, second, { bytes, count: 0 }].entries()) {
      if (i === 2 && (isOld(first.bytes) || isOld(second.bytes))) break;
      if (word.length === 0 || word.length >= stepEnd - at) continue;
      const which = i * 2 + (isOld(word) ? 1 : 0);
      const often = Math.min(7, count);
      const counters = this.#counters;
      const right = this.#flags.flag(
        [
          counters.at(((which * 8 + often) * 4 + far) * 4 + Math.min(3, bytes.length - 1)),
          counters.at(1024 + which * 256 + (this.#outcomes & 255)),
          counters.at(4096 + (hash(entry.key, which) & 16383)),
          counters.at(20480 + (hash(around, which) & 16383)),
        ],
        1792 + which * 8 + often,
        WORD_LIMIT,
      );
      if (i === 0) this.#outcomes = u32((this.#outcomes << 1) | right);
      if (right && i === 0) {
        first.count = Math.min(255, first.count + 1);
        if (!isOld(word)) first.place = at;
      } else if (right) {
        prefer(entry, word, i === 1, at);
      } else if (i === 0) {
        first.count = 0;
      }
      if (right) return word;
    }
    return null;
  }

  /** A word that is being made around the place may be another one than the old word there. */
  expect(): void {
    const { files, at, oldAt } = this.#state;
    let [a, b] = [at, oldAt];
    for (let i = 0; i < 16 && a > files.start && b > 0; i++) {
      const byte = files.newByte(a - 1);
      if (byte !== files.oldByte(b - 1) || !isIdentifier(byte)) break;
      a--;
      b--;
    }
    this.#pending = null;
    if (a > files.start && isIdentifier(files.newByte(a - 1))) return;
    if (b > 0 && isIdentifier(files.oldByte(b - 1))) return;
    if (b >= files.old.length || !isIdentifier(files.oldByte(b)) || a === 0) return;
    this.#pending = { at: a, old: b };
  }

  /** What has been made is the pending word, if the byte at the place does not belong to it. */
  end(byte: number): void {
    const { at } = this.#state;
    if (this.#pending === null || isIdentifier(byte)) return;
    if (at > this.#pending.at) {
      this.#learn(this.#pending);
      this.#state.changedAt = at;
    }
    this.#pending = null;
  }

  #learn({ at, old }: { at: number; old: number }): void {
    const word = this.#oldIdentifier(old);
    const bytes = [...this.#state.files.fresh.subarray(at, this.#state.at)];
    if (word === null || bytes.length > 16) return;
    let entry = this.#entries.get(word.key >>> 18);
    if (entry?.key !== word.key) {
      const empty = () => ({ bytes: [], count: 0, place: 0 });
      entry = { key: word.key, became: [empty(), empty()] };
      this.#entries.set(word.key >>> 18, entry);
    } else if (isEqual(entry.became[0].bytes, bytes)) {
      entry.became[0].place = at;
      return;
    }
    prefer(entry, bytes, isEqual(entry.became[1].bytes, bytes), at);
  }

  /** The identifier that begins at an old place, null if none does or it is longer than 16 bytes. */
  #oldIdentifier(place: number): { key: number; bytes: number[] } | null {
    const { files } = this.#state;
    let key = 0;
    const bytes: number[] = [];
    for (let at = place; at < files.old.length && isIdentifier(files.oldByte(at)); at++) {
      if (bytes.length === 16) return null;
      bytes.push(files.oldByte(at));
      key = hash(key, files.oldByte(at));
    }
    return bytes.length === 0 ? null : { key: u32(key | 1), bytes };
  }
}

function prefer(entry: WordEntry, bytes: number[], isSecond: boolean, place: number): void {
  const [first, second] = entry.became;
  const count = Math.min(255, (isSecond ? second.count : 0) + 1);
  entry.became = [{ bytes: [...bytes], count, place }, first];
}

export class Suspects {
  readonly #state: State;
  readonly #flags: MixedFlags;
  readonly #suspects = new Map<number, [number, number]>();
  readonly #counters = new Counters();
  /** Where a byte was last wrong, by what is around it. */
  readonly #lastLike = new Map<number, number>();
  #outcomes = 0;

  constructor(state: State, flags: MixedFlags) {
    this.#state = state;
    this.#flags = flags;
  }

  isHere(): boolean {
    return isWatched(this.#state) && this.#suspects.has(this.#key());
  }

  /** Whether the byte is wrong. */
  isWrong(): boolean {
    const { files, at, oldAt, changedAt } = this.#state;
    const key = this.#key();
    const counter = this.#suspects.get(key) ?? [0, 0];
    const far = 32 - Math.clz32(Math.min(u32(at - changedAt), 65535));
    const counters = this.#counters;
    const ahead = hash(files.oldWord(oldAt), files.oldWord(oldAt + 4));
    const wrong = this.#flags.flag(
      [
        counter,
        counters.at(far * 256 + (this.#outcomes & 255)),
        counters.at(8192 + (hash(files.newWord(at - 4), key) & 16383)),
        counters.at(24576 + (hash(key, far) & 16383)),
        counters.at(40960 + (ahead & 16383)),
      ],
      1900 + Math.min(15, counter[1]),
      SUSPECT_LIMIT,
    );
    this.#outcomes = u32((this.#outcomes << 1) | wrong);
    if (!wrong && counter[1] >= 24 && chance(counter) < 160) this.#suspects.delete(key);
    return wrong === 1;
  }

  /** Makes the place a suspect. Where it was last wrong with the same around it, 0 for nowhere. */
  note(): number {
    const key = this.#key();
    if (!this.#suspects.has(key)) this.#suspects.set(key, [3 * 2 ** 20, 1]);
    const last = this.#lastLike.get(key) ?? 0;
    this.#lastLike.set(key, this.#state.at);
    return last;
  }

  #key(): number {
    const { files, at, oldAt } = this.#state;
    const two = files.newByte(at - 2) | (files.newByte(at - 1) << 8);
    const next = files.oldByte(oldAt) | (files.oldByte(oldAt + 1) << 8);
    return hash(u32((two << 16) | next), 0) >>> 16;
  }
}

/** How a byte that nothing vouches for is decoded, from lib/delta/FORMAT.md. */
import { Counters, hash, u32 } from './arithmetic.ts';
import { isIdentifier } from './files.ts';
import { addressIn, type Image } from './image.ts';
import { InstructionPlace } from './instruction-place.ts';
import { LIMITS, type Model } from './limits.ts';
import type { Literals, MixedFlags } from './literals.ts';
import type { Matches } from './matches.ts';
import { CODE_CLASS, type State, TEXT_CLASS } from './state.ts';

export class Bytes {
  readonly #model: Model;
  readonly #state: State;
  readonly #matches: Matches;
  readonly #flags: MixedFlags;
  readonly #literals: Literals;
  readonly #image: Image;
  readonly #hits = new Counters();
  readonly #instruction: InstructionPlace;
  #wrongAt = 0;
  #wrongOld = 0;
  #shift: [number, number] = [0, 0];

  constructor(
    model: Model,
    state: State,
    matches: Matches,
    coders: { flags: MixedFlags; literals: Literals },
    image: Image,
  ) {
    this.#model = model;
    this.#state = state;
    this.#matches = matches;
    this.#flags = coders.flags;
    this.#literals = coders.literals;
    this.#image = image;
    this.#instruction = new InstructionPlace(state.files);
  }

  /** The aligned byte, -1 behind the old file. */
  get aligned(): number {
    const { files, oldAt } = this.#state;
    return oldAt < files.old.length ? files.oldByte(oldAt) : -1;
  }

  /** Whether it is what is predicted, else a literal. */
  next(): number {
    const { aligned } = this;
    const { history } = this.#state;
    const { byte: match, length } = this.#matches;
    const byMatch =
      match >= 0 && (aligned < 0 || (length >= 12 && (history & 3) !== 3) || (history & 7) === 0);
    const prediction = byMatch ? match : aligned;
    if (prediction >= 0 && this.#isHit(prediction, byMatch, aligned)) return prediction;
    return this.literal({ notAligned: !byMatch && prediction >= 0, notMatched: byMatch });
  }

  #isHit(prediction: number, byMatch: boolean, aligned: number): boolean {
    const { files, at, oldAt, history, calm, misses, wordHash, lastMiss } = this.#state;
    const { byte: match, context } = this.#matches;
    const agree = match >= 0 && aligned >= 0 ? (match === aligned ? 2 : 1) : 0;
    const base = ((byMatch ? 3 : 0) + agree) * 4 + this.#state.class;
    const length = byMatch ? context : 0;
    const last = files.newWord(at - 4);
    const around =
      aligned >= 0
        ? files.oldByte(oldAt - 2) | (files.oldByte(oldAt - 1) << 8) | (files.oldByte(oldAt + 1) << 16)
        : 0;
    const keys = [
      hash((base << 13) | (length << 8) | history, 1),
      hash(hash(base, prediction), last >>> 24),
      hash(hash(base + 99, prediction), last >>> 8),
      hash(hash(base + 7, length), (Math.min(calm, 31) << 8) | Math.min(misses, 15)),
      hash(hash(base + 3, wordHash), prediction),
      hash(hash(base + 55, prediction), around),
    ];
    const isThird = this.#model >= 3;
    if (isThird) {
      const apart = Math.min(u32(oldAt - lastMiss), 15);
      keys.push(hash(hash(base + 31, match + 1), (aligned + 1) | (apart << 9) | ((history & 7) << 13)));
    }
    const hit = this.#flags.flag(
      keys.map((key) => this.#hits.at(key >>> 12)),
      base * 16 + (byMatch ? Math.min(length, 15) : history & 15),
      LIMITS[this.#model].bytes,
      isThird ? this.#state.class * 256 + (last >>> 24) : null,
    );
    return hit === 1;
  }

  /** A literal; of the two predictions one may be known to be wrong. */
  literal({ notAligned, notMatched }: { notAligned: boolean; notMatched: boolean }): number {
    const { aligned } = this;
    const { history } = this.#state;
    const { byte: match, context: matchContext } = this.#matches;
    this.#noteShift();
    const contexts = this.contexts(aligned);
    const length = match < 0 ? 0 : Math.min(7, 1 + (matchContext >> 2));
    return this.#literals.byte({
      contexts,
      aligned: notAligned ? -1 : aligned,
      alignedContext: history & 31,
      match: notMatched ? -1 : match,
      matchContext,
      set: (this.#state.class * 4 + (history & 3)) * 8 + length,
      type: this.#state.class,
      otherSets: this.#otherSets(matchContext),
    });
  }

  /** Of the literal here, in their order. */
  contexts(aligned: number): number[] {
    const contexts = [...this.#commonContexts(aligned), ...this.#otherContexts(aligned)];
    return this.#model < 4 ? contexts : [...contexts, ...this.#moreContexts()];
  }

  /** Those that the fourth model adds. */
  #moreContexts(): number[] {
    const { files, at, class: type } = this.#state;
    const last = files.newWord(at - 4);
    const two = files.newByte(at - 6) | (files.newByte(at - 5) << 8);
    return [
      ...(type === CODE_CLASS ? this.#moreOfInstruction(at) : []),
      hash(hash(last & 0xffff00, type), 0x2600),
      hash(hash(u32(last & 0xff00ff00), two), 0x2700),
      hash(hash(u32(last & 0xf0f0f0f0), u32(files.newWord(at - 8) & 0xf0f0f0f0)), 0x2800),
    ];
  }

  #moreOfInstruction(at: number): number[] {
    const { inWords } = this.#state;
    return inWords ? [this.#instruction.thirdWordContext(at)] : this.#instruction.moreContexts(at);
  }

  /** Of a byte at `at`, that address, of a field that is a converted word. */
  fieldContexts(at: number, address: number): number[] {
    const contexts = this.#instruction.wordContexts(at, this.#state.kind, address);
    return this.#model < 4 ? contexts.slice(0, 4) : contexts;
  }

  /** Of weights, in the fourth model: by the byte before; by the place in the instruction and the match, or by other bytes before. */
  #otherSets(matchContext: number): [number, number] {
    const { files, at, class: type } = this.#state;
    const place =
      type === CODE_CLASS
        ? Math.min(15, this.#instruction.into(at)) * 16 + Math.min(15, matchContext)
        : (files.newByte(at - 2) & 240) + (at & 15);
    return [type * 256 + files.newByte(at - 1), type * 256 + place];
  }

  /** By how much the word at the last wrong byte has changed. */
  #noteShift(): void {
    const { files, at, oldAt } = this.#state;
    if (at < this.#wrongAt + 4) return;
    if (this.#wrongAt !== 0 && at - this.#wrongAt <= 65536 && this.#wrongOld + 4 <= files.old.length) {
      const by = u32(files.newWord(this.#wrongAt) - files.oldWord(this.#wrongOld));
      if (by !== this.#shift[0]) this.#shift = [by, this.#shift[0]];
    }
    this.#wrongAt = at;
    this.#wrongOld = oldAt;
  }

  #commonContexts(aligned: number): number[] {
    const { files, at, oldAt } = this.#state;
    const { byte: match, context } = this.#matches;
    const last = files.newWord(at - 4);
    const next = aligned < 0 ? 0x10000 : aligned | (files.oldByte(oldAt + 1) << 8);
    const was = aligned < 0 ? 256 : aligned;
    return [
      hash(((last >>> 24) << 8) | this.#state.class, 0x100),
      hash(last >>> 16, 0x200),
      hash(hash(next, last >>> 24), 0x300),
      hash(hash(((match + 1) << 8) | context, was), 0x400),
    ];
  }

  #otherContexts(aligned: number): number[] {
    const { class: type } = this.#state;
    if (type === TEXT_CLASS) return this.#textContexts(aligned);
    return this.#model === 1 ? this.#firstContexts(aligned) : this.#secondContexts(aligned);
  }

  #textContexts(aligned: number): number[] {
    const { files, at, oldAt, history, wordHash } = this.#state;
    const last = files.newWord(at - 4);
    const two = files.newByte(at - 6) | (files.newByte(at - 5) << 8);
    const was = aligned < 0 ? 256 : aligned;
    return [
      hash(last >>> 8, 0x500),
      hash(last, 0x600),
      hash(hash(last, two), 0x700),
      hash(hash(wordHash, last >>> 24), 0x800),
      hash(hash(aligned < 0 ? 0 : this.#oldWordHash(oldAt), wordHash), 0x900),
      hash(hash((TEXT_CLASS << 4) | (aligned < 0 ? 8 : history & 7), was), 0xa00),
    ];
  }

  #firstContexts(aligned: number): number[] {
    const { files, at, history } = this.#state;
    const was = aligned < 0 ? 256 : aligned;
    const [first, second] = this.#shift.map((by) => this.#shifted(aligned, by)) as [number, number];
    const contexts = [
      hash(hash(first | ((at - this.#wrongAt) << 9), was), 0xb00),
      hash(hash(first | (second << 9), was | ((history & 15) << 9)), 0xc00),
      this.#columnContext(),
      hash(files.newWord(at - 4) >>> 8, 0xe00),
    ];
    return this.#state.class === CODE_CLASS ? [...contexts, this.#branchContext()] : contexts;
  }

  #secondContexts(aligned: number): number[] {
    const { files, at, kind, inWords } = this.#state;
    const was = aligned < 0 ? 256 : aligned;
    const first = hash(
      hash(this.#shifted(aligned, this.#shift[0]) | ((at - this.#wrongAt) << 9), was),
      0xb00,
    );
    if (inWords) {
      const [last, ...others] = this.#instruction.wordContexts(at, kind, addressIn(this.#image, at));
      const before = others.pop() as number;
      return [first, before, last, ...others];
    }
    const contexts = [first, this.#columnContext()];
    if (this.#state.class === CODE_CLASS)
      return [...contexts, this.#branchContext(), ...this.#instruction.contexts(at, kind)];
    return [
      ...contexts,
      hash(hash(files.newByte(at - 8), files.newByte(at - 16)), 0x1700 + (at & 7)),
      hash(hash(was, at & 7), 0x1800),
    ];
  }

  #columnContext(): number {
    const { files, at } = this.#state;
    const column = files.newByte(at - 8) | (files.newByte(at - 4) << 8);
    return hash(hash(column, (at & 3) | (this.#state.class << 2)), 0xd00);
  }

  /** The byte, if the word at the last wrong byte has changed as much; 256 if none is known. */
  #shifted(aligned: number, by: number): number {
    const { files, at, oldAt } = this.#state;
    const into = at - this.#wrongAt;
    const isKnown = aligned >= 0 && this.#wrongOld + 4 <= files.old.length && oldAt - this.#wrongOld === into;
    return isKnown ? (u32(files.oldWord(this.#wrongOld) + by) >>> (8 * into)) & 255 : 0x100;
  }

  #branchContext(): number {
    const { files, at } = this.#state;
    const address = addressIn(this.#image, at);
    const last = files.newWord(at - 4);
    const before = [0, 1, 2, 3].map((back) => (last >>> (24 - 8 * back)) & 255);
    const known = before.findIndex((byte) => byte === 0xe8 || byte === 0xe9);
    if (known < 0) return hash((Number(before[0]) << 4) | (address & 15), 0x1000);
    const made = known === 0 ? 0 : last >>> (32 - 8 * known);
    const sum = u32(made + address + 4 - known);
    const next = (sum >>> (8 * known)) & (known === 0 ? 15 : 255);
    return hash(hash(sum & (2 ** (8 * known) - 1), (next << 2) | known), 0xf00);
  }

  #oldWordHash(place: number): number {
    const { files } = this.#state;
    let from = place;
    for (let i = 0; i < 16 && from > 0 && isIdentifier(files.oldByte(from - 1)); i++) from--;
    let key = 0;
    for (let i = 0; i < 20 && from < files.old.length && isIdentifier(files.oldByte(from)); i++) {
      key = hash(key, files.oldByte(from++));
    }
    return key;
  }
}

/**
 * The algorithm `mixing` once more, from lib/delta/FORMAT.md alone and sharing no code with lib/delta: a plain decoder in
 * memory. What FORMAT.md has bounds for is checked, so that the fuzzer can ask whether both decoders refuse the same.
 */
import { Counters, type Decoder, hash, NOWHERE, requireSound, u32 } from './arithmetic.ts';
import { NUMBER } from './based.ts';
import { Bulk, digests, type Extra } from './bulk.ts';
import { BYTECODE, SOURCES } from './bytecode.ts';
import { Bytes } from './bytes.ts';
import { NewConstants } from './classes.ts';
import { convert, withInstructions } from './converted.ts';
import { Fast } from './fast.ts';
import { Files } from './files.ts';
import { addressIn, DATA, isInWords, originIn, regionIn, shortBase, stretchIn } from './image.ts';
import { Jumps } from './jumps.ts';
import { learnOld } from './lessons.ts';
import { LIMITS, type Model } from './limits.ts';
import { Literals, MixedFlags } from './literals.ts';
import { Matches, OldIndex } from './matches.ts';
import { areObjects } from './objects.ts';
import { FORTH } from './other-references.ts';
import { type Parameters, readParameters, type Step } from './parameters.ts';
import { OFFSET_PAIR, POINTER, References } from './references.ts';
import { CODE_CLASS, State } from './state.ts';
import { StepMap, Targets } from './targets.ts';
import { VARIED } from './wasm.ts';
import { Suspects, Words } from './words.ts';

/** The type of literals of fields. */
const FIELD = 3;

interface Streams {
  model: Decoder;
  /** Null for a file in one lane. */
  second: Decoder | null;
  extra: Extra;
}

/** The new file. `which` is the model that it is decoded by, `hasFastSteps` whether steps may be fast besides. */
export function decodeMixing(
  old: Uint8Array,
  toSize: number,
  { model, second, extra }: Streams,
  which: Model,
  hasFastSteps: boolean,
): Uint8Array {
  const sizes = [old.length, toSize] as const;
  const parameters = readParameters(model, which, sizes, second !== null, hasFastSteps);
  const { steps, images, moves } = parameters;
  const split = parameters.split ?? steps.length;
  const before = convert(old, images[0], false);
  const files = new Files(before, toSize, 0);
  const references = new References(
    withInstructions(before, old, images[0]),
    before,
    ...images,
    moves,
    new StepMap(steps),
  );
  const common = { which, parameters, references, index: new OldIndex(files), extra };
  new Lane(common, model, files).make(steps.slice(0, split));
  if (second !== null) {
    const start = Number(steps[split]?.start);
    const others = new Files(before, toSize, start);
    new Lane(common, second, others).make(steps.slice(split));
    files.fresh.set(others.fresh.subarray(start), start);
    makeDigests(files.fresh, parameters, start, extra);
  }
  requireSound(extra.at === extra.bytes.length);
  return convert(files.fresh, images[1], true);
}

/** The hashes of pages behind `start`, which the second lane knows nothing of. */
function makeDigests(fresh: Uint8Array, { images }: Parameters, start: number, extra: Extra): void {
  for (const region of images[1].regions) {
    const made = digests(fresh, region, images[1], extra);
    const skipped = Math.max(0, start - region.offset);
    if (skipped < made.length) fresh.set(made.subarray(skipped), region.offset + skipped);
  }
}

interface Common {
  which: Model;
  parameters: Parameters;
  references: References;
  index: OldIndex;
  extra: Extra;
}

/** One of the parts of the new file, which know nothing of each other. */
class Lane {
  readonly #which: Model;
  readonly #parameters: Parameters;
  readonly #references: References;
  readonly #decoder: Decoder;
  readonly #files: Files;
  readonly #state: State;
  readonly #matches: Matches;
  readonly #jumps: Jumps;
  readonly #flags: MixedFlags;
  readonly #literals: Literals;
  readonly #learning: { references: References; literals: Literals; index: OldIndex };
  readonly #words: Words;
  readonly #suspects: Suspects;
  readonly #bytes: Bytes;
  readonly #targets: Targets;
  readonly #bulk: Bulk;
  readonly #fast: Fast;
  readonly #constants: NewConstants;
  #isFast = false;
  readonly #blockFlags = new Counters();
  readonly #blockPlaces = new Counters();
  readonly #referenceFlags = new Counters();
  readonly #fieldFlags = new Counters();
  #referenceHistory = 0;
  /** How many fields in a row nothing predicted, and where the last one ends. */
  #wrongFields = 0;
  #wrongAt = 0;
  /** Bytes before the wrong one of the block, -1 for none. */
  #blockMiss = -1;

  constructor({ which, parameters, references, index, extra }: Common, decoder: Decoder, files: Files) {
    this.#which = which;
    this.#parameters = parameters;
    this.#references = references;
    this.#decoder = decoder;
    this.#files = files;
    this.#state = new State(files);
    this.#matches = new Matches(which, this.#state, index);
    this.#jumps = new Jumps(this.#state, this.#matches);
    this.#flags = new MixedFlags(decoder, which);
    this.#literals = new Literals(decoder, which, parameters.bucketBits);
    this.#learning = { references, literals: this.#literals, index };
    this.#words = new Words(this.#state, this.#flags);
    this.#suspects = new Suspects(this.#state, this.#flags);
    const coders = { flags: this.#flags, literals: this.#literals };
    this.#bytes = new Bytes(which, this.#state, this.#matches, coders, parameters.images[1]);
    this.#constants = new NewConstants(files, files.start);
    this.#targets = new Targets(parameters, files.old.length);
    this.#fast = new Fast(decoder, this.#state);
    this.#bulk = new Bulk(this.#state, parameters.images[1], extra);
  }

  make(steps: Step[]): void {
    const { images, lessons } = this.#parameters;
    if (this.#which === 4) learnOld(this.#files.old, steps, lessons, images[0], this.#learning);
    for (const { old, end, isFast } of steps) {
      this.#isFast = isFast;
      this.#state.begin(old, end);
      this.#matches.length = 0;
      this.#words.forgetPending();
      while (this.#state.at < end) {
        if (old === NOWHERE) this.#bulk.makePiece();
        else this.#unit();
      }
    }
    this.#decoder.end();
  }

  #unit(): void {
    const state = this.#state;
    const { region, end } = stretchIn(this.#parameters.images[1], state.at, this.#files.fresh.length);
    const { objects } = this.#references;
    if (objects !== null && areObjects(region?.kind)) {
      if (state.at >= state.regionEnd) {
        state.blockLeft = -1;
        const most = Math.min(state.stepEnd, end) - state.at;
        state.kind = objects.code(state.oldAt);
        state.regionEnd = state.at + objects.stretch(state.oldAt, most);
      }
    } else {
      if (state.at >= state.regionEnd) state.blockLeft = -1;
      state.regionEnd = end;
      state.kind = region?.kind ?? DATA;
      state.inWords = isInWords(region);
    }
    const reference = this.#referenceHere();
    const isLikely = ((state.history & 15) === 15 || reference >= POINTER) && !this.#areUnlikely();
    if (reference !== 0 && (!state.wary || isLikely)) {
      this.#reference(reference);
    } else if (!this.#isFast && state.class !== CODE_CLASS && this.#words.isHere()) {
      this.#word();
    } else if (state.wary || state.oldAt >= this.#files.old.length) {
      if (!state.wary) this.#beWary();
      if (this.#isFast) this.#fast.byte();
      else this.#byte();
    } else if (!this.#isFast && this.#suspects.isHere()) {
      this.#suspect();
    } else {
      this.#block();
    }
  }

  #beWary(): void {
    this.#state.beWary();
    this.#matches.length = 0;
  }

  // -- Words and suspects --

  #word(): void {
    const state = this.#state;
    const found = this.#words.candidate();
    if (found === null) return;
    state.resumed = 1;
    state.blockLeft = -1;
    const made = this.#words.renamed(found.entry, found.bytes);
    if (made === null) {
      this.#words.deny();
      this.#beWary();
      return;
    }
    state.changedAt = state.at;
    state.oldAt += found.bytes.length;
    this.#matches.length = 0;
    this.#words.forgetPending();
    this.#files.fresh.set(made, state.at);
    if (!state.wary) {
      state.at += made.length;
      return;
    }
    for (const byte of made) {
      // Whatever it holds: a field may have been a part of it.
      state.wordHash = hash(state.wordHash, byte);
      state.at++;
      this.#matches.indexHere();
    }
    this.#matches.indexedHere();
    state.history = ((state.history << 1) | 1) & 255;
    state.advanceCalm(made.length);
  }

  #suspect(): void {
    const isWrong = this.#suspects.isWrong();
    this.#state.blockLeft = -1;
    this.#state.resumed = 1;
    if (isWrong) this.#miss();
    else this.#copyByte();
  }

  #copyByte(): void {
    const state = this.#state;
    this.#files.fresh[state.at++] = this.#files.oldByte(state.oldAt++);
  }

  // -- References --

  #referenceHere(): number {
    const { at, oldAt, stepEnd } = this.#state;
    const kind = oldAt + 8 > this.#files.old.length ? 0 : this.#references.at(oldAt);
    return at + (this.#references.classes.has(oldAt, kind) ? 2 : 8) > stepEnd ? 0 : kind;
  }

  /** What the field of a table or of an offset is relative to. */
  #tableAt(kind: number): number {
    const { at, oldAt } = this.#state;
    const [, after] = this.#parameters.images;
    const origin = this.#references.predictedOrigin(oldAt, kind);
    if (origin !== null) return this.#targets.predict(origin).expected;
    const object = this.#references.objectAt(oldAt, kind);
    if (object !== null) return object.newBase(oldAt, kind, at);
    if (kind === FORTH && this.#references.isShort(oldAt)) return shortBase(after, at);
    if (kind === VARIED && regionIn(after, at)?.kind === BYTECODE) return SOURCES[1];
    if (kind === OFFSET_PAIR || kind === NUMBER || kind === VARIED) {
      return originIn(after, at, {
        byte: (place) => this.#files.newByte(place),
        word: (place) => this.#files.newWord(place),
      });
    }
    return 0;
  }

  /** In objects, and in classes of Java, behind three wrong fields in a row, until four bytes behind the last one were right. */
  #areUnlikely(): boolean {
    const { history, at } = this.#state;
    const { objects, classes } = this.#references;
    if ((objects?.isLater !== true && !classes.exist) || this.#wrongFields < 3) return false;
    return (history & 15) !== 15 || at - this.#wrongAt < 4;
  }

  /** Where what the reference refers to is now. */
  #expected(kind: number, target: number): { expected: number; trust: number } {
    const { at, oldAt } = this.#state;
    const { classes } = this.#references;
    if (!classes.has(oldAt, kind)) return this.#targets.predict(target);
    this.#constants.readOn(at);
    const about = { ...classes.about(oldAt), origin: classes.origin(oldAt) };
    return this.#targets.predictNumber(target, about, this.#constants);
  }

  #reference(kind: number): void {
    const state = this.#state;
    const references = this.#references;
    const size = references.size(state.oldAt, kind);
    const target = references.target(state.oldAt, kind);
    const address = addressIn(this.#parameters.images[1], state.at);
    references.place = state.at;
    const table = this.#tableAt(kind);
    const { expected, trust } = this.#expected(kind, target);
    const wanted = references.field(state.oldAt, kind, address, expected, table);
    const before = references.before(state.oldAt, kind, address);
    const same = wanted === before ? 1 : 0;
    const right = this.#isWanted(kind, { trust, same, target, expected });
    let value = wanted;
    let isNew = false;
    if (!right) {
      const neighbour = u32(target + this.#targets.neighbours(target));
      const other = references.field(state.oldAt, kind, address, neighbour, table);
      const chosen = this.#chosen(kind, { wanted, before, other });
      isNew = chosen === null;
      value =
        chosen ??
        (this.#isFast
          ? this.#fast.field(kind, size, wanted)
          : this.#field(kind, size, address, { target, wanted, before }));
      state.lastMiss = state.oldAt;
    }
    for (let i = 0; i < size; i++) {
      const place = references.isBigAt(state.oldAt, kind) ? size - 1 - i : i;
      this.#files.fresh[state.at + place] = Number((value >> BigInt(8 * i)) & 255n);
    }
    const became = references.actual(state.oldAt, kind, address, value, expected, table);
    this.#targets.learn(target, became);
    state.at += size;
    this.#wrongFields = isNew ? this.#wrongFields + 1 : 0;
    if (isNew) this.#wrongAt = state.at;
    state.oldAt += size;
    if (this.#matches.length > 0) this.#matches.place += size;
    if (state.wary && right) state.advanceCalm(size);
  }

  #isWanted(
    kind: number,
    { trust, same, target, expected }: { trust: number; same: number; target: number; expected: number },
  ): boolean {
    const apart = Math.min(16, u32(this.#state.oldAt - this.#state.lastMiss) >>> 2);
    const set = (kind * 8 + trust) * 2 + same;
    if (this.#isFast) {
      const isWanted = this.#fast.isWanted(set, this.#referenceHistory);
      this.#referenceHistory = u32((this.#referenceHistory << 1) | (isWanted ? 1 : 0));
      return isWanted;
    }
    const counters = this.#referenceFlags;
    const isThird = this.#which >= 3;
    const move = hash(hash(u32(expected - target), 6), kind) & 16383;
    const right = this.#flags.flag(
      [
        counters.at(set),
        counters.at(4096 + (this.#referenceHistory & 255) * 8 + trust),
        counters.at(8192 + (hash(target, 5) & 4095)),
        counters.at(12288 + (apart * 8 + trust) * 4 + (this.#referenceHistory & 3)),
        ...(isThird ? [counters.at(16384 + move)] : []),
      ],
      1024 + set + (kind < 48 ? 0 : 256),
      LIMITS[this.#which].references,
      isThird ? 768 + apart * 16 + (this.#referenceHistory & 15) : null,
    );
    this.#referenceHistory = u32((this.#referenceHistory << 1) | right);
    return right === 1;
  }

  /** The old field or that of the neighbours' move, null if it is neither. */
  #chosen(
    kind: number,
    { wanted, before, other }: { wanted: bigint; before: bigint; other: bigint },
  ): bigint | null {
    const limit = LIMITS[this.#which].fields;
    const same = wanted === before;
    if (!same && this.#decoder.flag(this.#fieldFlags.at(kind * 4), limit) === 1) return before;
    if (other === wanted || (!same && other === before)) return null;
    const counter = this.#fieldFlags.at(kind * 4 + (same ? 3 : 2));
    return this.#decoder.flag(counter, limit) === 1 ? other : null;
  }

  #field(
    kind: number,
    size: number,
    address: number,
    { target, wanted, before }: { target: number; wanted: bigint; before: bigint },
  ): bigint {
    let value = 0n;
    for (let i = size - 1; i >= 0; i--) {
      const byteOf = (word: bigint) => Number((word >> BigInt(8 * i)) & 255n);
      const guess = byteOf(wanted);
      const place = kind * 8 + i;
      const higher = Number(value & 255n);
      const above = i === 7 ? 0n : wanted >> BigInt(8 * i + 8);
      const low = Number(value & 0xffffffffn);
      const close = (higher - Number(above & 255n)) & 255;
      const contexts = [
        hash(hash(place, guess), 1),
        hash(hash(place, higher), 2),
        hash(hash(place, guess), byteOf(before) + 256),
        hash(hash(place, low), 3),
        hash(hash(place, guess), close + 512),
        hash(hash(target, 4), low),
        ...this.#contextsOfWord(kind, address, value, size - 1 - i),
      ];
      const byte = this.#literals.byte({
        contexts,
        aligned: guess,
        alignedContext: 32 + (i & 3) * 2 + (value === above ? 1 : 0),
        match: -1,
        matchContext: 0,
        set: 96 + i,
        type: FIELD,
        otherSets: [768 + guess, 768 + 32 + (i & 3) * 2 + (value === above ? 1 : 0)],
      });
      value = (value << 8n) | BigInt(byte);
    }
    return value;
  }

  /** More contexts of a field in converted words, of which `known` bytes are known. */
  #contextsOfWord(kind: number, address: number, value: bigint, known: number): number[] {
    const { at, oldAt, inWords } = this.#state;
    if (!inWords || !(kind === 58 || this.#references.isWordAt(oldAt, kind))) return [];
    for (let i = 0; i < known; i++)
      this.#files.fresh[at + i] = Number((value >> BigInt(8 * (known - 1 - i))) & 255n);
    return this.#bytes.fieldContexts(at + known, u32(address + known));
  }

  // -- Blocks and bytes --

  #block(): void {
    const state = this.#state;
    if (state.blockLeft < 0) this.#beginBlock();
    if (this.#blockMiss === 0) {
      if (this.#isFast) this.#fast.miss();
      else this.#miss();
      return;
    }
    // One byte of the block; references between its bytes are units of their own.
    this.#copyByte();
    state.blockLeft--;
    if (this.#blockMiss > 0) this.#blockMiss--;
    if (state.blockLeft === 0) {
      state.blockLeft = -1;
      state.cleanBlocks++;
    } else if (
      !this.#isFast &&
      state.at < Math.min(state.stepEnd, state.regionEnd) &&
      state.oldAt < this.#files.old.length &&
      this.#referenceHere() === 0 &&
      (this.#suspects.isHere() || this.#words.candidate() !== null)
    ) {
      state.blockLeft = -1;
      state.resumed = 1;
    }
  }

  #beginBlock(): void {
    const state = this.#state;
    const { blocks, blockPlaces } = LIMITS[this.#which];
    const growth = Math.min(state.cleanBlocks, 15);
    const length = Math.min(32 * 2 ** growth, Math.min(state.stepEnd, state.regionEnd) - state.at);
    const row = growth + 16 * state.resumed;
    state.resumed = 0;
    state.blockLeft = length;
    this.#blockMiss = -1;
    if (this.#decoder.flag(this.#blockFlags.at(row * 3 + state.class), blocks) === 0) return;
    let node = 1;
    let place = 0;
    for (let bit = 31 - Math.clz32(length); bit >= 0; bit--) {
      const counter = this.#blockPlaces.at(row * 4096 + node);
      const y = node < 4096 ? this.#decoder.flag(counter, blockPlaces) : this.#decoder.raw(1);
      node = node * 2 + y;
      place = place * 2 + y;
    }
    this.#blockMiss = Math.min(place, length - 1);
  }

  #miss(): void {
    const state = this.#state;
    state.beWary();
    state.misses = 0;
    state.blockLeft = -1;
    state.cleanBlocks = 0;
    state.history = 255;
    this.#matches.indexAround();
    state.wordHash = 0;
    for (let back = Math.min(16, state.made); back > 0; back--)
      state.addToWord(this.#files.newByte(state.at - back));
    this.#matches.find();
    if (state.class !== CODE_CLASS) {
      const last = this.#suspects.note();
      if (this.#matches.length < 16 && last !== 0 && state.at - last < 2 ** 23 - 64) {
        this.#matches.length = 3;
        this.#matches.place = last;
        this.#matches.inFresh = true;
      }
    }
    state.changedAt = state.at;
    this.#words.expect();
    const { aligned } = this.#bytes;
    this.#after(this.#bytes.literal({ notAligned: true, notMatched: false }), aligned);
  }

  #byte(): void {
    this.#matches.refresh();
    const { aligned } = this.#bytes;
    this.#after(this.#bytes.next(), aligned);
  }

  /** What follows a byte; `aligned` is -1 if there was none. */
  #after(byte: number, aligned: number): void {
    const state = this.#state;
    this.#files.fresh[state.at] = byte;
    if (state.class !== CODE_CLASS) {
      const isWrong = aligned >= 0 && aligned !== byte;
      if (!this.#words.isPending && isWrong && state.misses <= 2) this.#words.expect();
      this.#words.end(byte);
    }
    this.#matches.follow(byte);
    const isHit = aligned === byte;
    state.step(byte, aligned);
    this.#matches.indexHere();
    this.#matches.indexedHere();
    if (this.#which >= 3) this.#jumps.judge();
    if (!isHit && this.#matches.length === 0 && state.made >= 4) {
      const place = this.#matches.findAround();
      if (place !== undefined && (this.#which < 3 || this.#jumps.goesTo(place))) state.jump(place, 15);
    }
    this.#followMatch();
    if (isHit) state.advanceCalm(1);
  }

  /** A long match in the old file is a better place than one where bytes are wrong. */
  #followMatch(): void {
    const state = this.#state;
    const { length, place, inFresh } = this.#matches;
    if (inFresh || length < 16 || place >= this.#files.old.length || place === state.oldAt) return;
    if ((state.history & 7) === 7) return;
    state.jump(place, 255);
    state.calm = 8;
  }
}

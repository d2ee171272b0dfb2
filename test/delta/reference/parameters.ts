/** What `model` begins with, from lib/delta/FORMAT.md: the images, the moves and the steps. */
import {
  Counters,
  type Decoder,
  NOWHERE,
  NumberCounters,
  numbers,
  requireSound,
  u32,
  unzigzag,
} from './arithmetic.ts';
import { hasBases } from './based.ts';
import { DWARF, SECTIONS } from './dwarf.ts';
import { HASHES, hashedFrom, type Image, isOwn, LARGE_HASHES, type Region } from './image.ts';
import { LIMITS, type Model } from './limits.ts';
import { haveSizes } from './machine-instructions.ts';
import { haveWords, IN_WORDS } from './machine-words.ts';
import { ROWS } from './managed.ts';
import { areObjects, isLayout, layoutOf } from './objects.ts';
import { GO, GO_BASES } from './other-references.ts';
import { type Moves, NO_MOVES, WASM, WASM_DATA } from './wasm.ts';

const KINDS = 53;
/** The first counter of the places in a row, behind the others of steps. */
const FIRST_PLACE = 80;

export interface Step {
  start: number;
  end: number;
  /** NOWHERE for bulk. */
  old: number;
  isFast: boolean;
}

export interface Parameters {
  bucketBits: number;
  /** In the fourth model: 2 to that power are the bytes of the old file that are learned, at most. */
  lessons: number;
  /** Of the old file and of the new one. */
  images: [Image, Image];
  moves: Moves;
  steps: Step[];
  /** The step that the second lane begins with, if there is one. */
  split: number | undefined;
}

export function readParameters(
  decoder: Decoder,
  model: Model,
  [oldSize, newSize]: readonly [number, number],
  isSplit: boolean,
  hasFastSteps: boolean,
): Parameters {
  const form = decoder.raw(5);
  const isCompact = model === 4 || form > 20;
  const bucketBits = isCompact && model < 4 ? form - 13 : form;
  requireSound(bucketBits >= 8 && bucketBits <= 20);
  const lessons = model === 4 ? decoder.raw(5) : 0;
  requireSound(lessons <= 20);
  const counters = numbers(10, model);
  let halves = [0, 0];
  const bases = [0, 1].map(() => {
    halves = halves.map((like) =>
      isCompact ? u32(like + unzigzag(decoder.number(counters[6] as NumberCounters))) : decoder.raw(32),
    );
    const [low = 0, high = 0] = halves;
    return (BigInt(high) << 32n) | BigInt(low);
  });
  const nothing = { regions: [], goBases: new Array<number>(GO_BASES).fill(0), dwarf: [] };
  const first = readRegions(decoder, model, counters, nothing, oldSize, false);
  const second = readRegions(decoder, model, counters, first, newSize, true);
  const hasMoves = first.regions.some(({ kind }) => kind === WASM || kind === WASM_DATA);
  const moves = hasMoves ? readMoves(decoder, model) : NO_MOVES;
  const count = decoder.number(counters[7] as NumberCounters);
  const split = isSplit ? decoder.number(counters[9] as NumberCounters) : undefined;
  requireSound(split === undefined || (split > 0 && split < count));
  const steps = readSteps(decoder, model, count, [oldSize, newSize], hasFastSteps);
  if (split !== undefined)
    requireSound(newSize - (steps[split]?.start ?? 0) <= (hasFastSteps ? 2 ** 28 : 2 ** 26));
  return {
    bucketBits,
    lessons,
    images: [
      { ...first, base: bases[0] ?? 0n },
      { ...second, base: bases[1] ?? 0n },
    ],
    moves,
    steps,
    split,
  };
}

function readRegions(
  decoder: Decoder,
  model: Model,
  counters: NumberCounters[],
  like: Pick<Image, 'regions' | 'goBases' | 'dwarf'>,
  fileSize: number,
  isFresh: boolean,
): Pick<Image, 'regions' | 'span' | 'goBases' | 'dwarf'> {
  const next = (field: number) => decoder.number(counters[field] ?? new NumberCounters(model));
  const count = next(0);
  requireSound(count <= 255);
  const span = next(0);
  const regions: Region[] = [];
  const lastOwn = like.regions.findLast(({ kind }) => isOwn(kind))?.ownBase ?? 0n;
  let own = [Number(lastOwn & 0xffffffffn), Number(lastOwn >> 32n)] as [number, number];
  const dwarf: number[] = [];
  let goBases = new Array<number>(GO_BASES).fill(0);
  let [end, distance, likeEnd, likeDistance, hashedTo] = [0, 0, 0, 0, 0];
  for (let i = 0; i < count; i++) {
    let model = [0, 0, 0, 0];
    const old = like.regions[i];
    if (old !== undefined) {
      model = [old.offset - likeEnd, old.size, u32(old.address - old.offset - likeDistance), old.kind];
      likeEnd = old.offset + old.size;
      likeDistance = u32(old.address - old.offset);
    }
    if (old?.inWords === true) model[3] = IN_WORDS;
    const [gap = 0, size = 0, moved = 0, told = 0] = model.map((value, field) =>
      u32(value + unzigzag(next(field + 1))),
    );
    const inWords = told === IN_WORDS;
    const kind = inWords ? u32((old?.kind ?? 0) + unzigzag(next(4))) : told;
    requireSound(!inWords || haveWords(kind) || haveSizes(kind));
    distance = u32(distance + moved);
    const offset = end + gap;
    end = offset + size;
    requireSound(size > 0 && end <= fileSize && kind < KINDS);
    if (kind === HASHES || kind === LARGE_HASHES) {
      const limit = u32(offset + distance);
      requireSound(isFresh && limit > 0 && limit <= offset && size % 32 === 0);
      const start = hashedFrom({ offset, size, address: limit, kind });
      requireSound(start >= hashedTo);
      hashedTo = limit;
    }
    const before = regions.map((other) => other.kind);
    if ([GO, WASM_DATA, ROWS].includes(kind) && !(kind === ROWS && before.includes(ROWS))) {
      requireSound(![GO, WASM_DATA, ROWS].some((other) => before.includes(other)));
      let last = 0;
      goBases = like.goBases.map((base, index) => {
        last = u32(last + base - (like.goBases[index - 1] ?? 0) + unzigzag(next(5)));
        return last;
      });
    }
    if (kind === DWARF) {
      requireSound(!before.includes(DWARF));
      let last = u32(offset + distance);
      for (let section = 0; section < SECTIONS && !isFresh; section++) {
        last = u32(last + unzigzag(next(8)));
        dwarf.push(last);
      }
    }
    let bases: [number, number] = [0, 0];
    if (hasBases(kind)) {
      bases = [kind === ROWS ? 0 : u32(end + distance), 0];
      if (old !== undefined && hasBases(old.kind)) {
        const usual = old.kind === ROWS ? 0 : old.address + old.size;
        bases = [u32(bases[0] + old.bases[0] - usual), old.bases[1]];
      }
      bases = [u32(bases[0] + unzigzag(next(8))), u32(bases[1] + unzigzag(next(8)))];
    }
    if (areObjects(kind) && !isFresh) {
      const layout = layoutOf({ kind, bases });
      const others = regions.filter((other) => areObjects(other.kind));
      requireSound(isLayout(layout) && others.every((other) => layoutOf(other) === layout));
    }
    if (isOwn(kind)) own = [u32(own[0] + unzigzag(next(8))), u32(own[1] + unzigzag(next(8)))];
    const within = isOwn(kind) ? { ownBase: BigInt(own[0]) + (BigInt(own[1]) << 32n) } : {};
    const words = inWords ? { inWords: true as const } : {};
    regions.push({ offset, size, address: u32(offset + distance), kind, bases, ...within, ...words });
  }
  return { regions, span, goBases, dwarf };
}

function readMoves(decoder: Decoder, model: Model): Moves {
  const [heads, starts, distances] = numbers(3, model) as [NumberCounters, NumberCounters, NumberCounters];
  const [first = 0, shift = 0, functions = 0, before = 0, after = 0, count = 0] = Array.from(
    { length: 6 },
    () => decoder.number(heads),
  );
  requireSound(shift <= 16 && count <= 2 ** 16);
  const runs: Moves['runs'] = [];
  let [start, by] = [0, 0];
  for (let i = 0; i < count; i++) {
    start += decoder.number(starts);
    requireSound(start <= NOWHERE);
    by = u32(by + unzigzag(decoder.number(distances)));
    runs.push({ start, by });
  }
  return { first, shift, functions, imports: [before, after], runs };
}

function readSteps(
  decoder: Decoder,
  model: Model,
  count: number,
  [oldSize, newSize]: readonly [number, number],
  hasFastSteps: boolean,
): Step[] {
  requireSound(count > 0 && count <= Math.min(newSize, 2 ** 22));
  const [lengths, seeks] = [numbers(4, model), numbers(4, model)];
  const [flags, fastFlags] = [new Counters(), new Counters()];
  const limit = LIMITS[model].steps;
  const recent = new Array<number>(16).fill(0);
  const steps: Step[] = [];
  let context = 0;
  let wasFast = 0;
  let start = 0;
  for (let i = 0; i < count; i++) {
    if (i > 0) {
      const length = decoder.number(lengths[context] as NumberCounters);
      start = model === 1 ? start + length + 1 : readStart(decoder, flags, { start, rows: length, context });
    }
    requireSound(start < newSize);
    let old = NOWHERE;
    let isFast = false;
    if (decoder.flag(flags.at(context), limit) === 1) {
      context = 0;
    } else {
      let distance: number;
      let index = 15;
      if (decoder.flag(flags.at(4 + context), limit) === 1) {
        let node = 1;
        for (let bit = 0; bit < 4; bit++)
          node = node * 2 + decoder.flag(flags.at(16 + context * 16 + node), limit);
        index = node - 16;
        distance = recent[index] ?? 0;
        context = index === 1 ? 1 : 2;
      } else {
        const which = decoder.flag(flags.at(8 + context), limit);
        const back = decoder.flag(flags.at(12 + which), limit);
        const size = decoder.number(seeks[(context & 1) * 2 + which] as NumberCounters);
        distance = u32((recent[which] ?? 0) + (back ? -size : size));
        context = 3;
      }
      recent.splice(index, 1);
      recent.unshift(distance);
      old = u32(start + distance);
      requireSound(old <= oldSize);
      if (hasFastSteps) wasFast = decoder.flag(fastFlags.at(wasFast), limit);
      isFast = wasFast === 1;
    }
    const last = steps.at(-1);
    if (last !== undefined) last.end = start;
    steps.push({ start, end: newSize, old, isFast });
  }
  return steps;
}

/** The start of a step of the second model, by rows of 16 bytes and the place in the row. */
function readStart(
  decoder: Decoder,
  flags: Counters,
  { start, rows, context }: { start: number; rows: number; context: number },
): number {
  const which = rows === 0 ? 1 : start % 16 === 0 ? 2 : 0;
  let node = 1;
  for (let bit = 0; bit < 4; bit++)
    node =
      node * 2 + decoder.flag(flags.at(FIRST_PLACE + (context * 3 + which) * 16 + node), LIMITS[2].steps);
  const next = (Math.floor(start / 16) + rows) * 16 + node - 16;
  requireSound(next > start);
  return next;
}

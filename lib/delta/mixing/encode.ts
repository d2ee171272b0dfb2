/** Encodes the streams of `mixing` from alignments: which of them become steps, and what goes to `extra`. */
import { plain } from '../compress.ts';
import type { Alignment } from '../matcher.ts';
import { moveBoundaries } from './alignments/boundaries.ts';
import { type Image, isHashes, REGION_KINDS, type Region } from './containers/image.ts';
import { convertRegions, isInWords } from './conversions/converted.ts';
import { alignEnds } from './conversions/ends.ts';
import { haveSizes } from './conversions/instructions.ts';
import { haveWords } from './conversions/words.ts';
import { encodeLane, type Lane, type OnWork, SecondEncoder } from './encode-lane.ts';
import { encodeLight, LIGHT_LIMIT, type Stretch } from './light.ts';
import { MixingModule } from './module.ts';
import { namedCosts } from './parts.ts';
import { type Moves, movesOf } from './wasm-moves.ts';

/** What is chosen for one patch. */
export interface MixingChoice {
  /** Shorter alignments are left out, outside of text and in it: their bytes cost less than the step. */
  shortest: number;
  shortestInText: number;
  /** Gaps of at least so many bytes between alignments go to `extra`, which is decoded faster. */
  bulkFrom: number;
}

export interface MixingStreams {
  model: Uint8Array;
  /** Null if there is one lane. */
  second: Uint8Array | null;
  extra: { rawSize: number; frame: Uint8Array };
  /** By which model it is: `fast` is the third one, with steps that are fast. */
  modelBy: 2 | 3 | 4 | 'fast';
  /** Bytes that a decoder has to model, a byte of bulk as a fortieth of one: the measure of its time. */
  work: number;
  /** What each part of `model` costs, in bytes. */
  costs: Record<string, number>;
  /** Of each lane. */
  profiles: Lane['profile'][];
  /** If that was asked for, what of the new file each step makes, and the bits that takes. */
  steps: StepWork[];
}

export interface StepWork {
  start: number;
  end: number;
  /** That a decoder has to model. */
  bits: number;
  /** Bytes of the patch. */
  cost: number;
  isBulk: boolean;
}

export interface MixedAlignment extends Alignment {
  /** Whether each bit is told by one counter: faster, and of a third more bytes or so. */
  isFast?: true;
}

/** What does not change from choice to choice. */
export interface MixingInput {
  old: Uint8Array;
  fresh: Uint8Array;
  /** Ascending and disjoint in the new file. */
  alignments: readonly MixedAlignment[];
  images: { old: Image; fresh: Image };
  /** By the second or the fourth model, not by the third one. The fourth one has no second lane. */
  modelBy?: 2 | 4;
  /** For the fourth model: the work of the third one, which says how much of the old file is worth learning. */
  workByThird?: number;
  /** Which alignments become fast steps, by their index, if that is not chosen here. */
  isFast?: (index: number) => boolean;
}

/** The old place of a step that is bulk, BULK of assembly/mixing/addresses/steps.ts. */
const BULK = 0xffffffff;
/** Of the old place of a fast step, FAST of assembly/mixing/addresses/steps.ts. */
const FAST = 0x80000000;
/** Bytes that a second lane makes, at most: they are in memory, of which a patch of 185 MB is to take 400 MB. The format allows MOST_SECOND (model.ts). */
const LANE_LIMIT = 48 << 20;
/** With fast steps, which are for what takes too much work, so much of a large file besides, so that both lanes have as much to do. */
const FAST_LANE_SHARE = 0.3;
const FAST_LANE_LIMIT = 1 << 27;
/** Bulk is taken in pieces of at most so many bytes, BULK_PIECE of assembly/mixing/contents/bulk.ts. */
const BULK_PIECE = 1 << 16;
/** Steps that a patch may have, MOST of assembly/mixing/addresses/steps.ts. */
const MOST_STEPS = 1 << 22;

/** Bytes of the new file that a second lane makes, at most. */
export function laneLimit({ fresh, alignments }: Pick<MixingInput, 'fresh' | 'alignments'>): number {
  const share = Math.min(FAST_LANE_LIMIT, Math.floor(FAST_LANE_SHARE * fresh.length));
  return hasFast(alignments) ? Math.max(LANE_LIMIT, share) : LANE_LIMIT;
}

function hasFast(alignments: readonly MixedAlignment[]): boolean {
  return alignments.some(({ isFast }) => isFast === true);
}

/**
 * Null if the choice leads to more steps than a patch can have, or to more work than `limit`. `onProgress` is called with
 * 0 to 1.
 *
 * @param splitAt if not null, a second lane makes what begins at that place of the new file, `laneLimit` bytes at most
 */
export async function encodeMixing(
  input: MixingInput,
  choice: MixingChoice,
  limit: number,
  splitAt: number | null,
  onProgress: (fraction: number) => void,
  isMeasured = false,
): Promise<MixingStreams | null> {
  const { old, fresh } = input;
  const images = inWords(input);
  const { steps, split } = splitSteps(chooseSteps(input, choice), splitAt);
  const bulkSize = bulkBytes(steps, fresh.length);
  if (steps.length > 2 * MOST_STEPS || bulkSize > LIGHT_LIMIT) return null;
  const module = MixingModule.open(true, old.length, fresh.length);
  const { exports } = module;
  const modelBy = input.modelBy ?? (hasFast(input.alignments) ? 'fast' : 3);
  if (modelBy === 2) exports.useSecondModel();
  else if (modelBy === 3) exports.useThirdModel();
  else if (modelBy === 4) exports.useFourthModel();
  else exports.useFastSteps();
  place(module.bytes(exports.oldFile(), old.length), old, images.old);
  place(module.bytes(exports.newFile(), fresh.length), fresh, images.fresh);
  describeImage(module, 0, images.old);
  describeImage(module, 1, images.fresh);
  if (modelBy === 4) {
    const { lessons, buckets } = fourthSizes(input.workByThird ?? 0);
    exports.choose(buckets, lessons);
  } else {
    exports.choose(tableBits(fresh.length), 0);
  }
  describeMoves(module, movesOf(images.old, images.fresh, input.alignments));
  module.words(exports.takeSteps(steps.length / 2), steps.length).set(steps);
  const measured = isMeasured ? exports.measureSteps() : 0;

  // A decoder by the fourth model takes longer for each bit.
  const workBy = (bits: number) =>
    modelBy === 4
      ? workOf(FOURTH_FACTOR * bits, bulkSize) + Math.ceil(exports.lessonBytes() / LESSONS_PER_BYTE)
      : workOf(bits, bulkSize);
  exports.careful();
  const lanes = await encodeLanes(module, images.fresh.regions, fresh.length, steps, split, (bits, made) => {
    onProgress(made / fresh.length);
    return workBy(bits) <= limit;
  });
  if (lanes === null) return null;
  const bulk = plain(Buffer.concat(lanes.map((lane) => lane.bulk)));
  const stretches = joined(lanes.flatMap((lane) => lane.stretches));
  return {
    model: lanes[0].stream,
    second: lanes[1]?.stream ?? null,
    modelBy,
    extra: { rawSize: bulk.length, frame: bulk.length === 0 ? bulk : await encodeLight(bulk, stretches) },
    work: workBy(sum(lanes.map((lane) => lane.bits))),
    costs: namedCosts(lanes.map((lane) => lane.costs)),
    profiles: lanes.map((lane) => lane.profile),
    steps:
      measured === 0 ? [] : stepWorks(steps, module.words(measured, steps.length), lanes[0], fresh.length),
  };
}

/** The images in which code is in words, to be converted. */
function inWords({ images, alignments }: MixingInput): MixingInput['images'] {
  const { arm, armWords, thumb } = REGION_KINDS;
  const inWords = (region: Region): Region =>
    region.kind === arm
      ? { ...region, kind: armWords }
      : haveWords(region.kind) || haveSizes(region.kind) || region.kind === thumb
        ? { ...region, inWords: true }
        : region;
  const [old, fresh] = [images.old.regions.map(inWords), images.fresh.regions.map(inWords)];
  return {
    old: { ...images.old, regions: old },
    fresh: { ...images.fresh, regions: alignEnds(old, fresh, alignments) },
  };
}

/** The file, with its words converted: records are so already. */
function place(memory: Uint8Array, file: Uint8Array, { regions }: Image): void {
  memory.set(file);
  convertRegions(memory, regions.filter(isInWords));
}

function stepWorks(steps: Uint32Array, begun: Uint32Array, { bits, costs }: Lane, size: number): StepWork[] {
  const cost = sum(costs);
  return Array.from({ length: steps.length / 2 }, (_, index) => ({
    start: steps[2 * index] ?? 0,
    end: steps[2 * index + 2] ?? size,
    bits: (begun[2 * index + 2] ?? bits) - (begun[2 * index] ?? 0),
    cost: (begun[2 * index + 3] ?? cost) - (begun[2 * index + 1] ?? 0),
    isBulk: steps[2 * index + 1] === BULK,
  }));
}

/** All by one, or what begins with the step `split` by a second one at the same time. Null if it takes too much work. */
async function encodeLanes(
  module: MixingModule,
  regions: readonly Region[],
  freshSize: number,
  steps: Uint32Array,
  split: number | null,
  onWork: OnWork,
): Promise<[Lane] | [Lane, Lane] | null> {
  if (split === null) {
    const lane = await encodeLane(module, onWork);
    return lane === null ? null : [lane];
  }
  module.exports.splitAt(split);
  const rest = steps.subarray(2 * split);
  const bulkSize = bulkBytes(rest, freshSize);
  const pieces = rest.length / 2 + 2 * regions.length + bulkSize / BULK_PIECE + 1;
  let second: SecondEncoder | null = null;
  const onBoth: OnWork = (bits, made) => {
    if (second === null) return onWork(bits, made);
    return onWork(bits + second.bits, made + second.made - (module.exports.secondStart() >>> 0));
  };
  try {
    const first = await encodeLane(module, onBoth, () => {
      const hashes = regions.filter(({ kind }) => isHashes(kind));
      second = new SecondEncoder(module, freshSize, hashes, bulkSize, Math.ceil(pieces));
    });
    if (first === null) return null;
    const other =
      (await (second as SecondEncoder | null)?.finish((bits, made) => onWork(first.bits + bits, made))) ??
      null;
    return other === null ? null : [first, other];
  } finally {
    (second as SecondEncoder | null)?.close();
  }
}

function joined(stretches: readonly Stretch[]): Stretch[] {
  const all: Stretch[] = [];
  for (const stretch of stretches) {
    const last = all.at(-1);
    if (last?.class === stretch.class) last.size += stretch.size;
    else all.push({ ...stretch });
  }
  return all;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

export function workOf(bits: number, bulkSize: number): number {
  return Math.ceil(bits / 8 + bulkSize / BULK_PER_BYTE);
}

/** With a step that begins at the place, if there is one; its index, unless it would be the first. */
function splitSteps(steps: Uint32Array, place: number | null): { steps: Uint32Array; split: number | null } {
  if (place === null) return { steps, split: null };
  let index = 0;
  while (index < steps.length && (steps[index] ?? 0) < place) index += 2;
  if (index === 0) return { steps, split: null };
  if (steps[index] === place) return { steps, split: index / 2 };
  const [start = 0, old = 0] = steps.subarray(index - 2, index);
  const extended = new Uint32Array(steps.length + 2);
  extended.set(steps.subarray(0, index));
  extended.set([place, old === BULK ? BULK : old + place - start], index);
  extended.set(steps.subarray(index), index + 2);
  return { steps: extended, split: index / 2 };
}

/** Bytes of steps that are bulk. */
function bulkBytes(steps: Uint32Array, size: number): number {
  let sum = 0;
  for (let i = 0; i < steps.length; i += 2) {
    if (steps[i + 1] === BULK) sum += (steps[i + 2] ?? size) - (steps[i] ?? 0);
  }
  return sum;
}

/** Bytes of bulk that take as long as one that is modelled (75 nanoseconds and 2.9 microseconds). */
const BULK_PER_BYTE = 40;

/** How much longer the fourth model takes; bytes of the old file that it learns in the time of one that the third one models. */
const FOURTH_FACTOR = 2.5;
const LESSONS_PER_BYTE = 2;
/** It learns of the old file sixteen times what is to be made at most, which takes a third of a second for 2^MOST_LESSONS bytes. */
const LESSONS_FOR_EACH = 16;
const MOST_LESSONS = 18;

/** How much the fourth model learns, and how many buckets hold it: both as powers of 2. */
function fourthSizes(work: number): { lessons: number; buckets: number } {
  const log = (number: number) => 31 - Math.clz32(number);
  const lessons = Math.min(MOST_LESSONS, log(LESSONS_FOR_EACH * Math.max(1, work)));
  return { lessons, buckets: Math.min(20, Math.max(12, log((1 << lessons) + work) + 4)) };
}

/** More contexts are met in a larger file. */
function tableBits(size: number): number {
  return Math.min(18, Math.max(10, Math.ceil(Math.log2(size))));
}

function describeImage(module: MixingModule, file: 0 | 1, { regions, base, span, goBases }: Image): void {
  const { exports } = module;
  exports.setRegionCount(file, regions.length);
  exports.setImageSpan(file, span);
  for (const [
    index,
    { offset, size, address, kind, ownBase, inWords, bases = [address + size, 0] },
  ] of regions.entries()) {
    const own = ownBase === undefined ? bases : halves(ownBase);
    const words = inWords === true ? 1 : 0;
    module.words(exports.regionAt(file, index), 7).set([offset, size, address, kind, ...own, words]);
  }
  const dwarf = regions.find(({ kind }) => kind === REGION_KINDS.dwarf);
  if (file === 0)
    for (const [index, address] of (dwarf?.sections ?? []).entries())
      module.words(exports.dwarfSectionAt(index), 1).set([address]);
  for (const [index, address] of goBases.entries())
    module.words(exports.goBaseAt(file, index), 1).set([address]);
  module.words(exports.baseAddresses() + 8 * file, 2).set(halves(base));
}

/** Of 64 bits the lower half and the higher one. */
function halves(value: bigint): [number, number] {
  return [Number(value & 0xffffffffn), Number((value >> 32n) & 0xffffffffn)];
}

function describeMoves(module: MixingModule, moves: Moves | undefined): void {
  if (moves === undefined) return;
  const { first, shift, functions, imports, runs } = moves;
  const place = module.exports.takeMoves(first, shift, functions, ...imports, runs.length);
  module.words(place, 2 * runs.length).set(runs.flat());
}

/** Two numbers for each step: where it starts in the new file, and in the old one. */
function chooseSteps({ old, fresh, alignments, images }: MixingInput, choice: MixingChoice): Uint32Array {
  const steps: number[] = [];
  const regions = new RegionCursor(images.fresh.regions);
  const { tables } = images.fresh;
  const hashes = images.fresh.regions.filter(({ kind }) => isHashes(kind));
  let end = 0;
  const gap = (to: number) => {
    if (to - end >= choice.bulkFrom) steps.push(end, BULK);
    else if (steps.length === 0 && to > 0) steps.push(0, 0);
  };
  const add = (newStart: number, oldStart: number, length: number, isFast = false) => {
    if (length <= 0) return;
    gap(newStart);
    steps.push(newStart, isFast ? oldStart + FAST : oldStart);
    end = newStart + length;
  };
  const addHashes = ({ offset, size }: Region) => {
    if (end > offset) return;
    gap(offset);
    steps.push(offset, BULK);
    end = offset + size;
  };
  const kept = alignments.filter(({ newStart, length }, index) => {
    const shortest = regions.kindAt(newStart) === REGION_KINDS.text ? choice.shortestInText : choice.shortest;
    const isFunction = tables.some(({ offset, size }) => newStart >= offset && newStart < offset + size);
    return length >= shortest || index === 0 || isFunction;
  });
  const file = { old, fresh, regions: images.fresh.regions };
  for (const { newStart, oldStart, length, isFast } of moveBoundaries(file, kept, choice.bulkFrom)) {
    let from = newStart;
    const limit = newStart + length;
    // Around the hashes, which are computed.
    for (const region of hashes) {
      if (limit <= region.offset) break;
      add(from, oldStart + from - newStart, region.offset - from, isFast);
      addHashes(region);
      from = Math.max(from, region.offset + region.size);
    }
    add(from, oldStart + from - newStart, limit - from, isFast);
  }
  for (const region of hashes) addHashes(region);
  gap(fresh.length);
  return Uint32Array.from(steps);
}

/** Looks up regions of ascending places. */
class RegionCursor {
  readonly #regions: readonly Region[];
  #index = 0;

  constructor(regions: readonly Region[]) {
    this.#regions = regions;
  }

  kindAt(place: number): Region['kind'] {
    let region = this.#regions[this.#index];
    while (region !== undefined && place >= region.offset + region.size)
      region = this.#regions[++this.#index];
    return region !== undefined && place >= region.offset ? region.kind : REGION_KINDS.data;
  }
}

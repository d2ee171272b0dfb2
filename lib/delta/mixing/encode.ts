/** Encodes the streams of `mixing` from alignments: which of them become steps, and what goes to `extra`. */
import { plain } from '../compress.ts';
import type { Alignment } from '../matcher.ts';
import { moveBoundaries } from './boundaries.ts';
import { type Image, isHashes, REGION_KINDS, type Region } from './containers/image.ts';
import { encodeLight, LIGHT_LIMIT, type Stretch } from './light.ts';
import { BUFFER_DUE, BULK_DUE, DONE, MixingModule } from './module.ts';
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
  extra: { rawSize: number; frame: Uint8Array };
  /** Bytes that a decoder has to model, a byte of bulk as a fortieth of one: the measure of its time. */
  work: number;
  /** What each part of `model` costs, in bytes. */
  costs: Record<string, number>;
}

/** The parts, in the order of assembly/mixing/coding/coder.ts. */
const PARTS = [
  'parameters and regions',
  'steps',
  'whether references are as predicted',
  'references that are not',
  'runs',
  'words',
  'suspects',
  'whether bytes are as predicted, data',
  'whether bytes are as predicted, code',
  'whether bytes are as predicted, text',
  'bytes, data',
  'bytes, code',
  'bytes, text',
];

/** What does not change from choice to choice. */
export interface MixingInput {
  old: Uint8Array;
  fresh: Uint8Array;
  /** Ascending and disjoint in the new file. */
  alignments: readonly Alignment[];
  images: { old: Image; fresh: Image };
}

/** The old place of a step that is bulk, BULK of assembly/mixing/addresses/steps.ts. */
const BULK = 0xffffffff;
/** Steps that a patch may have, MOST of assembly/mixing/addresses/steps.ts. */
const MOST_STEPS = 1 << 22;

/**
 * Null if the choice leads to more steps than a patch can have, or to more work than `limit`. `onProgress` is called with
 * 0 to 1.
 */
export async function encodeMixing(
  input: MixingInput,
  choice: MixingChoice,
  limit: number,
  onProgress: (fraction: number) => void,
): Promise<MixingStreams | null> {
  const { old, fresh, images } = input;
  const steps = chooseSteps(input, choice);
  const bulkSize = bulkBytes(steps, fresh.length);
  if (steps.length > 2 * MOST_STEPS || bulkSize > LIGHT_LIMIT) return null;
  const module = new MixingModule(true, old.length, fresh.length);
  const { exports } = module;
  module.bytes(exports.oldFile(), old.length).set(old);
  module.bytes(exports.newFile(), fresh.length).set(fresh);
  describeImage(module, 0, images.old);
  describeImage(module, 1, images.fresh);
  exports.choose(tableBits(fresh.length));
  describeMoves(module, movesOf(images.old, images.fresh, input.alignments));
  module.words(exports.takeSteps(steps.length / 2), steps.length).set(steps);

  const model: Uint8Array[] = [];
  const bulk: Uint8Array[] = [];
  const stretches: Stretch[] = [];
  exports.careful();
  const workOf = () => Math.ceil((exports.work() >>> 0) / 8 + bulkSize / BULK_PER_BYTE);
  for (let due: number | null = null; due !== DONE; ) {
    due = module.run(true);
    if (due === BULK_DUE) {
      const size = exports.bulkSize();
      const computed = exports.bulkHashes() !== 0;
      const kind = exports.bulkClass();
      const piece = module.bytes(exports.bulkTaken(), size);
      if (computed) continue;
      bulk.push(piece.slice());
      const last = stretches.at(-1);
      if (last?.class === kind) last.size += size;
      else stretches.push({ size, class: kind });
    } else if (due === BUFFER_DUE || due === DONE) {
      model.push(module.bytes(exports.bufferAddress(), exports.bufferFilled()).slice());
      exports.refill(0);
      if (workOf() > limit) return null;
      onProgress((exports.made() >>> 0) / fresh.length);
      await new Promise(setImmediate);
    } else {
      // More bits than any patch may have.
      return null;
    }
  }
  const raw = plain(Buffer.concat(bulk));
  return {
    model: plain(Buffer.concat(model)),
    extra: { rawSize: raw.length, frame: raw.length === 0 ? raw : await encodeLight(raw, stretches) },
    work: workOf(),
    costs: Object.fromEntries(PARTS.map((name, part) => [name, exports.costOf(part) >>> 0])),
  };
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

/** More contexts are met in a larger file. */
function tableBits(size: number): number {
  return Math.min(18, Math.max(10, Math.ceil(Math.log2(size))));
}

function describeImage(module: MixingModule, file: 0 | 1, { regions, base, span, goBases }: Image): void {
  const { exports } = module;
  exports.setRegionCount(file, regions.length);
  exports.setImageSpan(file, span);
  for (const [index, { offset, size, address, kind, bases = [0, 0] }] of regions.entries()) {
    module.words(exports.regionAt(file, index), 6).set([offset, size, address, kind, ...bases]);
  }
  for (const [index, address] of goBases.entries())
    module.words(exports.goBaseAt(file, index), 1).set([address]);
  const words = [Number(base & 0xffffffffn), Number(base >> 32n)];
  module.words(exports.baseAddresses() + 8 * file, 2).set(words);
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
  const add = (newStart: number, oldStart: number, length: number) => {
    if (length <= 0) return;
    gap(newStart);
    steps.push(newStart, oldStart);
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
  for (const { newStart, oldStart, length } of moveBoundaries(file, kept, choice.bulkFrom)) {
    let from = newStart;
    const limit = newStart + length;
    // Around the hashes, which are computed.
    for (const region of hashes) {
      if (limit <= region.offset) break;
      add(from, oldStart + from - newStart, region.offset - from);
      addHashes(region);
      from = Math.max(from, region.offset + region.size);
    }
    add(from, oldStart + from - newStart, limit - from);
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

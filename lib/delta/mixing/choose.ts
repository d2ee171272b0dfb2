/** The smallest patch of `mixing` within the limit on work, found by trying. */

import type { UnpackedPair } from '../deflate/encode.ts';
import { alignAssemblies } from './alignments/assemblies.ts';
import { inPieces, markFast, withFast, withoutDense } from './alignments/dense.ts';
import { alignFunctions } from './alignments/functions.ts';
import { countInText } from './alignments/in-text.ts';
import { alignInstances } from './alignments/instances.ts';
import { type Image, isCode, isData, isUnwinding, REGION_KINDS } from './containers/image.ts';
import {
  encodeMixing,
  laneLimit,
  type MixingChoice,
  type MixingInput,
  type MixingStreams,
} from './encode.ts';
import { plainRegions, regionsOf } from './executable.ts';
import { unpackedImage } from './within/unpacked-image.ts';

/** Work, if the publisher sets no other limit: 6 to 8 seconds of an idle machine (test/bench/README.md). */
export const APPLY_LIMIT = 4_500_000;

/**
 * From all by mixing to as little as pays: the first that keeps within the limit is taken. Where both do, bulk has always been
 * larger (@oven/bun-linux-x64 1.4.4 -> 1.4.5: 701,695 bytes without, 856,073 from 300 bytes on). Short alignments of text are
 * found again by the match model; but what would become bulk without them is worth a step. If much is new, even long alignments
 * are left to bulk.
 */
const CHOICES: readonly MixingChoice[] = [
  { shortest: 16, shortestInText: 1000, bulkFrom: Number.POSITIVE_INFINITY },
  { shortest: 16, shortestInText: 200, bulkFrom: 300 },
  { shortest: 16, shortestInText: 64, bulkFrom: 64 },
  { shortest: 64, shortestInText: 64, bulkFrom: 48 },
  { shortest: 128, shortestInText: 128, bulkFrom: 40 },
  { shortest: 256, shortestInText: 256, bulkFrom: 32 },
  { shortest: 700, shortestInText: 400, bulkFrom: 32 },
  { shortest: 2500, shortestInText: 1000, bulkFrom: 16 },
];
/**
 * Of text, the first choice once more with shorter alignments, which it leaves out, if it takes so many bytes for each of them: a step takes
 * about 2. If fewer, they are found again as matches; if more, something else takes them.
 */
const SHORTER_IN_TEXT = 200;
const LEAST_FOR_EACH = 8;
const MOST_FOR_EACH = 32;
/** The first choices may take less time: bulk costs little more then. */
const PATIENT_FROM = 3;
const IMPATIENT_SHARE = 0.62;
/** From there on so much is left to bulk that fast steps may take less. */
const BULKY_FROM = 4;
/** If the limit was reached before this share of the file was made, the next choice would reach it as well. */
const HOPELESS = 0.45;

/**
 * Where none keeps within the limit, what each step takes is measured with this one, unless all takes so many times
 * the limit (then all steps are fast); then so much of the limit is aimed at, the first that keeps within it.
 */
const DENSE: MixingChoice = { shortest: 64, shortestInText: 64, bulkFrom: 48 };
const MOST_TIMES = 4;
const DENSE_SHARES = [0.95, 0.85];

/** Work. In a small patch, the table of functions may have been aligned as well by its bytes. */
const LITTLE = 200_000;
/**
 * Work by the third model, and bytes of both files, up to which the fourth one is tried if that has one lane: it takes two to three times
 * as long, and learns of the old file first.
 */
export const FOURTH_BELOW = 400_000;
const SMALL_FOR_FOURTH = 1 << 25;
/** It is taken if it saves more bytes than that, and more than that share. */
const LEAST_SAVED = 8;
const LEAST_SHARE_SAVED = 0.005;
/**
 * In a small patch whose steps take more than that share, longer alignments only are tried as well: records that are much alike align here
 * and there, where going on in the same place would cost a byte now and then.
 */
const STEPS_SHARE = 0.05;
const LONGER = [1000, 4000];
/** In a tiny one, what describes the parts of the executables may take more than it saves. */
const TINY = 60_000;

/** Effort from which on there are two lanes: more than half a second. They cost little then: 0.98 to 1.00 of one lane's size. */
export const LANES_FROM = 7_000_000;
/** With so many alignments there probably is so much. */
const MANY = 10_000;
/** Where half of the work is probably done; the share of the longer lane that is good enough. */
const GUESS = 0.6;
const BALANCED = 0.55;

/** What the headers of both files say. */
export function imagesOf(
  old: Uint8Array,
  fresh: Uint8Array,
  unpacked: UnpackedPair | null,
): MixingInput['images'] {
  const images =
    unpacked === null
      ? { old: regionsOf(old, false), fresh: regionsOf(fresh, true) }
      : { old: unpackedImage(old, unpacked.old, false), fresh: unpackedImage(fresh, unpacked.fresh, true) };
  if (!hasRecords(images.old) || !hasRecords(images.fresh)) {
    for (const { regions } of [images.old, images.fresh])
      for (const region of regions)
        if (region.kind === REGION_KINDS.codeRecords) region.kind = REGION_KINDS.data;
  }
  for (const { regions } of [images.old, images.fresh]) {
    const [, ...others] = regions.filter(({ kind }) => kind === REGION_KINDS.dwarf);
    for (const region of others) region.kind = REGION_KINDS.debug;
  }
  return images;
}

function hasRecords({ regions }: Image): boolean {
  return regions.some(({ kind }) => kind === REGION_KINDS.codeRecords);
}

/** `input` has the files as they are modelled (code-records.ts). Null if no try keeps within `limit`, or there is nothing to encode. `onProgress` is called with 0 to 1. */
export async function chooseMixing(
  input: MixingInput,
  limit: number,
  lanesFrom: number,
  fourthBelow: number,
  onProgress: (fraction: number) => void,
): Promise<MixingStreams | null> {
  if (input.fresh.length === 0) return null;
  const { images } = input;
  if (isCodeEqual(input, images)) withoutCode(images);
  const alignments = alignInstances(
    { ...input, images },
    alignAssemblies(input, alignFunctions(images.old, images.fresh, input.alignments)),
  );
  if (input.isFast !== undefined) {
    const fast = { ...input, images, alignments: markFast(alignments, input.isFast) };
    return await encodeInLanes(fast, DENSE, limit, lanesFrom, onProgress);
  }
  let isHopeless = false;
  for (const [index, choice] of CHOICES.entries()) {
    if (isHopeless && index < CHOICES.length - 1) {
      isHopeless = false;
      continue;
    }
    let reached = 0;
    const report = (fraction: number) => {
      reached = fraction;
      onProgress((index + fraction) / CHOICES.length);
    };
    const most = index < PATIENT_FROM ? limit * IMPATIENT_SHARE : limit;
    const made = await encodeInLanes({ ...input, alignments, images }, choice, most, lanesFrom, report);
    isHopeless = reached < HOPELESS;
    if (made === null) continue;
    const others: MixingInput[] = [];
    if (alignments !== input.alignments && made.work < LITTLE) others.push({ ...input, images });
    const hasParts = images.old.regions.some(({ kind }) => kind !== REGION_KINDS.text);
    if (hasParts && !hasRecords(images.old) && made.work < TINY) {
      const plain = { old: plainRegions(input.old), fresh: plainRegions(input.fresh) };
      others.push({ ...input, images: plain });
    }
    // Where most is new, references are seen in the old code that the new one does not have.
    if (hasParts && made.work < LITTLE && isMostlyNew(alignments, input.fresh.length))
      others.push({ ...input, alignments, images: withOtherCode(images) });
    // If nearly all text and all lines of a program have moved, its debug information may take less by its bytes.
    if (made.work < LITTLE && images.old.regions.some(({ kind }) => kind === REGION_KINDS.dwarf))
      others.push({ ...input, alignments, images: withoutEntries(images) });
    // In little, the third model has not learned yet where jumps pay.
    if (made.second === null && made.work < LITTLE) others.push({ ...input, alignments, images, modelBy: 2 });
    let smallest = made;
    let best: { input: MixingInput; choice: MixingChoice } = {
      input: { ...input, alignments, images },
      choice,
    };
    const keep = (tried: MixingStreams | null, by: typeof best) => {
      if (tried === null || sizeOf(tried) >= sizeOf(smallest)) return;
      smallest = tried;
      best = by;
    };
    const { shortestInText } = choice;
    const shorter = countInText(alignments, images.fresh, SHORTER_IN_TEXT, shortestInText);
    if (sizeOf(made) > LEAST_FOR_EACH * shorter && sizeOf(made) < MOST_FOR_EACH * shorter) {
      const more = { ...choice, shortestInText: SHORTER_IN_TEXT };
      keep(await encodeInLanes(best.input, more, most, lanesFrom, report), { ...best, choice: more });
    }
    const next = CHOICES[index + 1];
    if (index === 0 && next !== undefined && isMostlyNew(alignments, input.fresh.length)) {
      keep(await encodeInLanes(best.input, next, most, lanesFrom, report), { ...best, choice: next });
    }
    for (const other of others) {
      keep(await encodeMixing(other, choice, most, null, report), { input: other, choice });
    }
    const usual = { smallest, best };
    if (made.second === null && made.work < LITTLE && (made.costs.steps ?? 0) > STEPS_SHARE * sizeOf(made)) {
      for (const shortest of LONGER) {
        const longer = { ...choice, shortest, shortestInText: Math.max(shortest, shortestInText) };
        keep(await encodeMixing(best.input, longer, most, null, report), { ...best, choice: longer });
      }
    }
    let found = await byFourth(smallest, made.work, best.input, best.choice, most, fourthBelow, report);
    // By the fourth model what the third one found smaller may be larger.
    if (usual.smallest !== smallest) {
      const { smallest: third, best: by } = usual;
      const other = await byFourth(third, made.work, by.input, by.choice, most, fourthBelow, report);
      if (sizeOf(other) < sizeOf(found)) found = other;
    }
    if (index < BULKY_FROM) return found;
    const other = await withinLimit({ ...input, alignments, images }, limit, lanesFrom, onProgress);
    return smallerOf(found, other);
  }
  return await withinLimit({ ...input, alignments, images }, limit, lanesFrom, onProgress);
}

/** By the fourth model, if that is worth its time; else what there is. */
async function byFourth(
  smallest: MixingStreams,
  work: number,
  input: MixingInput,
  choice: MixingChoice,
  limit: number,
  below: number,
  onProgress: (fraction: number) => void,
): Promise<MixingStreams> {
  const size = input.old.length + input.fresh.length;
  if (smallest.second !== null || work >= below || size > SMALL_FOR_FOURTH) return smallest;
  const fourth: MixingInput = { ...input, modelBy: 4, workByThird: work };
  const tried = await encodeMixing(fourth, choice, limit, null, onProgress);
  if (tried === null) return smallest;
  const saved = sizeOf(smallest) - sizeOf(tried);
  return saved > LEAST_SAVED && saved > LEAST_SHARE_SAVED * sizeOf(smallest) ? tried : smallest;
}

/** Whether the old file has less than half of it: what is compressed or enciphered then may take less as bulk. */
function isMostlyNew(alignments: MixingInput['alignments'], size: number): boolean {
  return alignments.reduce((sum, { length }) => sum + length, 0) < size / 2;
}

/** What takes the most work for its bytes is left to bulk, or made by fast steps, whichever is smaller, so that the rest keeps within the limit. */
async function withinLimit(
  input: MixingInput,
  limit: number,
  lanesFrom: number,
  onProgress: (fraction: number) => void,
): Promise<MixingStreams | null> {
  const report = (fraction: number) => onProgress((CHOICES.length - 1 + fraction) / CHOICES.length);
  const measure = (alignments: MixingInput['alignments'], most: number) =>
    encodeMixing({ ...input, alignments }, DENSE, most, null, report, true);
  const first = async (tries: Iterable<MixingInput['alignments']>) => {
    for (const alignments of tries) {
      const made = await encodeInLanes({ ...input, alignments }, DENSE, limit, lanesFrom, report);
      if (made !== null) return made;
    }
    return null;
  };
  const pieces = inPieces(input.alignments);
  const measured = await measure(pieces, limit * MOST_TIMES);
  if (measured === null) return await first([markFast(input.alignments, () => true)]);
  const bulky = await first(DENSE_SHARES.map((share) => withoutDense(pieces, measured.steps, share * limit)));
  const fastest = await measure(
    markFast(pieces, () => true),
    limit,
  );
  if (fastest === null) return bulky;
  const fast = await first(
    DENSE_SHARES.map((share) => withFast(pieces, measured.steps, fastest.steps, share * limit)),
  );
  const smaller = [bulky, fast].reduce(smallerOf);
  if (smaller !== null && sizeOf(smaller) <= sizeOf(fastest)) return smaller;
  return smallerOf(smaller, await first([markFast(input.alignments, () => true)]));
}

function smallerOf(one: MixingStreams | null, other: MixingStreams | null): MixingStreams | null {
  if (one === null || other === null) return one ?? other;
  return sizeOf(other) < sizeOf(one) ? other : one;
}

/** By two lanes if there is enough to model. Null if it takes more work than `limit`. */
async function encodeInLanes(
  input: MixingInput,
  choice: MixingChoice,
  limit: number,
  lanesFrom: number,
  onProgress: (fraction: number) => void,
): Promise<MixingStreams | null> {
  const size = input.fresh.length;
  const isLong = input.alignments.length >= MANY;
  const guess = isLong ? Math.max(Math.floor(size * GUESS), size - laneLimit(input)) : null;
  const first = await encodeMixing(input, choice, limit, guess, onProgress);
  if (first === null) return null;
  const efforts = first.profiles.map((lane) => lane.at(-1)?.effort ?? 0);
  const total = efforts.reduce((sum, lane) => sum + lane, 0);
  if (total < lanesFrom) {
    return first.second === null ? first : await encodeMixing(input, choice, limit, null, onProgress);
  }
  if (first.second !== null && Math.max(...efforts) < BALANCED * total) return first;
  const place = Math.max(placeOf(first.profiles, total / 2), size - laneLimit(input));
  return (await encodeMixing(input, choice, limit, place, onProgress)) ?? first;
}

/** How much of the new file is made when so much effort is spent. */
function placeOf(profiles: MixingStreams['profiles'], effort: number): number {
  let last = { made: 0, effort: 0 };
  let before = 0;
  for (const profile of profiles) {
    for (const look of profile) {
      const next = { made: look.made, effort: before + look.effort };
      if (next.effort >= effort) {
        const share = (effort - last.effort) / Math.max(1, next.effort - last.effort);
        return Math.max(1, Math.floor(last.made + share * (next.made - last.made)));
      }
      last = next;
    }
    before = last.effort;
  }
  return Math.max(1, last.made - 1);
}

/** Whether all code is as it was, where it was: then the decoder need not look through it for references, which takes longest. */
function isCodeEqual(
  { old, fresh }: Pick<MixingInput, 'old' | 'fresh'>,
  images: MixingInput['images'],
): boolean {
  const code = (image: Image) => image.regions.filter(({ kind }) => isCode(kind));
  const before = code(images.old);
  const after = code(images.fresh);
  return (
    before.length > 0 &&
    before.length === after.length &&
    before.every(({ offset, size, address }, index) => {
      const now = after[index];
      if (now === undefined || now.size !== size || now.address !== address) return false;
      const bytes = fresh.subarray(now.offset, now.offset + size);
      return Buffer.compare(old.subarray(offset, offset + size), bytes) === 0;
    })
  );
}

/** Code, and data that may refer to it, is data then. */
function withoutCode(images: MixingInput['images']): void {
  for (const { regions } of [images.old, images.fresh]) {
    for (const region of regions)
      if (isCode(region.kind) || isData(region.kind) || isUnwinding(region.kind))
        region.kind = REGION_KINDS.data;
  }
}

/** Code as such of a machine that is not known: without references. */
function withOtherCode({ old, fresh }: MixingInput['images']): MixingInput['images'] {
  const changed = (image: Image) => ({
    ...image,
    regions: image.regions.map((region) =>
      isCode(region.kind) ? { ...region, kind: REGION_KINDS.otherCode } : region,
    ),
  });
  return { old: changed(old), fresh: changed(fresh) };
}

/** Debug information without what its entries say. */
function withoutEntries({ old, fresh }: MixingInput['images']): MixingInput['images'] {
  const changed = (image: Image) => ({
    ...image,
    regions: image.regions.map((region) =>
      region.kind === REGION_KINDS.dwarf ? { ...region, kind: REGION_KINDS.debug } : region,
    ),
  });
  return { old: changed(old), fresh: changed(fresh) };
}

function sizeOf({ model, second, extra }: MixingStreams): number {
  return model.length + (second?.length ?? 0) + extra.frame.length;
}

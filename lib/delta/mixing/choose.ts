/** The smallest patch of `mixing` within the limit on work, found by trying: choices in an order, and more around the first that keeps within it. */
import { alignAssemblies } from './alignments/assemblies.ts';
import { markFast } from './alignments/dense.ts';
import { alignFunctions } from './alignments/functions.ts';
import { alignInstances } from './alignments/instances.ts';
import { smallestAround } from './choices/around.ts';
import { DENSE, encodeBeyondLimit } from './choices/beyond-limit.ts';
import { isCodeEqual, makeCodeData } from './choices/images.ts';
import { encodeInLanes } from './choices/lanes.ts';
import { smallerOf } from './choices/size.ts';
import type { MixingChoice, MixingInput, MixingStreams } from './encode.ts';

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
/** The first choices may take less time: bulk costs little more then. */
const PATIENT_FROM = 3;
const IMPATIENT_SHARE = 0.62;
/** From there on so much is left to bulk that fast steps may take less. */
const BULKY_FROM = 4;
/** If the limit was reached before this share of the file was made, the next choice would reach it as well. */
const HOPELESS = 0.45;

/**
 * `input` has the files as they are modelled (code-records.ts). Null if no try keeps within `limit`, or there is nothing to encode.
 *
 * @param lanesFrom effort from which on there are two lanes
 * @param fourthBelow work from which on the fourth model is not tried
 * @param onProgress called with 0 to 1
 */
export async function chooseMixing(
  input: MixingInput,
  limit: number,
  lanesFrom: number,
  fourthBelow: number,
  onProgress: (fraction: number) => void,
): Promise<MixingStreams | null> {
  if (input.fresh.length === 0) return null;
  const { images } = input;
  if (isCodeEqual(input)) makeCodeData(images);
  const alignments = alignInstances(
    input,
    alignAssemblies(input, alignFunctions(images.old, images.fresh, input.alignments)),
  );
  const aligned: MixingInput = { ...input, alignments };
  if (input.isFast !== undefined) {
    const fast = { ...input, alignments: markFast(alignments, input.isFast) };
    return await encodeInLanes(fast, DENSE, { limit, lanesFrom, onProgress });
  }
  const beyondLimit = () =>
    encodeBeyondLimit(aligned, {
      limit,
      lanesFrom,
      onProgress: (fraction) => onProgress((CHOICES.length - 1 + fraction) / CHOICES.length),
    });
  let isHopeless = false;
  for (const [index, choice] of CHOICES.entries()) {
    if (isHopeless && index < CHOICES.length - 1) {
      isHopeless = false;
      continue;
    }
    let reached = 0;
    const means = {
      limit: index < PATIENT_FROM ? limit * IMPATIENT_SHARE : limit,
      lanesFrom,
      onProgress(fraction: number) {
        reached = fraction;
        onProgress((index + fraction) / CHOICES.length);
      },
    };
    const made = await encodeInLanes(aligned, choice, means);
    isHopeless = reached < HOPELESS;
    if (made === null) continue;
    const first = { input: aligned, choice, made };
    const next = index === 0 ? CHOICES[1] : undefined;
    const found = await smallestAround(first, input.alignments, next, fourthBelow, means);
    return index < BULKY_FROM ? found : smallerOf(found, await beyondLimit());
  }
  return await beyondLimit();
}

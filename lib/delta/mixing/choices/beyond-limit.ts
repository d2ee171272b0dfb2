/**
 * Where no choice keeps within the limit on work: what takes the most work for its bytes is left to bulk, or made by fast steps,
 * whichever is smaller, so that the rest keeps within it.
 */
import { inPieces, markFast, withFast, withoutDense } from '../alignments/dense.ts';
import { encodeMixing, type MixingChoice, type MixingInput, type MixingStreams } from '../encode.ts';
import { encodeInLanes, type Means } from './lanes.ts';
import { sizeOf, smallerOf } from './size.ts';

/** What each step takes is measured with this one, unless all takes so many times the limit: then all steps are fast. */
export const DENSE: MixingChoice = { shortest: 64, shortestInText: 64, bulkFrom: 48 };
const MOST_TIMES = 4;
/** So much of the limit is aimed at, the first that keeps within it. */
const DENSE_SHARES = [0.95, 0.85];

/** Null if nothing keeps within the limit. */
export async function encodeBeyondLimit(input: MixingInput, means: Means): Promise<MixingStreams | null> {
  const { limit } = means;
  const measure = (alignments: MixingInput['alignments'], most: number) =>
    encodeMixing({ ...input, alignments }, DENSE, most, null, means.onProgress, true);
  const first = async (tries: Iterable<MixingInput['alignments']>) => {
    for (const alignments of tries) {
      const made = await encodeInLanes({ ...input, alignments }, DENSE, means);
      if (made !== null) return made;
    }
    return null;
  };
  const allFast = () => first([markFast(input.alignments, () => true)]);
  const pieces = inPieces(input.alignments);
  const measured = await measure(pieces, limit * MOST_TIMES);
  if (measured === null) return await allFast();
  const bulky = await first(DENSE_SHARES.map((share) => withoutDense(pieces, measured.steps, share * limit)));
  const fastest = await measure(
    markFast(pieces, () => true),
    limit,
  );
  if (fastest === null) return bulky;
  const fast = await first(
    DENSE_SHARES.map((share) => withFast(pieces, measured.steps, fastest.steps, share * limit)),
  );
  const smaller = smallerOf(bulky, fast);
  if (smaller !== null && sizeOf(smaller) <= sizeOf(fastest)) return smaller;
  return smallerOf(smaller, await allFast());
}

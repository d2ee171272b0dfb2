/** The smallest patch of `mixing` within the limit on work, found by trying. */

import { encodeMixing, type MixingChoice, type MixingInput, type MixingStreams } from './encode.ts';
import { regionsOf } from './executable.ts';
import { alignFunctions } from './function-table.ts';

/** Bytes to model, if the publisher sets no other limit: six or seven seconds of one core (test/bench/README.md). */
export const APPLY_LIMIT = 2_000_000;

/** In text, whose short alignments the match model finds again; the others pay from about 16 bytes on. */
const SHORTEST = { shortest: 16, shortestInText: 1000 };
/**
 * From all by mixing to as little as pays: the first that keeps within the limit is taken. Where both do, bulk has always been
 * larger (@oven/bun-linux-x64 1.4.4 -> 1.4.5: 701,695 bytes without, 856,073 from 300 bytes on).
 */
const BULK_FROM = [Number.POSITIVE_INFINITY, 300, 64];

/** Bytes to model. A patch with fewer may not need the references. */
const LITTLE = 600_000;
/** A patch that is larger by less is as good if it applies faster. */
const SAME = 1.005;

/** Null if no try keeps within `limit`, or there is nothing to encode. `onProgress` is called with 0 to 1. */
export async function chooseMixing(
  input: Omit<MixingInput, 'images'>,
  limit: number,
  onProgress: (fraction: number) => void,
): Promise<MixingStreams | null> {
  if (input.fresh.length === 0) return null;
  const images = { old: regionsOf(input.old, false), fresh: regionsOf(input.fresh, true) };
  const isExecutable = images.old.span > 0 && images.fresh.span > 0;
  const alignments = alignFunctions(
    { bytes: input.old, image: images.old },
    { bytes: input.fresh, image: images.fresh },
    input.alignments,
  );
  const all = { ...input, alignments, images };
  for (const [index, bulkFrom] of BULK_FROM.entries()) {
    const choice: MixingChoice = { ...SHORTEST, bulkFrom, references: isExecutable };
    const report = (fraction: number) => onProgress((index + fraction) / BULK_FROM.length);
    const made = await encodeMixing(all, choice, limit, report);
    if (made === null) continue;
    if (!isExecutable || made.work >= LITTLE) return made;
    const also = (other: MixingInput, references: boolean) =>
      encodeMixing(other, { ...choice, references }, limit, () => onProgress((index + 1) / BULK_FROM.length));
    // In a small patch, the table of functions may have been aligned as well by its bytes.
    const plain =
      alignments === input.alignments ? null : await also({ ...all, alignments: input.alignments }, true);
    if (plain !== null && sizeOf(plain) < sizeOf(made)) return plain;
    // If the code is the same, there is no need to scan it either, which takes longer than the rest.
    const without = await also(all, false);
    return without !== null && sizeOf(without) <= sizeOf(made) * SAME ? without : made;
  }
  return null;
}

export function sizeOf({ model, extra }: MixingStreams): number {
  return model.length + extra.frame.length;
}

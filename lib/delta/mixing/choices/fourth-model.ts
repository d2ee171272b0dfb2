/** Whether the fourth model is worth its time: it takes two to three times as long as the third one, and learns of the old file first. */
import { encodeMixing, type MixingChoice, type MixingInput, type MixingStreams } from '../encode.ts';
import { effortOf, type Means } from './lanes.ts';
import { sizeOf } from './size.ts';

/**
 * Work by the third model, and bytes of both files, up to which it is tried. A decoder takes 50 MB more, which larger files leave no
 * room for.
 */
export const FOURTH_BELOW = 400_000;
const SMALL_FOR_FOURTH = 1 << 28;
/** It has one lane. What the third model makes in two lanes may take that one so many times the effort from which on it has two. */
const MOST_IN_ONE = 2;
/** It is taken if it saves more bytes than that, and more than that share. */
const LEAST_SAVED = 8;
const LEAST_SHARE_SAVED = 0.005;

/** By the fourth model, if that is worth it; else `smallest`. `work` is that of the third model, `below` where it begins to be too much. */
export async function byFourth(
  smallest: MixingStreams,
  { input, choice }: { input: MixingInput; choice: MixingChoice },
  { work, below }: { work: number; below: number },
  { limit, lanesFrom, onProgress }: Means,
): Promise<MixingStreams> {
  const size = input.old.length + input.fresh.length;
  if (work >= below || size > SMALL_FOR_FOURTH) return smallest;
  if (smallest.second !== null && effortOf(smallest) >= MOST_IN_ONE * lanesFrom) return smallest;
  const fourth: MixingInput = { ...input, modelBy: 4, workByThird: work };
  const tried = await encodeMixing(fourth, choice, limit, null, onProgress);
  if (tried === null) return smallest;
  const saved = sizeOf(smallest) - sizeOf(tried);
  return saved > LEAST_SAVED && saved > LEAST_SHARE_SAVED * sizeOf(smallest) ? tried : smallest;
}

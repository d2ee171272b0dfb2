/** What is tried besides the first choice that keeps within the limit: alignments, images and models that may make it smaller. */
import { countInText } from '../alignments/in-text.ts';
import { REGION_KINDS } from '../containers/image.ts';
import { encodeMixing, type MixingChoice, type MixingInput, type MixingStreams } from '../encode.ts';
import { plainRegions } from '../executable.ts';
import { byFourth } from './fourth-model.ts';
import { hasRecords, withOtherCode, withoutEntries } from './images.ts';
import { encodeInLanes, type Means } from './lanes.ts';
import { sizeOf } from './size.ts';

/**
 * Of text, shorter alignments once more, which the choice leaves out, if it takes so many bytes for each of them: a step takes
 * about 2. If fewer, they are found again as matches; if more, something else takes them.
 */
const SHORTER_IN_TEXT = 200;
const LEAST_FOR_EACH = 8;
const MOST_FOR_EACH = 32;
/** Work. In a small patch, the table of functions may have been aligned as well by its bytes. */
const LITTLE = 200_000;
/**
 * In a small patch whose steps take more than that share, longer alignments only are tried as well: records that are much alike align here
 * and there, where going on in the same place would cost a byte now and then.
 */
const STEPS_SHARE = 0.05;
const LONGER = [1000, 4000];
/** Bytes that are new, of which the model has forgotten the first ones when the last ones come: they may take less as bulk, whose coder looks back further. */
const MUCH = 1 << 20;
/** In a tiny one, what describes the parts of the executables may take more than it saves. */
const TINY = 60_000;

export interface Tried {
  input: MixingInput;
  choice: MixingChoice;
  made: MixingStreams;
}

/**
 * The smallest of `first` and what is tried besides.
 *
 * @param byBytes alignments by equal bytes, if those of `first` are others
 * @param next the choice to try if most of the new file is new, if any
 * @param fourthBelow work from which on the fourth model is not tried
 */
export async function smallestAround(
  first: Tried,
  byBytes: MixingInput['alignments'],
  next: MixingChoice | undefined,
  fourthBelow: number,
  means: Means,
): Promise<MixingStreams> {
  const { input, choice, made } = first;
  const { alignments, images } = input;
  const { limit, onProgress } = means;
  let smallest = first;
  const keep = (tried: MixingStreams | null, by: Pick<Tried, 'input' | 'choice'>) => {
    if (tried !== null && sizeOf(tried) < sizeOf(smallest.made)) smallest = { ...by, made: tried };
  };
  const { shortestInText } = choice;
  const shorter = countInText(alignments, images.fresh, SHORTER_IN_TEXT, shortestInText);
  if (sizeOf(made) > LEAST_FOR_EACH * shorter && sizeOf(made) < MOST_FOR_EACH * shorter) {
    const more = { ...choice, shortestInText: SHORTER_IN_TEXT };
    keep(await encodeInLanes(input, more, means), { input, choice: more });
  }
  if (next !== undefined && (isMostlyNew(input) || newBytes(input) >= MUCH)) {
    keep(await encodeInLanes(input, next, means), { input, choice: next });
  }
  for (const other of otherInputs(first, byBytes)) {
    keep(await encodeMixing(other, choice, limit, null, onProgress), { input: other, choice });
  }
  const usual = smallest;
  if (made.second === null && made.work < LITTLE && (made.costs.steps ?? 0) > STEPS_SHARE * sizeOf(made)) {
    for (const shortest of LONGER) {
      const longer = { ...choice, shortest, shortestInText: Math.max(shortest, shortestInText) };
      const by = { input: usual.input, choice: longer };
      keep(await encodeMixing(by.input, longer, limit, null, onProgress), by);
    }
  }
  const fourth = { work: made.work, below: fourthBelow };
  const found = await byFourth(smallest.made, smallest, fourth, means);
  if (smallest === usual) return found;
  // By the fourth model what the third one found smaller may be larger.
  const other = await byFourth(usual.made, usual, fourth, means);
  return sizeOf(other) < sizeOf(found) ? other : found;
}

/** Where there is little to model: with other alignments or images, or by the second model. */
function otherInputs({ input, made }: Tried, byBytes: MixingInput['alignments']): MixingInput[] {
  const { alignments, images } = input;
  const others: MixingInput[] = [];
  if (alignments !== byBytes && made.work < LITTLE) others.push({ ...input, alignments: byBytes });
  const hasParts = images.old.regions.some(({ kind }) => kind !== REGION_KINDS.text);
  if (hasParts && !hasRecords(images.old) && made.work < TINY) {
    const plain = { old: plainRegions(input.old), fresh: plainRegions(input.fresh) };
    others.push({ ...input, alignments: byBytes, images: plain });
  }
  // Where most is new, references are seen in the old code that the new one does not have.
  if (hasParts && made.work < LITTLE && isMostlyNew(input))
    others.push({ ...input, images: withOtherCode(images) });
  // If nearly all text and all lines of a program have moved, its debug information may take less by its bytes.
  if (made.work < LITTLE && images.old.regions.some(({ kind }) => kind === REGION_KINDS.dwarf))
    others.push({ ...input, images: withoutEntries(images) });
  // In little, the third model has not learned yet where jumps pay.
  if (made.second === null && made.work < LITTLE) others.push({ ...input, modelBy: 2 });
  return others;
}

/** Whether the old file has less than half of it: what is compressed or enciphered then may take less as bulk. */
function isMostlyNew(input: MixingInput): boolean {
  return newBytes(input) > input.fresh.length / 2;
}

/** Bytes of the new file that no alignment has. */
function newBytes({ alignments, fresh }: MixingInput): number {
  return fresh.length - alignments.reduce((sum, { length }) => sum + length, 0);
}

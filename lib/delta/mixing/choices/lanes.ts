/** Whether a choice is encoded in one lane or in two, and where the second one begins. */
import {
  encodeMixing,
  laneLimit,
  type MixingChoice,
  type MixingInput,
  type MixingStreams,
} from '../encode.ts';

/** What holds for a try. */
export interface Means {
  /** Work that it may take. */
  limit: number;
  /** Effort from which on there are two lanes. */
  lanesFrom: number;
  /** Called with 0 to 1. */
  onProgress(fraction: number): void;
}

/** Effort from which on there are two lanes: more than half a second. They cost little then: 0.98 to 1.00 of one lane's size. */
export const LANES_FROM = 7_000_000;
/** With so many alignments there probably is so much. */
const MANY = 10_000;
/** Where half of the work is probably done; the share of the longer lane that is good enough. */
const GUESS = 0.6;
const BALANCED = 0.55;

/** By two lanes if there is enough to model. Null if it takes more work than the limit. */
export async function encodeInLanes(
  input: MixingInput,
  choice: MixingChoice,
  { limit, lanesFrom, onProgress }: Means,
): Promise<MixingStreams | null> {
  const size = input.fresh.length;
  const isLong = input.alignments.length >= MANY;
  const guess = isLong ? Math.max(Math.floor(size * GUESS), size - laneLimit(input)) : null;
  const first = await encodeMixing(input, choice, limit, guess, onProgress);
  if (first === null) return null;
  const total = effortOf(first);
  if (total < lanesFrom) {
    return first.second === null ? first : await encodeMixing(input, choice, limit, null, onProgress);
  }
  if (first.second !== null && Math.max(...effortsOf(first)) < BALANCED * total) return first;
  const place = Math.max(placeOf(first.profiles, total / 2), size - laneLimit(input));
  return (await encodeMixing(input, choice, limit, place, onProgress)) ?? first;
}

/** What making all of it takes a decoder, in both lanes. */
export function effortOf(made: MixingStreams): number {
  return effortsOf(made).reduce((sum, lane) => sum + lane, 0);
}

function effortsOf({ profiles }: MixingStreams): number[] {
  return profiles.map((lane) => lane.at(-1)?.effort ?? 0);
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

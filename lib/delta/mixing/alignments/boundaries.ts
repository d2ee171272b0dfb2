/**
 * Where in machine code one alignment ends and the next one begins. The bytes around a boundary often fit both, so that its place is a
 * matter of chance. Most functions begin at multiples of 16: there a boundary costs less to tell, and each alignment has its own functions whole.
 */
import type { Alignment } from '../../matcher.ts';
import { REGION_KINDS, type Region, type RegionKind } from '../containers/image.ts';

/** What functions begin at multiples of, and the code whose instructions are of 4 bytes, at multiples of which they all begin. */
const FUNCTION = 16;
const WORD = 4;
const WORDS: readonly RegionKind[] = [
  REGION_KINDS.arm,
  REGION_KINDS.thumb,
  REGION_KINDS.loongArch,
  REGION_KINDS.powerBased,
  REGION_KINDS.powerBig,
  REGION_KINDS.mipsBased,
];
const CODE: readonly RegionKind[] = [
  REGION_KINDS.x86,
  REGION_KINDS.arm,
  REGION_KINDS.x86Legacy,
  REGION_KINDS.arm32,
  REGION_KINDS.power,
  REGION_KINDS.riscV,
  REGION_KINDS.mips,
  REGION_KINDS.thumb,
  REGION_KINDS.loongArch,
  REGION_KINDS.powerBased,
  REGION_KINDS.powerBig,
  REGION_KINDS.mipsBased,
];

/**
 * The alignments, with boundaries moved by at most 15 bytes where that makes no more bytes wrong. Both lists are ascending and
 * disjoint in the new file.
 *
 * @param gap bytes between two alignments from which on they do not meet
 */
export function moveBoundaries<A extends Alignment>(
  { old, fresh, regions }: { old: Uint8Array; fresh: Uint8Array; regions: readonly Region[] },
  alignments: readonly A[],
  gap: number,
): A[] {
  const code = regions.filter(({ kind }) => CODE.includes(kind));
  const made: A[] = [];
  let index = 0;
  for (const next of alignments) {
    const last = made.at(-1);
    let region = code[index];
    while (region !== undefined && next.newStart >= region.offset + region.size) region = code[++index];
    const isInside = region !== undefined && next.newStart >= region.offset;
    if (last === undefined || !isInside || next.newStart - last.newStart - last.length >= gap) {
      made.push({ ...next });
      continue;
    }
    const multiples = WORDS.includes(region?.kind ?? REGION_KINDS.data) ? [FUNCTION, WORD] : [FUNCTION];
    const place = betterPlace(old, fresh, last, next, multiples);
    const moved = place - next.newStart;
    const end = last.newStart + last.length;
    if (end > place || (moved > 0 && end === next.newStart)) last.length = place - last.newStart;
    made.push({
      ...next,
      newStart: place,
      oldStart: next.oldStart + moved,
      length: next.length - moved,
    });
  }
  return made;
}

/** The boundary with the fewest wrong bytes at a multiple of the first number, if those are no more than now; else of the next one. */
function betterPlace(
  old: Uint8Array,
  fresh: Uint8Array,
  last: Alignment,
  next: Alignment,
  multiples: readonly number[],
): number {
  const now = next.newStart;
  const before = last.oldStart - last.newStart;
  const after = next.oldStart - next.newStart;
  const wrong = (from: number, to: number, distance: number) => {
    let count = 0;
    for (let place = from; place < to; place++) if (old[place + distance] !== fresh[place]) count++;
    return count;
  };
  const least = Math.max(last.newStart + 1, now - FUNCTION + 1);
  const most = Math.min(now + next.length - 1, now + FUNCTION - 1);
  for (const multiple of multiples) {
    if (now % multiple === 0) return now;
    let best = now;
    let fewest = 1;
    for (let place = Math.ceil(least / multiple) * multiple; place <= most; place += multiple) {
      if (place + after < 0) continue;
      const more =
        place > now
          ? wrong(now, place, before) - wrong(now, place, after)
          : wrong(place, now, after) - wrong(place, now, before);
      if (more < fewest) {
        fewest = more;
        best = place;
      }
    }
    if (best !== now) return best;
  }
  return now;
}

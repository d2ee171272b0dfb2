/**
 * Where code that is converted begins and ends in the new file. Without headers that is known by pieces of some thousand bytes only, and
 * what is converted in one of both files, and not in the other, is as new. So it is where it was in the old file, as the alignments have it.
 */
import type { Alignment } from '../../matcher.ts';
import { REGION_KINDS, type Region, type RegionKind } from '../containers/image.ts';
import { isInWords } from './converted.ts';

/** How far it is moved, in bytes. */
const FARTHEST = 4096;

/** The regions of the new file with such places moved. Regions are ascending and disjoint, and so are `alignments` in the new file. */
export function alignEnds(
  old: readonly Region[],
  fresh: readonly Region[],
  alignments: readonly Alignment[],
): Region[] {
  const made = fresh.map((region) => ({ ...region }));
  const before = meetings(old);
  for (const { first, second, place } of meetings(made)) {
    const [least, most] = [first.offset + 1, second.offset + second.size - 1];
    const near = alignments.filter(
      ({ newStart, length }) => newStart <= place + FARTHEST && newStart + length >= place - FARTHEST,
    );
    const places = near.flatMap(({ newStart, oldStart, length }) =>
      before
        .filter((other) => other.first.kind === first.kind && other.second.kind === second.kind)
        .map((other) => other.place)
        .filter((was) => was >= oldStart && was <= oldStart + length)
        .map((was) => was - oldStart + newStart),
    );
    const allowed = places.filter((to) => to >= least && to <= most && Math.abs(to - place) < FARTHEST);
    const [to = place] = allowed.sort((a, b) => Math.abs(a - place) - Math.abs(b - place) || a - b);
    first.size += to - place;
    second.offset += to - place;
    second.address += to - place;
    second.size -= to - place;
  }
  return made;
}

/** Where code that is converted and data are side by side, in the file and in memory. */
function meetings(regions: readonly Region[]): { first: Region; second: Region; place: number }[] {
  return regions.flatMap((first, index) => {
    const second = regions[index + 1];
    const end = first.offset + first.size;
    if (second?.offset !== end || second.address !== first.address + first.size) return [];
    const isMeeting = (isInWords(first) && isPlain(second)) || (isPlain(first) && isInWords(second));
    return isMeeting ? [{ first, second, place: end }] : [];
  });
}

const { data, pointers, words, text } = REGION_KINDS;
const PLAIN: readonly RegionKind[] = [data, pointers, words, text];
const isPlain = ({ kind }: Region) => PLAIN.includes(kind);

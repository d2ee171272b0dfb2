/** How many alignments are in text. */
import type { Alignment } from '../../matcher.ts';
import { type Image, REGION_KINDS } from '../containers/image.ts';

/** Of at least `from` bytes, and fewer than `to`. The alignments ascend in the new file. */
export function countInText(
  alignments: readonly Alignment[],
  { regions }: Image,
  from: number,
  to: number,
): number {
  const text = regions.filter(({ kind }) => kind === REGION_KINDS.text);
  let index = 0;
  let count = 0;
  for (const { newStart, length } of alignments) {
    let region = text[index];
    while (region !== undefined && newStart >= region.offset + region.size) region = text[++index];
    if (region !== undefined && newStart >= region.offset && length >= from && length < to) count++;
  }
  return count;
}

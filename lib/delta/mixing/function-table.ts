/**
 * Alignments of a table of functions (`.pdata` of PE: 12 bytes for each, beginning with its address) by the functions that
 * its entries are for. Byte by byte they hardly resemble each other, as every address has changed; but where the function
 * of an old entry is now, the other alignments know. For the encoder only.
 */
import type { Alignment } from '../matcher.ts';
import type { Image } from './executable.ts';

const ENTRY = 12;
/** Alignments that are looked at for one that contains a place. */
const DEPTH = 24;
const NONE = -1;

interface Side {
  bytes: Uint8Array;
  image: Image;
}

/** `alignments`, ascending in the new file; those within the new table are replaced if both files have a table. */
export function alignFunctions(
  old: Side,
  fresh: Side,
  alignments: readonly Alignment[],
): readonly Alignment[] {
  const [from, to] = [old.image.functions, fresh.image.functions];
  if (from === null || to === null) return alignments;
  const [oldBegins, newBegins] = [begins(old.bytes, from), begins(fresh.bytes, to)];
  const entryAt = new Map<number, number>();
  for (const [index, address] of newBegins.entries()) entryAt.set(address, index);
  const matches = new Int32Array(newBegins.length).fill(NONE);
  const moved = placesOf(alignments);
  for (const [index, address] of oldBegins.entries()) {
    const place = moved(offsetOf(old.image, address));
    const entry = place === NONE ? undefined : entryAt.get(addressOf(fresh.image, place));
    if (entry !== undefined) matches[entry] = index;
  }
  const table: Alignment[] = [];
  let last = NONE;
  for (let index = 0; index < newBegins.length; index++) {
    let match = matches[index] ?? NONE;
    // One that is not known is likely to be the next.
    if (match === NONE && last !== NONE && last + 1 < oldBegins.length) match = last + 1;
    last = match;
    if (match === NONE) continue;
    const newStart = to.offset + ENTRY * index;
    const oldStart = from.offset + ENTRY * match;
    const before = table.at(-1);
    const length = before?.length ?? 0;
    if (before?.newStart === newStart - length && before.oldStart === oldStart - length) {
      before.length += ENTRY;
    } else {
      table.push({ newStart, oldStart, length: ENTRY });
    }
  }
  return [
    ...cut(alignments, 0, to.offset),
    ...table,
    ...cut(alignments, to.offset + ENTRY * newBegins.length, fresh.bytes.length),
  ];
}

function begins(bytes: Uint8Array, { offset, size }: { offset: number; size: number }): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, size);
  return Array.from({ length: Math.floor(size / ENTRY) }, (_, index) => view.getUint32(ENTRY * index, true));
}

/** What lies from `start` to `end` in the new file. */
function* cut(alignments: readonly Alignment[], start: number, end: number): Generator<Alignment> {
  for (const { newStart, oldStart, length } of alignments) {
    const first = Math.max(newStart, start);
    const size = Math.min(newStart + length, end) - first;
    if (size > 0) yield { newStart: first, oldStart: oldStart + first - newStart, length: size };
  }
}

/** Gives the new place of an old one, by the longest alignment that contains it; NONE if there is none. */
function placesOf(alignments: readonly Alignment[]): (place: number) => number {
  const sorted = alignments.toSorted((a, b) => a.oldStart - b.oldStart || a.newStart - b.newStart);
  return (place) => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle]?.oldStart ?? 0) <= place) low = middle + 1;
      else high = middle;
    }
    let found = NONE;
    let longest = 0;
    for (const { oldStart, newStart, length } of sorted.slice(Math.max(0, low - DEPTH), low)) {
      if (place >= oldStart + length || length <= longest) continue;
      longest = length;
      found = newStart + place - oldStart;
    }
    return found;
  };
}

function offsetOf({ regions }: Image, address: number): number {
  const region = regions.find((each) => address >= each.address && address < each.address + each.size);
  return region === undefined ? NONE : region.offset + address - region.address;
}

function addressOf({ regions }: Image, offset: number): number {
  const region = regions.find((each) => offset >= each.offset && offset < each.offset + each.size);
  return region === undefined ? NONE : region.address + offset - region.offset;
}

/** What a native image of Java (GraalVM) says of its code: an array of bytes among the objects that it begins with (`.svm_heap`). */
import { endsWithPlace, PLACE, recordSize } from '../conversions/code-records.ts';
import { around, type Image, isCode, MOST_REGIONS, type Parts, REGION_KINDS } from './image.ts';

/** Objects begin at multiples of it, and so does what is in an array; before that is a word, its length. */
const GRAIN = 8;
const LENGTH = 4;
/** Bytes of the array, at least; after so many records it is asked whether they may be that. */
const LEAST = 4096;
const LOOKED_AT = 64;
/** Places are new in the order of records: so much behind the last new one, at most, and of so many records one at least has one. */
const NEAR = 64;
const NEW_ONE_IN = 8;

/** With the largest of them as a region. */
export function withCodeRecords(bytes: Buffer, image: Image, heap: Parts['heap']): Image {
  if (heap === undefined) return image;
  const found = largestIn(bytes.subarray(heap.offset, heap.offset + heap.size));
  if (found === undefined || image.regions.length + 2 > MOST_REGIONS) return image;
  const offset = heap.offset + found.start;
  const { size } = found;
  const home = image.regions.find((each) => offset >= each.offset && offset < each.offset + each.size);
  if (home === undefined || isCode(home.kind)) return image;
  const address = home.address + offset - home.offset;
  const others = image.regions.flatMap((each) => around(each, offset, offset + size));
  const regions = [...others, { offset, size, address, kind: REGION_KINDS.codeRecords }];
  return { ...image, regions: regions.sort((a, b) => a.offset - b.offset) };
}

function largestIn(heap: Buffer): { start: number; size: number } | undefined {
  let largest: { start: number; size: number } | undefined;
  for (let start = GRAIN; start + LEAST <= heap.length; start += GRAIN) {
    const size = heap.readUInt32LE(start - LENGTH);
    if (size < LEAST || size > heap.length - start) continue;
    if (!areRecords(heap, start, start + size)) continue;
    if (size > (largest?.size ?? 0)) largest = { start, size };
    start += size - (size % GRAIN);
  }
  return largest;
}

/** Whether records fill all of it, and their places are as said. */
function areRecords(bytes: Buffer, start: number, end: number): boolean {
  let [last, fresh, count] = [0, 0, 0];
  for (let at = start; at < end; count++) {
    if (count % LOOKED_AT === 0 && fresh * NEW_ONE_IN < count) return false;
    const flags = bytes.readUInt8(at);
    at += recordSize(flags);
    if (at > end) return false;
    if (!endsWithPlace(flags)) continue;
    const place = bytes.readUInt32LE(at - PLACE);
    if (place <= last) continue;
    if (place <= last + NEAR) fresh++;
    last = place;
  }
  return fresh * NEW_ONE_IN >= count;
}

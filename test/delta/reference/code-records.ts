/** How records of code are converted, and back: from lib/delta/FORMAT.md. */
import type { Region } from './image.ts';

/** A field of so many bytes, of which the first ones are converted. */
interface Place {
  at: number;
  size: number;
  low: number;
}

/** In place, all that is said of such a region is done, or undone. */
export function convertRecords(made: Uint8Array, { offset, size }: Region, isBack: boolean): void {
  const last = new Map<string, number>();
  for (let at = offset; at < offset + size; ) {
    // What tells of a record is not converted.
    const { end, places } = readRecord(made, at);
    if (end > offset + size) break;
    for (const place of places) convertPlace(made, place, last, isBack);
    at = end;
  }
}

function readRecord(file: Uint8Array, start: number): { end: number; places: Place[] } {
  const first = file[start] as number;
  const sizes = [first, first >> 2].map((bits) => [0, 1, 2, 4][bits % 4] as number);
  const map = [0, 0, 2, 4][(first >> 4) % 4] as number;
  const at = start + 2 + (sizes[0] as number) + (sizes[1] as number);
  const places: Place[] = [];
  if (map > 0) places.push({ at, size: map, low: 1 });
  if (first < 64) return { end: at + map, places };
  places.push({ at: at + map, size: 4, low: 2 });
  return { end: at + map + 4, places };
}

function convertPlace(
  file: Uint8Array,
  { at, size, low }: Place,
  last: Map<string, number>,
  isBack: boolean,
): void {
  const value = Buffer.from(file.buffer, file.byteOffset + at, size).readUIntLE(0, size);
  const modulus = 256 ** low;
  const key = `${low} ${Math.floor(value / modulus) % 65536}`;
  const before = last.get(key) ?? 0;
  const lower = (value + (isBack ? before : modulus - before)) % modulus;
  last.set(key, (isBack ? lower : value) % modulus);
  Buffer.from(file.buffer, file.byteOffset + at, low).writeUIntLE(lower, 0, low);
}

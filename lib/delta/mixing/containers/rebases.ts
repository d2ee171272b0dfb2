/** Where a Mach-O file has pointers, as opcodes (mach-o/loader.h): a segment and an offset in it, and how many pointers there are from there on. */
import { type FunctionRecord, type FunctionTable, type Image, type Part, REGION_KINDS } from './image.ts';

/** LC_DYLD_INFO: after the command where the opcodes are. */
const [OFFSET, SIZE] = [8, 12];
/** Opcodes: a segment and an offset; what has as many numbers behind it. */
const PLACE = 2;
const NUMBERS: Readonly<Record<number, number>> = { [PLACE]: 1, 3: 1, 6: 1, 7: 1, 8: 2 };
/** In so few bytes it does not pay. */
const LEAST = 256;

interface Place {
  at: number;
  segment: number;
  offset: number;
}

function* placesIn(bytes: Buffer, start: number, end: number): Generator<Place> {
  for (let at = start; at < end; ) {
    const [place, opcode] = [at, bytes.readUInt8(at)];
    at++;
    for (let left = NUMBERS[opcode >> 4] ?? 0; left > 0; left--) {
      let value = 0;
      for (let scale = 1; at < end; scale *= 128) {
        const byte = bytes.readUInt8(at++);
        value += (byte & 127) * scale;
        if (byte < 128) break;
      }
      if (opcode >> 4 === PLACE) yield { at: place, segment: opcode & 15, offset: value };
    }
  }
}

/** The opcodes, with the first segment of an even number that has any, and the first of an odd one; the command is at `at`. */
export function rebasesOf(bytes: Buffer, at: number, moved: bigint, segments: readonly bigint[]): Part[] {
  const [offset, size] = [bytes.readUInt32LE(at + OFFSET), bytes.readUInt32LE(at + SIZE)];
  if (size < LEAST || offset + size > bytes.length) return [];
  const used = new Set([...placesIn(bytes, offset, offset + size)].map(({ segment }) => segment));
  const known = [...used].sort((a, b) => a - b);
  const first = (odd: number) => segments[known.find((number) => number % 2 === odd) ?? -1] ?? 0n;
  const kind = REGION_KINDS.rebases;
  return [{ offset, size, address: moved + BigInt(offset), kind, bases: [first(0), first(1)] }];
}

/** Each as a table of functions: a record is for the place that it names. */
export function rebaseTables(bytes: Buffer, { regions }: Pick<Image, 'regions'>): FunctionTable[] {
  return regions
    .filter(({ kind }) => kind === REGION_KINDS.rebases)
    .map(({ offset, size, bases = [0, 0] }) => {
      const records: FunctionRecord[] = [];
      for (const place of placesIn(bytes, offset, offset + size)) {
        const last = records.at(-1);
        if (last !== undefined) last.size = place.at - last.offset;
        const base = bases[place.segment % 2] ?? 0;
        records.push({ address: base + place.offset, offset: place.at, size: offset + size - place.at });
      }
      const first = records[0]?.offset ?? offset;
      return { offset: first, size: records.length === 0 ? 0 : offset + size - first, records };
    });
}

/**
 * The table of functions of a Go program (`runtime.pclntab`, as since Go 1.20; src/runtime/symtab.go), found by what it begins
 * with in whatever container, and by the module data (`runtime.firstmoduledata`) that refers to it. Bytes that resemble one are
 * none unless every record is where it can be.
 */
import { around, type FunctionTable, type Image, MOST_REGIONS, REGION_KINDS, type Region } from './image.ts';

const MAGIC = 0xfffffff1;
/** Bytes of what is known of a function before what it has a variable number of. */
const RECORD = 44;
const MOST_VALUES = 64;
const ENTRY = 8;
/** Words of the module data: code, data of functions. */
const [CODE, DATA] = [22, 40];

interface Table {
  offset: number;
  size: number;
  pointer: 4 | 8;
  big: boolean;
  /** Where in it names, units, files, values and functions begin. */
  starts: number[];
  functions: number;
}

/** With the table as a region, and its records as tables of functions. */
export function withGo(bytes: Buffer, image: Image): Image {
  for (const big of [false, true]) {
    const magic = Buffer.alloc(4);
    if (big) magic.writeUInt32BE(MAGIC);
    else magic.writeUInt32LE(MAGIC);
    for (let at = bytes.indexOf(magic); at >= 0; at = bytes.indexOf(magic, at + 1)) {
      const home = image.regions.find(({ offset, size }) => at >= offset && at < offset + size);
      const table = home === undefined ? null : read(bytes, at, endOf(image, home), big);
      if (home === undefined || table === null) continue;
      const address = home.address + at - home.offset;
      const bases = basesOf(bytes, table, address, image.base);
      const tables = bases === null ? [] : recordsOf(bytes, table, bases[0] ?? 0);
      if (bases === null || image.regions.length + 2 > MOST_REGIONS) continue;
      const parts = image.regions.flatMap((region) => around(region, at, at + table.size));
      const regions = [...parts, { offset: at, size: table.size, address, kind: REGION_KINDS.go }];
      regions.sort((a, b) => a.offset - b.offset);
      return { ...image, regions, tables: [...image.tables, ...tables], goBases: bases };
    }
  }
  return image;
}

/** Where what is loaded with the region ends: text in the table is a region of its own. */
function endOf({ regions }: Image, home: Region): number {
  let end = home.offset;
  for (const { offset, size, address } of regions) {
    if (offset === end && address - offset === home.address - home.offset) end += size;
  }
  return end;
}

function wordAt(bytes: Buffer, big: boolean): (at: number) => number {
  return (at) => (big ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at));
}

/** The table that begins at `offset`, within `limit`; null if none does. */
function read(bytes: Buffer, offset: number, limit: number, big: boolean): Table | null {
  const pointer = bytes[offset + 7];
  if (limit - offset < 128 || (pointer !== 4 && pointer !== 8)) return null;
  if (bytes[offset + 4] !== 0 || bytes[offset + 5] !== 0) return null;
  const word = wordAt(bytes, big);
  const low = (index: number) => word(offset + 8 + pointer * index + (big ? pointer - 4 : 0));
  const [functions, starts] = [low(0), [3, 4, 5, 6, 7].map(low)];
  const first = starts.at(-1) ?? 0;
  const room = limit - offset - first;
  if (functions === 0 || first > limit - offset || functions * ENTRY + 4 > room) return null;
  if (starts.some((start, index) => start < (starts[index - 1] ?? 0))) return null;
  let size = 0;
  for (let i = 0, last = -1; i < functions; i++) {
    const entry = offset + first + ENTRY * i;
    const record = word(entry + 4);
    if (record <= last || record > room - RECORD || word(offset + first + record) !== word(entry))
      return null;
    last = record;
    size = record + sizeOfRecord(bytes, offset + first + record, word);
  }
  return size > room ? null : { offset, size: first + size, pointer, big, starts, functions };
}

function sizeOfRecord(bytes: Buffer, at: number, word: (at: number) => number): number {
  const values = word(at + 28);
  return RECORD + (values > MOST_VALUES ? 0 : 4 * (values + (bytes[at + 43] ?? 0)));
}

/** In the order of FORMAT.md, as addresses relative to the base of the image. */
function basesOf(bytes: Buffer, table: Table, address: number, base: bigint): number[] | null {
  const { pointer, big, starts } = table;
  const low = Number((base + BigInt(address)) & 0xffffffffn);
  const wanted = Buffer.alloc(4);
  if (big) wanted.writeUInt32BE(low);
  else wanted.writeUInt32LE(low);
  const skipped = big ? pointer - 4 : 0;
  const word = wordAt(bytes, big);
  for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + 1)) {
    const module = at - skipped;
    if (module < 0 || module + pointer * (DATA + 1) > bytes.length) continue;
    const field = (index: number) =>
      (word(module + pointer * index + skipped) - Number(base & 0xffffffffn)) >>> 0;
    if (field(1) !== address + (starts[0] ?? 0) || field(4) !== address + (starts[1] ?? 0)) continue;
    return [field(CODE), ...starts.map((start) => address + start), field(DATA)];
  }
  return null;
}

function recordsOf(
  bytes: Buffer,
  { offset, size, starts, functions, big }: Table,
  code: number,
): FunctionTable[] {
  const word = wordAt(bytes, big);
  const first = offset + (starts.at(-1) ?? 0);
  const entries: FunctionTable['records'] = [];
  const details: FunctionTable['records'] = [];
  for (let i = 0; i < functions; i++) {
    const entry = first + ENTRY * i;
    const record = first + word(entry + 4);
    const address = code + word(entry);
    entries.push({ address, offset: entry, size: ENTRY });
    details.push({ address, offset: record, size: sizeOfRecord(bytes, record, word) });
  }
  const end = first + ENTRY * functions + 4;
  return [
    { offset: first, size: ENTRY * functions, records: entries },
    { offset: end, size: offset + size - end, records: details },
  ];
}

/** The files that Bun packs into an executable: their table, and what JavaScriptCore has compiled of them. */
import {
  around,
  type FunctionTable,
  type Image,
  MOST_REGIONS,
  REGION_KINDS,
  type Records,
  type Region,
} from './image.ts';

/** What ends the files that Bun packs into an executable; before it are two words each of offset and length, and more. */
const BUN_TRAILER = '\n---- Bun! ----\n';
const BUN_OFFSETS = 32;
/** Bytes that the table has for a file, and in them where its bytecode is, and how long that is. */
const FILE = 52;
const BYTECODE = 24;
const WORD = 4;
/** Bytes of bytecode for each string, at least. */
const FOR_EACH = 16;
/** Strings that each file has for itself have no addresses: these are far from all, and not the same in both files, as what has not moved is not told from what is unknown. */
const STRINGS = 0x80000000;
const APART = 0x200000;

/** The pool of strings of several files begins at a multiple of it. */
const ALIGNED = 128;
/** Of a string: its length and a digest, and that it has one byte for a character. */
const HEAD = 8;
const [IS_SHORT, LENGTH] = [0x80000000, 0xffffff];

/** What begins the graph of modules, less than ALIGNED bytes behind the names: its magic and version. How many records each table has, and where it begins, as words. */
const GRAPH = Buffer.from('PLMG\x02\0\0\0', 'latin1');
const [COUNTS, PLACES] = [3, 8];
/** What a field is: the number of a name, of a module, of the first record of another table. Their bases, as they have no addresses. */
const [NAME, MODULE, FIRST] = [1, 2, 3];
const NUMBERS = [0xa0000000, 0xa8000000, 0xb0000000];
/** Its tables: bytes of a record, what is in a field of 4 bytes by its place, and the place of what records for the same have in common. */
const TABLES: readonly { record: number; fields: Readonly<Record<number, number>>; key?: number }[] = [
  { record: 40, fields: { 0: NAME, 8: FIRST, 16: FIRST, 24: FIRST } },
  { record: 16, fields: { 0: NAME, 4: MODULE }, key: 0 },
  { record: 24, fields: { 0: NAME, 4: NAME, 16: MODULE, 20: NAME }, key: 12 },
  { record: 24, fields: { 0: NAME, 4: NAME, 16: MODULE, 20: NAME }, key: 12 },
];

/** What is added to an image; addresses are offsets. */
interface Found {
  regions: Region[];
  tables: FunctionTable[];
  sequences: Records[];
}

/** With the table of the files that Bun packs into an executable, whose offsets begin where the files do, and their bytecode. */
export function withModules(bytes: Buffer, image: Image, isFresh: boolean): Image {
  const end = bytes.lastIndexOf(BUN_TRAILER) - BUN_OFFSETS;
  if (end < 0) return image;
  const origin = end - Number(bytes.readBigUInt64LE(end));
  const offset = origin + bytes.readUInt32LE(end + 8);
  const size = bytes.readUInt32LE(end + 12);
  if (origin < 0 || size === 0 || offset + size > end) return image;
  const home = image.regions.find((each) => origin >= each.offset && origin < each.offset + each.size);
  const distance = home === undefined ? 0 : home.address - home.offset;
  const table: Region = { offset, size, address: origin + distance, kind: REGION_KINDS.offsets };
  const found = bytecodeIn(bytes, { origin, offset, size }, distance, isFresh);
  let { regions } = image;
  // Without headers nothing has an address yet.
  if (regions.length === 0)
    regions = [{ offset: origin, size: offset - origin, address: origin, kind: REGION_KINDS.data }];
  for (const region of [table, ...found.regions]) {
    if (regions.length + 2 > MOST_REGIONS) return image;
    const parts = regions.flatMap((each) => around(each, region.offset, region.offset + region.size));
    regions = [...parts, region];
  }
  const bases = NUMBERS.map((base) => base + (isFresh ? APART : 0));
  return {
    ...image,
    regions: regions.sort((a, b) => a.offset - b.offset),
    tables: [...image.tables, ...found.tables].sort((a, b) => a.offset - b.offset),
    sequences: found.sequences,
    ...(found.regions.some(({ kind }) => kind === REGION_KINDS.rows)
      ? { goBases: [...bases, 0, 0, 0, 0] }
      : {}),
  };
}

interface Modules {
  /** Where the files begin, and their table. */
  origin: number;
  offset: number;
  size: number;
}

/** From where the first bytecode begins to where the last one ends, and what several files have in common, before it. `distance`: from an offset to its address. */
function bytecodeIn(
  bytes: Buffer,
  { origin, offset, size }: Modules,
  distance: number,
  isFresh: boolean,
): Found {
  const found: Found = { regions: [], tables: [], sequences: [] };
  let [start, end] = [Number.POSITIVE_INFINITY, 0];
  for (let at = offset + BYTECODE; at + 8 <= offset + size; at += FILE) {
    const [place, length] = [bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)];
    if (length === 0) continue;
    start = Math.min(start, origin + place);
    end = Math.max(end, origin + place + length);
  }
  if (start >= end || end > offset) return found;
  const add = (place: number, length: number, kind: Region['kind'], bases: readonly [number, number]) =>
    found.regions.push({ offset: place, size: length, address: place + distance, kind, bases });
  const pool = poolIn(bytes, origin, start);
  if (pool === undefined) {
    const strings = WORD * Math.floor((end - start) / FOR_EACH);
    add(start, end - start, REGION_KINDS.bytecode, [STRINGS + (isFresh ? APART : 0), strings]);
    return found;
  }
  const { at, count, names } = pool;
  const address = at + distance;
  const bases = [address + 2, WORD * count] as const;
  add(at + WORD, WORD * count, REGION_KINDS.pairs, [address, address]);
  const records = Array.from({ length: count }, (_, index) => {
    const place = at + WORD + WORD * index;
    return { address: address + bytes.readUInt32LE(place), offset: place, size: WORD };
  });
  found.tables.push({ offset: at + WORD, size: WORD * count, records });
  add(names.offset, names.size, REGION_KINDS.bytecode, bases);
  for (const { place, count: rows, layout, ...table } of graphIn(bytes, names.offset + names.size, start)) {
    const { record, key } = table;
    add(place, record * rows, REGION_KINDS.rows, layout);
    if (key !== undefined) found.sequences.push({ offset: place, record, count: rows, key });
  }
  add(start, end - start, REGION_KINDS.bytecode, bases);
  return found;
}

/** The strings of several files (how many, where each is, and they), and the names among them (how many, and which). */
function poolIn(bytes: Buffer, origin: number, limit: number) {
  for (let at = origin + (-origin & (ALIGNED - 1)); at + WORD <= limit; at += ALIGNED) {
    const count = bytes.readUInt32LE(at);
    if (count === 0) continue;
    const first = WORD + WORD * count;
    if (at + first > limit) return undefined;
    let [least, last] = [Number.POSITIVE_INFINITY, 0];
    for (let place = at + WORD; place < at + first; place += WORD) {
      const string = bytes.readUInt32LE(place);
      least = Math.min(least, string);
      last = Math.max(last, string);
    }
    if (least !== first || at + last + HEAD > limit) return undefined;
    const head = bytes.readUInt32LE(at + last);
    const length = (head & LENGTH) * (head >= IS_SHORT ? 1 : 2);
    const names = at + last + HEAD + length + (-length & 3);
    if (names + WORD > limit) return undefined;
    const size = WORD * bytes.readUInt32LE(names);
    if (size === 0 || names + WORD + size > limit) return undefined;
    return { at, count, names: { offset: names + WORD, size } };
  }
  return undefined;
}

/** The tables of the graph of modules: where they are, how many records they have, and their layout as FORMAT.md has it. */
function graphIn(bytes: Buffer, start: number, limit: number) {
  const at = start + bytes.subarray(start, start + ALIGNED).indexOf(GRAPH);
  if (at < start) return [];
  return TABLES.map(({ record, fields, key }, index) => {
    let [wide, layout] = [0, 0];
    for (const [into, form] of Object.entries(fields)) {
      wide |= 1 << (Number(into) >> 1);
      layout |= form << Number(into);
    }
    return {
      place: at + bytes.readUInt32LE(at + WORD * (PLACES + index)),
      count: bytes.readUInt32LE(at + WORD * (COUNTS + index)),
      layout: [(record | (wide << 16)) >>> 0, layout >>> 0] as const,
      record,
      key,
    };
  }).filter(({ place, record, count }) => count > 0 && place + record * count <= limit);
}

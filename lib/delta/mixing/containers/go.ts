/**
 * The table of functions of a Go program (`runtime.pclntab`, as since Go 1.20; src/runtime/symtab.go), found by what it begins
 * with in whatever container, and by the module data (`runtime.firstmoduledata`) that refers to it. Bytes that resemble one are
 * none unless every record is where it can be.
 */
import {
  around,
  type FunctionTable,
  type Image,
  isCode,
  isData,
  MOST_REGIONS,
  REGION_KINDS,
  type Region,
} from './image.ts';

const MAGIC = 0xfffffff1;
/** Bytes of what is known of a function before what it has a variable number of. */
const RECORD = 44;
const MOST_VALUES = 64;
const ENTRY = 8;
/** Words of the module data: code, where it ends, where types begin and end, data of functions. */
const [CODE, CODE_END, TYPES, TYPES_END, DATA] = [22, 23, 37, 38, 40];
/** Where the list of types may be: before Go 1.26, and since. How many it has is in the next word, and again in the one after that. */
const LISTS = [44, 45];
const WORDS = 48;

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
      const module = moduleOf(bytes, table, address, image.base);
      if (module === null) continue;
      const [code = 0] = module.bases;
      const parts = image.regions
        .flatMap((region) => splitCode(region, home, module.codeEnd, table))
        .flatMap((region) => around(region, at, at + table.size))
        .flatMap((region) => (isData(region.kind) ? typesIn(region, module, code) : [region]));
      const regions = [...parts, { offset: at, size: table.size, address, kind: REGION_KINDS.go }];
      if (regions.length > MOST_REGIONS) continue;
      regions.sort((a, b) => a.offset - b.offset);
      const tables = [
        ...image.tables,
        ...recordsOf(bytes, table, code),
        ...listOf(bytes, regions, module, table.big),
      ];
      return { ...image, regions, tables, goBases: module.bases };
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

/** If code and the table are in one region, what follows the code as a region of data. */
function splitCode(region: Region, home: Region, codeEnd: number, { pointer, big }: Table): Region[] {
  const { offset, size, address } = region;
  const code = codeEnd - address;
  if (region !== home || !isCode(region.kind) || code <= 0 || code >= size) return [region];
  const { words, wordsBig, pointers, pointersBig } = REGION_KINDS;
  const [short, wide] = big ? [wordsBig, pointersBig] : [words, pointers];
  const kind = pointer === 4 ? short : wide;
  return [
    { ...region, size: code },
    { offset: offset + code, size: size - code, address: codeEnd, kind },
  ];
}

interface Module {
  codeEnd: number;
  /** In the order of FORMAT.md. */
  bases: number[];
  /** Where types begin and end, and the list of those that nothing refers to. */
  types: [number, number];
  list: [number, number];
}

/** What of a region is types, or the list of them, as regions of their own. */
function typesIn(region: Region, { types, list }: Module, code: number): Region[] {
  const parts: Region[] = [];
  let left = [region];
  for (const [[start, end], kind, bases] of [
    [types, REGION_KINDS.goTypes, [types[0], code]] as const,
    [list, REGION_KINDS.pairs, [types[0], types[0]]] as const,
  ]) {
    const address = Math.max(start, region.address);
    const size = Math.min(end, region.address + region.size) - address;
    if (size <= 0) continue;
    const offset = region.offset + address - region.address;
    parts.push({ offset, size, address, kind, bases });
    left = left.flatMap((each) => around(each, offset, offset + size));
  }
  return [...left, ...parts];
}

/** The list of types as a table of functions: each entry is for what it refers to. */
function listOf(
  bytes: Buffer,
  regions: readonly Region[],
  { types, list }: Module,
  big: boolean,
): FunctionTable[] {
  const region = regions.find(({ kind, address }) => kind === REGION_KINDS.pairs && address === list[0]);
  if (region === undefined) return [];
  const word = wordAt(bytes, big);
  const records = Array.from({ length: Math.floor(region.size / 4) }, (_, index) => {
    const offset = region.offset + 4 * index;
    return { address: types[0] + word(offset), offset, size: 4 };
  });
  return [{ offset: region.offset, size: 4 * records.length, records }];
}

/** As addresses relative to the base of the image. */
function moduleOf(bytes: Buffer, table: Table, address: number, base: bigint): Module | null {
  const { pointer, big, starts } = table;
  const low = Number((base + BigInt(address)) & 0xffffffffn);
  const wanted = Buffer.alloc(4);
  if (big) wanted.writeUInt32BE(low);
  else wanted.writeUInt32LE(low);
  const skipped = big ? pointer - 4 : 0;
  const word = wordAt(bytes, big);
  for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + 1)) {
    const module = at - skipped;
    if (module < 0 || module + pointer * WORDS > bytes.length) continue;
    const field = (index: number) =>
      (word(module + pointer * index + skipped) - Number(base & 0xffffffffn)) >>> 0;
    if (field(1) !== address + (starts[0] ?? 0) || field(4) !== address + (starts[1] ?? 0)) continue;
    const number = (index: number) => word(module + pointer * index + skipped);
    const list = LISTS.find((index) => number(index + 1) > 0 && number(index + 1) === number(index + 2));
    const listed = list === undefined ? 0 : field(list);
    return {
      codeEnd: field(CODE_END),
      bases: [field(CODE), ...starts.map((start) => address + start), field(DATA)],
      types: [field(TYPES), field(TYPES_END)],
      list: [listed, list === undefined ? 0 : listed + 4 * number(list + 1)],
    };
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

/**
 * .NET assemblies (ECMA-335) within another file, as in an application that is one file: any number of them in one region. The decoder finds them, and
 * their tables, in the old file. What is in the tables and in instructions are numbers of rows and places in heaps: both are relative to where the
 * table, or the heap, begins.
 */
import { take } from '../../../memory';
import { State } from '../../state';
import { note, noteRows } from '../found';
import { GO_FIELD, OFFSET } from '../kinds';
import { addressOf } from '../regions';
import { mapped, mappedLeft } from '../steps';
import { findTokens } from './managed';

/** Assemblies, and parts of them, that are told of, at most. */
const MOST_ASSEMBLIES: u32 = 4096;
const MOST_PARTS: u32 = 1 << 16;
/** Headers that are looked at, at most. */
const MOST_HEADERS: u32 = 1 << 16;
/** Bytes of a table that is told of, at least. */
const LEAST: u32 = 64;

/** Of an assembly, in words: where it begins, its heaps, by how much addresses are ahead, which columns are wide (three words); where each table begins, and bytes of a row. */
const ASSEMBLY: usize = 32 + 8 * 45;
/** Of a part: start, end, number of the assembly, bytes of a row (0 of instructions), and where its columns are told. */
const PART: usize = 20;
let assemblies: usize = 0;
let assemblyCount: u32 = 0;
let parts: usize = 0;
let partCount: u32 = 0;
/** The part that was asked for last. */
let recent: u32 = 0;
export let hasAssemblies: bool = false;

/** Columns: the number of a table; one of several, + the index of its tables; numbers of two and of four bytes; strings, identifiers, blobs, addresses. */
const CODED: u32 = 0x40;
const TWO: u32 = 0x80;
const STRING: u32 = 0x82;
const IDENTIFIER: u32 = 0x83;
const BLOB: u32 = 0x84;
const ADDRESS: u32 = 0x85;
const LAST: u32 = 0xff;
/** Tables that have columns, and their columns one after the other. */
const TABLES: u32 = 45;
// biome-ignore format: a table a line
const COLUMNS = memory.data<u8>([
  0x80, 0x82, 0x83, 0x83, 0x83, 0xff,
  0x4b, 0x82, 0x82, 0xff,
  0x81, 0x82, 0x82, 0x40, 0x04, 0x06, 0xff,
  0x04, 0xff,
  0x80, 0x82, 0x84, 0xff,
  0x06, 0xff,
  0x85, 0x80, 0x80, 0x82, 0x84, 0x08, 0xff,
  0x08, 0xff,
  0x80, 0x80, 0x82, 0xff,
  0x02, 0x40, 0xff,
  0x45, 0x82, 0x84, 0xff,
  0x80, 0x41, 0x84, 0xff,
  0x42, 0x4a, 0x84, 0xff,
  0x43, 0x84, 0xff,
  0x80, 0x44, 0x84, 0xff,
  0x80, 0x81, 0x02, 0xff,
  0x81, 0x04, 0xff,
  0x84, 0xff,
  0x02, 0x14, 0xff,
  0x14, 0xff,
  0x80, 0x82, 0x40, 0xff,
  0x02, 0x17, 0xff,
  0x17, 0xff,
  0x80, 0x82, 0x84, 0xff,
  0x80, 0x06, 0x46, 0xff,
  0x02, 0x47, 0x47, 0xff,
  0x82, 0xff,
  0x84, 0xff,
  0x80, 0x48, 0x82, 0x1a, 0xff,
  0x85, 0x04, 0xff,
  0x81, 0x81, 0xff,
  0x81, 0xff,
  0x81, 0x80, 0x80, 0x80, 0x80, 0x81, 0x84, 0x82, 0x82, 0xff,
  0x81, 0xff,
  0x81, 0x81, 0x81, 0xff,
  0x80, 0x80, 0x80, 0x80, 0x81, 0x84, 0x82, 0x82, 0x84, 0xff,
  0x81, 0x23, 0xff,
  0x81, 0x81, 0x81, 0x23, 0xff,
  0x81, 0x82, 0x84, 0xff,
  0x81, 0x81, 0x82, 0x82, 0x49, 0xff,
  0x81, 0x81, 0x82, 0x49, 0xff,
  0x02, 0x02, 0xff,
  0x80, 0x80, 0x4c, 0x82, 0xff,
  0x47, 0x84, 0xff,
  0x2a, 0x40, 0xff,
]);
/** Of each kind of number of one of several tables: the bits that tell which, and these tables; LAST ends it. */
const KINDS: u32 = 13;
// biome-ignore format: a kind a line
const SEVERAL = memory.data<u8>([
  2, 2, 1, 27, 0xff,
  2, 4, 8, 23, 0xff,
  5, 6, 4, 1, 2, 8, 9, 10, 0, 14, 23, 20, 17, 26, 27, 32, 35, 38, 39, 40, 42, 44, 43, 0xff,
  1, 4, 8, 0xff,
  2, 2, 6, 32, 0xff,
  3, 2, 1, 26, 6, 27, 0xff,
  1, 20, 23, 0xff,
  1, 6, 10, 0xff,
  1, 4, 6, 0xff,
  2, 38, 35, 39, 0xff,
  3, 45, 45, 6, 10, 0xff,
  2, 0, 26, 35, 1, 0xff,
  1, 2, 6, 0xff,
]);
/** The bit for columns of heaps, less 2 for strings. */
const HEAPS: u32 = 78;
/** The table of methods. */
const METHODS: u32 = 6;
const SIGNATURE: u32 = 0x424a5342;
/** Bytes of the longer header of a method, which ends with a token. */
const HEADER: u32 = 12;
/** Of heaps: which have offsets of four bytes; an extra word. */
const WIDE_STRINGS: u32 = 1;
const WIDE_IDENTIFIERS: u32 = 2;
const WIDE_BLOBS: u32 = 4;
const EXTRA: u32 = 64;
/** Highest byte of a token that is an offset of a string. */
const USER_STRING: u32 = 0x70;

const ROW: u32 = 49;
const ROW_ADDRESS: u32 = 50;

/** Of the assembly that is looked through: where it begins and ends, and how many rows each table has. */
let start: u32 = 0;
let end: u32 = 0;
let counts: usize = 0;
let headers: u32 = 0;

/** False if memory ran out. */
function open(): bool {
  if (parts !== 0) return true;
  assemblies = take(<usize>MOST_ASSEMBLIES * ASSEMBLY);
  counts = take(64 * 4);
  parts = take(<usize>MOST_PARTS * PART);
  return parts !== 0;
}

/** What is not in the assembly is 0. */
function byte(at: u64): u32 {
  return at < <u64>end ? load<u8>(State.old + <u32>at) : 0;
}

function half(at: u64): u32 {
  return byte(at) | (byte(at + 1) << 8);
}

function word(at: u64): u32 {
  return at + 4 <= <u64>end ? load<u32>(State.old + <u32>at) : 0;
}

/** False if memory ran out. */
export function scanAssemblies(from: u32, size: u32): bool {
  if (!open()) return false;
  const last = from + size;
  for (let at = (from + 3) & ~3; at < last && last - at >= 128; ) {
    if (load<u16>(State.old + at) !== 0x5a4d) {
      at += 4;
      continue;
    }
    end = last;
    at += max(4, (scanAssembly(at) + 3) & ~3);
  }
  hasAssemblies = partCount > 0;
  return true;
}

/** Bytes of the assembly that begins there; 0 if none does. */
function scanAssembly(at: u32): u32 {
  start = at;
  const header = <u64>at + <u64>word(at + 60);
  const sections = header + 24 + <u64>half(header + 20);
  const count = half(header + 6);
  if (word(header) !== 0x4550 || count > 96 || headers === MOST_HEADERS) return 0;
  headers++;
  let length: u64 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const section = sections + 40 * <u64>i;
    length = max(length, <u64>word(section + 16) + <u64>word(section + 20));
  }
  if (length > <u64>(end - at)) return 0;
  end = at + <u32>length;
  const directory = header + (half(header + 24) === 0x20b ? 248 : 232);
  const about = placeOf(word(directory), sections, count);
  const metadata = placeOf(word(about + 8), sections, count);
  if (about === <u64>at || metadata === <u64>at || word(metadata) !== SIGNATURE) return 0;
  mapped(at);
  if (mappedLeft < <u32>length && assemblyCount < MOST_ASSEMBLIES) scanMetadata(metadata, ahead);
  return <u32>length;
}

/** By how much addresses of the section that was looked up last are ahead of places. */
let ahead: u32 = 0;

/** Where an address of the assembly is; its start if it is nowhere. */
function placeOf(address: u32, sections: u64, count: u32): u64 {
  for (let i: u32 = 0; i < count; i++) {
    const section = sections + 40 * <u64>i;
    const into = address - word(section + 12);
    if (into >= word(section + 16)) continue;
    ahead = word(section + 12) - word(section + 20);
    return <u64>start + <u64>word(section + 20) + <u64>into;
  }
  return <u64>start;
}

function hasZero(word: u32): bool {
  return ((word - 0x01010101) & ~word & 0x80808080) !== 0;
}

function scanMetadata(metadata: u64, ahead: u32): void {
  const assembly = assemblies + <usize>assemblyCount * ASSEMBLY;
  memory.fill(assembly, 0, ASSEMBLY);
  store<u32>(assembly, start);
  store<u32>(assembly, ahead, 16);
  let rows: u64 = 0;
  let at = metadata + 16 + <u64>word(metadata + 12);
  const streams = min<u32>(half(at + 2), 16);
  at += 4;
  for (let i: u32 = 0; i < streams; i++) {
    const place = metadata + <u64>word(at);
    const name = word(at + 8);
    if (place < <u64>end) {
      if (name === 0x7e23) rows = place;
      else if (name === 0x72745323) store<u32>(assembly, <u32>place, 4);
      else if (name === 0x6f6c4223) store<u32>(assembly, <u32>place, 8);
      else if (name === 0x535523) store<u32>(assembly, <u32>place, 12);
    }
    at += 8;
    let words: u32 = 0;
    while (words < 8 && !hasZero(word(at))) {
      at += 4;
      words++;
    }
    at += 4;
  }
  if (rows === 0) return;
  assemblyCount++;
  scanTables(assembly, rows);
}

function isIn(mask: usize, bit: u32): bool {
  return ((load<u32>(mask + ((bit >> 5) << 2)) >> (bit & 31)) & 1) !== 0;
}

/** The tables of SEVERAL that are of the kind: the first is the number of bits. */
function several(kind: u32): usize {
  let place = SEVERAL;
  for (; kind > 0; kind--) {
    while (load<u8>(place) !== LAST) place++;
    place++;
  }
  return place;
}

function scanTables(assembly: usize, rows: u64): void {
  memory.fill(counts, 0, 64 * 4);
  const heaps = byte(rows + 6);
  let at = rows + 24;
  for (let table: u32 = 0; table < 64; table++) {
    if (((word(rows + 8 + ((table >> 5) << 2)) >> (table & 31)) & 1) === 0) continue;
    const count = word(at);
    store<u32>(counts + ((<usize>table) << 2), count);
    at += 4;
    if (count >> 16 !== 0) setWide(assembly, table);
  }
  if ((heaps & EXTRA) !== 0) at += 4;
  for (let kind: u32 = 0; kind < KINDS; kind++) {
    const tables = several(kind);
    const limit = (<u32>1) << (16 - load<u8>(tables));
    for (let place = tables + 1; load<u8>(place) !== LAST; place++)
      if (load<u32>(counts + ((<usize>load<u8>(place)) << 2)) >= limit) setWide(assembly, CODED + kind);
  }
  if ((heaps & WIDE_STRINGS) !== 0) setWide(assembly, STRING - TWO + HEAPS);
  if ((heaps & WIDE_IDENTIFIERS) !== 0) setWide(assembly, IDENTIFIER - TWO + HEAPS);
  if ((heaps & WIDE_BLOBS) !== 0) setWide(assembly, BLOB - TWO + HEAPS);
  // The instructions precede the tables, and are known by one of them.
  const first = <u32>at;
  const code = partCount;
  if (!addPart(assembly, start, start, 0, 0)) return;
  let columns = COLUMNS;
  for (let table: u32 = 0; table < TABLES; table++) {
    const layout = columns;
    let size: u32 = 0;
    for (; load<u8>(columns) !== LAST; columns++) size += widthOf(assembly, load<u8>(columns));
    columns++;
    const place = tableOf(assembly, table);
    store<u32>(place, <u32>at);
    store<u32>(place, size, 4);
    const count = load<u32>(counts + ((<usize>table) << 2));
    const next = at + <u64>size * <u64>count;
    if (next > <u64>end) return;
    if (count > 0 && <u32>(next - at) >= LEAST) {
      if (!addPart(assembly, <u32>at, <u32>next, size, layout)) return;
      noteRows(<u32>at, <u32>(next - at));
    }
    if (table === METHODS) scanMethods(assembly, code, first, <u32>at, size, count);
    at = next;
  }
}

/** The methods, of which each row of `table` begins with the address; `tables` is where the first table is. */
function scanMethods(assembly: usize, code: u32, tables: u32, table: u32, size: u32, count: u32): void {
  let least: u32 = 0xffffffff;
  let last: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const place = methodAt(assembly, table + size * i);
    if (place === 0) continue;
    least = min(least, place);
    last = max(last, place);
  }
  if (last === 0) return;
  const head = byte(last);
  const limit = <u64>last + ((head & 3) === 2 ? 1 + (head >> 2) : HEADER + <u64>word(last + 4));
  if (limit > <u64>tables) return;
  const part = parts + <usize>code * PART;
  store<u32>(part, least);
  store<u32>(part, <u32>limit, 4);
  findTokens(least, <u32>limit - least);
  for (let i: u32 = 0; i < count; i++) {
    const place = methodAt(assembly, table + size * i);
    if (place !== 0 && <u64>place + HEADER <= limit && (byte(place) & 3) === 3 && word(place + 8) !== 0)
      note(place + 8, OFFSET);
  }
}

/** Where the method of a row is; 0 if it is nowhere. */
function methodAt(assembly: usize, row: u32): u32 {
  const address = word(row);
  const place = start + address - load<u32>(assembly, 16);
  return address !== 0 && place > start && place < end && end - place >= HEADER ? place : 0;
}

function tableOf(assembly: usize, table: u32): usize {
  return assembly + 32 + ((<usize>table) << 3);
}

function addPart(assembly: usize, from: u32, to: u32, size: u32, columns: usize): bool {
  if (partCount === MOST_PARTS) return false;
  const part = parts + <usize>partCount * PART;
  partCount++;
  store<u32>(part, from);
  store<u32>(part, to, 4);
  store<u32>(part, <u32>((assembly - assemblies) / ASSEMBLY), 8);
  store<u32>(part, size, 12);
  store<u32>(part, <u32>columns, 16);
  return true;
}

/** Which columns of the assembly have four bytes: a bit each, by the kind of column, of heaps less 32. */
function setWide(assembly: usize, column: u32): void {
  const place = assembly + 20 + ((<usize>column >> 5) << 2);
  store<u32>(place, load<u32>(place) | ((<u32>1) << (column & 31)));
}

function widthOf(assembly: usize, column: u32): u32 {
  if (column === TWO) return 2;
  if (column === TWO + 1 || column === ADDRESS) return 4;
  return isIn(assembly + 20, column < TWO ? column : column - TWO + HEAPS) ? 4 : 2;
}

/** The part that contains the offset of the old file, or 0. */
function partAt(offset: u32): usize {
  if (!hasAssemblies) return 0;
  let part = parts + <usize>recent * PART;
  if (offset >= load<u32>(part) && offset < load<u32>(part, 4)) return part;
  let low: u32 = 0;
  let high = partCount;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<u32>(parts + <usize>middle * PART) <= offset) low = middle + 1;
    else high = middle;
  }
  // One that is empty begins where the assembly does.
  if (low === 0) return 0;
  part = parts + <usize>(low - 1) * PART;
  if (offset >= load<u32>(part, 4)) return 0;
  recent = low - 1;
  return part;
}

/** Whether such a reference at an offset of the old file is a field of an assembly. */
export function isOfAssembly(offset: u32, kind: u32): bool {
  return hasAssemblies && (kind === OFFSET || kind - GO_FIELD < 4) && partAt(offset) !== 0;
}

function assemblyOf(part: usize): usize {
  return assemblies + <usize>load<u32>(part, 8) * ASSEMBLY;
}

/** Of the field that `findColumn` found. */
let column: u32 = 0;
let columnSize: u32 = 0;

/** Whether a field begins at the offset, which is in a table. */
function findColumn(part: usize, offset: u32): bool {
  const assembly = assemblyOf(part);
  let left = (offset - load<u32>(part)) % load<u32>(part, 12);
  for (let columns = <usize>load<u32>(part, 16); load<u8>(columns) !== LAST; columns++) {
    column = load<u8>(columns);
    columnSize = widthOf(assembly, column);
    if (left < columnSize) return left === 0;
    left -= columnSize;
  }
  return false;
}

function fieldAt(offset: u32): u32 {
  return columnSize === 2 ? load<u16>(State.old + offset) : load<u32>(State.old + offset);
}

/** The kind of the field of a table that begins at the offset, or 0. */
export function assemblyFieldAt(offset: u32): u32 {
  const part = partAt(offset);
  if (part === 0 || load<u32>(part, 12) === 0 || !findColumn(part, offset) || fieldAt(offset) === 0) return 0;
  if (column < TWO) return ROW;
  if (column === STRING) return GO_FIELD;
  if (column === BLOB) return GO_FIELD + 1;
  return column === ADDRESS ? ROW_ADDRESS : 0;
}

/** Bytes of it. */
export function assemblyFieldSize(offset: u32): u32 {
  findColumn(partAt(offset), offset);
  return columnSize;
}

/** Of the field that `findOrigin` looked at: bytes of a row, 0 if it is none; bits that tell of which table a number is. */
let rowSize: u32 = 0;
let tagBits: u32 = 0;

/** Where what the field is relative to begins: an offset of the old file. */
function findOrigin(offset: u32, kind: u32): u32 {
  const part = partAt(offset);
  const assembly = assemblyOf(part);
  rowSize = 0;
  tagBits = 0;
  if (kind === GO_FIELD) return load<u32>(assembly, 4);
  if (kind === GO_FIELD + 1) return load<u32>(assembly, 8);
  if (kind === ROW_ADDRESS) return load<u32>(assembly);
  let table: u32 = load<u8>(State.old + offset + 3);
  if (kind === OFFSET) {
    if (table === USER_STRING) return load<u32>(assembly, 12);
  } else {
    findColumn(part, offset);
    table = column;
    if (column >= CODED) {
      let place = several(column - CODED);
      tagBits = load<u8>(place);
      for (let tag = fieldAt(offset) & ((1 << tagBits) - 1); tag > 0 && load<u8>(place + 1) !== LAST; tag--)
        place++;
      table = load<u8>(place + 1);
    }
  }
  if (table >= TABLES) table = 0;
  const entry = tableOf(assembly, table);
  rowSize = max(1, load<u32>(entry, 4));
  return load<u32>(entry);
}

/** Its address. */
export function assemblyOrigin(offset: u32, kind: u32): u32 {
  return addressOf(0, findOrigin(offset, kind));
}

/** How far behind that is what a field for the one at `offset` of the old file refers to. Rows are counted from 1. */
export function assemblyDistance(offset: u32, kind: u32, value: u32): u32 {
  findOrigin(offset, kind);
  if (kind === ROW_ADDRESS) return value - load<u32>(assemblyOf(partAt(offset)), 16);
  if (kind === OFFSET) value &= 0xffffff;
  return rowSize === 0 ? value : rowSize * ((value >> tagBits) - 1);
}

/** The field for what is at a distance. */
export function assemblyField(offset: u32, kind: u32, distance: u32): u32 {
  findOrigin(offset, kind);
  if (kind === ROW_ADDRESS) return distance + load<u32>(assemblyOf(partAt(offset)), 16);
  const value = rowSize === 0 ? distance : distance / rowSize + 1;
  if (kind === OFFSET) return (load<u32>(State.old + offset) & 0xff000000) | (value & 0xffffff);
  const size = assemblyFieldSize(offset);
  const number = (value << tagBits) | (fieldAt(offset) & ((1 << tagBits) - 1));
  return size === 2 ? number & 0xffff : number;
}

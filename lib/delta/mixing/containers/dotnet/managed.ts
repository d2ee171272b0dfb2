/** The parts of a .NET assembly (ECMA-335) in a PE file: instructions, the tables of metadata, and the heaps that these refer to. */

import { around, type Image, MOST_REGIONS, REGION_KINDS, type Region } from '../image.ts';
import { isPe } from '../pe.ts';
import { withAssemblies } from './assemblies.ts';
import { SEVERAL, TABLES } from './metadata.ts';

const SIGNATURE = 0x424a5342;
/** Tables that are looked at, bytes at least. */
const LEAST = 512;
/** Flag of an assembly without code of a machine. */
const ONLY_MANAGED = 1;

/** What tells of a field (FORMAT.md): an offset of a string, of a blob, the number of a row. */
const [STRING, BLOB, ROW] = [1, 2, 3];
/** The base of rows, which have no addresses: far from those, and not the same in both files, as what has not moved is not told from what is unknown. */
const ROWS = 0x40000000;
const APART = 0x200000;
/** Bytes of a record whose fields can be told. */
const RECORD = 32;

interface Columns {
  size: number;
  /** The bases of the region. */
  bases: readonly [number, number];
}

/** With the parts of the assembly as regions, if the file is one. */
export function withManaged(bytes: Buffer, image: Image, isFresh: boolean): Image {
  const root = assemblyOf(bytes);
  if (root === undefined) return image;
  const { metadata, offsetOf, flags } = root;
  if ((flags & ONLY_MANAGED) !== 0)
    return withAssemblies(bytes, { regions: [], base: 0n, span: 0, tables: [], goBases: [] });
  const streams = streamsOf(bytes, metadata);
  const rows = streams.get('#~');
  const [strings, blobs] = [streams.get('#Strings'), streams.get('#Blob')];
  if (rows === undefined || strings === undefined || blobs === undefined) return image;
  const addressAt = (offset: number) => {
    const home = image.regions.find((each) => offset >= each.offset && offset < each.offset + each.size);
    return home === undefined ? undefined : home.address + offset - home.offset;
  };
  const bases = [strings, blobs].map(({ offset }) => addressAt(offset));
  const [first, second] = bases;
  if (first === undefined || second === undefined) return image;
  const parts: Omit<Region, 'address'>[] = [...streams.values()].map((part) => ({
    ...part,
    kind: REGION_KINDS.data,
  }));
  const { tables, code } = tablesOf(bytes, rows, offsetOf);
  const kept = parts.filter(({ offset }) => offset !== rows.offset && offset !== strings.offset);
  kept.push({ ...strings, kind: REGION_KINDS.text }, ...tables);
  if (code !== undefined) kept.push({ ...code, kind: REGION_KINDS.managed });
  let { regions } = image;
  for (const part of kept) {
    const address = addressAt(part.offset);
    if (address === undefined || part.size === 0 || regions.length + 2 > MOST_REGIONS) continue;
    regions = regions.flatMap((each) => around(each, part.offset, part.offset + part.size));
    const apart = isFresh ? APART : 0;
    const own =
      part.kind === REGION_KINDS.managed ? { bases: [address + part.size + apart, 0] as const } : {};
    regions.push({ address, ...own, ...part });
  }
  const goBases = [first, second, ROWS + (isFresh ? APART : 0), 0, 0, 0, 0];
  return { ...image, regions: regions.sort((a, b) => a.offset - b.offset), goBases };
}

interface Stretch {
  offset: number;
  size: number;
}

/** Where the metadata is, in the file. */
function assemblyOf(bytes: Buffer) {
  if (bytes.length < 64 || !isPe(bytes)) return undefined;
  const header = bytes.readUInt32LE(60);
  if (header > bytes.length - 256 || bytes.readUInt32LE(header) !== 0x4550) return undefined;
  const optional = header + 24;
  const directories = optional + (bytes.readUInt16LE(optional) === 0x20b ? 112 : 96);
  if (bytes.readUInt32LE(directories - 4) < 15) return undefined;
  const sections = Array.from({ length: bytes.readUInt16LE(header + 6) }, (_, index) => {
    const at = optional + bytes.readUInt16LE(header + 20) + 40 * index;
    return [12, 16, 20].map((field) => bytes.readUInt32LE(at + field)) as [number, number, number];
  });
  const offsetOf = (address: number) => {
    const home = sections.find(([start, size]) => address >= start && address < start + size);
    return home === undefined ? undefined : address - home[0] + home[2];
  };
  const at = offsetOf(bytes.readUInt32LE(directories + 8 * 14));
  if (at === undefined || at === 0) return undefined;
  const metadata = offsetOf(bytes.readUInt32LE(at + 8));
  if (metadata === undefined || bytes.readUInt32LE(metadata) !== SIGNATURE) return undefined;
  return { metadata, offsetOf, flags: bytes.readUInt32LE(at + 16) };
}

function streamsOf(bytes: Buffer, metadata: number): Map<string, Stretch> {
  const streams = new Map<string, Stretch>();
  let at = metadata + 16 + bytes.readUInt32LE(metadata + 12);
  for (let left = bytes.readUInt16LE(at + 2), next = at + 4; left > 0; left--) {
    at = next;
    const end = bytes.indexOf(0, at + 8);
    const [offset, size] = [metadata + bytes.readUInt32LE(at), bytes.readUInt32LE(at + 4)];
    if (offset + size > bytes.length) return new Map();
    streams.set(bytes.toString('latin1', at + 8, end), { offset, size });
    next = at + 8 + 4 * Math.floor((end - at - 8) / 4 + 1);
  }
  return streams;
}

/** The tables that are large, and where the instructions of all methods are. */
function tablesOf(bytes: Buffer, rows: Stretch, offsetOf: (address: number) => number | undefined) {
  const heaps = bytes.readUInt8(rows.offset + 6);
  const counts = new Map<number, number>();
  let at = rows.offset + 24;
  for (let table = 0; table < 64; table++) {
    if (((bytes.readBigUInt64LE(rows.offset + 8) >> BigInt(table)) & 1n) === 0n) continue;
    counts.set(table, bytes.readUInt32LE(at));
    at += 4;
  }
  if ((heaps & 64) !== 0) at += 4;
  const tables: Omit<Region, 'address'>[] = [];
  let code: Stretch | undefined;
  for (const [table, count] of counts) {
    const columns = columnsOf(table, heaps, counts);
    if (columns === undefined) break;
    const { size: each, bases } = columns;
    const size = each * count;
    if (at + size > rows.offset + rows.size) break;
    if (size >= LEAST) tables.push({ offset: at, size, kind: REGION_KINDS.rows, bases });
    if (table === METHODS) {
      const places = Array.from({ length: count }, (_, index) => bytes.readUInt32LE(at + each * index));
      code = methodsOf(
        bytes,
        places.map((place) => (place === 0 ? undefined : offsetOf(place))),
      );
    }
    at += size;
  }
  return { tables, code };
}

/** Number of the table of methods, of which each row begins with the address of its instructions. */
const METHODS = 6;

function columnsOf(table: number, heaps: number, counts: ReadonlyMap<number, number>): Columns | undefined {
  const all = TABLES[table];
  if (all === undefined) return undefined;
  const most = (tables: readonly number[]) => Math.max(...tables.map((each) => counts.get(each) ?? 0));
  let [size, wide, layout] = [0, 0, 0];
  for (const column of all) {
    const [width, form] = columnOf(column, heaps, most);
    if (size + width <= RECORD) {
      layout |= form << size;
      if (form > 0 && width === 4) wide |= 1 << (size >> 1);
      if (column === 'R') layout |= 1 << (size + 2);
    }
    size += width;
  }
  return { size, bases: [(size | (wide << 16)) >>> 0, layout >>> 0] };
}

/** Bytes of the column, and what tells of it. */
function columnOf(
  column: string,
  heaps: number,
  most: (tables: readonly number[]) => number,
): [width: number, form: number] {
  const width = (isWide: boolean) => (isWide ? 4 : 2);
  if (column === '2' || column === '4') return [Number(column), 0];
  if (column === 'R') return [4, ROW];
  if (column === 'S') return [width((heaps & 1) !== 0), STRING];
  if (column === 'G') return [width((heaps & 2) !== 0), 0];
  if (column === 'B') return [width((heaps & 4) !== 0), BLOB];
  if (column.startsWith('#')) return [width(most([Number.parseInt(column.slice(1), 16)]) >= 2 ** 16), ROW];
  const [bits, tables] = SEVERAL[column] ?? [0, []];
  return [width(most(tables) >= 2 ** (16 - bits)), ROW];
}

/** From where the first begins to where the last one ends. */
function methodsOf(bytes: Buffer, places: readonly (number | undefined)[]): Stretch | undefined {
  const known = places.filter((place) => place !== undefined);
  if (known.length === 0) return undefined;
  const offset = known.reduce((least, place) => Math.min(least, place));
  const last = known.reduce((most, place) => Math.max(most, place));
  const head = bytes.readUInt8(last);
  const size = (head & 3) === 2 ? 1 + (head >> 2) : 12 + bytes.readUInt32LE(last + 4);
  if (last + size > bytes.length) return undefined;
  return { offset, size: last + size - offset };
}

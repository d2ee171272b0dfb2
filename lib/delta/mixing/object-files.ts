/**
 * Objects that are linked no further (ELF of 64 bits, the lowest byte first), alone or in archives: one region, and their tables of symbols and of
 * relocations as tables of functions. A decoder finds the tables by itself (assembly/mixing/addresses/data/objects.ts).
 */
import { type FunctionRecord, type FunctionTable, type Image, REGION_KINDS } from './containers/image.ts';

const ARCHIVE = '!<arch>\n';
/** Bytes of the header of a member, of that of a section, of a symbol and of a relocation. */
const [MEMBER, SECTION, ENTRY] = [60, 64, 24];
/** Type of a file that is linked no further; types of sections; type of symbols that stand for sections. */
const [RELOCATABLE, SYMBOLS, RELOCATIONS, NO_BITS, OF_SECTION] = [1, 2, 4, 8, 3];
/** Bytes of a name that tell it from others. */
const NAME = 200;
/** The decoder has a word for each four bytes of the old file. */
const MOST = 1 << 27;

interface Section {
  name: string;
  type: number;
  offset: number;
  size: number;
  link: number;
  info: number;
}

/** What an entry is of: a place in the object, or 0. */
type Named = Required<Pick<FunctionRecord, 'address' | 'name'>>;

/** Null if it has none, or holds too much. */
export function objects(bytes: Buffer): Image | null {
  if (bytes.length > MOST) return null;
  const tables: FunctionTable[] = [];
  if (bytes.toString('latin1', 0, ARCHIVE.length) === ARCHIVE) {
    for (const { name, start, member } of membersOf(bytes))
      if (isObject(member)) tables.push(...tablesOf(member, start, name));
    if (tables.length === 0) return null;
  } else if (isObject(bytes)) tables.push(...tablesOf(bytes, 0, ''));
  else return null;
  const sorted = tables.sort((a, b) => a.offset - b.offset);
  const region = {
    offset: 0,
    size: bytes.length,
    address: 0,
    kind: REGION_KINDS.objects,
    bases: [0, 0] as const,
  };
  return { regions: [region], base: 0n, span: bytes.length, tables: disjoint(sorted), goBases: [] };
}

function disjoint(tables: readonly FunctionTable[]): FunctionTable[] {
  let end = 0;
  return tables.filter(({ offset, size }) => {
    const isBehind = offset >= end;
    if (isBehind) end = offset + size;
    return isBehind;
  });
}

function isObject(bytes: Buffer): boolean {
  return (
    bytes.length >= SECTION &&
    bytes.readUInt32BE(0) === 0x7f454c46 &&
    bytes.readUInt16BE(4) === 0x0201 &&
    bytes.readUInt16LE(16) === RELOCATABLE
  );
}

/** Names and contents. Those of the same name have a number. */
function* membersOf(bytes: Buffer): Generator<{ name: string; start: number; member: Buffer }> {
  const seen = new Map<string, number>();
  for (let at = ARCHIVE.length; at + MEMBER <= bytes.length; ) {
    const name = bytes.toString('latin1', at, at + 16);
    const size = Number.parseInt(bytes.toString('latin1', at + 48, at + 58), 10);
    if (!(size >= 0) || at + MEMBER + size > bytes.length) return;
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    const start = at + MEMBER;
    yield { name: `${name} ${count}`, start, member: bytes.subarray(start, start + size) };
    at += MEMBER + size + (size % 2);
  }
}

/** Of an object that begins at `start` in the file. */
function tablesOf(bytes: Buffer, start: number, member: string): FunctionTable[] {
  const sections = sectionsOf(bytes);
  const tables: FunctionTable[] = [];
  for (const section of sections) {
    if (section.type !== SYMBOLS && section.type !== RELOCATIONS) continue;
    const records = Array.from({ length: Math.floor(section.size / ENTRY) }, (_, index) => {
      const { address, name } = (section.type === SYMBOLS ? symbolOf : relocationOf)(
        bytes,
        sections,
        section,
        index,
      );
      return { address: start + address, offset: start + section.offset + ENTRY * index, size: ENTRY, name };
    });
    const offset = start + section.offset;
    tables.push({
      offset,
      size: ENTRY * records.length,
      records,
      key: `${member} ${section.name}`,
      isOrdered: section.type === RELOCATIONS,
    });
  }
  return tables;
}

function sectionsOf(bytes: Buffer): Section[] {
  const start = Number(bytes.readBigUInt64LE(40));
  const headers = Array.from({ length: bytes.readUInt16LE(60) }, (_, index) => start + SECTION * index);
  const names = headers[bytes.readUInt16LE(62)];
  const namesAt = names === undefined ? 0 : Number(bytes.readBigUInt64LE(names + 24));
  return headers.map((at) => {
    const type = bytes.readUInt32LE(at + 4);
    const [offset, size] = [Number(bytes.readBigUInt64LE(at + 24)), Number(bytes.readBigUInt64LE(at + 32))];
    const isHere = type !== 0 && type !== NO_BITS && offset + size <= bytes.length;
    return {
      name: textAt(bytes, namesAt + bytes.readUInt32LE(at)),
      type: isHere ? type : 0,
      offset,
      size,
      link: bytes.readUInt32LE(at + 40),
      info: bytes.readUInt32LE(at + 44),
    };
  });
}

function textAt(bytes: Buffer, at: number): string {
  const text = bytes.subarray(at, at + NAME);
  const end = text.indexOf(0);
  return text.toString('latin1', 0, end < 0 ? NAME : end);
}

function symbolOf(bytes: Buffer, sections: Section[], table: Section, index: number): Named {
  const at = table.offset + ENTRY * index;
  const home = sections[bytes.readUInt16LE(at + 6)];
  const value = bytes.readUInt32LE(at + 8);
  const address = home === undefined || home.type === 0 ? 0 : home.offset + value;
  return { address, name: nameOf(bytes, sections, table, index) };
}

function nameOf(bytes: Buffer, sections: Section[], table: Section, index: number): string {
  const at = table.offset + ENTRY * index;
  if (at + ENTRY > table.offset + table.size) return '';
  const type = bytes.readUInt8(at + 4);
  const home = sections[bytes.readUInt16LE(at + 6)];
  const names = sections[table.link];
  if ((type & 15) === OF_SECTION || names === undefined) return `${type} ${home?.name}`;
  return `${type} ${textAt(bytes, names.offset + bytes.readUInt32LE(at))}`;
}

function relocationOf(bytes: Buffer, sections: Section[], table: Section, index: number): Named {
  const at = table.offset + ENTRY * index;
  const [home, symbols] = [sections[table.info], sections[table.link]];
  const address = (home?.offset ?? 0) + bytes.readUInt32LE(at);
  const name = symbols === undefined ? '' : nameOf(bytes, sections, symbols, bytes.readUInt32LE(at + 12));
  return { address, name: `${bytes.readUInt32LE(at + 8)} ${name}` };
}

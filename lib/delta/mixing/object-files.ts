/**
 * Objects that are linked no further (`objects/`), alone or in archives: one region, and their tables of symbols and of relocations as tables of
 * functions. A decoder finds the tables by itself (assembly/mixing/addresses/objects/objects.ts), if it knows the layout, which all objects share.
 */
import { type FunctionTable, type Image, REGION_KINDS } from './containers/image.ts';
import { sortedIndex, symbolIndex } from './objects/archive-index.ts';
import { importOf, isCoff, tablesOfCoff } from './objects/coff.ts';
import { layoutOfElf, tablesOfElf } from './objects/elf.ts';
import { isMachObject, tablesOfMachObject } from './objects/mach-o.ts';
import { type ObjectTable, textAt } from './objects/object.ts';
import { isWasmObject } from './objects/wasm.ts';

const ARCHIVE = '!<arch>\n';
/** Names of indexes, with the number of the first member of that name. */
const [INDEX, SORTED_INDEX] = ['/ 0', '__.SYMDEF'];
/** Bytes of the header of a member. */
const MEMBER = 60;
/** The decoder has a word for each four bytes of the old file. */
const MOST = 1 << 27;
/** Layouts, as FORMAT.md numbers them. */
const [COFF, MACH_O, WASM] = [4, 5, 6];
/** What is added to the number of a layout with fields in the headers of members. */
const LATER = 8;
/** What is added besides if debug information is looked through. */
const DEBUG = 16;

interface Member {
  name: string;
  start: number;
  bytes: Buffer;
}

/** Null if it has none, or holds too much. */
export function objects(bytes: Buffer): Image | null {
  if (bytes.length > MOST) return null;
  const isArchive = bytes.toString('latin1', 0, ARCHIVE.length) === ARCHIVE;
  const members = isArchive ? [...membersOf(bytes)] : [{ name: '', start: 0, bytes }];
  const layout = members.map((member) => layoutOf(member.bytes)).find((each) => each !== undefined);
  if (layout === undefined) return null;
  const importing = layout === COFF ? importsOf(members) : [];
  const tables = members
    .filter((member) => layoutOf(member.bytes) === layout && !isWithin(member, importing))
    .flatMap((member) => tablesOf(member, layout))
    .concat(importing);
  const region = {
    offset: 0,
    size: bytes.length,
    address: 0,
    kind: REGION_KINDS.otherObjects,
    bases: [0, layout + LATER + DEBUG] as const,
  };
  for (const { name, start, bytes } of members) {
    const index =
      name === INDEX
        ? symbolIndex(bytes, start)
        : name.startsWith(SORTED_INDEX)
          ? sortedIndex(bytes, start)
          : undefined;
    if (index !== undefined) tables.push(index);
  }
  const sorted = disjoint(tables.sort((a, b) => a.offset - b.offset));
  return { regions: [region], base: 0n, span: bytes.length, tables: sorted, goBases: [] };
}

function disjoint(tables: readonly FunctionTable[]): FunctionTable[] {
  let end = 0;
  return tables.filter(({ offset, size }) => {
    const isBehind = offset >= end;
    if (isBehind) end = offset + size;
    return isBehind;
  });
}

function layoutOf(bytes: Buffer): number | undefined {
  if (isMachObject(bytes)) return MACH_O;
  if (isWasmObject(bytes)) return WASM;
  return layoutOfElf(bytes) ?? (isCoff(bytes) ? COFF : undefined);
}

/** Names and contents. Those of the same name have a number. */
function* membersOf(bytes: Buffer): Generator<Member> {
  const seen = new Map<string, number>();
  let longNames = bytes.subarray(0, 0);
  for (let at = ARCHIVE.length; at + MEMBER <= bytes.length; ) {
    const said = bytes.toString('latin1', at, at + 16).trimEnd();
    const size = Number.parseInt(bytes.toString('latin1', at + 48, at + 58), 10);
    if (!(size >= 0) || at + MEMBER + size > bytes.length) return;
    const content = bytes.subarray(at + MEMBER, at + MEMBER + size);
    if (said === '//') longNames = content;
    const inFront = said.startsWith('#1/') ? Math.min(Number.parseInt(said.slice(3), 10) || 0, size) : 0;
    const name = inFront > 0 ? textAt(content, 0, inFront) : nameIn(longNames, said);
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    yield { name: `${name} ${count}`, start: at + MEMBER + inFront, bytes: content.subarray(inFront) };
    at += MEMBER + size + (size % 2);
  }
}

/** Members that import a function, one behind the other, as a table. They are small, much alike, and named by numbers that others get later. */
function importsOf(members: readonly Member[]): FunctionTable[] {
  const tables: FunctionTable[] = [];
  for (const { start, bytes } of members) {
    const name = importOf(bytes);
    if (name === undefined) continue;
    const [offset, size] = [start - MEMBER, MEMBER + bytes.length + (bytes.length % 2)];
    let table = tables.at(-1);
    if (table === undefined || table.offset + table.size !== offset) {
      table = { offset, size: 0, records: [], key: `imports ${tables.length}` };
      tables.push(table);
    }
    table.size += size;
    table.records.push({ address: 0, offset, size, name });
  }
  return tables;
}

function isWithin({ start }: Member, tables: readonly FunctionTable[]): boolean {
  return tables.some(({ offset, size }) => start >= offset && start < offset + size);
}

/** A name that is said as where it is among the long ones; else the name. */
function nameIn(longNames: Buffer, said: string): string {
  const at = /^\/(\d+)$/.exec(said)?.[1];
  return at === undefined ? said : (/^[^\n\0]*/.exec(textAt(longNames, Number(at)))?.[0] ?? said);
}

function tablesOf({ name, start, bytes }: Member, layout: number): FunctionTable[] {
  const seen = new Map<string, number>();
  return tablesIn(bytes, layout).map((table) => {
    const count = seen.get(table.name) ?? 0;
    seen.set(table.name, count + 1);
    const offset = start + table.offset;
    const records = table.entries.map(({ address, name }, index) => ({
      address: start + address,
      offset: offset + table.entry * index,
      size: table.entry,
      name,
    }));
    const key = `${name} ${table.name} ${count}`;
    return { offset, size: table.entry * records.length, records, key, isOrdered: table.isOrdered };
  });
}

function tablesIn(bytes: Buffer, layout: number): ObjectTable[] {
  if (layout === WASM) return [];
  if (layout === COFF) return tablesOfCoff(bytes);
  return layout === MACH_O ? tablesOfMachObject(bytes) : tablesOfElf(bytes, layout);
}

/**
 * Alignments of a table of functions (`.pdata` of PE, those of Go) by the functions that its entries are for. Byte by byte they hardly resemble each other, as every address has changed; but where the function
 * of an old entry is now, the other alignments know. For the encoder only.
 */
import type { Alignment } from '../../matcher.ts';
import type { FunctionTable, Image } from '../containers/image.ts';

/** Alignments that are looked at for one that contains a place. */
const DEPTH = 24;
const NONE = -1;
/** Records, of those that are in the order of what they are for, within which one of the same name is looked for. */
const NEAR = 8;

/** `alignments`, ascending in the new file; those within a table that both files have are replaced. */
export function alignFunctions(
  old: Image,
  fresh: Image,
  alignments: readonly Alignment[],
): readonly Alignment[] {
  if (fresh.tables.some(({ key }) => key !== undefined)) return alignByKey(old, fresh, alignments);
  if (old.tables.length !== fresh.tables.length) return alignments;
  const moved = placesOf(alignments);
  let all = alignments;
  for (const [index, to] of fresh.tables.entries()) {
    const from = old.tables[index];
    if (from === undefined) continue;
    const table = alignTable(old, fresh, from, to, moved);
    all = [...cut(all, 0, to.offset), ...table, ...cut(all, to.offset + to.size, Number.POSITIVE_INFINITY)];
  }
  return all;
}

/** As above, of tables that have keys, which are many. */
function alignByKey(old: Image, fresh: Image, alignments: readonly Alignment[]): readonly Alignment[] {
  const moved = placesOf(alignments);
  const before = new Map(old.tables.map((table) => [table.key, table]));
  const aligned: Alignment[] = [];
  const tables = fresh.tables.filter(({ key }) => before.has(key));
  for (const table of tables)
    aligned.push(...alignTable(old, fresh, before.get(table.key) as FunctionTable, table, moved));
  aligned.push(...without(alignments, tables));
  return joined(aligned.sort((a, b) => a.newStart - b.newStart));
}

/** Those that go on where the one before ends, in both files, as one. */
function joined(alignments: readonly Alignment[]): Alignment[] {
  const all: Alignment[] = [];
  for (const { newStart, oldStart, length } of alignments) {
    const last = all.at(-1);
    if (
      last !== undefined &&
      last.newStart + last.length === newStart &&
      last.oldStart + last.length === oldStart
    )
      last.length += length;
    else all.push({ newStart, oldStart, length });
  }
  return all;
}

/** What lies in none of the tables, which are ascending and disjoint. */
export function* without(
  alignments: readonly Alignment[],
  tables: readonly { offset: number; size: number }[],
): Generator<Alignment> {
  let index = 0;
  for (const { newStart, oldStart, length } of alignments) {
    const end = newStart + length;
    let from = newStart;
    while (from < end) {
      const table = tables[index];
      const limit = Math.min(end, table?.offset ?? end);
      if (limit > from) yield { newStart: from, oldStart: oldStart + from - newStart, length: limit - from };
      from = Math.max(from, limit);
      if (table === undefined || from < table.offset) break;
      from = Math.max(from, table.offset + table.size);
      if (from <= end) index++;
    }
  }
}

function alignTable(
  old: Image,
  fresh: Image,
  from: FunctionTable,
  to: FunctionTable,
  moved: (place: number) => number,
): Alignment[] {
  const matches = matchRecords(old, fresh, from, to, moved);
  const table: Alignment[] = [];
  let last = NONE;
  for (const [index, record] of to.records.entries()) {
    let match = matches[index] ?? NONE;
    // One that is not known is likely to be the next.
    if (match === NONE && last !== NONE && last + 1 < from.records.length) match = last + 1;
    last = match;
    const origin = from.records[match];
    if (origin === undefined) continue;
    const length = Math.min(record.size, origin.size);
    table.push({ newStart: record.offset, oldStart: origin.offset, length });
  }
  return joined(table);
}

/** By record of the new table that of the old one, or NONE: by where the functions are now, then by name, in the order they are in. */
function matchRecords(
  old: Image,
  fresh: Image,
  from: FunctionTable,
  to: FunctionTable,
  moved: (place: number) => number,
): Int32Array {
  const keyOf = (address: number, name = '') => `${address} ${name}`;
  const recordAt = new Map<string, number>();
  for (const [index, { address, name }] of to.records.entries()) recordAt.set(keyOf(address, name), index);
  const matches = new Int32Array(to.records.length).fill(NONE);
  const left = new Map<string, number[]>();
  for (const [index, { address, name }] of from.records.entries()) {
    const place = moved(offsetOf(old, address));
    const record = place === NONE ? undefined : recordAt.get(keyOf(addressOf(fresh, place), name));
    if (record !== undefined) matches[record] = index;
    else if (name !== undefined) left.get(name)?.push(index) ?? left.set(name, [index]);
  }
  let last = NONE;
  for (const [index, { name }] of to.records.entries()) {
    if (name !== undefined && matches[index] === NONE) {
      const records = left.get(name) ?? [];
      if (from.isOrdered) while ((records[0] ?? last + 1) <= last) records.shift();
      const isNear = !from.isOrdered || (records[0] ?? NONE) <= last + NEAR;
      if (isNear) matches[index] = records.shift() ?? NONE;
    }
    if (matches[index] !== NONE) last = matches[index] ?? NONE;
  }
  return matches;
}

/** What lies from `start` to `end` in the new file. */
export function* cut(alignments: readonly Alignment[], start: number, end: number): Generator<Alignment> {
  for (const { newStart, oldStart, length } of alignments) {
    const first = Math.max(newStart, start);
    const size = Math.min(newStart + length, end) - first;
    if (size > 0) yield { newStart: first, oldStart: oldStart + first - newStart, length: size };
  }
}

/** Gives the new place of an old one, by the longest alignment that contains it; NONE if there is none. */
function placesOf(alignments: readonly Alignment[]): (place: number) => number {
  const sorted = alignments.toSorted((a, b) => a.oldStart - b.oldStart || a.newStart - b.newStart);
  return (place) => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle]?.oldStart ?? 0) <= place) low = middle + 1;
      else high = middle;
    }
    let found = NONE;
    let longest = 0;
    for (const { oldStart, newStart, length } of sorted.slice(Math.max(0, low - DEPTH), low)) {
      if (place >= oldStart + length || length <= longest) continue;
      longest = length;
      found = newStart + place - oldStart;
    }
    return found;
  };
}

function offsetOf({ regions }: Image, address: number): number {
  const region = regions.find((each) => address >= each.address && address < each.address + each.size);
  return region === undefined ? NONE : region.offset + address - region.address;
}

function addressOf({ regions }: Image, offset: number): number {
  const region = regions.find((each) => offset >= each.offset && offset < each.offset + each.size);
  return region === undefined ? NONE : region.address + offset - region.offset;
}

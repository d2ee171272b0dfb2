/** The table of records that precedes an image: what can't be computed, and the data that is no part of the image. FORMAT.md has the layout. */
import { DamagedError } from '../../errors.ts';
import { ByteWriter } from '../byte-writer.ts';
import type { Group, RecordFormat } from './format.ts';

/** Bytes of the table; it ends at a multiple of GRAIN. */
export const MOST_TABLE = 1 << 20;
export const GRAIN = 16;
/** Bytes of its size and the number of groups. */
export const TABLE_HEAD = 8;
/** Numbers that a group of any format has. */
const NUMBERS = 3;
/** The first number of a group has its type and the size of its records. */
const TYPES = 1 << 16;

/** A group, and its data unless that is a part of the image. */
export interface Entry {
  group: Group;
  data: Uint8Array | null;
}

/** Bytes that a group takes, with `total` bytes of data. */
export function entrySize(
  { more, isImage }: RecordFormat,
  { type, total }: Pick<Group, 'type' | 'total'>,
): number {
  return 4 * (NUMBERS + more) + (isImage(type) ? 0 : roundedUp(total, 4));
}

export function encodeTable(format: RecordFormat, entries: readonly Entry[]): Uint8Array {
  const writer = new ByteWriter();
  const word = (value: number) => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    writer.append(bytes);
  };
  const size = entries.reduce((sum, { group }) => sum + entrySize(format, group), TABLE_HEAD);
  word(roundedUp(size, GRAIN));
  word(entries.length);
  let end = 0;
  for (const { group, data } of entries) {
    const { type, size: each, address, total, more } = group;
    word(type + TYPES * each);
    word(data === null ? (address - end + format.span) % format.span : address);
    word(total);
    for (const value of more) word(value);
    if (data === null) end = (address + total) % format.span;
    else {
      writer.append(data);
      writer.append(new Uint8Array(-total & 3));
    }
  }
  writer.append(new Uint8Array(-size & (GRAIN - 1)));
  return writer.bytes.slice();
}

/** Of a table whose first bytes are these. Throws DamagedError if it can't be. */
export function tableSize(start: Uint8Array): number {
  const size = viewOf(start).getUint32(0, true);
  if (size < GRAIN || size > MOST_TABLE || size % GRAIN !== 0) throw malformed(`it has ${size} bytes`);
  return size;
}

/** Throws DamagedError if anything is not as in FORMAT.md, but for bytes that are left out. */
export function decodeTable(format: RecordFormat, table: Uint8Array): Entry[] {
  const view = viewOf(table);
  const count = view.getUint32(4, true);
  const entries: Entry[] = [];
  let [at, end] = [TABLE_HEAD, 0];
  for (let index = 0; index < count; index++) {
    const data = at + 4 * (NUMBERS + format.more);
    if (data > table.length) throw malformed(`it has no room for ${count} groups`);
    const [first = 0, place = 0, total = 0, ...more] = Array.from(
      { length: NUMBERS + format.more },
      (_, word) => view.getUint32(at + 4 * word, true),
    );
    const [type, size] = [first % TYPES, Math.floor(first / TYPES)];
    if (size > (format.most(type) ?? -1)) throw malformed(`it has records of type ${type} and ${size} bytes`);
    if (size === 0 && total > 0) throw malformed('it has records without data that have some together');
    const isImage = format.isImage(type);
    const address = ((isImage ? end : 0) + place) % format.span;
    const group: Group = { type, size, address, total, more };
    at += entrySize(format, group);
    if (at > table.length) throw malformed(`it ends within its group ${index}`);
    entries.push({ group, data: isImage ? null : table.subarray(data, data + total) });
    if (isImage) end = (address + total) % format.span;
  }
  return entries;
}

function roundedUp(value: number, grain: number): number {
  return Math.ceil(value / grain) * grain;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

export function malformed(what: string): DamagedError {
  return new DamagedError(`a table of records of the patch is malformed: ${what}`);
}

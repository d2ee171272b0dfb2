/** Records unpacked: a table of what can't be computed, and the image. */
import { ByteWriter } from '../byte-writer.ts';
import { CR_LF, type FoundRecord, type Group, LOWER, type RecordFormat, type RecordMaker } from './format.ts';
import { FORMATS } from './formats.ts';
import { type Entry, encodeTable, entrySize, MOST_TABLE, TABLE_HEAD } from './table.ts';

/** A run of records that can be made again. */
export interface Run {
  maker: RecordMaker;
  /** What they look like: CR_LF and LOWER. */
  memory: number;
  /** Bytes of the file. */
  packedSize: number;
  entries: readonly Entry[];
  /** The table, and the image. */
  plain: Uint8Array;
  /** Where the image begins in it. */
  imageStart: number;
}

/** As many records as there are from `start` on that look alike. Null if there is none. */
export function readRun(bytes: Uint8Array, start: number, maker: RecordMaker): Run | null {
  const format = FORMATS[maker];
  let record = format.read(bytes, start);
  if (record === null) return null;
  const groups: Group[] = [];
  const [image, others] = [new ByteWriter(), new ByteWriter()];
  let end = start;
  let { style } = record;
  let isTold = false;
  let table = TABLE_HEAD;
  for (; record !== null; record = format.read(bytes, end)) {
    const isOther = (style ^ record.style) & (record.tellsCase && isTold ? CR_LF | LOWER : CR_LF);
    if (isOther !== 0) break;
    const { type, data } = record;
    const last = groups.at(-1);
    const goesOn = last !== undefined && continues(format, last, record);
    const grown = goesOn ? last.total + data.length : data.length;
    const added = entrySize(format, { type, total: grown }) - (goesOn ? entrySize(format, last) : 0);
    if (table + added > MOST_TABLE) break;
    table += added;
    if (record.tellsCase) style = record.style;
    isTold ||= record.tellsCase;
    end = record.end;
    if (goesOn) last.total = grown;
    else {
      const { address, more } = record;
      groups.push({ type, size: data.length, address, total: data.length, more });
    }
    (format.isImage(type) ? image : others).append(data);
  }
  let taken = 0;
  const entries = groups.map((group) => {
    if (format.isImage(group.type)) return { group, data: null };
    taken += group.total;
    return { group, data: others.bytes.subarray(taken - group.total, taken) };
  });
  const head = encodeTable(format, entries);
  const plain = new Uint8Array(head.length + image.size);
  plain.set(head);
  plain.set(image.bytes, head.length);
  return { maker, memory: style, packedSize: end - start, entries, plain, imageStart: head.length };
}

/** Whether it is the next one of a group, all of which are full so far. */
function continues(format: RecordFormat, group: Group, { type, data, address, more }: FoundRecord): boolean {
  const { size, total } = group;
  if (type !== group.type || size === 0 || total % size !== 0) return false;
  if (data.length === 0 || data.length > size || address !== (group.address + total) % format.span)
    return false;
  const [flags, family, number = 0, count] = group.more;
  if (flags === undefined) return true;
  return (
    more[0] === flags &&
    more[1] === family &&
    more[3] === count &&
    more[2] === (number + total / size) % 2 ** 32
  );
}

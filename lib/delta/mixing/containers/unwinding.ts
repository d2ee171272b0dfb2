/** How functions are unwound, as ELF has it: an index, `.eh_frame_hdr`, and its records, `.eh_frame` (LSB, "Exception Frames"). */
import { type FunctionRecord, type FunctionTable, type Image, REGION_KINDS, type Region } from './image.ts';

/** Where both begin, as addresses. */
export interface Unwinding {
  index?: bigint;
  records?: bigint;
}

/** Version, and how addresses are written: relative to the field, a word, relative to the index. */
const FORM = 0x3b031b01;
const HEADER = 12;
const ENTRY = 8;

/** Of the index at `offset`; nothing if addresses are written in another way. */
export function unwindingOf(bytes: Buffer, offset: number, address: bigint): Unwinding {
  if (offset + HEADER > bytes.length || bytes.readUInt32LE(offset) !== FORM) return {};
  return { index: address, records: address + 4n + BigInt(bytes.readInt32LE(offset + 4)) };
}

/** The index and the records as tables of functions; none unless the image has both. */
export function unwindingTables(bytes: Buffer, { regions }: Pick<Image, 'regions'>): FunctionTable[] {
  const found = (wanted: Region['kind']) => regions.find(({ kind }) => kind === wanted);
  const [wide, compact] = [found(REGION_KINDS.wideUnwinding), found(REGION_KINDS.compactUnwinding)];
  if (wide !== undefined || compact !== undefined) {
    return [
      ...(compact === undefined ? [] : compactTables(bytes, compact)),
      ...(wide === undefined ? [] : [recordsOf(bytes, wide)]),
    ];
  }
  const index = regions.find(({ kind }) => kind === REGION_KINDS.unwindingIndex);
  const records = regions.find(({ kind }) => kind === REGION_KINDS.unwinding);
  if (index === undefined || records === undefined) return [];
  return [entriesOf(bytes, index), recordsOf(bytes, records)].sort((a, b) => a.offset - b.offset);
}

function entriesOf(bytes: Buffer, { offset, size, address }: Region): FunctionTable {
  const first = offset + HEADER;
  const records = Array.from({ length: Math.max(0, Math.floor((size - HEADER) / ENTRY)) }, (_, i) => {
    const at = first + ENTRY * i;
    return { address: (address + bytes.readInt32LE(at)) >>> 0, offset: at, size: ENTRY };
  });
  return { offset: first, size: ENTRY * records.length, records };
}

function recordsOf(bytes: Buffer, { offset, size, address }: Region): FunctionTable {
  const records: FunctionTable['records'] = [];
  const end = offset + size;
  for (let at = offset; at + 12 <= end; ) {
    const length = bytes.readUInt32LE(at);
    if (length < 8 || length > end - at - 4) break;
    // What is common to many records comes before them, with 0 here.
    const isOfFunction = bytes.readUInt32LE(at + 4) !== 0;
    const begins = (address + at + 8 - offset + bytes.readInt32LE(at + 8)) >>> 0;
    if (isOfFunction) records.push({ address: begins, offset: at, size: 4 + length });
    at += 4 + length;
  }
  const [first, last] = [records[0], records.at(-1)];
  if (first === undefined || last === undefined) return { offset, size: 0, records };
  return { offset: first.offset, size: last.offset + last.size - first.offset, records };
}

/** Of what Mach-O has: what else is said of functions, and the entries of pages of the first form (compact_unwind_encoding.h). */
function compactTables(bytes: Buffer, { offset, size, bases: [base] = [0, 0] }: Region): FunctionTable[] {
  const word = (at: number) => bytes.readUInt32LE(offset + at);
  const [index, count] = [word(20), word(24)];
  if (count === 0 || index + 12 * count > size) return [];
  const entry = (at: number): FunctionRecord => ({ address: base + word(at), offset: offset + at, size: 8 });
  const listed: FunctionRecord[] = [];
  const end = Math.min(word(index + 12 * (count - 1) + 8), size);
  for (let at = word(index + 8); at + 8 <= end; at += 8) listed.push(entry(at));
  const paged: FunctionRecord[] = [];
  for (let i = 0, limit = 0; i < count; i++) {
    const page = word(index + 12 * i + 4);
    if (page === 0 || page < limit || page + 8 > size || word(page) !== 2) continue;
    limit = page + (word(page + 4) & 0xffff);
    for (let j = word(page + 4) >>> 16; j > 0 && limit + 8 <= size; j--, limit += 8) paged.push(entry(limit));
  }
  return [listed, paged].map((records) => {
    const [first, last] = [records[0], records.at(-1)];
    if (first === undefined || last === undefined) return { offset, size: 0, records: [] };
    return { offset: first.offset, size: last.offset + 8 - first.offset, records };
  });
}

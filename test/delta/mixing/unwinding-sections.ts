/** Adds to an ELF file, in memory, an index of how functions are unwound and its records (`.eh_frame_hdr`, `.eh_frame`). */
import { randomNumbers } from '../pairs.ts';

interface Section {
  flags: number;
  address: number;
  offset: number;
  size: number;
}

const INDEX_MOVED = 0x10000;
const [SEGMENTS, SEGMENT] = [64, 56];

/** Addresses are relative to `base`. Of the functions, ascending, every fourth has a list of handlers. */
export function withUnwinding(
  file: Uint8Array,
  sections: readonly Section[],
  functions: readonly { id: number; address: number }[],
  base: number,
): Uint8Array {
  const indexAt = file.length + (-file.length & 7);
  const index = Buffer.alloc(12 + 8 * functions.length);
  const recordsAt = indexAt + index.length + (-index.length & 7);
  const handlers = sections.at(-1)?.address ?? 0;
  index.set([1, 0x1b, 3, 0x3b]);
  index.writeInt32LE(recordsAt - indexAt - 4, 4);
  index.writeUInt32LE(functions.length, 8);
  // What is common: its length, 0, and how the others are written.
  const parts: Buffer[] = [Buffer.concat([Buffer.of(20, 0, 0, 0, 0, 0, 0, 0), Buffer.alloc(16, 7)])];
  let at = 24;
  for (const [i, { id, address }] of functions.entries()) {
    const next = randomNumbers(id + 5);
    const listed = id % 4 === 1;
    const record = Buffer.alloc(listed ? 36 : 24 + 8 * (next() % 3));
    record.writeUInt32LE(record.length - 4);
    record.writeUInt32LE(at + 4, 4);
    record.writeInt32LE(address - (recordsAt + INDEX_MOVED + at + 8), 8);
    record.writeUInt32LE(10 + (next() % 90), 12);
    record[16] = listed ? 4 : 0;
    if (listed) record.writeInt32LE(handlers + 64 + 8 * id - (recordsAt + INDEX_MOVED + at + 17), 17);
    for (let j = listed ? 21 : 17; j < record.length; j++) record[j] = next() & 31;
    index.writeInt32LE(address - (indexAt + INDEX_MOVED), 12 + 8 * i);
    index.writeInt32LE(recordsAt + at - indexAt, 16 + 8 * i);
    parts.push(record);
    at += record.length;
  }
  const records = Buffer.concat([...parts, Buffer.alloc(4)]);
  const sectionsAt = recordsAt + records.length + (-records.length & 7);
  const all = [
    ...sections,
    { flags: 2, address: indexAt + INDEX_MOVED, offset: indexAt, size: index.length },
    { flags: 2, address: recordsAt + INDEX_MOVED, offset: recordsAt, size: records.length },
  ];
  const whole = Buffer.alloc(sectionsAt + 64 * all.length);
  for (const [offset, bytes] of [
    [0, file] as const,
    [indexAt, index] as const,
    [recordsAt, records] as const,
  ])
    whole.set(bytes, offset);
  for (const [i, { flags, address, offset, size }] of all.entries()) {
    const section = sectionsAt + 64 * i;
    whole.writeUInt32LE(1, section + 4);
    for (const [field, value] of [flags, base + address, offset, size].entries())
      whole.writeBigUInt64LE(BigInt(value), section + 8 + 8 * field);
  }
  const segments = whole.readUInt16LE(56);
  const last = all.at(-1);
  const end = (last?.address ?? 0) + (last?.size ?? 0);
  for (const [i, [type, offset, address, size]] of [
    [0x6474e550, indexAt, indexAt + INDEX_MOVED, index.length] as const,
    [1, indexAt, indexAt + INDEX_MOVED, end - indexAt - INDEX_MOVED] as const,
  ].entries()) {
    const segment = SEGMENTS + SEGMENT * (segments + i);
    whole.writeUInt32LE(type, segment);
    whole.writeUInt32LE(4, segment + 4);
    for (const [field, value] of [offset, base + address, base + address, size, size].entries())
      whole.writeBigUInt64LE(BigInt(value), segment + 8 + 8 * field);
  }
  whole.writeUInt16LE(segments + 2, 56);
  whole.writeBigUInt64LE(BigInt(sectionsAt), 40);
  whole.writeUInt16LE(all.length, 60);
  return Uint8Array.from(whole);
}

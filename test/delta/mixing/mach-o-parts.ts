/** Adds to a Mach-O file how its functions are unwound, in both forms, and where it has pointers, as opcodes. */
import { randomNumbers } from '../pairs.ts';

type Function = { id: number; address: number };

const MORE = 0x20000;
const PAGE = 120;

/** Records with addresses of 8 bytes, loaded at `address`, and where the record of each begins. */
function recordsOf(functions: readonly Function[], address: number, handlers: number) {
  const parts: Buffer[] = [Buffer.concat([Buffer.of(20, 0, 0, 0, 0, 0, 0, 0), Buffer.alloc(16, 7)])];
  const at = new Map<number, number>();
  let end = 24;
  for (const { id, address: start } of functions) {
    const listed = id % 3 === 1;
    const record = Buffer.alloc(listed ? 36 : 32);
    record.writeUInt32LE(record.length - 4);
    record.writeUInt32LE(end + 4, 4);
    record.writeBigInt64LE(BigInt(start - (address + end + 8)), 8);
    record.writeUInt32LE(16 + (id % 60), 16);
    record[24] = listed ? 8 : 0;
    if (listed) record.writeInt32LE(handlers + 8 * id - (address + end + 25), 25);
    at.set(id, end);
    parts.push(record);
    end += record.length;
  }
  return { bytes: Buffer.concat(parts), at };
}

/** The index, what is listed of some functions, and pages of the first form. */
function compactOf(
  functions: readonly Function[],
  records: ReadonlyMap<number, number>,
  handlers: number,
): Buffer {
  const pages = Math.ceil(functions.length / PAGE);
  const listed = functions.filter(({ id }) => id % 3 === 1);
  const [index, listedAt] = [28, 28 + 12 * (pages + 1)];
  const first = listedAt + 8 * listed.length;
  const bytes = Buffer.alloc(first + 8 * pages + 8 * functions.length);
  for (const [field, value] of [1, 28, 0, 28, 0, index, pages + 1].entries())
    bytes.writeUInt32LE(value, 4 * field);
  for (const [i, { id, address }] of listed.entries()) {
    bytes.writeUInt32LE(address, listedAt + 8 * i);
    bytes.writeUInt32LE(handlers + 8 * id, listedAt + 8 * i + 4);
  }
  let at = first;
  for (let page = 0; page <= pages; page++) {
    const some = functions.slice(PAGE * page, PAGE * (page + 1));
    bytes.writeUInt32LE(some[0]?.address ?? 0x8000, index + 12 * page);
    bytes.writeUInt32LE(some.length > 0 ? at : 0, index + 12 * page + 4);
    bytes.writeUInt32LE(page === pages ? first : listedAt, index + 12 * page + 8);
    if (some.length === 0) break;
    bytes.writeUInt32LE(2, at);
    bytes.writeUInt16LE(8, at + 4);
    bytes.writeUInt16LE(some.length, at + 6);
    at += 8;
    for (const { id, address } of some) {
      const next = randomNumbers(id + 3);
      const isRecorded = next() % 4 !== 0;
      bytes.writeUInt32LE(address, at);
      bytes.writeUInt32LE(
        isRecorded ? (0x43000000 | (records.get(id) ?? 0)) >>> 0 : 0x02000000 | (id % 9),
        at + 4,
      );
      at += 8;
    }
  }
  return bytes;
}

/** For each pointer of eight bytes from `data` on: its segment, the offset in that, one pointer. */
function rebasesOf(count: number, data: number, later: boolean): Buffer {
  const bytes = [0x11];
  for (let i = 0; i < count; i++) {
    if (i % 5 === 2) continue;
    const offset = 0x4000 + data + 8 * i + (later ? 8 * Math.floor(i / 50) : 0);
    bytes.push(0x20, (offset & 127) | 128, ((offset >> 7) & 127) | 128, offset >> 14, 0x51);
  }
  return Buffer.from([...bytes, 0]);
}

/** Addresses are relative to `base`; the file has room for two more commands. */
export function withParts(
  file: Uint8Array,
  functions: readonly Function[],
  base: bigint,
  later: boolean,
): Uint8Array {
  const handlers = 0x9000;
  const recordsAt = file.length + (-file.length & 7);
  const records = recordsOf(functions, MORE, handlers);
  const compactAt = recordsAt + records.bytes.length;
  const compact = compactOf(functions, records.at, handlers);
  const rebasesAt = compactAt + compact.length;
  const rebases = rebasesOf(functions.length, handlers, later);
  const whole = Buffer.concat([file, Buffer.alloc(recordsAt - file.length), records.bytes, compact, rebases]);
  let command = 32;
  for (let i = 0; i < whole.readUInt32LE(16); i++) command += whole.readUInt32LE(command + 4);
  whole.writeUInt32LE(whole.readUInt32LE(16) + 2, 16);
  whole.writeUInt32LE(0x19, command);
  whole.writeUInt32LE(72 + 160, command + 4);
  whole.write('__MORE', command + 8);
  whole.writeBigUInt64LE(base + BigInt(MORE), command + 24);
  whole.writeBigUInt64LE(0x10000n, command + 32);
  whole.writeBigUInt64LE(BigInt(recordsAt), command + 40);
  whole.writeUInt32LE(2, command + 64);
  for (const [i, [name, offset, size]] of [
    ['__eh_frame', recordsAt, records.bytes.length] as const,
    ['__unwind_info', compactAt, compact.length] as const,
  ].entries()) {
    const section = command + 72 + 80 * i;
    whole.write(name, section);
    whole.writeBigUInt64LE(base + BigInt(MORE + offset - recordsAt), section + 32);
    whole.writeBigUInt64LE(BigInt(size), section + 40);
    whole.writeUInt32LE(offset, section + 48);
  }
  const dynamic = command + 72 + 160;
  for (const [field, value] of [0x80000022, 48, rebasesAt, rebases.length].entries())
    whole.writeUInt32LE(value, dynamic + 4 * field);
  return Uint8Array.from(whole);
}

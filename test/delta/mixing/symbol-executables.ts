/** Small executables with tables of symbols, and with the snapshot of a Dart program. The later version has symbols and instances more. */
import { randomNumbers } from '../pairs.ts';

/** Where something begins, relative to the base of the image, by its number. */
type Starts = ReadonlyMap<number, number>;

interface Section {
  type: number;
  flags: number;
  address: number;
  bytes: Uint8Array;
  link?: number;
}

const BASE = 0x200000;
const [CODE, DATA] = [0x1000, 0x9000];
const SNAPSHOT = 0x20000;

/** Sections one behind the other, and one segment that is all of them. */
function elfOf(sections: readonly Section[]): Uint8Array {
  const places: number[] = [];
  let end = 120;
  for (const { bytes } of sections) {
    end += -end & 15;
    places.push(end);
    end += bytes.length;
  }
  const table = end + (-end & 7);
  const file = Buffer.alloc(table + 64 * sections.length);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  file.writeUInt16LE(62, 18);
  file.writeBigUInt64LE(64n, 32);
  file.writeBigUInt64LE(BigInt(table), 40);
  file.writeUInt16LE(1, 56);
  file.writeUInt16LE(sections.length, 60);
  file.writeUInt32LE(1, 64);
  file.writeBigUInt64LE(BigInt(BASE), 80);
  file.writeBigUInt64LE(0x80000n, 104);
  for (const [i, { type, flags, address, bytes, link = 0 }] of sections.entries()) {
    const at = table + 64 * i;
    file.set(bytes, places[i]);
    file.writeUInt32LE(type, at + 4);
    for (const [field, value] of [
      flags,
      flags === 0 ? 0 : BASE + address,
      places[i] ?? 0,
      bytes.length,
    ].entries())
      file.writeBigUInt64LE(BigInt(value), at + 8 + 8 * field);
    file.writeUInt32LE(link, at + 40);
  }
  return Uint8Array.from(file);
}

const nameOf = (id: number) => `${['read', 'write', 'parse'][id % 3]}_${(id * 7919) % 997}_of_${id}`;

/** Names one behind the other, and where each begins. */
function stringsOf(ids: readonly number[]): { bytes: Buffer; at: Map<number, number> } {
  const at = new Map<number, number>();
  let text = '\0';
  for (const id of ids) {
    at.set(id, text.length);
    text += `${nameOf(id)}\0`;
  }
  return { bytes: Buffer.from(text, 'latin1'), at };
}

/** Of functions in this order, a symbol for each: its name, its address, the bytes up to the next. */
export function elfWithSymbols(code: number[], data: number[], starts: Starts): Uint8Array {
  const ids = [...starts.keys()];
  const { bytes, at } = stringsOf(ids);
  const symbols = Buffer.alloc(24 * ids.length);
  for (const [i, id] of ids.entries()) {
    const start = starts.get(id) ?? 0;
    symbols.writeUInt32LE(at.get(id) ?? 0, 24 * i);
    symbols.set([id % 5 === 0 ? 18 : 2, 0, 1, 0], 24 * i + 4);
    symbols.writeUInt32LE(BASE + start, 24 * i + 8);
    symbols.writeUInt32LE((starts.get(ids[i + 1] ?? -1) ?? CODE + code.length) - start, 24 * i + 16);
  }
  return elfOf([
    { type: 1, flags: 6, address: CODE, bytes: Uint8Array.from(code) },
    { type: 1, flags: 3, address: DATA, bytes: Uint8Array.from(data) },
    { type: 2, flags: 0, address: 0, bytes: symbols, link: 3 },
    { type: 3, flags: 0, address: 0, bytes },
  ]);
}

/** A number of seven bits a byte, the highest first; the last one has the highest bit. */
function number(value: number): number[] {
  const bytes = [(value & 127) | 128];
  for (let left = value >> 7; left > 0; left >>= 7) bytes.unshift(left & 127);
  return bytes;
}

/** Instances that refer to others and to their code, and a table of where that begins. */
function snapshot(starts: Starts, later: boolean): Buffer {
  const count = 500;
  const ids = Array.from({ length: count }, (_, i) => i).flatMap((i) =>
    later && i % 90 === 40 ? [i, count + i] : [i],
  );
  const numbers = new Map(ids.map((id, index) => [id, 300 + index]));
  const instances = ids.flatMap((id) => {
    const next = randomNumbers(id + 77);
    const to = () => number(numbers.get(next() % count) ?? 0);
    return [
      ...number(next() % 40),
      ...to(),
      ...to(),
      ...(next() % 3 === 0 ? to() : []),
      ...number(40000 + (id % 7)),
    ];
  });
  const head = Buffer.from(`${'0123456789abcdef'.repeat(2)}product x64\0`, 'latin1');
  const functions = [...starts.values()];
  const padding = -(20 + head.length + instances.length) & 15;
  const table = Buffer.alloc(16 + 8 * functions.length);
  table.writeUInt32LE(9, 0);
  table.writeUInt32LE(functions.length, 4);
  for (const [i, start] of functions.entries()) {
    table.writeUInt32LE(start - CODE, 16 + 8 * i);
    table.writeUInt32LE(table.length + 24 * (i % 50), 20 + 8 * i);
  }
  const start = Buffer.from([0xf5, 0xf5, 0xdc, 0xdc, ...new Array<number>(16).fill(0)]);
  start.writeUInt32LE(16 + head.length + instances.length, 4);
  start.writeUInt32LE(2, 12);
  const next = randomNumbers(9);
  const rest = Buffer.from(Array.from({ length: 1200 }, () => next() & 127));
  // What counts as many, but does not ascend.
  const decoy = Buffer.alloc(32);
  decoy.writeUInt32LE(20, 4);
  return Buffer.concat([start, head, Buffer.from(instances), Buffer.alloc(padding), decoy, table, rest]);
}

/** Functions, and the snapshot that refers to them. */
export function dartElf(code: number[], starts: Starts, later: boolean): Uint8Array {
  return elfOf([
    { type: 1, flags: 2, address: SNAPSHOT, bytes: snapshot(starts, later) },
    { type: 1, flags: 6, address: CODE, bytes: Uint8Array.from(code) },
  ]);
}

/** Adds to a Mach-O file with room for two more commands symbols of its functions, whose addresses are relative to `base`. */
export function withSymbols(file: Uint8Array, starts: Starts, base: bigint): Uint8Array {
  const ids = [...starts.keys()];
  const { bytes, at } = stringsOf(ids);
  const symbols = Buffer.alloc(16 * ids.length);
  for (const [i, id] of ids.entries()) {
    symbols.writeUInt32LE(at.get(id) ?? 0, 16 * i);
    symbols.set([id % 4 === 0 ? 0x0f : 0x0e, 1], 16 * i + 4);
    symbols.writeBigUInt64LE(base + BigInt(starts.get(id) ?? 0), 16 * i + 8);
  }
  const begins = file.length + (-file.length & 7);
  const whole = Buffer.alloc(begins + symbols.length + bytes.length);
  whole.set(file);
  whole.set(symbols, begins);
  whole.set(bytes, begins + symbols.length);
  let command = 32;
  for (let i = 0; i < whole.readUInt32LE(16); i++) command += whole.readUInt32LE(command + 4);
  whole.writeUInt32LE(whole.readUInt32LE(16) + 2, 16);
  for (const [i, value] of [2, 24, begins, ids.length, begins + symbols.length, bytes.length].entries())
    whole.writeUInt32LE(value, command + 4 * i);
  const segment = command + 24;
  whole.writeUInt32LE(0x19, segment);
  whole.writeUInt32LE(72, segment + 4);
  whole.write('__LINKEDIT', segment + 8);
  whole.writeBigUInt64LE(base + 0x20000n, segment + 24);
  whole.writeBigUInt64LE(0x10000n, segment + 32);
  whole.writeBigUInt64LE(BigInt(begins), segment + 40);
  return Uint8Array.from(whole);
}

/** Small executables as native images of Java are: with records of their code among objects. The later version has records more. */
import { randomNumbers } from '../pairs.ts';

const COUNT = 1200;
const BASE = 0x200000;
const HEAP = 0x20000;

/** A record more in every thirty of the later version: the places of all frames and maps behind change. */
export function codeRecords(later: boolean): Buffer {
  const next = randomNumbers(77);
  const bytes: number[] = [];
  const frames: number[] = [0];
  let map = 0xfe00;
  const add = () => {
    const flags = [0xa0, 0x90, 0xc1, 0xb0, 0xe6, 0xa0, 0x98, 0][next() % 8] ?? 0;
    bytes.push(flags, next() & 255);
    for (const bits of [flags & 3, (flags >> 2) & 3])
      for (let i = [0, 1, 2, 4][bits] ?? 0; i > 0; i--) bytes.push(next() & 31);
    const field = (value: number, size: number) => {
      for (let i = 0; i < size; i++) bytes.push((value >>> (8 * i)) & 255);
    };
    map += next() % 3;
    field(map - (next() % 200), [0, 0, 2, 4][(flags >> 4) & 3] ?? 0);
    if (flags < 64) return;
    const old = frames[Math.max(0, frames.length - 1 - (next() % 60))] ?? 0;
    const fresh = (frames.at(-1) ?? 0) + 4 + (next() % 6);
    if (next() % 2 === 0) field(old, 4);
    else frames.push(fresh) && field(fresh, 4);
  };
  for (let i = 0; i < COUNT; i++) {
    add();
    if (i % 30 !== 11) continue;
    const before = { size: bytes.length, frames: frames.length, map };
    add();
    if (later) continue;
    bytes.length = before.size;
    frames.length = before.frames;
    map = before.map;
  }
  return Buffer.from(bytes);
}

/** Words that refer to nothing, an array, and more of them. */
export function heap(later: boolean): Uint8Array {
  const records = codeRecords(later);
  const array = Buffer.alloc(16);
  array.writeUInt32LE(0x1234568, 0);
  array.writeUInt32LE(records.length, 12);
  const objects = Buffer.alloc(256);
  for (let at = 0; at < objects.length; at += 8) objects.writeUInt32LE(0x9000 + 24 * at, at);
  const end = Buffer.alloc(4096 - ((objects.length + array.length + records.length) % 4096), 1);
  return Uint8Array.from(Buffer.concat([objects, array, records, end]));
}

/** `file`, an ELF executable of three segments, with these objects as a fourth, and with sections. */
export function elfWithHeap(
  file: Uint8Array,
  parts: readonly { flags: number; address: number; offset: number; size: number }[],
  objects: Uint8Array,
): Uint8Array {
  const at = file.length + (-file.length & 7);
  const names = Buffer.from('\0.svm_heap\0', 'latin1');
  const namesAt = at + objects.length;
  const table = namesAt + names.length + (-names.length & 7);
  const whole = Buffer.alloc(table + 64 * (parts.length + 3));
  for (const [offset, bytes] of [[0, file] as const, [at, objects] as const, [namesAt, names] as const])
    whole.set(bytes, offset);
  const segment = 64 + 56 * 3;
  whole.writeUInt32LE(1, segment);
  whole.writeUInt32LE(6, segment + 4);
  for (const [field, value] of [at, BASE + HEAP, BASE + HEAP, objects.length, objects.length, 4096].entries())
    whole.writeBigUInt64LE(BigInt(value), segment + 8 + 8 * field);
  whole.writeUInt16LE(4, 56);
  whole.writeBigUInt64LE(BigInt(table), 40);
  whole.writeUInt16LE(parts.length + 3, 60);
  whole.writeUInt16LE(parts.length + 2, 62);
  const sections = [
    ...parts.map((part) => ({ ...part, type: 1, name: 0 })),
    { type: 1, name: 1, flags: 3, address: HEAP, offset: at, size: objects.length },
    { type: 3, name: 0, flags: 0, address: -BASE, offset: namesAt, size: names.length },
  ];
  for (const [index, { type, name, flags, address, offset, size }] of sections.entries()) {
    const place = table + 64 * (index + 1);
    whole.writeUInt32LE(name, place);
    whole.writeUInt32LE(type, place + 4);
    for (const [field, value] of [flags, BASE + address, offset, size].entries())
      whole.writeBigUInt64LE(BigInt(value), place + 8 + 8 * field);
  }
  return Uint8Array.from(whole);
}

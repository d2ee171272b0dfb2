/** Small .NET assemblies, with offsets of 2 or of 4 bytes, alone or in a larger file. The later version has strings, rows and methods more. */
import { randomNumbers } from '../pairs.ts';

const [BASE, RVA, AT] = [0x400000, 0x2000, 0x200];
const COUNT = 700;

/** Instructions with tokens, of which the rows have moved. */
function methodOf(id: number, rowOf: (id: number) => number, stringOf: (id: number) => number): number[] {
  const next = randomNumbers(id + 900);
  const body: number[] = [];
  const token = (table: number, row: number) => [row & 255, (row >> 8) & 255, (row >> 16) & 255, table];
  for (let i = 0; i < 6 + (id % 5); i++) {
    const other = next() % COUNT;
    body.push(
      ...([
        [0x02, 0x28, ...token(6, rowOf(other))],
        [0x72, ...token(0x70, stringOf(other))],
        [0xfe, 0x06, ...token(6, rowOf(other))],
        [0x1f, next() & 127, 0x58, 0x0a],
      ][next() % 4] ?? []),
    );
  }
  body.push(0x2a);
  if (id % 10 === 3) return [0x13, 0x30, 8, 0, ...u32(body.length), ...token(0x11, rowOf(id)), ...body];
  return [(body.length << 2) | 2, ...body];
}

/** `isLarge`: offsets have 4 bytes; `isMixed`: it is not said that there is no code of a machine. */
export function managed(later: boolean, isLarge = false, isMixed = false): Uint8Array {
  const ids = Array.from({ length: COUNT }, (_, id) => id).filter((id) => later || id % 50 !== 7);
  const rows = new Map(ids.map((id, index) => [id, index + 1]));
  const known = (id: number) => (rows.has(id) ? id : 0);
  let names = '\0';
  const at = new Map<number, number>();
  const named = [...ids].sort((a, b) => ((a * 89) % COUNT) - ((b * 89) % COUNT));
  for (const id of named) {
    at.set(id, names.length);
    names += `${['get', 'set', 'Make', 'Is'][id % 4]}_${(id * 7919) % 9973}\0`;
  }
  const nameOf = (id: number) => at.get(known(id)) ?? 0;
  const code: number[] = [];
  const places = ids.map((id) => {
    const place = code.length;
    code.push(...methodOf(id, (other) => rows.get(known(other)) ?? 1, nameOf));
    return place;
  });
  while (code.length % 4 !== 0) code.push(0);
  const header = 72;
  const field = (value: number) => (isLarge ? u32(value) : u16(value));
  const methods = ids.flatMap((id, index) => [
    ...u32(RVA + header + (places[index] ?? 0)),
    ...[0, 0, 0x86, 0],
    ...field(nameOf(id)),
    ...field(1 + 3 * (id % 40)),
    ...u16(index + 1),
  ]);
  const members = ids.flatMap((id) => [
    ...u16(8 * (rows.get(known((id * 31) % COUNT)) ?? 1) + 1),
    ...field(nameOf(id)),
    ...field(4 + (id % 90)),
  ]);
  const bits = (1n << 6n) | (1n << 10n) | (1n << 2n);
  const types = ids.flatMap((id) => [
    ...u32(1),
    ...field(nameOf(id)),
    ...field(0),
    ...u16(0),
    ...u16(1),
    ...u16(rows.get(id) ?? 1),
  ]);
  const tables = [
    ...[0, 0, 0, 0, 2, 0, isLarge ? 5 : 0, 1],
    ...[bits, 0n].flatMap((word) => [...u32(Number(word)), ...u32(0)]),
    ...[ids.length, ids.length, ids.length].flatMap(u32),
    ...types,
    ...methods,
    ...members,
  ];
  while (tables.length % 4 !== 0) tables.push(0);
  const strings = [...Buffer.from(names.padEnd(names.length + (-names.length & 3), '\0'), 'latin1')];
  const blobs = Array.from({ length: 400 }, (_, i) => (i * i) & 255);
  const streams = [
    ['#~\0\0', tables],
    ['#Strings\0\0\0\0', strings],
    ['#Blob\0\0\0', blobs],
    ['#US\0', strings],
  ] as const;
  let start = 20 + 12 + streams.reduce((sum, [name]) => sum + 8 + name.length, 0);
  const heads = streams.flatMap(([name, bytes]) => {
    const head = [...u32(start), ...u32(bytes.length), ...Buffer.from(name, 'latin1')];
    start += bytes.length;
    return head;
  });
  const metadata = [
    ...u32(0x424a5342),
    ...[1, 0, 1, 0, 0, 0, 0, 0],
    ...u32(12),
    ...Buffer.from('v4.0.30319\0\0', 'latin1'),
    ...[0, 0, streams.length, 0],
    ...heads,
    ...streams.flatMap(([, bytes]) => [...bytes]),
  ];
  const metadataAt = RVA + header + code.length;
  const cli = [72, 0x20005, metadataAt, metadata.length, isMixed ? 0 : 1, 0x6000001].flatMap(u32);
  const section = [...cli, ...new Array<number>(header - cli.length).fill(0), ...code, ...metadata];
  const file = Buffer.alloc(AT + section.length);
  file.write('MZ');
  file.writeUInt32LE(0x40, 60);
  file.writeUInt32LE(0x4550, 0x40);
  file.writeUInt16LE(332, 0x44);
  file.writeUInt16LE(1, 0x46);
  file.writeUInt16LE(224, 0x54);
  file.writeUInt16LE(0x10b, 0x58);
  file.writeUInt32LE(BASE, 0x58 + 28);
  file.writeUInt32LE(16, 0x58 + 92);
  file.writeUInt32LE(RVA, 0x58 + 96 + 8 * 14);
  file.writeUInt32LE(72, 0x58 + 100 + 8 * 14);
  for (const [field, value] of [section.length, RVA, section.length, AT].entries())
    file.writeUInt32LE(value, 0x58 + 224 + 8 + 4 * field);
  file.writeUInt32LE(0x60000020, 0x58 + 224 + 36);
  file.set(section, AT);
  return Uint8Array.from(file);
}

/** An application that is one file: assemblies, of which one is as it was, with other things around and between them. */
export function assemblies(later: boolean): Uint8Array {
  const other = (size: number, seed: number) => {
    const next = randomNumbers(seed);
    return Uint8Array.from({ length: size }, () => next() & 255);
  };
  return Buffer.concat([
    other(1000 + (later ? 40 : 0), 1),
    managed(later),
    other(128, 2),
    managed(false),
    other(8, 3),
    managed(later, true),
    other(500, 4),
  ]);
}

function u16(value: number): number[] {
  return [value & 255, (value >> 8) & 255];
}

function u32(value: number): number[] {
  return [...u16(value & 0xffff), ...u16(value >>> 16)];
}

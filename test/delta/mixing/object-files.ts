/** Objects that are linked no further, alone and in archives. The later version has functions more, so that all that is said of places differs. */
import { randomNumbers } from '../pairs.ts';

type Machine = 'x86' | 'arm';

interface Section {
  name: string;
  type: number;
  flags: number;
  bytes: Uint8Array;
  link?: number;
  info?: number;
}

/** Numbers of sections. */
const [TEXT, DATA, SYMBOLS, NAMES, UNWINDING] = [1, 2, 5, 6, 7];
const COUNT = 60;
const OUTSIDE = 40;

export const nameOf = (id: number) => `${['read', 'write', 'parse'][id % 3]}_${(id * 7919) % 997}_of_${id}`;

/** Numbers of functions in their order; the later version has one more in every twenty. */
export const idsOf = (first: number, later: boolean) =>
  Array.from({ length: COUNT }, (_, i) => first + i).flatMap((id) =>
    later && id % 20 === 7 ? [id, 1000 + id] : [id],
  );

/** Texts one behind the other, and where each begins. */
export function textsOf(texts: readonly string[]): { bytes: Buffer; at: Map<string, number> } {
  const at = new Map<string, number>();
  let all = '\0';
  for (const text of texts) {
    at.set(text, all.length);
    all += `${text}\0`;
  }
  return { bytes: Buffer.from(all, 'latin1'), at };
}

function relocation(place: number, type: number, symbol: number, addend: number): Buffer {
  const bytes = Buffer.alloc(24);
  bytes.writeBigUInt64LE(BigInt(place), 0);
  bytes.writeUInt32LE(type, 8);
  bytes.writeUInt32LE(symbol, 12);
  bytes.writeBigInt64LE(BigInt(addend), 16);
  return bytes;
}

/** Code, the relocations in it, and where its functions begin. */
function codeOf(machine: Machine, ids: readonly number[], symbolOf: (id: number) => number) {
  const code: number[] = [];
  const relocations: Buffer[] = [];
  const starts: number[] = [];
  for (const id of ids) {
    starts.push(code.length);
    const next = randomNumbers(id * 31 + 5);
    for (let i = 2 + (next() % 5); i >= 0; i--) {
      const value = next() % 250;
      if (machine === 'arm') {
        // add x1, x2, #value; bl
        code.push(0x41, (value & 63) << 2, 0, 0x91, 0, 0, 0, 0x94);
        relocations.push(relocation(code.length - 4, 283, symbolOf(2000 + (next() % OUTSIDE)), 0));
        continue;
      }
      // mov $value, %eax; call; lea in the data; jmp to the start of the function
      code.push(0xb8, value, 0, 0, 0, 0xe8, 0, 0, 0, 0);
      relocations.push(relocation(code.length - 4, 4, symbolOf(2000 + (next() % OUTSIDE)), -4));
      code.push(0x48, 0x8d, 0x05, 0, 0, 0, 0);
      relocations.push(relocation(code.length - 4, 2, 2, 8 * (next() % COUNT) - 4));
    }
    const back = (starts.at(-1) ?? 0) - code.length - (machine === 'x86' ? 5 : 0);
    const word = machine === 'x86' ? back : 0x14000000 | ((back >> 2) & 0x3ffffff);
    const bytes = [word & 255, (word >> 8) & 255, (word >> 16) & 255, word >>> 24];
    code.push(...(machine === 'x86' ? [0xe9, ...bytes] : bytes));
  }
  return { code: Uint8Array.from(code), relocations: Buffer.concat(relocations), starts };
}

/** How functions are unwound: a record that is common to all, then one for each, with how far back that is and how long the function is. */
function unwindingOf(starts: readonly number[], end: number): Section[] {
  const records = Buffer.alloc(24 + 24 * starts.length);
  const relocations: Buffer[] = [];
  records.writeUInt32LE(20, 0);
  for (const [index, start] of starts.entries()) {
    const at = 24 + 24 * index;
    records.writeUInt32LE(20, at);
    records.writeUInt32LE(at + 4, at + 4);
    records.writeUInt32LE((starts[index + 1] ?? end) - start, at + 12);
    relocations.push(relocation(at + 8, 2, 1, start));
  }
  return [
    { name: '.eh_frame', type: 1, flags: 2, bytes: records },
    {
      ...{ name: '.rela.eh_frame', type: 4, flags: 64, bytes: Buffer.concat(relocations) },
      ...{ link: SYMBOLS, info: UNWINDING },
    },
  ];
}

/** Sections one behind the other, then their headers. The last section has their names. */
function elfOf(machine: Machine, sections: readonly Section[]): Buffer {
  const names = textsOf([...sections.map(({ name }) => name), '.shstrtab']);
  const all: Section[] = [...sections, { name: '.shstrtab', type: 3, flags: 0, bytes: names.bytes }];
  const places: number[] = [];
  let end = 64;
  for (const { bytes } of all) {
    end += -end & 7;
    places.push(end);
    end += bytes.length;
  }
  const table = end + (-end & 7);
  const file = Buffer.alloc(table + 64 * (all.length + 1));
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  file.set([1, 0, machine === 'x86' ? 62 : 183, 0], 16);
  file.writeBigUInt64LE(BigInt(table), 40);
  file.writeUInt16LE(all.length + 1, 60);
  file.writeUInt16LE(all.length, 62);
  for (const [i, { name, type, flags, bytes, link = 0, info = 0 }] of all.entries()) {
    const at = table + 64 * (i + 1);
    file.set(bytes, places[i]);
    file.writeUInt32LE(names.at.get(name) ?? 0, at);
    file.writeUInt32LE(type, at + 4);
    file.writeUInt32LE(flags, at + 8);
    file.writeBigUInt64LE(BigInt(places[i] ?? 0), at + 24);
    file.writeBigUInt64LE(BigInt(bytes.length), at + 32);
    file.writeUInt32LE(link, at + 40);
    file.writeUInt32LE(info, at + 44);
  }
  return file;
}

/** Of each function a symbol, behind those of code and data; then those that are elsewhere. */
export function objectFile(machine: Machine, later: boolean, first = 0, more: Section[] = []): Buffer {
  const ids = idsOf(first, later);
  const outside = Array.from({ length: OUTSIDE }, (_, i) => 2000 + i);
  const numbers = new Map([...ids, ...outside].map((id, index) => [id, 3 + index]));
  const { code, relocations, starts } = codeOf(machine, ids, (id) => numbers.get(id) ?? 0);
  const texts = textsOf([...numbers.keys()].map(nameOf));
  const symbols = Buffer.alloc(24 * (3 + numbers.size));
  symbols.set([3, 0, TEXT, 0], 24 + 4);
  symbols.set([3, 0, DATA, 0], 48 + 4);
  for (const [id, number] of numbers) {
    symbols.writeUInt32LE(texts.at.get(nameOf(id)) ?? 0, 24 * number);
    symbols.set([id < 2000 ? 18 : 16, 0, id < 2000 ? TEXT : 0, 0], 24 * number + 4);
  }
  for (const [index, start] of starts.entries()) {
    symbols.writeUInt32LE(start, 24 * (3 + index) + 8);
    symbols.writeUInt32LE((starts[index + 1] ?? code.length) - start, 24 * (3 + index) + 16);
  }
  const pointers = starts.map((start, index) => relocation(8 * index, 1, 1, start));
  return elfOf(machine, [
    { name: '.text', type: 1, flags: 6, bytes: code },
    { name: '.data', type: 1, flags: 3, bytes: new Uint8Array(8 * starts.length) },
    { name: '.rela.text', type: 4, flags: 64, bytes: relocations, link: SYMBOLS, info: TEXT },
    { name: '.rela.data', type: 4, flags: 64, bytes: Buffer.concat(pointers), link: SYMBOLS, info: DATA },
    { name: '.symtab', type: 2, flags: 0, bytes: symbols, link: NAMES, info: 3 },
    { name: '.strtab', type: 3, flags: 0, bytes: texts.bytes },
    ...unwindingOf(starts, code.length),
    ...more,
  ]);
}

/** Members, and where in the archive those are that have the symbols; `symbols` are their names, by member. */
export function archiveOf(
  names: readonly string[],
  members: readonly Uint8Array[],
  symbols: readonly (readonly string[])[],
): Uint8Array {
  const all = symbols.flat();
  const index = Buffer.concat([
    Buffer.alloc(4 + 4 * all.length),
    Buffer.from(`${all.join('\0')}\0`, 'latin1'),
  ]);
  index.writeUInt32BE(all.length, 0);
  let place = 8 + 60 + index.length + (index.length % 2);
  let entry = 4;
  for (const [i, { length }] of members.entries()) {
    for (const _ of symbols[i] ?? []) {
      index.writeUInt32BE(place, entry);
      entry += 4;
    }
    place += 60 + length + (length % 2);
  }
  const member = (name: string, bytes: Uint8Array) => [
    Buffer.from(`${name.padEnd(48)}${String(bytes.length).padEnd(10)}\`\n`, 'latin1'),
    bytes,
    Buffer.from('\n'.repeat(bytes.length % 2), 'latin1'),
  ];
  const contents = members.flatMap((bytes, i) => member(names[i] ?? '', bytes));
  return Uint8Array.from(
    Buffer.concat([Buffer.from('!<arch>\n', 'latin1'), ...member('/', index), ...contents]),
  );
}

/** Three objects, and their functions. */
export function archive(later: boolean): Uint8Array {
  const firsts = [0, 100, 200];
  const objects = firsts.map((first) => objectFile('x86', later, first));
  const symbols = firsts.map((first) => idsOf(first, later).map(nameOf));
  return archiveOf(['a.o/', 'b.o/', 'c.o/'], objects, symbols);
}

/** Types of each kind, whose numbers go on from those of a kernel, which has more of them later. */
function typesOf(later: boolean): Buffer {
  const own = later ? 140_037 : 140_000;
  const next = randomNumbers(17);
  const type = () => (next() % 3 === 0 ? own + (next() % 500) : 1 + (next() % 30_000) * 2 + (later ? 11 : 0));
  const name = () => (later ? 900_100 : 900_000) + (next() % 5000);
  const words: number[] = [];
  const kinds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 15, 17, 19];
  for (let i = 0; i < 300; i++) {
    const kind = kinds[next() % kinds.length] ?? 1;
    const count = [4, 5, 6, 13, 15, 19].includes(kind) ? next() % 6 : 0;
    words.push(name(), (kind << 24) | count, [1, 3, 4, 5, 6, 15, 19].includes(kind) ? 8 : type());
    if ([1, 14, 17].includes(kind)) words.push(next() % 64);
    if (kind === 3) words.push(type(), type(), next() % 64);
    for (let member = 0; member < count; member++) {
      if (kind === 15) words.push(type(), 8 * member, 8);
      else words.push(name());
      if (kind === 4 || kind === 5) words.push(type(), 64 * member);
      if (kind === 13) words.push(type());
      if (kind === 6) words.push(member);
      if (kind === 19) words.push(member, 0);
    }
  }
  return Buffer.from(
    Uint32Array.from([0x01eb9f, 24, 0, 4 * words.length, 4 * words.length, 0, ...words]).buffer,
  );
}

/** A module of Linux. */
export function linuxModule(later: boolean): Uint8Array {
  return Uint8Array.from(
    objectFile('x86', later, 0, [{ name: '.BTF', type: 1, flags: 0, bytes: typesOf(later) }]),
  );
}

/** Small objects of other layouts than ELF of 64 bits with the lowest byte first, alone and in archives as each system has them. */
import { type Code, type Content, contentOf, type Relocation, type Use } from './object-contents.ts';
import { archiveOf, idsOf, nameOf, textsOf } from './object-files.ts';

/** Writes numbers as a layout has them. */
export class Writer {
  readonly bytes: Buffer;
  readonly #isBig: boolean;

  constructor(size: number, isBig = false) {
    this.bytes = Buffer.alloc(size);
    this.#isBig = isBig;
  }

  half(at: number, value: number): void {
    if (this.#isBig) this.bytes.writeUInt16BE(value, at);
    else this.bytes.writeUInt16LE(value, at);
  }

  word(at: number, value: number): void {
    if (this.#isBig) this.bytes.writeUInt32BE(value >>> 0, at);
    else this.bytes.writeUInt32LE(value >>> 0, at);
  }

  /** A number of 8 bytes. */
  long(at: number, value: number): void {
    this.word(at + (this.#isBig ? 4 : 0), value);
    this.word(at + (this.#isBig ? 0 : 4), value < 0 ? -1 : 0);
  }
}

const SECTIONS = ['code', 'data', 'unwinding'] as const;
/** What each kind of relocation is to: the code or the data, by their numbers, or a name. */
const HOMES: Record<Use, number> = { call: 0, data: 2, pointer: 1, unwound: 1 };

/** The sections, with what is added to written into them. */
function withAddends(content: Content, isBig: boolean, added: (relocation: Relocation) => number | null) {
  return SECTIONS.map((name) => {
    const writer = new Writer(content[name].length, isBig);
    writer.bytes.set(content[name]);
    for (const relocation of content.relocations[name]) {
      const value = added(relocation);
      if (value !== null) writer.word(relocation.place, value);
    }
    return writer.bytes;
  });
}

interface Elf {
  code: Code;
  machine: number;
  isWide: boolean;
  isBig: boolean;
  types: Record<Use, number>;
}

const ELF: Record<'i386' | 's390x' | 'ppc', Elf> = {
  i386: {
    ...{ code: 'x86-32', machine: 3, isWide: false, isBig: false },
    types: { call: 4, data: 9, pointer: 1, unwound: 2 },
  },
  s390x: {
    ...{ code: 's390x', machine: 22, isWide: true, isBig: true },
    types: { call: 20, data: 19, pointer: 22, unwound: 5 },
  },
  ppc: {
    ...{ code: 'other', machine: 20, isWide: false, isBig: true },
    types: { call: 10, data: 1, pointer: 1, unwound: 26 },
  },
};

/** Of i386, relocations have no addends: these are in the sections. */
export function otherElf(machine: keyof typeof ELF, later: boolean, first = 0): Buffer {
  const { code, machine: number, isWide, isBig, types } = ELF[machine];
  const content = contentOf(code, later, first, isWide ? 8 : 4);
  const isShort = machine === 'i386';
  const sections = withAddends(content, isBig, ({ use, addend }) =>
    !isShort ? null : use === 'call' ? -4 : addend,
  );
  const texts = textsOf(content.names.map(({ name }) => name));
  const symbolSize = isWide ? 24 : 16;
  const symbols = new Writer(symbolSize * (3 + content.names.length), isBig);
  const symbol = (index: number, name: number, info: number, home: number, value = 0, size = 0) => {
    const at = symbolSize * index;
    symbols.word(at, name);
    symbols.bytes[at + (isWide ? 4 : 12)] = info;
    symbols.half(at + (isWide ? 6 : 14), home);
    if (isWide) symbols.long(at + 8, value);
    else symbols.word(at + 4, value);
    if (isWide) symbols.long(at + 16, size);
    else symbols.word(at + 8, size);
  };
  symbol(1, 0, 3, 1);
  symbol(2, 0, 3, 2);
  for (const [index, { name, start, size }] of content.names.entries())
    symbol(3 + index, texts.at.get(name) ?? 0, 18, start === undefined ? 0 : 1, start, size);
  const entry = isWide ? 24 : isShort ? 8 : 12;
  const tables = SECTIONS.map((name) => {
    const table = new Writer(entry * content.relocations[name].length, isBig);
    for (const [index, { place, use, symbol: to, addend }] of content.relocations[name].entries()) {
      const at = entry * index;
      const number = use === 'call' ? 3 + to : HOMES[use];
      const sum = machine === 's390x' && use === 'data' ? addend + 2 : addend;
      if (isWide) {
        table.long(at, place);
        table.word(at + 8, number);
        table.word(at + 12, types[use]);
        table.long(at + 16, sum);
      } else {
        table.word(at, place);
        table.word(at + 4, number * 256 + types[use]);
        if (!isShort) table.word(at + 8, sum);
      }
    }
    return table.bytes;
  });
  const relocations = isShort ? 9 : 4;
  const all = [
    { name: '.text', type: 1, flags: 6, bytes: sections[0], link: 0, info: 0 },
    { name: '.data', type: 1, flags: 3, bytes: sections[1], link: 0, info: 0 },
    { name: '.eh_frame', type: 1, flags: 2, bytes: sections[2], link: 0, info: 0 },
    { name: '.rel.text', type: relocations, flags: 64, bytes: tables[0], link: 7, info: 1 },
    { name: '.rel.data', type: relocations, flags: 64, bytes: tables[1], link: 7, info: 2 },
    { name: '.rel.eh_frame', type: relocations, flags: 64, bytes: tables[2], link: 7, info: 3 },
    { name: '.symtab', type: 2, flags: 0, bytes: symbols.bytes, link: 8, info: 3 },
    { name: '.strtab', type: 3, flags: 0, bytes: texts.bytes, link: 0, info: 0 },
  ];
  const names = textsOf([...all.map(({ name }) => name), '.shstrtab']);
  all.push({ name: '.shstrtab', type: 3, flags: 0, bytes: names.bytes, link: 0, info: 0 });
  const places: number[] = [];
  let end = 64;
  for (const { bytes } of all) {
    places.push(end);
    end += ((bytes?.length ?? 0) + 7) & ~7;
  }
  const header = isWide ? 64 : 40;
  const file = new Writer(end + header * (all.length + 1), isBig);
  file.bytes.set([0x7f, 0x45, 0x4c, 0x46, isWide ? 2 : 1, isBig ? 2 : 1, 1]);
  file.half(16, 1);
  file.half(18, number);
  if (isWide) file.long(40, end);
  else file.word(32, end);
  file.half(isWide ? 60 : 48, all.length + 1);
  file.half(isWide ? 62 : 50, all.length);
  for (const [index, { name, type, flags, bytes = Buffer.alloc(0), link, info }] of all.entries()) {
    const at = end + header * (index + 1);
    file.bytes.set(bytes, places[index]);
    file.word(at, names.at.get(name) ?? 0);
    file.word(at + 4, type);
    file.word(at + (isWide ? 12 : 8), flags);
    if (isWide) file.long(at + 24, places[index] ?? 0);
    else file.word(at + 16, places[index] ?? 0);
    if (isWide) file.long(at + 32, bytes.length);
    else file.word(at + 20, bytes.length);
    file.word(at + (isWide ? 40 : 24), link);
    file.word(at + (isWide ? 44 : 28), info);
  }
  return file.bytes;
}

/** A name of COFF: as it is if it is short, else where it is among the others. */
function nameInCoff(file: Writer, at: number, name: string, place: number): void {
  if (name.length <= 8) file.bytes.write(name, at, 'latin1');
  else file.word(at + 4, place);
}

/** For x86-64: each section has a symbol with a second record, and all that is added to is in the sections. */
export function coff(later: boolean, first = 0): Buffer {
  const content = contentOf('x86', later, first, 8);
  const sections = withAddends(content, false, ({ use, addend }) => (use === 'call' ? null : addend));
  const types: Record<Use, number> = { call: 4, data: 4, pointer: 1, unwound: 3 };
  const labels = ['.text', '.data', '.unwound'];
  const flags = [0x60000020, 0xc0000040, 0x40000040];
  const texts = textsOf(content.names.map(({ name }) => name));
  let end = 20 + 40 * sections.length;
  const places = sections.map((bytes, index) => {
    const at = end;
    const relocations = at + bytes.length;
    end = relocations + 10 * content.relocations[SECTIONS[index] ?? 'code'].length;
    return { at, relocations };
  });
  const count = 2 * sections.length + content.names.length;
  const file = new Writer(end + 18 * count + 4 + texts.bytes.length);
  file.half(0, 0x8664);
  file.half(2, sections.length);
  file.word(8, end);
  file.word(12, count);
  for (const [index, bytes] of sections.entries()) {
    const header = 20 + 40 * index;
    const { at, relocations } = places[index] ?? { at: 0, relocations: 0 };
    const list = content.relocations[SECTIONS[index] ?? 'code'];
    file.bytes.write(labels[index] ?? '', header, 'latin1');
    file.word(header + 16, bytes.length);
    file.word(header + 20, at);
    file.word(header + 24, relocations);
    file.half(header + 32, list.length);
    file.word(header + 36, flags[index] ?? 0);
    file.bytes.set(bytes, at);
    for (const [entry, { place, use, symbol }] of list.entries()) {
      file.word(relocations + 10 * entry, place);
      file.word(relocations + 10 * entry + 4, use === 'call' ? 6 + symbol : 2 * (HOMES[use] - 1));
      file.half(relocations + 10 * entry + 8, types[use]);
    }
    const symbol = end + 36 * index;
    file.bytes.write(labels[index] ?? '', symbol, 'latin1');
    file.half(symbol + 12, index + 1);
    file.bytes.set([3, 1], symbol + 16);
    file.word(symbol + 18, bytes.length);
    file.half(symbol + 22, list.length);
  }
  for (const [index, { name, start }] of content.names.entries()) {
    const symbol = end + 18 * (6 + index);
    nameInCoff(file, symbol, name, 4 + (texts.at.get(name) ?? 0));
    file.word(symbol + 8, start ?? 0);
    file.half(symbol + 12, start === undefined ? 0 : 1);
    file.bytes[symbol + 16] = 2;
  }
  const names = end + 18 * count;
  file.word(names, 4 + texts.bytes.length);
  file.bytes.set(texts.bytes, names + 4);
  return file.bytes;
}

/** For x86-64: pointers are addresses of the object's own, all else is by symbols. */
export function machObject(later: boolean, first = 0): Buffer {
  const content = contentOf('x86', later, first, 8);
  // How functions are unwound is in records of 32 bytes here.
  const functions = content.names.flatMap(({ start, size }) =>
    start === undefined ? [] : [{ start, size }],
  );
  const compact = new Writer(32 * functions.length);
  const sections: [string, Buffer, Relocation[], number][] = [];
  for (const [index, { start, size }] of functions.entries()) {
    compact.word(32 * index, start);
    compact.word(32 * index + 8, size);
  }
  const pointers = withAddends(content, false, ({ use, addend }) => (use === 'pointer' ? addend : null));
  const unwound = functions.map(
    ({ start: addend }, index): Relocation => ({
      ...{ place: 32 * index, use: 'pointer', symbol: 0, addend },
    }),
  );
  // Records as ELF has them, each with how far its function is from there.
  const records = new Writer(24 + 32 * functions.length);
  const { code, data } = content;
  const recordsAt = code.length + data.length + compact.bytes.length;
  records.word(0, 20);
  for (const [index, { start, size }] of functions.entries()) {
    const at = 24 + 32 * index;
    records.word(at, 28);
    records.word(at + 4, at + 4);
    records.long(at + 8, start - recordsAt - at - 8);
    records.long(at + 16, size);
  }
  sections.push(['__text', Buffer.from(code), content.relocations.code, 0x80000400]);
  sections.push(['__data', pointers[1] ?? Buffer.alloc(0), content.relocations.data, 0]);
  sections.push(['__compact_unwind', compact.bytes, unwound, 0x02000000]);
  sections.push(['__eh_frame', records.bytes, [], 0]);
  const commands = 72 + 80 * sections.length + 24 + 80;
  const start = 32 + commands;
  const size = sections.reduce((sum, [, bytes]) => sum + bytes.length, 0);
  let end = start + size;
  const relocationsAt = sections.map(([, , list]) => {
    const at = end;
    end += 8 * list.length;
    return at;
  });
  const texts = textsOf(content.names.map(({ name }) => `_${name}`));
  const count = content.names.length;
  const file = new Writer(end + 16 * count + texts.bytes.length);
  for (const [index, value] of [0xfeedfacf, 0x1000007, 3, 1, 3, commands].entries())
    file.word(4 * index, value);
  file.word(32, 0x19);
  file.word(36, 72 + 80 * sections.length);
  file.long(64, size);
  file.long(72, start);
  file.long(80, size);
  file.word(96, sections.length);
  let address = 0;
  for (const [index, [name, bytes, list, flags]] of sections.entries()) {
    const header = 104 + 80 * index;
    const at = relocationsAt[index] ?? 0;
    file.bytes.write(name, header, 'latin1');
    file.long(header + 32, address);
    file.long(header + 40, bytes.length);
    file.word(header + 48, start + address);
    file.word(header + 56, list.length === 0 ? 0 : at);
    file.word(header + 60, list.length);
    file.word(header + 64, flags);
    file.bytes.set(bytes, start + address);
    for (const [entry, { place, use, symbol }] of list.entries()) {
      file.word(at + 8 * entry, place);
      const to = use === 'call' ? 0x2d000000 + symbol : use === 'data' ? 0x1d000000 : 0x06000001;
      file.word(at + 8 * entry + 4, to);
    }
    address += bytes.length;
  }
  const table = 104 + 80 * sections.length;
  for (const [index, value] of [2, 24, end, count, end + 16 * count, texts.bytes.length].entries())
    file.word(table + 4 * index, value);
  for (const [index, value] of [11, 80, 0, 0, 0, functions.length, functions.length, count].entries())
    file.word(table + 24 + 4 * index, value);
  for (const [index, { name, start: value }] of content.names.entries()) {
    const symbol = end + 16 * index;
    file.word(symbol, texts.at.get(`_${name}`) ?? 0);
    file.bytes.set(value === undefined ? [1, 0] : [15, 1], symbol + 4);
    file.long(symbol + 8, value ?? 0);
  }
  file.bytes.set(texts.bytes, end + 16 * count);
  return file.bytes;
}

const member = (name: string, bytes: Uint8Array) => [
  Buffer.from(`${name.padEnd(48)}${String(bytes.length).padEnd(10)}\`\n`, 'latin1'),
  bytes,
  Buffer.from('\n'.repeat(bytes.length % 2), 'latin1'),
];

/** An archive of macOS: the names of its members are in front of them. */
export function machArchive(later: boolean): Uint8Array {
  const members = [0, 100].map((first) => ({ bytes: machObject(later, first), names: idsOf(first, later) }));
  const symbols = members.flatMap(({ names }) => names.map(nameOf));
  const texts = textsOf(symbols);
  const index = new Writer(20 + 8 + 8 * symbols.length + texts.bytes.length);
  index.bytes.write('__.SYMDEF SORTED', 0, 'latin1');
  index.word(20, 8 * symbols.length);
  index.word(24 + 8 * symbols.length, texts.bytes.length);
  index.bytes.set(texts.bytes, 28 + 8 * symbols.length);
  let place = 8 + 60 + index.bytes.length + (index.bytes.length % 2);
  let entry = 24;
  const contents: Uint8Array[] = [];
  for (const [number, { bytes, names }] of members.entries()) {
    for (const id of names) {
      index.word(entry, texts.at.get(nameOf(id)) ?? 0);
      index.word(entry + 4, place);
      entry += 8;
    }
    const named = Buffer.concat([Buffer.from(`member${number}.o`.padEnd(16, '\0'), 'latin1'), bytes]);
    contents.push(...member('#1/16', named));
    place += 60 + named.length + (named.length % 2);
  }
  return Uint8Array.from(
    Buffer.concat([Buffer.from('!<arch>\n', 'latin1'), ...member('#1/20', index.bytes), ...contents]),
  );
}

/** An import library: an object, and members that say of one function that it is imported, as Microsoft's linker and as GNU's write them. */
export function importLibrary(later: boolean): Uint8Array {
  const ids = idsOf(0, later);
  const imports = ids.map((id, index) => (id % 3 === 0 ? shortImport(id, index) : longImport(id, index)));
  const members = [coff(later), ...imports];
  const names = ['first.obj/', ...ids.map((_, index) => `/${7 * index}`)];
  const whole = archiveOf(names, members, [[], ...ids.map((id) => [nameOf(id)])]);
  const size = Number(Buffer.from(whole).toString('latin1', 56, 66));
  const behind = 68 + size + (size % 2);
  // The second index, where the members are, and their names.
  const places = new Writer(4 + 4 * members.length);
  const long = Buffer.from(ids.map((_, index) => `d${String(index).padStart(5, '0')}\n`).join(''), 'latin1');
  const between = 60 + places.bytes.length + 60 + long.length + (long.length % 2);
  places.word(0, members.length);
  const first = Buffer.from(whole);
  for (let entry = 72; entry < 72 + 4 * ids.length; entry += 4)
    first.writeUInt32BE(first.readUInt32BE(entry) + between, entry);
  let place = behind + between;
  for (const [index, { length }] of members.entries()) {
    places.word(4 + 4 * index, place);
    place += 60 + length + (length % 2);
  }
  const added = [...member('/', places.bytes), ...member('//', long)];
  return Uint8Array.from(Buffer.concat([first.subarray(0, behind), ...added, first.subarray(behind)]));
}

function shortImport(id: number, hint: number): Buffer {
  const names = Buffer.from(`${nameOf(id)}\0some.dll\0`, 'latin1');
  const file = new Writer(20 + names.length);
  file.half(2, 0xffff);
  file.half(6, 0x8664);
  file.word(12, names.length);
  file.half(16, hint);
  file.half(18, 4);
  file.bytes.set(names, 20);
  return file.bytes;
}

/** A section with the number and the name of what is imported, and the symbol of where its address will be. */
function longImport(id: number, hint: number): Buffer {
  const name = nameOf(id);
  const content = Buffer.alloc(2 + name.length + 1);
  content.writeUInt16LE(hint, 0);
  content.write(name, 2, 'latin1');
  const text = `__imp_${name}\0`;
  const symbols = 60 + content.length;
  const file = new Writer(symbols + 18 + 4 + text.length);
  file.half(0, 0x8664);
  file.half(2, 1);
  file.word(8, symbols);
  file.word(12, 1);
  file.bytes.write('.idata$6', 20, 'latin1');
  file.word(36, content.length);
  file.word(40, 60);
  file.word(56, 0xc0300040);
  file.bytes.set(content, 60);
  file.word(symbols + 4, 4);
  file.half(symbols + 12, 1);
  file.bytes[symbols + 16] = 2;
  file.word(symbols + 18, 4 + text.length);
  file.bytes.write(text, symbols + 22, 'latin1');
  return file.bytes;
}

/** One of each layout, and of each kind of archive. */
export function otherObjects(): { name: string; layout: number; make: (later: boolean) => Uint8Array }[] {
  const whole = (make: (later: boolean) => Uint8Array) => (later: boolean) => Uint8Array.from(make(later));
  return [
    { name: 'object-i386', layout: 1, make: whole((later) => otherElf('i386', later)) },
    { name: 'object-s390x', layout: 2, make: whole((later) => otherElf('s390x', later)) },
    { name: 'object-ppc', layout: 3, make: whole((later) => otherElf('ppc', later)) },
    { name: 'object-coff', layout: 4, make: whole((later) => coff(later)) },
    { name: 'object-mach-o', layout: 5, make: whole((later) => machObject(later)) },
    { name: 'archive-mach-o', layout: 5, make: machArchive },
    { name: 'import-library', layout: 4, make: importLibrary },
  ];
}

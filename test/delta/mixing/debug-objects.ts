/** Small objects with debug information of DWARF, of each layout that it is looked through in. The later version has functions more. */
import { randomNumbers } from '../pairs.ts';
import { debugSections, type Where } from './dwarf-executables.ts';
import { idsOf, nameOf, textsOf } from './object-files.ts';
import { Writer } from './other-object-files.ts';
import { wasmArchive, wasmObject } from './wasm-objects.ts';

interface Part {
  name: string;
  bytes: Uint8Array;
  /** Places with an address, and of which place of the code. */
  pointers: { at: number; to: number }[];
}

interface Content {
  /** The code first. */
  parts: Part[];
  symbols: { name: string; start: number }[];
}

const INFORMATION = '.debug_info';

/** `isInPlace`: addresses are in the entries as well as in relocations. */
function contentOf(later: boolean, wide: 4 | 8, isInPlace: boolean, where: Where = 'object'): Content {
  const code: number[] = [];
  const starts = new Map<number, number>();
  for (const id of idsOf(0, later)) {
    const next = randomNumbers(id * 31 + 5);
    starts.set(id, code.length);
    for (let i = 12 + (next() % 50); i >= 0; i--) code.push(next() % 250);
  }
  const { sections, pointers } = debugSections({ starts, address: 0, code, base: 0n }, wide, where);
  const parts = sections.map(({ name, bytes }): Part => {
    const copy = Uint8Array.from(bytes);
    const own = name === INFORMATION ? pointers : [];
    if (!isInPlace) for (const { at } of own) copy.fill(0, at, at + wide);
    return { name: where === 'own file' ? `${name}.dwo` : name, bytes: copy, pointers: own };
  });
  return {
    parts: [{ name: '.text', bytes: Uint8Array.from(code), pointers: [] }, ...parts],
    symbols: [...starts].map(([id, start]) => ({ name: nameOf(id), start })),
  };
}

/** For x86-64, or for x86 of 32 bits, whose relocations have no addends. */
export function elfObjectWithDebug(later: boolean, wide: 4 | 8, where: Where = 'object'): Uint8Array {
  const isWide = wide === 8;
  const { parts, symbols } = contentOf(later, wide, !isWide, where);
  const texts = textsOf(symbols.map(({ name }) => name));
  const [symbolSize, entry, header] = isWide ? [24, 24, 64] : [16, 8, 40];
  const table = new Writer(symbolSize * (2 + symbols.length));
  const symbol = (index: number, name: number, info: number, value: number) => {
    const at = symbolSize * index;
    table.word(at, name);
    table.bytes[at + (isWide ? 4 : 12)] = info;
    table.half(at + (isWide ? 6 : 14), 1);
    table.word(at + (isWide ? 8 : 4), value);
  };
  symbol(1, 0, 3, 0);
  for (const [index, { name, start }] of symbols.entries())
    symbol(2 + index, texts.at.get(name) ?? 0, 18, start);
  const information = parts.findIndex(({ pointers }) => pointers.length > 0);
  const relocations = new Writer(entry * (parts[information]?.pointers.length ?? 0));
  for (const [index, { at, to }] of (parts[information]?.pointers ?? []).entries()) {
    relocations.word(entry * index, at);
    if (isWide) {
      relocations.word(entry * index + 8, 1);
      relocations.word(entry * index + 12, 1);
      relocations.word(entry * index + 16, to);
    } else relocations.word(entry * index + 4, 0x101);
  }
  const end = parts.length + 1;
  const all = [
    ...parts.map(({ name, bytes }) => ({ name, type: 1, flags: 0, bytes, link: 0, info: 0 })),
    ...[
      {
        name: '.rel',
        type: isWide ? 4 : 9,
        flags: 64,
        bytes: relocations.bytes,
        link: end + 1,
        info: information + 1,
      },
      { name: '.symtab', type: 2, flags: 0, bytes: table.bytes, link: end + 2, info: 2 },
      { name: '.strtab', type: 3, flags: 0, bytes: texts.bytes, link: 0, info: 0 },
    ],
  ];
  const names = textsOf([...all.map(({ name }) => name), '.shstrtab']);
  all.push({ name: '.shstrtab', type: 3, flags: 0, bytes: names.bytes, link: 0, info: 0 });
  let size = 64;
  const places = all.map(({ bytes }) => {
    size += -size & 7;
    size += bytes.length;
    return size - bytes.length;
  });
  size += -size & 7;
  const file = new Writer(size + header * (all.length + 1));
  file.bytes.set([0x7f, 0x45, 0x4c, 0x46, isWide ? 2 : 1, 1, 1]);
  file.half(16, 1);
  file.half(18, isWide ? 62 : 3);
  file.word(isWide ? 40 : 32, size);
  file.half(isWide ? 60 : 48, all.length + 1);
  file.half(isWide ? 62 : 50, all.length);
  for (const [index, { name, type, flags, bytes, link, info }] of all.entries()) {
    const at = size + header * (index + 1);
    const place = places[index] ?? 0;
    file.bytes.set(bytes, place);
    file.word(at, names.at.get(name) ?? 0);
    file.word(at + 4, type);
    file.word(at + 8, name === '.text' ? 6 : flags);
    file.word(at + (isWide ? 24 : 16), place);
    file.word(at + (isWide ? 32 : 20), bytes.length);
    file.word(at + (isWide ? 40 : 24), link);
    file.word(at + (isWide ? 44 : 28), info);
  }
  return Uint8Array.from(file.bytes);
}

/** The names of sections are behind the symbols. */
function coffWithDebug(later: boolean): Uint8Array {
  const { parts, symbols } = contentOf(later, 8, true);
  const texts = textsOf([...parts, ...symbols].map(({ name }) => name));
  let end = 20 + 40 * parts.length;
  const places = parts.map(({ bytes, pointers }) => {
    const at = end;
    end += bytes.length + 10 * pointers.length;
    return { at, relocations: at + bytes.length };
  });
  const count = 2 + symbols.length;
  const namesAt = end + 18 * count;
  const file = new Writer(namesAt + 4 + texts.bytes.length);
  file.half(0, 0x8664);
  file.half(2, parts.length);
  file.word(8, end);
  file.word(12, count);
  for (const [index, { name, bytes, pointers }] of parts.entries()) {
    const header = 20 + 40 * index;
    const { at, relocations } = places[index] ?? { at: 0, relocations: 0 };
    file.bytes.write(name.length > 8 ? `/${4 + (texts.at.get(name) ?? 0)}` : name, header, 'latin1');
    file.word(header + 16, bytes.length);
    file.word(header + 20, at);
    file.word(header + 24, pointers.length > 0 ? relocations : 0);
    file.half(header + 32, pointers.length);
    file.word(header + 36, index === 0 ? 0x60000020 : 0x42000040);
    file.bytes.set(bytes, at);
    for (const [entry, pointer] of pointers.entries()) {
      file.word(relocations + 10 * entry, pointer.at);
      file.half(relocations + 10 * entry + 8, 1);
    }
  }
  file.bytes.write('.text', end, 'latin1');
  file.half(end + 12, 1);
  file.bytes.set([3, 1], end + 16);
  file.word(end + 18, parts[0]?.bytes.length ?? 0);
  for (const [index, { name, start }] of symbols.entries()) {
    const symbol = end + 18 * (2 + index);
    file.word(symbol + 4, 4 + (texts.at.get(name) ?? 0));
    file.word(symbol + 8, start);
    file.half(symbol + 12, 1);
    file.bytes[symbol + 16] = 2;
  }
  file.word(namesAt, 4 + texts.bytes.length);
  file.bytes.set(texts.bytes, namesAt + 4);
  return Uint8Array.from(file.bytes);
}

/** Addresses are those of the object's own. */
function machObjectWithDebug(later: boolean): Uint8Array {
  const { parts, symbols } = contentOf(later, 8, true);
  const texts = textsOf(symbols.map(({ name }) => `_${name}`));
  const commands = 72 + 80 * parts.length + 24;
  const start = 32 + commands;
  const size = parts.reduce((sum, { bytes }) => sum + bytes.length, 0);
  let end = start + size;
  const relocationsAt = parts.map(({ pointers }) => {
    end += 8 * pointers.length;
    return end - 8 * pointers.length;
  });
  const file = new Writer(end + 16 * symbols.length + texts.bytes.length);
  for (const [index, value] of [0xfeedfacf, 0x1000007, 3, 1, 2, commands].entries())
    file.word(4 * index, value);
  file.word(32, 0x19);
  file.word(36, 72 + 80 * parts.length);
  file.word(64, size);
  file.word(72, start);
  file.word(80, size);
  file.word(96, parts.length);
  let address = 0;
  for (const [index, { name, bytes, pointers }] of parts.entries()) {
    const header = 104 + 80 * index;
    const at = relocationsAt[index] ?? 0;
    file.bytes.write(`__${name.slice(1)}`.slice(0, 16), header, 'latin1');
    file.word(header + 32, address);
    file.word(header + 40, bytes.length);
    file.word(header + 48, start + address);
    file.word(header + 56, pointers.length === 0 ? 0 : at);
    file.word(header + 60, pointers.length);
    file.word(header + 64, index === 0 ? 0x80000400 : 0x02000000);
    file.bytes.set(bytes, start + address);
    for (const [entry, pointer] of pointers.entries()) {
      file.word(at + 8 * entry, pointer.at);
      file.word(at + 8 * entry + 4, 0x06000001);
    }
    address += bytes.length;
  }
  const table = 104 + 80 * parts.length;
  for (const [index, value] of [
    ...[2, 24, end, symbols.length, end + 16 * symbols.length, texts.bytes.length],
  ].entries())
    file.word(table + 4 * index, value);
  for (const [index, { name, start: value }] of symbols.entries()) {
    const symbol = end + 16 * index;
    file.word(symbol, texts.at.get(`_${name}`) ?? 0);
    file.bytes.set([15, 1], symbol + 4);
    file.word(symbol + 8, value);
  }
  file.bytes.set(texts.bytes, end + 16 * symbols.length);
  return Uint8Array.from(file.bytes);
}

/** One of each. */
export function objectsWithDebug(): { name: string; layout: number; make: (later: boolean) => Uint8Array }[] {
  return [
    { name: 'debug-object-x86-64', layout: 0, make: (later) => elfObjectWithDebug(later, 8) },
    { name: 'debug-object-own-file', layout: 0, make: (later) => elfObjectWithDebug(later, 8, 'own file') },
    { name: 'debug-object-i386', layout: 1, make: (later) => elfObjectWithDebug(later, 4) },
    { name: 'debug-object-coff', layout: 4, make: coffWithDebug },
    { name: 'debug-object-mach-o', layout: 5, make: machObjectWithDebug },
    { name: 'debug-object-wasm', layout: 6, make: (later) => wasmObject(later) },
    { name: 'debug-archive-wasm', layout: 6, make: wasmArchive },
  ];
}

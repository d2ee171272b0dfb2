/**
 * Small executables, made of functions that refer to each other as compilers let them: what `mixing` predicts. The later
 * version has functions more and functions moved, so that every address changes.
 */
import { createHash } from 'node:crypto';
import { bundle } from '../bundle.ts';
import { randomNumbers } from '../pairs.ts';
import { bytecode } from './bytecode-files.ts';
import { objectsWithDebug } from './debug-objects.ts';
import { addressSection, dwarfElf } from './dwarf-executables.ts';
import { elfWithPointer, xcoff } from './halves-executables.ts';
import { javaClass, javaClasses } from './java-class-files.ts';
import { withParts } from './mach-o-parts.ts';
import { assemblies, managed } from './managed-assemblies.ts';
import { elfWithHeap, heap } from './native-images.ts';
import { archive, linuxModule, objectFile } from './object-files.ts';
import { goElf, otherElf } from './other-executables.ts';
import { otherObjects } from './other-object-files.ts';
import { dartElf, elfWithSymbols, withSymbols } from './symbol-executables.ts';
import { thumbElf } from './thumb-executables.ts';
import { withUnwinding } from './unwinding-sections.ts';
import { goWasmModule, wasmModule, wasmWithDwarf } from './wasm-modules.ts';

export interface Sample {
  name: string;
  old: Uint8Array;
  fresh: Uint8Array;
}

type Machine = 'x86' | 'arm';

interface Layout {
  /** Where code and data are loaded, and where in the file they begin. */
  code: number;
  data: number;
  codeAt: number;
  dataAt: number;
  base: bigint;
}

const COUNT = 160;

/** Numbers of the functions in their order; the later version has one more in every forty. */
function order(later: boolean): number[] {
  const all = Array.from({ length: COUNT }, (_, i) => i);
  return later ? all.flatMap((i) => (i % 40 === 7 ? [i, COUNT + i] : [i])) : all;
}

/** A function as pieces: plain bytes, or a reference to a function or to a place in the data. */
type Piece = { bytes: number[] } | { kind: 'call' | 'load' | 'far'; to: number };

function pieces(id: number): Piece[] {
  const next = randomNumbers(id * 7919 + 3);
  const body: Piece[] = [];
  for (let i = next() % 6; i >= 0; i--) {
    body.push({ bytes: [next() & 255, next() & 255, next() & 255, next() & 255] });
    body.push({ kind: next() % 3 === 0 ? 'load' : 'call', to: next() % COUNT });
    if (next() % 4 === 0) body.push({ kind: 'far', to: next() % COUNT });
  }
  return body;
}

const little = (value: number) => [
  value & 255,
  (value >> 8) & 255,
  (value >> 16) & 255,
  (value >>> 24) & 255,
];

/** What surrounds a reference, and by how much its field lies behind the piece's start and its end. */
function encode(machine: Machine, piece: Piece, address: number, target: (piece: Piece) => number): number[] {
  if ('bytes' in piece) {
    // mov $imm, %eax; or add x1, x2, #imm
    return machine === 'x86' ? [0xb8, ...piece.bytes] : little(0x91000041 | ((piece.bytes[0] ?? 0) << 10));
  }
  const to = target(piece);
  if (machine === 'x86') {
    if (piece.kind === 'call') return [0xe8, ...little(to - address - 5)];
    // cmpl $1, disp(%rip); or lea disp(%rip), %rax
    if (piece.kind === 'load') return [0x83, 0x3d, ...little(to - address - 7), 1];
    return [0x48, 0x8d, 0x05, ...little(to - address - 7)];
  }
  if (piece.kind === 'call') return little(0x94000000 | (((to - address) >> 2) & 0x3ffffff));
  if (piece.kind === 'far') return little(0x54000000 | ((((to - address) >> 2) & 0x7ffff) << 5));
  const distance = (to >> 12) - (address >> 12);
  const adrp = 0x90000003 | ((distance & 3) << 29) | (((distance >> 2) & 0x7ffff) << 5);
  // adrp x3; ldr w4, [x3, #low]
  return [...little(adrp), ...little(0xb9400064 | ((((to & 4095) >> 2) & 4095) << 10))];
}

/** Code, and data: pointers to each function, then a table of distances to them, then words. */
function link(machine: Machine, later: boolean, layout: Layout, pointer: (address: number) => number[]) {
  const functions = order(later);
  const starts = new Map<number, number>();
  let at = layout.code;
  const zero = () => at;
  for (const id of functions) {
    starts.set(id, at);
    for (const piece of pieces(id)) at += encode(machine, piece, at, zero).length;
  }
  const startOf = (id: number) => starts.get(id) ?? layout.code;
  const words = functions.length * pointer(0).length;
  const target = (piece: Piece) => {
    if ('bytes' in piece) return 0;
    return piece.kind === 'load' ? layout.data + words + 64 + 4 * piece.to : startOf(piece.to);
  };
  const code: number[] = [];
  for (const id of functions) {
    for (const piece of pieces(id)) code.push(...encode(machine, piece, layout.code + code.length, target));
  }
  const next = randomNumbers(11);
  const data = functions.flatMap((id) => pointer(startOf(id)));
  for (let i = 0; i < 16; i++) data.push(...little(startOf(i * 3) - layout.data - words));
  for (let i = 0; i < COUNT + 40; i++) data.push(...little(next() % 1000));
  return { code, data, starts };
}

const wide = (value: bigint) => [...little(Number(value & 0xffffffffn)), ...little(Number(value >> 32n))];

function place(size: number, parts: [number, number[] | Uint8Array][]): Uint8Array {
  const file = new Uint8Array(size);
  for (const [offset, bytes] of parts) file.set(bytes, offset);
  return file;
}

/** Two segments, without sections. */
export function elf(machine: Machine, later: boolean): Uint8Array {
  const base = 0x200000n;
  const layout = { code: 0x1000, data: 0x9000, codeAt: 0x400, dataAt: 0x5000, base };
  const { code, data } = link(machine, later, layout, (address) => wide(base + BigInt(address)));
  const header = [
    0x7f,
    0x45,
    0x4c,
    0x46,
    2,
    1,
    1,
    0,
    ...wide(0n),
    2,
    0,
    machine === 'x86' ? 62 : 183,
    0,
    1,
    0,
    0,
    0,
  ];
  header.push(...wide(base), ...wide(64n), ...wide(0n), 0, 0, 0, 0, 64, 0, 56, 0, 3, 0, 0, 0, 0, 0, 0, 0);
  const segment = (flags: number, offset: number, address: number, size: number) => [
    ...little(1),
    ...little(flags),
    ...wide(BigInt(offset)),
    ...[0, 0].flatMap(() => wide(base + BigInt(address))),
    ...[0, 0].flatMap(() => wide(BigInt(size))),
    ...wide(4096n),
  ];
  header.push(...segment(4, 0, 0, 0x400), ...segment(5, 0x400, layout.code, code.length));
  header.push(...segment(6, layout.dataAt, layout.data, data.length));
  return place(layout.dataAt + data.length, [
    [0, header],
    [layout.codeAt, code],
    [layout.dataAt, data],
  ]);
}

/** The same with sections, of which symbols and debug information are not loaded: both tell where the functions are. */
export function elfWithDebug(later: boolean): Uint8Array {
  const file = elf('x86', later);
  const layout = { code: 0x1000, data: 0x9000, codeAt: 0x400, dataAt: 0x5000, base: 0x200000n };
  const { code, data, starts } = link('x86', later, layout, (address) => wide(layout.base + BigInt(address)));
  const at = (id: number) => wide(layout.base + BigInt(starts.get(id) ?? 0));
  const symbols = order(later).flatMap((id) => [...little(8 * id), 2, 0, 1, 0, ...at(id), ...wide(40n)]);
  // An odd place, then for each function: a number, an offset in the section, two addresses, a number.
  const debug = [1, 2, 3].concat(
    order(later).flatMap((id, index) => [3, ...little(3 + 22 * (index >> 1)), ...at(id), ...at(id), 9]),
  );
  const symbolsAt = file.length + (-file.length & 7);
  const debugAt = symbolsAt + symbols.length;
  const sectionsAt = debugAt + debug.length + (-debug.length & 7);
  const section = (type: number, flags: number, address: number, offset: number, size: number) => [
    ...[...little(0), ...little(type), ...wide(BigInt(flags)), ...wide(BigInt(address))],
    ...[...wide(BigInt(offset)), ...wide(BigInt(size)), ...new Array<number>(24).fill(0)],
  ];
  const base = Number(layout.base);
  const sections = [
    ...section(1, 6, base + layout.code, layout.codeAt, code.length),
    ...section(1, 3, base + layout.data, layout.dataAt, data.length),
    ...section(2, 0, 0, symbolsAt, symbols.length),
    ...section(1, 0, 0, debugAt, debug.length),
  ];
  const whole = Buffer.from(
    place(sectionsAt + sections.length, [
      [0, file],
      [symbolsAt, symbols],
      [debugAt, debug],
      [sectionsAt, sections],
    ]),
  );
  whole.writeBigUInt64LE(BigInt(sectionsAt), 40);
  whole.writeUInt16LE(4, 60);
  return Uint8Array.from(whole);
}

/** With debug information of DWARF. `order`: that of its addresses by number, if it has any. */
export function elfWithDwarf(
  later: boolean,
  width: 4 | 8 = 8,
  order: 'none' | 'sorted' | 'hashed' = 'none',
): Uint8Array {
  const layout = { code: 0x1000, data: 0x9000, codeAt: 0x400, dataAt: 0x5000, base: 0x200000n };
  const { code, starts } = link('x86', later, layout, (address) => wide(layout.base + BigInt(address)));
  const linked = { code, address: layout.code, base: layout.base, starts };
  return dwarfElf(linked, width, order === 'none' ? [] : [addressSection(linked, width, order === 'sorted')]);
}

/** The same with sections that tell how the functions are unwound. */
export function elfWithUnwinding(later: boolean): Uint8Array {
  const layout = { code: 0x1000, data: 0x9000, codeAt: 0x400, dataAt: 0x5000, base: 0x200000n };
  const { code, data, starts } = link('x86', later, layout, (address) => wide(layout.base + BigInt(address)));
  const sections = [
    { flags: 6, address: layout.code, offset: layout.codeAt, size: code.length },
    { flags: 3, address: layout.data, offset: layout.dataAt, size: data.length },
  ];
  const functions = order(later).map((id) => ({ id, address: starts.get(id) ?? 0 }));
  return withUnwinding(elf('x86', later), sections, functions, Number(layout.base));
}

const linked = (machine: Machine, later: boolean, base: bigint) =>
  link(machine, later, { code: 0x1000, data: 0x9000, codeAt: 0x400, dataAt: 0x5000, base }, (address) =>
    wide(base + BigInt(address)),
  );

/** A native image of Java. */
export function nativeImage(later: boolean): Uint8Array {
  const layout = { code: 0x1000, data: 0x9000, codeAt: 0x400, dataAt: 0x5000 };
  const { code, data } = linked('x86', later, 0x200000n);
  const sections = [
    { flags: 6, address: layout.code, offset: layout.codeAt, size: code.length },
    { flags: 3, address: layout.data, offset: layout.dataAt, size: data.length },
  ];
  return elfWithHeap(elf('x86', later), sections, heap(later));
}

/** With symbols, whose names are in another section. */
export function elfSymbols(later: boolean): Uint8Array {
  const { code, data, starts } = linked('x86', later, 0x200000n);
  return elfWithSymbols(code, data, starts);
}

export function dart(later: boolean): Uint8Array {
  const { code, starts } = linked('x86', later, 0x200000n);
  return dartElf(code, starts, later);
}

/** Plain pointers and symbols. */
export function machOWithSymbols(later: boolean): Uint8Array {
  const base = 0x100000000n;
  return withSymbols(machO(later, 'plain'), linked('arm', later, base).starts, base);
}

/** Symbols, how functions are unwound, and where pointers are. */
export function machOWithParts(later: boolean): Uint8Array {
  const base = 0x100000000n;
  const { starts } = linked('arm', later, base);
  const functions = [...starts].map(([id, address]) => ({ id, address }));
  return withParts(machOWithSymbols(later), functions, base, later);
}

const OPTIONAL_HEADER = 240;
/** Of PE: where the header says how many directories there are. */
export const DIRECTORIES = 0x40 + 24 + 108;

/** Two sections; the data begins with RUNTIME_FUNCTIONs (.pdata): addresses relative to the base. */
export function pe(later: boolean): Uint8Array {
  const base = 0x140000000n;
  const layout = { code: 0x1000, data: 0x9000, codeAt: 0x400, dataAt: 0x5000, base };
  const { code, data } = link('x86', later, layout, (address) => [
    ...little(address),
    ...little(address + 9),
    ...little(0x9800 + (address % 7) * 4),
  ]);
  const header = Buffer.alloc(0x400);
  header.write('MZ');
  header.writeUInt32LE(0x40, 60);
  header.writeUInt32LE(0x4550, 0x40);
  header.writeUInt16LE(0x8664, 0x44);
  header.writeUInt16LE(2, 0x46);
  header.writeUInt16LE(OPTIONAL_HEADER, 0x54);
  header.writeUInt16LE(0x20b, 0x58);
  header.writeBigUInt64LE(base, 0x70);
  header.writeUInt32LE(16, DIRECTORIES);
  header.writeUInt32LE(layout.data, DIRECTORIES + 28);
  header.writeUInt32LE(12 * order(later).length, DIRECTORIES + 32);
  for (const [i, [rva, offset, size, flags]] of [
    [layout.code, layout.codeAt, code.length, 0x60000020] as const,
    [layout.data, layout.dataAt, data.length, 0x40000040] as const,
  ].entries()) {
    const at = 0x40 + 24 + OPTIONAL_HEADER + 40 * i;
    for (const [field, value] of [size, rva, size, offset].entries())
      header.writeUInt32LE(value, at + 8 + 4 * field);
    header.writeUInt32LE(flags, at + 36);
  }
  return place(layout.dataAt + data.length, [
    [0, header],
    [layout.codeAt, code],
    [layout.dataAt, data],
  ]);
}

/**
 * Two sections with chained pointers, offsets or addresses, or plain ones, and a code signature whose pages are digested; before that the
 * objects of a native image, if there are any, whose size is a multiple of that of pages.
 */
export function machO(
  later: boolean,
  form: 'offsets' | 'addresses' | 'plain' = 'offsets',
  objects: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const base = 0x100000000n;
  const layout = { code: 0x1000, data: 0x9000, codeAt: 0x1000, dataAt: 0x5000, base };
  const high = { offsets: 0x00100000, addresses: 0x00100001, plain: 1 }[form];
  const pointer = (address: number) => [...little(address), ...little(high)];
  const { code, data } = link('arm', later, layout, pointer);
  const end = 0x7000;
  const limit = end + objects.length;
  // With objects there is nothing behind the digests.
  const signature = objects.length > 0 ? 68 + (32 * limit) / 4096 : 512;
  const file = Buffer.alloc(limit + signature);
  const sections: {
    name: string;
    address: number;
    offset: number;
    bytes: ArrayLike<number>;
    flags: number;
  }[] = [
    { name: '__text', address: layout.code, offset: layout.codeAt, bytes: code, flags: 0x80000400 },
    { name: '__const', address: layout.data, offset: layout.dataAt, bytes: data, flags: 0 },
  ];
  if (objects.length > 0)
    sections.push({ name: '__svm_heap', address: 0x10000, offset: end, bytes: objects, flags: 0 });
  file.writeUInt32LE(0xfeedfacf, 0);
  file.writeUInt32LE(0x0100000c, 4);
  file.writeUInt32LE(2, 16);
  file.writeUInt32LE(0x19, 32);
  file.writeUInt32LE(72 + 80 * sections.length, 36);
  file.write('__TEXT', 40);
  file.writeBigUInt64LE(base, 56);
  file.writeBigUInt64LE(0x10000n + BigInt(objects.length), 64);
  file.writeUInt32LE(sections.length, 96);
  for (const [i, { name, address, offset, bytes, flags }] of sections.entries()) {
    const at = 104 + 80 * i;
    file.write(name, at);
    file.writeBigUInt64LE(base + BigInt(address), at + 32);
    file.writeBigUInt64LE(BigInt(bytes.length), at + 40);
    file.writeUInt32LE(offset, at + 48);
    file.writeUInt32LE(flags, at + 64);
    file.set(bytes, offset);
  }
  const command = 32 + 72 + 80 * sections.length;
  if (form !== 'plain') {
    // The second of two segments has pointers of the form 2 or 6.
    const [fixups, segments] = [end - 0x100, 32];
    file.writeUInt32LE(3, 16);
    file.writeUInt32LE(0x80000034, command + 16);
    file.writeUInt32LE(16, command + 20);
    file.writeUInt32LE(fixups, command + 24);
    file.writeUInt32LE(segments, fixups + 4);
    file.writeUInt32LE(2, fixups + segments);
    file.writeUInt32LE(12, fixups + segments + 8);
    file.writeUInt16LE(form === 'addresses' ? 2 : 6, fixups + segments + 12 + 6);
  }
  file.writeUInt32LE(0x1d, command);
  file.writeUInt32LE(16, command + 4);
  file.writeUInt32LE(limit, command + 8);
  file.writeUInt32LE(signature, command + 12);
  const directory = limit + 20;
  file.writeUInt32BE(0xfade0cc0, limit);
  file.writeUInt32BE(signature, limit + 4);
  file.writeUInt32BE(1, limit + 8);
  file.writeUInt32BE(20, limit + 16);
  file.writeUInt32BE(0xfade0c02, directory);
  file.writeUInt32BE(48, directory + 16);
  file.writeUInt32BE(limit, directory + 32);
  file.set([32, 2, 0, 12], directory + 36);
  for (let page = 0; page < limit / 4096; page++) {
    const bytes = file.subarray(4096 * page, 4096 * (page + 1));
    file.set(createHash('sha256').update(bytes).digest(), directory + 48 + 32 * page);
  }
  return Uint8Array.from(file);
}

/** A universal file of two Mach-O files. */
export function universal(later: boolean): Uint8Array {
  const [first, second] = [machO(later), machO(!later)];
  const file = Buffer.alloc(0x9000 + second.length);
  file.writeUInt32BE(0xcafebabe, 0);
  file.writeUInt32BE(2, 4);
  for (const [i, [offset, bytes]] of [[0x1000, first] as const, [0x9000, second] as const].entries()) {
    file.writeUInt32BE(offset, 8 + 20 * i + 8);
    file.writeUInt32BE(bytes.length, 8 + 20 * i + 12);
    file.set(bytes, offset);
  }
  return Uint8Array.from(file);
}

/** Two versions of a minified program, with names that changed. */
function script(later: boolean): Uint8Array {
  const next = randomNumbers(5);
  const lines: string[] = [];
  for (let i = 0; i < 500; i++) {
    const name = (n: number) => `${'abcdefghij'[n % 10]}${later && n % 7 === 0 ? `${n + 1}` : n}`;
    const [a, b, c] = [next() % 90, next() % 90, next() % 1000];
    lines.push(
      `function ${name(a)}(${name(b)}){return ${name(b)}.length>${c}?"${'lorem ipsum '.repeat(c % 4)}":null}`,
    );
    if (later && i % 97 === 3) lines.push(`export const added${i}=new Map([["${c}",${name(a)}]]);`);
  }
  return new TextEncoder().encode(lines.join(''));
}

export function samples(): Sample[] {
  const sample = (name: string, make: (later: boolean) => Uint8Array) => ({
    name,
    old: make(false),
    fresh: make(true),
  });
  return [
    sample('elf-x86-64', (later) => elf('x86', later)),
    sample('elf-arm64', (later) => elf('arm', later)),
    sample('elf-debug', elfWithDebug),
    sample('elf-dwarf', elfWithDwarf),
    sample('elf-dwarf-32', (later) => elfWithDwarf(later, 4)),
    sample('elf-unwinding', elfWithUnwinding),
    sample('pe-x86-64', pe),
    sample('mach-o-arm64', (later) => machO(later)),
    sample('mach-o-addresses', (later) => machO(later, 'addresses')),
    sample('mach-o-symbols', machOWithSymbols),
    sample('mach-o-parts', machOWithParts),
    sample('native-image', nativeImage),
    sample('mach-o-native-image', (later) => machO(later, 'offsets', heap(later))),
    sample('managed', (later) => managed(later, false, true)),
    sample('managed-large', (later) => managed(later, true, true)),
    sample('managed-alone', managed),
    sample('assemblies', assemblies),
    sample('java-classes', javaClasses),
    sample('java-class', (later) => javaClass(5, later)),
    sample('bytecode', bytecode),
    sample('bytecode-shared', (later) => bytecode(later, true)),
    sample('elf-symbols', elfSymbols),
    sample('dart', dart),
    sample('wasm', wasmModule),
    sample('wasm-dwarf', wasmWithDwarf),
    sample('go-wasm', goWasmModule),
    sample('script', script),
    sample('bundle', bundle),
    ...(['x86', 'arm', 'power', 'power-big', 'riscv', 's390x', 'mips', 'loongarch', 'unknown'] as const).map(
      (machine) => sample(`elf-${machine}`, (later) => otherElf(machine, later)),
    ),
    sample('elf-riscv-far', (later) => otherElf('riscv-far', later)),
    sample('elf-arm-anywhere', (later) => otherElf('arm-anywhere', later)),
    ...(['power', 'mips', 'mips-32'] as const).map((machine) =>
      sample(`elf-${machine}-pointer`, (later) => elfWithPointer(machine, later)),
    ),
    sample('xcoff', xcoff),
    sample('elf-thumb', (later) => thumbElf(0, later)),
    sample('elf-thumb-fixed', (later) => thumbElf(0x10000, later)),
    sample('archive', archive),
    sample('object-arm64', (later) => Uint8Array.from(objectFile('arm', later))),
    sample('linux-module', linuxModule),
    ...otherObjects().map(({ name, make }) => sample(name, make)),
    ...objectsWithDebug().map(({ name, make }) => sample(name, make)),
    ...(['arm', 'riscv', 's390x'] as const).map((machine) =>
      sample(`go-${machine}`, (later) => goElf(machine, later)),
    ),
  ];
}

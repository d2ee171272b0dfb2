/** What is read of the headers of executables. */
import { expect, test } from 'bun:test';
import { alignInstances } from '../../../lib/delta/mixing/alignments/instances.ts';
import { regionsOf } from '../../../lib/delta/mixing/executable.ts';
import {
  dart,
  elf,
  elfSymbols,
  elfWithUnwinding,
  machOWithParts,
  machOWithSymbols,
  pe,
} from './executables.ts';
import { elfWithPointer, xcoff } from './halves-executables.ts';
import { goElf, otherElf } from './other-executables.ts';
import { thumbElf } from './thumb-executables.ts';
import { goWasmModule, wasmModule } from './wasm-modules.ts';

test('how functions are unwound is found by the segment, and its records are tables of functions', () => {
  const file = elfWithUnwinding(true);
  const { regions, tables } = regionsOf(file, true);
  expect(regions.slice(-2).map(({ kind }) => kind)).toEqual([21, 22]);
  expect(tables.map(({ records }) => records.length)).toEqual([164, 164]);
  expect(tables[0]?.records.map(({ address }) => address)).toEqual(
    tables[1]?.records.map(({ address }) => address) ?? [],
  );
  // Another way to write addresses is not known.
  file[regions.at(-2)?.offset ?? 0] = 2;
  expect(regionsOf(file, true).tables).toEqual([]);
});

test('code of an assembly for another system than Windows, whose machine is combined with that, is known', () => {
  const file = Buffer.from(pe(true));
  const { regions } = regionsOf(file, true);
  expect(regions.some(({ kind }) => kind === 1)).toBe(true);
  const at = file.readUInt32LE(60) + 4;
  for (const system of [0x7b79, 0x4644, 0xadc4]) {
    const other = Buffer.from(file);
    other.writeUInt16LE(file.readUInt16LE(at) ^ system, at);
    expect(regionsOf(other, true).regions).toEqual(regions);
  }
});

test('functions of WebAssembly have addresses behind the data, or those that Go gives them', () => {
  const plain = regionsOf(wasmModule(true), true);
  expect(plain.regions.map(({ kind }) => kind)).toEqual([23, 24]);
  expect(plain.wasm).toMatchObject({ imports: 2, first: 0xc0000000, shift: 0 });
  expect(plain.wasm?.functions).toHaveLength(306);
  expect(plain.span).toBe(4 << 16);
  const go = regionsOf(goWasmModule(true), true);
  expect(go.wasm).toMatchObject({ imports: 2, first: 0x10000000, shift: 16 });
  expect(go.tables.map(({ records }) => records.length)).toEqual([305, 305]);
});

test('a module of WebAssembly without memory of its own has that which it imports, if data has addresses in it', () => {
  const file = Buffer.from(wasmModule(true));
  const memory = file.indexOf(Buffer.from([5, 3, 1, 0, 4]));
  expect(regionsOf(file, true).span).toBe(4 << 16);
  // It is a section with a name then.
  file.writeUInt8(0, memory);
  expect(regionsOf(file, true).span).toBe(2 << 16);
  const { size = 0, offset = 0 } = regionsOf(file, true).regions[1] ?? {};
  expect(size).toBeGreaterThan(0);
  // Data without a fixed address.
  file.writeUInt8(1, file.indexOf(Buffer.from([0, 0x41]), offset));
  expect(regionsOf(file, true).span).toBe(0);
});

test('a module for threads says in its code where data is put', () => {
  const body = [0, 0x41, 0x88, 0x27, 0x41, 0, 0x41, 0xe4, 0, 0xfc, 8, 0, 0, 0x0b];
  const sections = [
    // Two pages of memory that are imported; a function; 100 bytes of data.
    [2, [1, 1, 101, 1, 109, 2, 0, 2]],
    [10, [1, body.length, ...body]],
    [11, [1, 1, 100, ...new Array<number>(100).fill(7)]],
  ] as const;
  const bytes = sections.flatMap(([id, content]) => [id, content.length, ...content]);
  const { wasm, span } = regionsOf(Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...bytes]), true);
  expect(wasm?.segments).toEqual([{ address: 5000, offset: 41, size: 100 }]);
  expect(span).toBe(2 << 16);
});

test('a module of WebAssembly that is cut off, or whose functions end before their section, is none', () => {
  const file = wasmModule(false);
  expect(regionsOf(file, true).regions).toHaveLength(2);
  expect(regionsOf(file.subarray(0, -5), true).regions).toEqual([]);
  // The section of functions: its number, its size in three bytes, how many there are.
  const code = Buffer.from(file);
  const [functions] = regionsOf(file, true).regions;
  const last = (functions?.offset ?? 0) + (functions?.size ?? 0);
  const start = regionsOf(file, true).wasm?.functions.at(-2) ?? 0;
  const size = code.readUInt8(start);
  expect(start + 1 + size).toBe(last);
  code.writeUInt8(size - 1, start);
  expect(regionsOf(code, true).regions).toEqual([]);
});

test('symbols are tables of functions, and know where their names are', () => {
  const [elf, machO] = [regionsOf(elfSymbols(true), true), regionsOf(machOWithSymbols(true), true)];
  for (const [{ regions, tables }, kind] of [[elf, 26] as const, [machO, 27] as const]) {
    const [symbols, strings] = regions.slice(-2);
    expect([symbols?.kind, strings?.kind]).toEqual([kind, 3]);
    expect(symbols?.bases?.[0]).toBe(strings?.address);
    expect(tables.map(({ records }) => records.length)).toEqual([164]);
    expect(new Set(tables[0]?.records.map(({ name }) => name)).size).toBe(164);
  }
});

test('the snapshot of Dart has numbers, and a table of where its code begins', () => {
  const file = dart(false);
  const { regions, tables, span } = regionsOf(file, true);
  const [numbers, pairs] = [29, 28].map((kind) => regions.find((region) => region.kind === kind));
  const code = regions.find(({ kind }) => kind === 1);
  expect(numbers?.bases).toEqual([span, span]);
  expect(pairs?.bases).toEqual([code?.address ?? 0, pairs?.address ?? 0]);
  expect(tables).toMatchObject([{ size: 8 * 160 }]);
  // Of another version the parts are not known.
  const magic = Buffer.from(file).indexOf(Buffer.from([0xf5, 0xf5, 0xdc, 0xdc]));
  file[magic + 20] = 0x5a;
  expect(regionsOf(file, true).regions.map(({ kind }) => kind)).toEqual([4, 1]);
});

test('numbers of instances are aligned one by one, where instances were added', () => {
  const images = { old: regionsOf(dart(false), true), fresh: regionsOf(dart(true), true) };
  const files = { old: dart(false), fresh: dart(true), images };
  const [from, to] = [images.old, images.fresh].map((image) => image.regions.find(({ kind }) => kind === 29));
  const [oldStart, newStart] = [from?.offset ?? 0, to?.offset ?? 0];
  // Byte by byte it is another.
  const aligned = alignInstances(files, [{ newStart, oldStart, length: 100 }]);
  expect(aligned[0]).toMatchObject({ newStart, oldStart });
  expect(aligned.length).toBeGreaterThan(5);
  expect(aligned.length).toBeLessThan(40);
  const total = aligned.reduce((sum, { length }) => sum + length, 0);
  expect(total).toBeGreaterThan((to?.size ?? 0) * 0.95);
});

test('types of Go are a region of their own, and so is the list of them', () => {
  for (const machine of ['riscv', 's390x', 'arm'] as const) {
    const { regions, tables, goBases } = regionsOf(goElf(machine, true), true);
    const [types, list] = [30, 28].map((kind) => regions.find((region) => region.kind === kind));
    expect(types?.bases).toEqual([types?.address ?? 0, goBases[0] ?? -1]);
    expect(list?.bases).toEqual([types?.address ?? 0, types?.address ?? 0]);
    expect(tables.at(-1)).toMatchObject({
      offset: list?.offset,
      size: 4 * (tables.at(-1)?.records.length ?? 0),
    });
  }
});

test('a Mach-O file says where pointers are and how functions are unwound', () => {
  const { regions, tables } = regionsOf(machOWithParts(true), true);
  const [wide, compact, rebases] = [33, 32, 31].map((kind) => regions.find((region) => region.kind === kind));
  // The base is the first section, the header a page before it.
  const header = 2 ** 32 - 0x1000;
  expect(compact?.bases).toEqual([header, wide?.address ?? 0]);
  expect(rebases?.bases).toEqual([header, header]);
  // What is listed of some, the pages of all, the records, the symbols, and the pointers.
  expect(tables.map(({ records }) => records.length)).toEqual([54, 164, 164, 164, 131]);
  for (const { offset, size, records } of tables) {
    expect(records[0]?.offset).toBe(offset);
    expect((records.at(-1)?.offset ?? 0) + (records.at(-1)?.size ?? 0)).toBe(offset + size);
  }
});

test('Thumb code is told from other code of arm by its calls, and has the global offset table for bases', () => {
  const { regions } = regionsOf(thumbElf(0, true), true);
  expect(regions.map(({ kind }) => kind)).toEqual([34, 11]);
  const [code, { address, size } = { address: 0, size: 0 }] = regions;
  expect(code?.bases).toEqual([address, address + size]);
  expect(regionsOf(otherElf('arm', true), true).regions.map(({ kind }) => kind)).toEqual([13, 11]);
});

test('code that finds data by a register knows where that points, from the global offset table or the header', () => {
  for (const [machine, kind, into] of [
    ['power', 37, 0x8000] as const,
    ['mips', 39, 0x7ff0] as const,
    ['mips-32', 39, 0x7ff0] as const,
  ]) {
    const [code, data] = regionsOf(elfWithPointer(machine, true), true).regions;
    expect(code).toMatchObject({ kind, bases: [(data?.address ?? 0) + into, 0] });
  }
  // With what is said of its functions.
  const { regions, tables } = regionsOf(elfWithPointer('mips', true), true);
  const said = regions.find(({ kind }) => kind === 11);
  expect(tables).toMatchObject([{ offset: said?.offset, size: 32 * 124 }]);
  expect(tables[0]?.records[1]?.address).toBeGreaterThan(tables[0]?.records[0]?.address ?? 0);
  // Programs that are loaded at one address call without it.
  expect(regionsOf(otherElf('mips', true), true).regions[0]?.kind).toBe(20);
});

test("code of NVIDIA's machines is data, that of other unknown ones is code", () => {
  const kindsFor = (machine: number) => {
    const file = Buffer.from(elf('x86', true));
    file.writeUInt16LE(machine, 18);
    return regionsOf(file, true).regions.map(({ kind }) => kind);
  };
  expect(kindsFor(62)).toEqual([4, 1, 4]);
  expect(kindsFor(190)).toEqual([4, 0, 4]);
  // AMD's have instructions of 4 and of 8 bytes.
  expect(kindsFor(224)).toEqual([4, 17, 4]);
});

test('a program of AIX has its data in the segment of its code, and what follows the code is data', () => {
  const { base, regions, tables, goBases } = regionsOf(xcoff(true), true);
  expect(base).toBe(2n ** 32n);
  expect(regions.map(({ kind }) => kind)).toEqual([38, 10, 18, 30, 28, 18, 36, 36]);
  const [code, , , , , , data] = regions;
  expect(code?.bases).toEqual([(data?.address ?? 0) + 0x8000, 0]);
  expect(goBases[0]).toBe(code?.address ?? -1);
  expect(tables).toHaveLength(3);
});

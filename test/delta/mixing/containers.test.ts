/** What is read of the headers of executables. */
import { expect, test } from 'bun:test';
import { regionsOf } from '../../../lib/delta/mixing/executable.ts';
import { elfWithUnwinding } from './executables.ts';
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

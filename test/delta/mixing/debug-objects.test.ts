/** Debug information of DWARF in objects that are linked no further, and in modules of WebAssembly. */
import { describe, expect, test } from 'bun:test';
import { regionsOf } from '../../../lib/delta/mixing/executable.ts';
import { agreeOnDamage, bothMix } from '../both-decoders.ts';
import { randomNumbers } from '../pairs.ts';
import { make } from '../support.ts';
import { elfObjectWithDebug, objectsWithDebug } from './debug-objects.ts';
import { goWasmModule, wasmModule, wasmWithDwarf } from './wasm-modules.ts';
import { wasmObject } from './wasm-objects.ts';

const [WASM, WASM_DATA, DWARF, PAIRS, OTHER_OBJECTS] = [23, 24, 48, 28, 44];
/** Where places of the file begin among the addresses of a module. */
const PLACES = 0xe0000000;

const hidden = (file: Uint8Array) => Buffer.concat([Buffer.from('x'), file]);

describe.each(objectsWithDebug())('$name', ({ layout, make: file }) => {
  test('is one region, whose layout says that it may have some', () => {
    const bytes = file(true);
    expect(regionsOf(bytes, true).regions).toEqual([
      { offset: 0, size: bytes.length, address: 0, kind: 44, bases: [0, layout + 24] },
    ]);
  });

  test('takes little of what its entries say, by both decoders', async () => {
    const [old, fresh] = [file(false), file(true)];
    const patch = await bothMix(old, fresh);
    const plain = await make(hidden(old), hidden(fresh), { algorithm: 'mixing' });
    expect(patch.length / plain.length).toBeLessThan(0.62);
  });
});

test('of a file without the abbreviations the entries are none', async () => {
  const without = (name: string) => (later: boolean) => {
    const copy = Buffer.from(elfObjectWithDebug(later, 8));
    copy.write('x', copy.indexOf(`.${name}\0`) + 1, 'latin1');
    return Uint8Array.from(copy);
  };
  const whole = await bothMix(elfObjectWithDebug(false, 8), elfObjectWithDebug(true, 8));
  for (const name of ['debug_abbrev', 'debug_info']) {
    const patch = await bothMix(without(name)(false), without(name)(true));
    expect(patch.length).toBeGreaterThan(1.3 * whole.length);
  }
});

test('a module is an object if it has a section that says how it is to be linked', async () => {
  const linked = (later: boolean) => {
    const copy = Buffer.from(wasmObject(later));
    copy.write('L', copy.indexOf('\x07linking') + 1, 'latin1');
    return Uint8Array.from(copy);
  };
  const kindsOf = (file: Uint8Array) => regionsOf(file, true).regions.map(({ kind }) => Number(kind));
  expect(kindsOf(wasmObject(true))).toEqual([OTHER_OBJECTS]);
  expect(kindsOf(linked(true))).toContain(WASM);
  // Data that begins as such a section would.
  const data = [11, 8, 7, ...Buffer.from('linking')];
  expect(kindsOf(Uint8Array.from([...linked(true), ...data]))).toContain(WASM);
  for (let size = 8; size < 64; size++) expect(kindsOf(wasmObject(true).subarray(0, size))).toEqual([]);
  await bothMix(linked(false), wasmObject(true));
  await bothMix(wasmObject(false), linked(true));
});

test('of an object of WebAssembly what is said of more sections than are looked at is nothing', async () => {
  const withMore = (later: boolean) =>
    Uint8Array.from([...wasmObject(later), ...Array.from({ length: 300 }, () => [0, 3, 2, 97, 97]).flat()]);
  await bothMix(withMore(false), withMore(true));
});

test('in a module all regions have addresses above those of functions and data', () => {
  const file = wasmWithDwarf(true);
  const { regions, base } = regionsOf(file, true);
  for (const { offset, address } of regions) expect(address).toBe(PLACES + offset);
  const kinds = regions.map(({ kind }) => Number(kind));
  expect(kinds.filter((kind) => [WASM, WASM_DATA, DWARF, PAIRS].includes(kind))).toEqual([
    WASM,
    WASM_DATA,
    DWARF,
    PAIRS,
  ]);
  const code = regions[0]?.offset ?? 0;
  // Behind the number of functions.
  expect(Number(BigInt.asUintN(32, base + BigInt(PLACES + code - 2)))).toBe(0);
  const information = regions.find(({ kind }) => Number(kind) === DWARF);
  expect(information?.sections).toHaveLength(8);
  const [, text] = information?.sections ?? [];
  const pairs = regions.find(({ kind }) => Number(kind) === PAIRS);
  expect(pairs?.bases).toEqual([text ?? 0, text ?? 0]);
  expect(Buffer.from(file).toString('latin1', (text ?? 0) - PLACES, (text ?? 0) - PLACES + 8)).toBe(
    'unit-0.c',
  );
  expect(regions.find(({ offset }) => PLACES + offset === text)?.kind).toBe(3);
});

test('a module without entries, or of Go, has the addresses that it always had', () => {
  const empty = [0, 12, 11, ...Buffer.from('.debug_info')];
  const more = [...wasmWithDwarf(true).subarray(wasmModule(true).length)];
  for (const file of [wasmModule(true), [...wasmModule(true), ...empty], [...goWasmModule(true), ...more]]) {
    const { regions, base } = regionsOf(Uint8Array.from(file), true);
    expect(regions.length).toBeGreaterThan(0);
    expect(regions.every(({ address, size }) => address < PLACES && size > 0)).toBe(true);
    expect(base).toBe(0n);
  }
  // A section of ranges without a byte besides entries.
  const ranges = [0, 14, 13, ...Buffer.from('.debug_ranges')];
  const { regions } = regionsOf(Uint8Array.from([...wasmWithDwarf(true), ...ranges]), true);
  expect(regions.every(({ size }) => size > 0)).toBe(true);
});

test('a module takes little of what its entries say, by both decoders, in two lanes as well', async () => {
  const [old, fresh] = [wasmWithDwarf(false), wasmWithDwarf(true)];
  const patch = await bothMix(old, fresh);
  const plain = await make(hidden(old), hidden(fresh), { algorithm: 'mixing' });
  expect(patch.length / plain.length).toBeLessThan(0.6);
  await bothMix(old, fresh, { lanesFrom: 0 });
  await bothMix(wasmModule(false), fresh);
  await bothMix(old, wasmModule(true));
});

test('whatever they say, both decoders make the same of it', async () => {
  const files = [...objectsWithDebug().map(({ make: file }) => file), wasmWithDwarf];
  const damaged = (file: Uint8Array, seed: number, count: number) => {
    const next = randomNumbers(seed);
    const copy = Buffer.from(file);
    for (let i = 0; i < count; i++) {
      const at = next() % (copy.length - 4);
      if (next() % 2 === 0) copy[at] = next();
      else copy.writeUInt32LE([0, 1, 0xffffffff, next() % file.length, next()][next() % 5] ?? 0, at);
    }
    return Uint8Array.from(copy);
  };
  await agreeOnDamage(files, damaged, { most: 60, numRuns: 24 });
}, 600_000);

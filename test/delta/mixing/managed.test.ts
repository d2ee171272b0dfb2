/** What is read of .NET assemblies. */
import { expect, test } from 'bun:test';
import { regionsOf } from '../../../lib/delta/mixing/executable.ts';
import { make } from '../support.ts';
import { managed } from './managed-assemblies.ts';

const [DATA, TEXT, CODE, MANAGED, ROWS] = [0, 3, 12, 42, 43];

test('instructions, tables and heaps are regions, and the tables know their layout', () => {
  for (const isLarge of [false, true]) {
    const file = Buffer.from(managed(true, isLarge, true));
    const { regions, goBases } = regionsOf(file, true);
    const kinds: number[] = regions.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind !== DATA)).toEqual([CODE, MANAGED, CODE, ROWS, ROWS, ROWS, TEXT]);
    const [types, methods, members] = regions.filter(({ kind }) => kind === ROWS);
    // The size of a row; where a field has 4 bytes; what each refers to.
    expect([types?.bases, methods?.bases, members?.bases]).toEqual(
      isLarge
        ? [
            [18 + (0b10100 << 16), 0b11_11_11_00_01_00_01_00_00],
            [18 + (0b1010001 << 16), 0b11_00_10_00_01_00_00_01_11],
            [10 + (0b1010 << 16), 0b10_00_01_11],
          ]
        : [
            [14, 0b11_11_11_01_01_00_00],
            [14 + (1 << 16), 0b11_10_01_00_00_01_11],
            [6, 0b10_01_11],
          ],
    );
    const strings = regions.find(({ kind }) => kind === TEXT);
    expect(goBases[0]).toBe(strings?.address ?? 0);
    const code = regions.find(({ kind }) => kind === MANAGED);
    expect(code?.offset).toBe(0x200 + 72);
    expect(file.readUInt32LE(methods?.offset ?? 0)).toBe(code?.address ?? 0);
  }
});

test('what is not whole is data', () => {
  const file = Buffer.from(managed(true, false, true));
  const root = file.indexOf(Buffer.from('BSJB', 'latin1'));
  for (const at of [root, file.indexOf('#~', root, 'latin1'), file.indexOf('#Blob', root, 'latin1')]) {
    const damaged = Buffer.from(file);
    damaged[at] = 0x7e;
    expect(regionsOf(damaged, true).regions.some(({ kind }) => kind >= MANAGED)).toBe(false);
  }
  // A table that ends behind the stream; a method behind the file.
  const tables = regionsOf(file, true).regions.find(({ kind }) => kind === ROWS)?.offset ?? 0;
  const longer = Buffer.from(file);
  longer.writeUInt32LE(0x8000, tables - 4);
  expect(regionsOf(longer, true).regions.filter(({ kind }) => kind === ROWS)).toHaveLength(2);
  const methods = regionsOf(file, true).regions.filter(({ kind }) => kind === ROWS)[1]?.offset ?? 0;
  const far = Buffer.from(file);
  far.writeUInt32LE(0x7fffffff, methods);
  expect(regionsOf(far, true).regions.filter(({ kind }) => kind === MANAGED)).toHaveLength(1);
});

test('a patch of an assembly is much smaller than what bsdiff makes of it', async () => {
  for (const isLarge of [false, true]) {
    const [old, fresh] = [managed(false, isLarge, true), managed(true, isLarge, true)];
    const [small, plain] = [await make(old, fresh), await make(old, fresh, { algorithm: 'bsdiff' })];
    expect(small.length).toBeLessThan(plain.length * 0.65);
  }
});

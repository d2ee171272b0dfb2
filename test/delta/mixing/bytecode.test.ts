/** What is read of bytecode, and what patches of it take. */
import { expect, test } from 'bun:test';
import { regionsOf } from '../../../lib/delta/mixing/executable.ts';
import { make } from '../support.ts';
import { bytecode } from './bytecode-files.ts';

const [OFFSETS, PAIRS, ROWS, BYTECODE] = [9, 28, 43, 45];

test('the bytecode of a script is a region, whose strings have numbers of its own', () => {
  for (const isFresh of [false, true]) {
    const { regions, goBases } = regionsOf(Buffer.from(bytecode(isFresh)), isFresh);
    expect(regions.map(({ kind }) => Number(kind)).filter((kind) => kind > 3)).toEqual([BYTECODE, OFFSETS]);
    const [code] = regions.filter(({ kind }) => kind === BYTECODE);
    expect(code?.offset).toBe(128);
    expect(code?.bases).toEqual([isFresh ? 0x80200000 : 0x80000000, 4 * Math.floor((code?.size ?? 0) / 16)]);
    expect(goBases).toEqual([]);
  }
});

test('strings that several scripts have in common, names and the graph of modules are regions', () => {
  const file = Buffer.from(bytecode(true, true));
  const { regions, sequences, goBases } = regionsOf(file, true);
  expect(regions.map(({ kind }) => Number(kind)).filter((kind) => kind > 3)).toEqual([
    ...[PAIRS, BYTECODE, ROWS, ROWS, ROWS, ROWS, BYTECODE, OFFSETS],
  ]);
  const [strings, names, modules, imports, , , code] = regions.filter(({ kind }) => kind > 3);
  expect(strings).toMatchObject({ offset: 132, size: 3600, bases: [128, 128] });
  expect(file.readUInt32LE((names?.offset ?? 0) - 4)).toBe((names?.size ?? 0) / 4);
  // A number of 2 stands for the first string.
  expect([names?.bases, code?.bases]).toEqual([
    [130, 3600],
    [130, 3600],
  ]);
  expect(modules?.bases).toEqual([40 + (0b1000100010001 << 16), 0b11_0000_0011_0000_0011_0000_0001]);
  expect(imports?.bases).toEqual([16 + (0b101 << 16), 0b100001]);
  expect(sequences?.map(({ record, key }) => [record, key])).toEqual([
    [16, 0],
    [24, 12],
    [24, 12],
  ]);
  expect(goBases.slice(0, 2)).toEqual([0xa0200000, 0xa8200000]);
});

test('what is not whole is data', () => {
  const file = Buffer.from(bytecode(true, true));
  const all = regionsOf(file, true).regions;
  const [strings, names, modules] = all.filter(({ kind }) => kind > 3);
  const damaged = (at: number, value: number) => {
    const copy = Buffer.from(file);
    copy.writeUInt32LE(value, at);
    return regionsOf(copy, true)
      .regions.map(({ kind }) => Number(kind))
      .filter((kind) => kind > 3);
  };
  // More strings than there is room for; a first string elsewhere; more names; another magic; a table behind the rest.
  expect(damaged((strings?.offset ?? 0) - 4, 0xffffff)).toEqual([BYTECODE, OFFSETS]);
  expect(damaged((strings?.offset ?? 0) - 4, 899)).toEqual([BYTECODE, OFFSETS]);
  expect(damaged((names?.offset ?? 0) - 4, 0xffffff)).toEqual([BYTECODE, OFFSETS]);
  const graph = (modules?.offset ?? 0) - 64;
  expect(damaged(graph, 0)).toEqual([PAIRS, BYTECODE, BYTECODE, OFFSETS]);
  expect(damaged(graph + 32, 0xffffff)).toEqual([PAIRS, BYTECODE, ROWS, ROWS, ROWS, BYTECODE, OFFSETS]);
  // Bytecode behind the table.
  const table = all.find(({ kind }) => kind === OFFSETS)?.offset ?? 0;
  expect(damaged(table + 28, 0xffffff)).toEqual([OFFSETS]);
});

test('a patch of bytecode takes less than half of what bsdiff makes of it', async () => {
  for (const isShared of [false, true]) {
    const [old, fresh] = [bytecode(false, isShared), bytecode(true, isShared)];
    const [small, plain] = [await make(old, fresh), await make(old, fresh, { algorithm: 'bsdiff' })];
    expect(small.length).toBeLessThan(0.5 * plain.length);
  }
});

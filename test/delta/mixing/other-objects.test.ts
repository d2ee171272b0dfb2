/** Objects that are linked no further, of other layouts than ELF of 64 bits with the lowest byte first. */
import { describe, expect, test } from 'bun:test';
import { alignFunctions } from '../../../lib/delta/mixing/alignments/functions.ts';
import { regionsOf } from '../../../lib/delta/mixing/executable.ts';
import { agreeOnDamage, bothMix } from '../both-decoders.ts';
import { randomNumbers } from '../pairs.ts';
import { make } from '../support.ts';
import { archiveOf, objectFile } from './object-files.ts';
import {
  coff,
  importLibrary,
  machArchive,
  machObject,
  otherElf,
  otherObjects,
} from './other-object-files.ts';

describe.each(otherObjects())('$name', ({ layout, make: file }) => {
  test('is one region with its layout, and has tables of relocations and symbols', () => {
    const bytes = file(true);
    const { regions, tables } = regionsOf(bytes, true);
    expect(regions).toEqual([
      { offset: 0, size: bytes.length, address: 0, kind: 44, bases: [0, layout + 24] },
    ]);
    const keys = tables.map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
    expect(tables.length).toBeGreaterThanOrEqual(4);
  });

  test('takes little of what its references say, by both decoders', async () => {
    const [old, fresh] = [file(false), file(true)];
    const patch = await bothMix(old, fresh);
    // As text it is nothing that has references.
    const plain = await make(
      Buffer.concat([Buffer.from('x'), old]),
      Buffer.concat([Buffer.from('x'), fresh]),
      {
        algorithm: 'mixing',
      },
    );
    expect(patch.length / plain.length).toBeLessThan(0.72);
  });
});

test('a relocation is for the place that it changes', () => {
  const tableOf = (file: Uint8Array) => regionsOf(file, true).tables[0];
  // Right behind the byte of a call, or the two of one.
  for (const [file, bytes] of [
    [otherElf('i386', true), [0xe8]],
    [otherElf('s390x', true), [0xc0, 0xe5]],
    [coff(true), [0xe8]],
    [machObject(true), [0xe8]],
  ] as const) {
    const { address } = tableOf(Uint8Array.from(file))?.records[0] ?? { address: 0 };
    expect([...file.subarray(address - bytes.length, address)]).toEqual([...bytes]);
  }
});

test('what is no object, or is cut off, is none', () => {
  const kinds = (file: Uint8Array) => regionsOf(file, true).regions.map(({ kind }) => kind);
  for (const { make: file } of otherObjects()) expect(kinds(file(true).subarray(0, 59))).not.toContain(44);
  const damaged = (file: Buffer, at: number, value: number) => {
    const copy = Uint8Array.from(file);
    copy[at] = value;
    return copy;
  };
  // Executables; a header that COFF objects have not; no section.
  expect(kinds(damaged(otherElf('i386', true), 16, 2))).not.toContain(44);
  expect(kinds(damaged(machObject(true), 12, 2))).not.toContain(44);
  expect(kinds(damaged(coff(true), 16, 240))).not.toContain(44);
  expect(kinds(damaged(coff(true), 2, 0))).not.toContain(44);
});

test('of an archive with objects of two layouts those of the first one count', async () => {
  const mixed = (later: boolean) =>
    archiveOf(['a.o/', 'b.o/'], [otherElf('i386', later), objectFile('x86', later)], []);
  const { regions, tables } = regionsOf(mixed(true), true);
  expect(regions.map(({ kind, bases }) => [kind, bases])).toEqual([[44, [0, 25]]]);
  expect(tables.filter(({ key }) => key?.startsWith('b.o'))).toEqual([]);
  await bothMix(mixed(false), mixed(true));
});

test('one that becomes one of another layout is no riddle', async () => {
  const files = [
    ...otherObjects().map(({ make: file }) => file),
    (later: boolean) => objectFile('x86', later),
  ];
  for (const [index, file] of files.entries())
    await bothMix(
      Uint8Array.from(file(false)),
      Uint8Array.from(files[(index + 1) % files.length]?.(true) ?? []),
    );
});

test('members with long names are told by these, wherever they are listed', () => {
  const archiveWith = (names: readonly string[], file: (later: boolean, first: number) => Uint8Array) => {
    const long = Buffer.from(names.map((name) => `${name}/\n`).join(''), 'latin1');
    const at = names.map((_, index) => names.slice(0, index).reduce((sum, name) => sum + name.length + 2, 0));
    const members = names.map((name) => file(true, name.length));
    return archiveOf(['//', ...at.map((place) => `/${place}`)], [long, ...members], []);
  };
  const [a, b] = ['a-rather-long-name.o', 'another-name-that-is-long.o'];
  const keysOf = (file: Uint8Array) => regionsOf(file, true).tables.map(({ key }) => key);
  const before = keysOf(archiveWith([a, b], coff));
  expect(new Set(keysOf(archiveWith([b, a], coff)))).toEqual(new Set(before));
  expect(before).toContain(`${b}/ 0 .text 0`);
});

test('members that import a function are aligned with those that import the same', () => {
  const [before, after] = [regionsOf(importLibrary(false), true), regionsOf(importLibrary(true), true)];
  const tableOf = ({ tables }: typeof before) => tables.find(({ key }) => key === 'imports 0');
  const [from, to] = [tableOf(before), tableOf(after)];
  expect([from?.records.length, to?.records.length]).toEqual([60, 63]);
  const aligned = alignFunctions(before, after, []);
  for (const { name, offset, size } of to?.records ?? []) {
    const old = from?.records.find((record) => record.name === name);
    if (old === undefined) continue;
    const covers = aligned.some(
      ({ newStart, oldStart, length }) =>
        newStart - oldStart === offset - old.offset &&
        newStart <= offset &&
        offset + size <= newStart + length,
    );
    expect(covers).toBe(true);
  }
});

test('where the long names of members are is predicted', async () => {
  // With a 0 in front of them they are no such numbers.
  const withZeros = (bytes: Uint8Array) => {
    const text = Buffer.from(bytes).toString('latin1');
    return Uint8Array.from(Buffer.from(text.replace(/\/(\d+) ( +\d+ *`\n)/g, '/0$1$2'), 'latin1'));
  };
  const [old, fresh] = [importLibrary(false), importLibrary(true)];
  const predicted = await bothMix(old, fresh);
  const told = await bothMix(withZeros(old), withZeros(fresh));
  expect(told.length - predicted.length).toBeGreaterThan(40);
});

test('behind three wrong fields there are none until four bytes are right again', async () => {
  const file = Buffer.from(objectFile('x86', true));
  const { tables } = regionsOf(Uint8Array.from(file), true);
  const table = tables.toSorted((a, b) => b.size - a.size)[0] ?? { offset: 0, size: 0 };
  const text = randomNumbers(7);
  const fresh = Buffer.from(file);
  for (let at = table.offset + 3; at < table.offset + table.size; at++) fresh[at] = 97 + (text() % 20);
  const patch = await bothMix(Uint8Array.from(file), Uint8Array.from(fresh));
  // The letters alone take more than half a byte each; a field of four that are no reference took four and more.
  expect(patch.length / table.size).toBeLessThan(0.75);
});

test('entries of an index are for the symbol that they name', () => {
  for (const file of [machArchive(true), importLibrary(true)]) {
    const index = regionsOf(file, true).tables.find(({ key }) => key === 'index');
    const member = index?.records[0]?.address ?? 0;
    expect(Buffer.from(file).toString('latin1', member + 58, member + 60)).toBe('`\n');
    expect(index?.records[0]?.name).toMatch(/^read_\d+_of_0$/);
  }
});

test('whatever they say, both decoders make the same of it', async () => {
  const files = otherObjects().map(({ make: file }) => file);
  const damaged = (file: Uint8Array, seed: number, count: number) => {
    const next = randomNumbers(seed);
    const copy = Buffer.from(file);
    const { tables } = regionsOf(file, true);
    for (let i = 0; i < count; i++) {
      const { offset, size } = tables[next() % tables.length] ?? { offset: 0, size: 1 };
      const within = [
        [0, 500],
        [file.length - 440, 440],
        [offset, size],
        [0, file.length],
      ][next() % 4] as [number, number];
      const at = within[0] + (next() % Math.max(1, Math.min(within[1], file.length - within[0]) - 4));
      copy.writeUInt32LE([0, 1, 0xffffffff, next() % file.length, next()][next() % 5] ?? 0, at);
    }
    return Uint8Array.from(copy);
  };
  await agreeOnDamage(files, damaged, { most: 40, numRuns: 20 });
}, 600_000);

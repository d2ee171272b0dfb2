/** Objects that are linked no further, and archives of them. */
import { expect, test } from 'bun:test';
import { alignFunctions } from '../../../lib/delta/mixing/alignments/functions.ts';
import { regionsOf } from '../../../lib/delta/mixing/executable.ts';
import { agreeOnDamage, bothMix } from '../both-decoders.ts';
import { randomNumbers } from '../pairs.ts';
import { elf } from './executables.ts';
import { archive, archiveOf, linuxModule, objectFile } from './object-files.ts';

test('an archive is one region, and its members have tables of relocations and symbols', () => {
  const file = archive(true);
  const { regions, tables, span } = regionsOf(file, true);
  expect(regions).toEqual([{ offset: 0, size: file.length, address: 0, kind: 44, bases: [0, 24] }]);
  expect(span).toBe(file.length);
  expect(tables).toHaveLength(13);
  expect(new Set(tables.map(({ key }) => key)).size).toBe(13);
  const [index, relocations, pointers, symbols] = tables;
  expect(index?.records).toHaveLength(189);
  expect([relocations, pointers, symbols].map((table) => table?.isOrdered)).toEqual([true, true, false]);
  expect(symbols?.records).toHaveLength(3 + 63 + 40);
  expect(new Set(symbols?.records.slice(3).map(({ name }) => name)).size).toBe(63 + 40);
  // A relocation is for the place that it changes: here right behind the byte of a call.
  const call = relocations?.records.find(({ name }) => name?.startsWith('4 '));
  expect(file[(call?.address ?? 0) - 1]).toBe(0xe8);
});

test('what is no archive of objects, or is cut off, is none', () => {
  const texts = archiveOf(['a', 'b'], [Buffer.from('some text'), Buffer.from('more of it')], []);
  expect(regionsOf(texts, true).regions.map(({ kind }) => kind)).not.toContain(44);
  const linked = Uint8Array.from(objectFile('x86', true));
  linked[16] = 2;
  expect(regionsOf(linked, true).regions.map(({ kind }) => kind)).not.toContain(44);
  const file = Uint8Array.from(objectFile('x86', true));
  expect(regionsOf(file.subarray(0, file.length - 64), true).regions.map(({ kind }) => kind)).not.toContain(
    44,
  );
});

test('of tables that overlap one counts', () => {
  const file = Buffer.from(objectFile('x86', true));
  const headers = Number(file.readBigUInt64LE(40));
  // The second table of relocations begins where the first one does.
  file.copy(file, headers + 64 * 4 + 24, headers + 64 * 3 + 24, headers + 64 * 3 + 32);
  const { tables } = regionsOf(Uint8Array.from(file), true);
  expect(tables.map(({ key }) => key)).toEqual([' .rela.text 0', ' .symtab 0', ' .rela.eh_frame 0']);
});

test('members are found wherever they are, and those that are missing are no riddle', async () => {
  const objects = (later: boolean) => [0, 100, 200].map((first) => objectFile('x86', later, first));
  const [a, b, c] = objects(false) as [Buffer, Buffer, Buffer];
  const whole = archiveOf(['a.o/', 'b.o/', 'c.o/'], [a, b, c], []);
  const least = (await bothMix(whole, archiveOf(['a.o/', 'b.o/', 'c.o/'], objects(true), []))).length;
  const [later, , last] = objects(true) as [Buffer, Buffer, Buffer];
  expect((await bothMix(whole, archiveOf(['c.o/', 'a.o/'], [last, later], []))).length).toBeLessThan(least);
});

test('the tables of a member are aligned with those of the same member and section', () => {
  const names = ['a.o/', 'b.o/'];
  const [a, b] = [objectFile('x86', false), objectFile('x86', false, 100)];
  const old = archiveOf(names, [a, b], []);
  const fresh = archiveOf(names.toReversed(), [b, a], []);
  const [before, after] = [regionsOf(old, true), regionsOf(fresh, true)];
  const aligned = alignFunctions(before, after, [{ newStart: 0, oldStart: 0, length: fresh.length }]);
  for (const [index, table] of after.tables.entries()) {
    const { offset } = before.tables[(index + 4) % 8] ?? { offset: 0 };
    const covers = aligned.filter(
      ({ newStart, length }) => newStart <= table.offset && table.offset + table.size <= newStart + length,
    );
    expect(covers.map(({ newStart, oldStart }) => newStart - oldStart)).toEqual([table.offset - offset]);
  }
  let end = 0;
  for (const { newStart, length } of aligned) {
    expect(newStart).toBe(end);
    end = newStart + length;
  }
  expect(end).toBe(fresh.length);
});

test('tables that are as they were take no alignment of their own', () => {
  const file = archive(false);
  const image = regionsOf(file, true);
  const whole = [{ newStart: 0, oldStart: 0, length: file.length }];
  expect(alignFunctions(image, image, whole)).toEqual(whole);
});

test('of only one of both files they are no riddle, nor in two lanes', async () => {
  const [linked, object] = [elf('x86', false), Uint8Array.from(objectFile('x86', true))];
  await bothMix(linked, object);
  await bothMix(object, linked);
  await bothMix(archive(false), archive(true), { lanesFrom: 0 });
});

test('whatever they say, both decoders make the same of it', async () => {
  const files = [archive, linuxModule, (later: boolean) => Uint8Array.from(objectFile('arm', later))];
  const damaged = (file: Uint8Array, seed: number, count: number) => {
    const next = randomNumbers(seed);
    const copy = Buffer.from(file);
    const tables = regionsOf(file, true).tables;
    for (let i = 0; i < count; i++) {
      const { offset, size } = tables[next() % tables.length] ?? { offset: 0, size: 1 };
      const within = [
        [0, 64],
        [file.length - 64 * 11, 64 * 11],
        [offset, size],
        [0, file.length],
      ][next() % 4] as [number, number];
      const at = within[0] + ((next() % within[1]) & ~3);
      copy.writeUInt32LE([0, 1, 0xffffffff, next() % file.length, next()][next() % 5] ?? 0, at);
    }
    return Uint8Array.from(copy);
  };
  await agreeOnDamage(files, damaged, { most: 40, numRuns: 12 });
}, 600_000);

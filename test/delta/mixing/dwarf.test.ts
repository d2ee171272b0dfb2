/** What is read of debug information of DWARF, and what patches of it take. */
import { expect, test } from 'bun:test';
import { alignFunctions } from '../../../lib/delta/mixing/alignments/functions.ts';
import { debugSectionsOfMachO } from '../../../lib/delta/mixing/containers/mach-o.ts';
import { regionsOf } from '../../../lib/delta/mixing/executable.ts';
import { comesBack } from '../both-decoders.ts';
import { randomBytes } from '../pairs.ts';
import { make } from '../support.ts';
import { elfWithDwarf, machO } from './executables.ts';

const [PAIRS, DWARF] = [28, 48];
const WIDTHS = [8, 4] as const;

test('debug information is a region, with the addresses of what it refers to', () => {
  for (const width of WIDTHS) {
    const file = Buffer.from(elfWithDwarf(false, width));
    const { regions } = regionsOf(file, true);
    const information = regions.filter(({ kind }) => Number(kind) === DWARF);
    expect(information).toHaveLength(1);
    const sections = information[0]?.sections ?? [];
    expect(sections).toHaveLength(8);
    const textOf = (index: number, length: number) => {
      const address = sections[index] ?? 0;
      const region = regions.find((each) => address >= each.address && address < each.address + each.size);
      const offset = (region?.offset ?? 0) + address - (region?.address ?? 0);
      return file.toString('latin1', offset, offset + length);
    };
    expect(textOf(0, 3)).toBe('\x01\x11\x01');
    expect([textOf(1, 8), textOf(2, 8)]).toEqual(['unit-0.c', 'unit-3.c']);
    expect(new Set(sections).size).toBe(8);
    // As clang writes it: where each piece of text is.
    const [places] = regions.filter(({ kind }) => Number(kind) === PAIRS);
    expect(places?.bases).toEqual([sections[1] ?? 0, sections[1] ?? 0]);
  }
});

test('without abbreviations it is debug information of another kind, and what is missing is at the region', () => {
  const file = Buffer.from(elfWithDwarf(false));
  const without = (name: string) => {
    const copy = Buffer.from(file);
    copy.write('x', copy.indexOf(`${name}\0`), 'latin1');
    return regionsOf(copy, true).regions;
  };
  expect(without('.debug_abbrev').some(({ kind }) => Number(kind) === DWARF)).toBe(false);
  const information = without('.debug_ranges').find(({ kind }) => Number(kind) === DWARF);
  expect(information?.sections?.[4]).toBe(information?.address);
});

test('a patch of it takes less than two thirds of what bsdiff makes of it', async () => {
  for (const width of WIDTHS) {
    const [old, fresh] = [elfWithDwarf(false, width), elfWithDwarf(true, width)];
    const [small, plain] = [await make(old, fresh), await make(old, fresh, { algorithm: 'bsdiff' })];
    expect(small.length).toBeLessThan((plain.length * 2) / 3);
    await comesBack(small, old, fresh);
  }
});

test('addresses by number that are in no order are pointers, and a table of the runs of units', async () => {
  const [DEBUG, POINTERS, WORDS] = [19, 4, 11];
  for (const [width, pointers] of [[8, POINTERS] as const, [4, WORDS] as const]) {
    const file = Buffer.from(elfWithDwarf(true, width, 'hashed'));
    const { regions, tables } = regionsOf(file, true);
    const table = tables.find(({ records }) => records.length === 8);
    expect(table?.isOrdered).toBe(true);
    let end = table?.offset ?? 0;
    for (const { offset, size, name } of table?.records ?? []) {
      expect([offset, String(size)]).toEqual([end, name ?? '']);
      expect(file.readUInt32LE(offset)).toBe(size - 4);
      end = offset + size;
    }
    expect(end).toBe((table?.offset ?? 0) + (table?.size ?? 0));
    const first = table?.records[0];
    const address = BigInt(first?.address ?? 0) + regionsOf(file, true).base;
    const at = (first?.offset ?? 0) + 8;
    expect(width === 8 ? file.readBigUInt64LE(at) : BigInt(file.readUInt32LE(at))).toBe(address);
    const region = regions.find(({ offset, size }) => offset <= at && at < offset + size);
    expect([Number(region?.kind), ((region?.address ?? 0) + at - (region?.offset ?? 0)) % width]).toEqual([
      pointers,
      0,
    ]);
    // Sorted ones, or ones whose runs do not fill the section, are as they were.
    const sorted = regionsOf(elfWithDwarf(true, width, 'sorted'), true);
    expect(sorted.tables.some(({ records }) => records.length === 8)).toBe(false);
    if (width === 8) expect(sorted.regions.some(({ kind }) => Number(kind) === DEBUG)).toBe(true);
    const short = Buffer.from(file);
    const last = table?.records.at(-1);
    short.writeUInt32LE((last?.size ?? 0) - 8, last?.offset ?? 0);
    expect(regionsOf(short, true).tables.some(({ records }) => records.length === 8)).toBe(false);
    for (const [place, value] of [[0, 8] as const, [4, 4] as const, [6, 2] as const]) {
      const other = Buffer.from(file);
      other[(first?.offset ?? 0) + place] = value;
      expect(regionsOf(other, true).tables.some(({ records }) => records.length === 8)).toBe(false);
    }
  }
});

test('such addresses are aligned by their units', async () => {
  const [old, fresh] = [elfWithDwarf(false, 8, 'hashed'), elfWithDwarf(true, 8, 'hashed')];
  const [before, after] = [regionsOf(old, true), regionsOf(fresh, true)];
  const whole = [{ newStart: 0, oldStart: 0, length: fresh.length }];
  const aligned = alignFunctions(before, after, whole);
  const [from, to] = [before, after].map(({ tables }) => tables.at(-1)?.records ?? []);
  const changed = to?.map(({ size }, index) => size !== from?.[index]?.size);
  expect(changed?.filter(Boolean)).toHaveLength(1);
  for (const [index, record] of (to ?? []).entries()) {
    const length = Math.min(record.size, from?.[index]?.size ?? 0);
    const covers = aligned.filter(
      (each) => each.newStart <= record.offset && record.offset + length <= each.newStart + each.length,
    );
    const distance = record.offset - (from?.[index]?.offset ?? 0);
    expect(covers.map(({ newStart, oldStart }) => newStart - oldStart)).toEqual([distance]);
  }
  const patch = await make(old, fresh, { algorithm: 'mixing' });
  await comesBack(patch, old, fresh);
});

test('in Mach-O it is laid out behind what is loaded, compressed or not', () => {
  const [code, information, abbreviations] = [machO(false), randomBytes(4000, 1), randomBytes(900, 2)];
  const file = Buffer.concat([code, information, abbreviations]);
  let at = 32;
  for (let left = file.readUInt32LE(16); left > 0; left--) at += file.readUInt32LE(at + 4);
  file.writeUInt32LE(file.readUInt32LE(16) + 1, 16);
  file.writeUInt32LE(0x19, at);
  file.writeUInt32LE(72 + 2 * 80, at + 4);
  file.write('__DWARF', at + 8);
  file.writeBigUInt64LE(0x100008000n, at + 24);
  file.writeUInt32LE(2, at + 64);
  const sections = [
    ['__debug_info', code.length, information.length],
    ['__debug_abbrev', code.length + information.length, abbreviations.length],
  ] as const;
  for (const [index, [name, offset, size]] of sections.entries()) {
    const section = at + 72 + 80 * index;
    file.write(name, section);
    file.writeBigUInt64LE(0x100008000n, section + 32);
    file.writeBigUInt64LE(BigInt(size), section + 40);
    file.writeUInt32LE(offset, section + 48);
    file.writeUInt32LE(0x2000000, section + 64);
  }
  const { regions, span } = regionsOf(file, false);
  const [found, names] = [code.length, code.length + information.length].map((place) =>
    regions.find(({ offset }) => offset === place),
  );
  expect(found).toMatchObject({ kind: DWARF, size: 4000 });
  expect(found?.sections?.[0]).toBe(names?.address ?? -1);
  const loaded = regions.filter(({ offset }) => offset < code.length);
  for (const { address, size } of loaded) expect(address + size).toBeLessThanOrEqual(found?.address ?? 0);
  expect(span).toBeGreaterThanOrEqual((names?.address ?? 0) + 900);
  expect(debugSectionsOfMachO(file)).toEqual([
    { name: '.debug_info', offset: code.length, size: 4000 },
    { name: '.debug_abbrev', offset: code.length + 4000, size: 900 },
  ]);
});

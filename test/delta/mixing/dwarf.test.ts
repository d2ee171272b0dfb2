/** What is read of debug information of DWARF, and what patches of it take. */
import { expect, test } from 'bun:test';
import { regionsOf } from '../../../lib/delta/mixing/executable.ts';
import { applyPlainly } from '../reference.ts';
import { apply, make } from '../support.ts';
import { elfWithDwarf } from './executables.ts';

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
    expect(Buffer.compare(await apply(small, old), fresh)).toBe(0);
    expect(Buffer.compare(applyPlainly(small, old), fresh)).toBe(0);
  }
});

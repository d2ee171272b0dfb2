/** Executables within other files. */
import { expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { REGION_KINDS } from '../../../lib/delta/mixing/containers/image.ts';
import { debugSectionsOfMachO } from '../../../lib/delta/mixing/containers/mach-o.ts';
import { regionsOf } from '../../../lib/delta/mixing/executable.ts';
import { comesBack } from '../both-decoders.ts';
import { lines } from '../deflate/packed-files.ts';
import { randomBytes } from '../pairs.ts';
import { make } from '../support.ts';
import { elf, elfWithDebug, machO, pe, universal } from './executables.ts';

const joined = (...parts: Uint8Array[]) => Uint8Array.from(Buffer.concat(parts));
const kindAt = (file: Uint8Array, place: number) =>
  regionsOf(file, true).regions.find(({ offset, size }) => place >= offset && place < offset + size)?.kind;

/** Text and executables, each at an even place. */
function bundle(later: boolean): { file: Uint8Array; places: number[] } {
  const parts = [
    lines(30, later),
    elf('x86', later),
    pe(later),
    lines(30, later, 2),
    machO(later),
    elf('arm', later),
  ];
  const places: number[] = [];
  const padded = parts.map((part) => joined(part, new Uint8Array(-part.length & 15)));
  let at = 0;
  for (const part of padded) {
    places.push(at);
    at += part.length;
  }
  return { file: joined(...padded), places };
}

test('are read, each at addresses of its own', async () => {
  const [before, after] = [bundle(false), bundle(true)];
  const { regions, span } = regionsOf(after.file, true);
  const code = regions.filter(({ kind }) => kind === REGION_KINDS.x86 || kind === REGION_KINDS.arm);
  expect(code.length).toBeGreaterThanOrEqual(4);
  const ascending = [...regions].sort((a, b) => a.address - b.address);
  for (const [index, { address, size }] of ascending.entries())
    expect(address + size).toBeLessThanOrEqual(ascending[index + 1]?.address ?? span);
  const patch = await make(before.file, after.file, { algorithm: 'mixing' });
  await comesBack(patch, before.file, after.file);
  // None of them begins as one.
  const unknown = ({ file, places }: typeof before) =>
    places.reduce((bytes, place) => bytes.with(place, (bytes[place] ?? 0) ^ 255), file);
  const without = await make(unknown(before), unknown(after), { algorithm: 'mixing' });
  expect(patch.length).toBeLessThan(0.8 * without.length);
});

test('also behind another one, with pointers that have a base of their own', () => {
  const first = elfWithDebug(false);
  const file = joined(first, elf('x86', true));
  expect(kindAt(file, first.length + 0x400)).toBe(REGION_KINDS.x86);
  expect(kindAt(file, first.length + 0x5000)).toBe(REGION_KINDS.ownPointers);
  const { file: archive, places } = bundle(false);
  const [, x86 = 0] = places;
  const largest = elf('x86', false).length >= machO(false).length;
  const kinds = places.slice(1).map((place) => kindAt(archive, place + 0x5000));
  expect(largest || x86 > 0).toBe(true);
  expect(kinds.filter((kind) => kind !== undefined && kind !== REGION_KINDS.data).length).toBeGreaterThan(0);
});

test('chained pointers refer to where their file is laid out', () => {
  for (const form of ['offsets', 'addresses'] as const) {
    for (const file of [
      machO(false, form),
      joined(elf('x86', false), machO(false, form)),
      universal(false),
    ]) {
      const { regions } = regionsOf(file, true);
      const bytes = Buffer.from(file.buffer);
      const chained = regions.filter(({ kind }) => kind === REGION_KINDS.ownChained);
      for (const { offset, size, ownBase = 0n } of chained) {
        const code = regions.findLast((each) => each.kind === REGION_KINDS.arm && each.offset < offset);
        const values = Array.from({ length: size >> 3 }, (_, i) => bytes.readBigUInt64LE(offset + 8 * i));
        const pointers = values.filter((value) => value >> 36n === 0x10000n);
        const into = pointers.map(
          (value) => Number(BigInt.asUintN(36, value - ownBase)) - (code?.address ?? 0),
        );
        expect(into.length).toBeGreaterThan(20);
        expect(into.filter((place) => place < 0 || place >= (code?.size ?? 0))).toEqual([]);
      }
    }
  }
});

test('those of a universal one are known already', () => {
  const { regions } = regionsOf(universal(false), true);
  const code = regions.filter(({ kind }) => kind === REGION_KINDS.arm);
  expect(code.map(({ address }) => address)).toEqual([0, 0x10000]);
});

test('of the largest one, addresses of 4 bytes count as well', () => {
  const file = joined(lines(30, false), pe(false));
  const kinds = new Set(regionsOf(file, true).regions.map(({ kind }) => kind));
  expect(kinds.has(REGION_KINDS.relative)).toBe(true);
});

test('their pointers are as in each of them alone', async () => {
  const of = async (made: (later: boolean) => Uint8Array) => {
    const [old, fresh] = [made(false), made(true)];
    const patch = await make(old, fresh, { algorithm: 'mixing' });
    await comesBack(patch, old, fresh);
    return patch.length;
  };
  const [x86, arm] = [(later: boolean) => elf('x86', later), (later: boolean) => elf('arm', later)];
  expect(await of((later) => joined(x86(later), arm(later)))).toBeLessThan((await of(x86)) + (await of(arm)));
  // Of Mach-O, whose pointers are chained, as offsets and as addresses; its hashes of pages are not computed there.
  for (const form of ['offsets', 'addresses'] as const) {
    const file = (later: boolean) => machO(later, form);
    const both = await of((later) => joined(x86(later), file(later)));
    expect(both).toBeLessThan(1.2 * ((await of(x86)) + (await of(file))));
  }
});

test('text keeps addresses of its own', () => {
  const file = joined(lines(9000, false), elfWithDebug(false));
  const { regions, span } = regionsOf(file, true);
  const text = regions.filter(({ kind, offset }) => kind === REGION_KINDS.text && offset === 0);
  expect(text).toHaveLength(1);
  const others = regions.filter(({ offset }) => offset > 0);
  const highest = Math.max(...others.map(({ address, size }) => address + size));
  expect(text[0]?.address).toBeGreaterThanOrEqual(highest);
  expect(span).toBeGreaterThanOrEqual((text[0]?.address ?? 0) + (text[0]?.size ?? 0));
});

test('one within another is a part of it', () => {
  const file = joined(lines(20, false), elf('x86', false));
  const inner = elf('arm', false);
  const start = file.length - inner.length;
  // In the data of the outer one, as far as there is room.
  file.set(inner.subarray(0, 0x1000), file.length - 0x1000);
  const { regions } = regionsOf(file, true);
  for (const [index, { offset, size }] of regions.entries())
    expect(offset + size).toBeLessThanOrEqual(regions[index + 1]?.offset ?? file.length);
  expect(regions.some(({ kind }) => kind === REGION_KINDS.arm)).toBe(false);
  expect(start).toBeLessThan(file.length);
});

test('nor behind very many that only begin like one', () => {
  const wrong = (count: number) => Buffer.from(`${' '.repeat(64)}${'MZ'.repeat(count)}`.padEnd(1 << 17));
  const kinds = (count: number) =>
    regionsOf(joined(wrong(count), elf('x86', false)), true).regions.map(({ kind }) => kind);
  expect(kinds(1000)).toContain(REGION_KINDS.x86);
  expect(kinds(1 << 15)).not.toContain(REGION_KINDS.x86);
});

test('sections of Mach-O are those that its commands have room for', () => {
  const file = Buffer.alloc(4096);
  file.writeUInt32LE(0xfeedfacf, 0);
  file.writeUInt32LE(2, 16);
  for (const at of [32, 32 + 152]) {
    file.writeUInt32LE(0x19, at);
    file.writeUInt32LE(152, at + 4);
    file.write('__DWARF', at + 8, 'latin1');
    file.writeUInt32LE(40, at + 64);
  }
  expect(debugSectionsOfMachO(file)).toHaveLength(2);
});

test('of a code signature sixteen parts are looked at', () => {
  const found = (parts: number) => {
    const file = Buffer.from(machO(false));
    const directory = file.indexOf(Buffer.from('fade0c02', 'hex'));
    // Their list is in the first page, the one that counts is the last one.
    const list = 0x800;
    let command = 32;
    while (file.readUInt32LE(command) !== 0x1d) command += file.readUInt32LE(command + 4);
    file.writeUInt32LE(list, command + 8);
    file.writeUInt32BE(parts, list + 8);
    file.writeUInt32BE(directory - list, list + 16 + 8 * (parts - 1));
    const page = createHash('sha256').update(file.subarray(0, 4096)).digest();
    file.set(page, directory + file.readUInt32BE(directory + 16));
    return regionsOf(Uint8Array.from(file), true).regions.some(({ kind }) => kind === REGION_KINDS.hashes);
  };
  expect([found(1), found(16), found(17)]).toEqual([true, true, false]);
});

test('but not what only begins like one, is small, or has no room in a patch', () => {
  const start = lines(20, false);
  expect(regionsOf(joined(start, Buffer.from('\x7fELF\x02\x01'), randomBytes(5000, 1)), true).span).toBe(0);
  const small = elf('x86', false).slice(0, 3000);
  expect(regionsOf(joined(start, small), true).span).toBe(0);
  const many = regionsOf(joined(start, ...Array.from({ length: 64 }, () => elfWithDebug(false))), true);
  // Each has four regions, and is told whole or not at all.
  expect(many.regions.length % 4).toBe(0);
  expect(many.regions.length).toBeLessThanOrEqual(255);
  expect(many.regions.length).toBeGreaterThan(100);
  for (const table of many.tables)
    expect(
      many.regions.some(({ offset, size }) => table.offset >= offset && table.offset < offset + size),
    ).toBe(true);
});

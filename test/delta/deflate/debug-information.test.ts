/** Debug information that is compressed is read as such once it is unpacked. */
import { expect, test } from 'bun:test';
import { unpackPair } from '../../../lib/delta/deflate/encode.ts';
import { REGION_KINDS } from '../../../lib/delta/mixing/containers/image.ts';
import { isInDebug, unpackedImage } from '../../../lib/delta/mixing/within/unpacked-image.ts';
import { comesBack } from '../both-decoders.ts';
import { elfWithDwarf } from '../mixing/executables.ts';
import { make } from '../support.ts';
import { zlibStream } from './packed-files.ts';

/** The ELF file with its sections of debug information compressed, behind the rest; what is not named is taken for other data. */
function compressed(file: Uint8Array, isNamed = true): Uint8Array {
  const made = Buffer.from(file);
  const pieces: Buffer[] = [made];
  let end = made.length;
  const sections = Number(made.readBigUInt64LE(40));
  const names = Number(made.readBigUInt64LE(sections + 64 * made.readUInt16LE(62) + 24));
  for (let i = 0; i < made.readUInt16LE(60); i++) {
    const at = sections + 64 * i;
    const name = names + made.readUInt32LE(at);
    if (made.toString('latin1', name, name + 7) !== '.debug_') continue;
    const [offset, size] = [24, 32].map((field) => Number(made.readBigUInt64LE(at + field)));
    const plain = Buffer.from(made.subarray(offset, (offset ?? 0) + (size ?? 0)));
    made.fill(0, offset, (offset ?? 0) + plain.length);
    const header = Buffer.alloc(24);
    header.writeUInt32LE(1, 0);
    header.writeBigUInt64LE(BigInt(plain.length), 8);
    const packed = Buffer.concat([header, zlibStream(plain, 6)]);
    made.writeBigUInt64LE(2048n, at + 8);
    made.writeBigUInt64LE(BigInt(end), at + 24);
    made.writeBigUInt64LE(BigInt(packed.length), at + 32);
    if (!isNamed) made.write('.other_', name, 'latin1');
    pieces.push(packed);
    end += packed.length;
  }
  return Uint8Array.from(Buffer.concat(pieces));
}

const [old, fresh] = [false, true].map((later) => elfWithDwarf(later));
if (old === undefined || fresh === undefined) throw new Error('there is no sample');

test('its regions are those that it has otherwise', () => {
  const [before, after] = [compressed(old), compressed(fresh)];
  const pair = unpackPair(before, after, isInDebug);
  if (pair === null) throw new Error('nothing was unpacked');
  const { regions } = unpackedImage(after, pair.fresh, false);
  const information = regions.filter(({ kind }) => kind === REGION_KINDS.dwarf);
  expect(information).toHaveLength(1);
  const sections = information[0]?.sections ?? [];
  expect(sections).toHaveLength(8);
  const textOf = (index: number, length: number) => {
    const address = sections[index] ?? 0;
    const region = regions.find((each) => address >= each.address && address < each.address + each.size);
    const offset = (region?.offset ?? 0) + address - (region?.address ?? 0);
    return Buffer.from(pair.fresh.bytes).toString('latin1', offset, offset + length);
  };
  // Also the abbreviations, which both files have alike.
  expect(textOf(0, 3)).toBe('\x01\x11\x01');
  expect(textOf(1, 8)).toBe('unit-0.c');
});

test('what both files have alike in another section that is not loaded stays as it is', () => {
  const streams = (isNamed: boolean) =>
    unpackPair(compressed(old, isNamed), compressed(fresh, isNamed), isInDebug)?.list.fresh.length ?? 0;
  expect(streams(false)).toBeGreaterThan(0);
  expect(streams(false)).toBeLessThan(streams(true));
});

test('names that do not end are not read to the end for each section', () => {
  const [count, header] = [65_535, 64];
  const file = Buffer.alloc(header * (1 + count) + (1 << 24), 'A');
  file.fill(0, 0, header * (1 + count));
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
  file.writeBigUInt64LE(BigInt(header), 40);
  file.writeUInt16LE(count, 60);
  for (let i = 0; i < count; i++) file.writeUInt32LE(1, header * (1 + i) + 4);
  file.writeBigUInt64LE(BigInt(header * (1 + count)), header + 24);
  const start = performance.now();
  expect(isInDebug(file)(header)).toBe(false);
  // It takes 0.1 s, and took 88 before.
  expect(performance.now() - start).toBeLessThan(10_000);
}, 600_000);

test('a patch is smaller for it', async () => {
  const sizes: number[] = [];
  for (const isNamed of [true, false]) {
    const pair = [compressed(old, isNamed), compressed(fresh, isNamed)] as const;
    const patch = await make(...pair, { algorithm: 'mixing' });
    await comesBack(patch, pair[0], pair[1]);
    sizes.push(patch.length);
  }
  const [named = 0, unnamed = 0] = sizes;
  expect(named).toBeLessThan(0.8 * unnamed);
});

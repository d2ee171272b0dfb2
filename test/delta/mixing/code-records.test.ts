/** Records that a native image of Java has of its code: converted before they are modelled, and back. */
import { describe, expect, test } from 'bun:test';
import { applyPatch } from '../../../lib/delta/index.ts';
import { REGION_KINDS } from '../../../lib/delta/mixing/containers/image.ts';
import { convertRegions } from '../../../lib/delta/mixing/conversions/converted.ts';
import { regionsOf } from '../../../lib/delta/mixing/executable.ts';
import { DamagedError } from '../../../lib/errors.ts';
import { memorySource } from '../../../lib/platform/files.ts';
import { comesBack, same } from '../both-decoders.ts';
import { randomBytes } from '../pairs.ts';
import { failure, make } from '../support.ts';
import { elf, machO, nativeImage, pe } from './executables.ts';
import { codeRecords, heap } from './native-images.ts';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

const records = { address: 0, kind: REGION_KINDS.codeRecords };

test('places become how far they are from those before with the same higher part', () => {
  const places = [
    // A map of 2 bytes and a frame.
    'a0 05 1001 78560000',
    // The same map; a frame 6 behind.
    'a0 06 1001 7e560000',
    // A frame elsewhere, a map of 4 bytes with another higher part, and fields that stay as they are.
    'b9 07 aaaa bb 34120100 00010300',
    // The last of the first ones again, and no map.
    '90 08 78560000',
    // A map only.
    '20 09 0f01',
    // A record that is cut off.
    'a0 0a 1001 7856',
  ];
  const file = bytes(places.join(''));
  convertRegions(file, [{ ...records, offset: 0, size: file.length }]);
  const wanted = [
    'a0 05 1001 78560000',
    'a0 06 0001 06000000',
    'b9 07 aaaa bb 34120100 00010300',
    '90 08 faff0000',
    '20 09 ff01',
    'a0 0a 1001 7856',
  ];
  expect(Buffer.from(file).toString('hex')).toBe(wanted.join('').replaceAll(' ', ''));
});

describe('where they are', () => {
  const found = (file: Uint8Array) =>
    regionsOf(file, true)
      .regions.filter(({ kind }) => kind === 40)
      .map(({ offset, size }) => Buffer.from(file.subarray(offset, offset + size)));
  const peOf = (objects: Uint8Array) => {
    const plain = pe(true);
    const size = 0x3000 + objects.length;
    const file = Buffer.concat([plain, Buffer.alloc(0x8000 - plain.length), objects]);
    const section = 0x40 + 24 + 240 + 40;
    file.write('.svm_heap', section, 8, 'latin1');
    for (const field of [8, 16]) file.writeUInt32LE(size, section + field);
    return Uint8Array.from(file);
  };

  test('is found in an array of the objects, by what they are', () => {
    for (const file of [nativeImage(true), machO(true, 'offsets', heap(true)), peOf(heap(true))])
      expect(found(file)).toEqual([Buffer.from(codeRecords(true))]);
  });

  test('is nowhere without that section, where places are further apart, in other arrays, and where the end is that of no record', () => {
    const other = Uint8Array.from(nativeImage(true));
    other[Buffer.from(other.buffer).indexOf('.svm_heap')] = 0x2d;
    expect(found(other)).toEqual([]);
    const random = heap(true);
    random.set(randomBytes(codeRecords(true).length, 3), 256 + 16);
    expect(found(peOf(random))).toEqual([]);
    const apart = heap(true);
    const size = codeRecords(true).length;
    for (let at = 0; at < size; at += 6) {
      const record = [0x50, at & 63, ...[0, 8, 16, 24].map((bits) => ((100 * at) >>> bits) & 255)];
      apart.set(record.slice(0, size - at), 256 + 16 + at);
    }
    new DataView(apart.buffer).setUint32(256 + 12, size - (size % 6), true);
    expect(found(peOf(apart))).toEqual([]);
    const shorter = heap(true);
    const view = new DataView(shorter.buffer);
    view.setUint32(256 + 12, view.getUint32(256 + 12, true) - 1, true);
    expect(found(peOf(shorter))).toEqual([]);
  });
});

test('of only one of both files they are data', async () => {
  const [without, images] = [elf('x86', false), [nativeImage(false), nativeImage(true)]];
  for (const image of images) {
    for (const [old, fresh] of [[without, image] as const, [image, without] as const]) {
      const patch = await make(old, fresh, { algorithm: 'mixing' });
      await comesBack(patch, old, fresh);
    }
  }
});

test('another old file is refused by its digest although it was converted', async () => {
  const old = nativeImage(false);
  const patch = memorySource(await make(old, nativeImage(true), { algorithm: 'mixing' }));
  const region = regionsOf(old, true).regions.find(({ kind }) => kind === 40);
  const changed = (region?.offset ?? 0) + 100;
  const wrong = old.map((byte, at) => (at === changed ? byte ^ 3 : byte));
  const write = () => expect.unreachable();
  const error = await failure(applyPatch({ patch, old: memorySource(wrong), write }));
  expect(error).toBeInstanceOf(DamagedError);
  expect((error as DamagedError).message).toContain('the old file is not the one this patch was made from');
});

test('the files that a patch is made of are left as they are', async () => {
  const given = [Buffer.from(nativeImage(false)), Buffer.from(nativeImage(true))] as const;
  await make(...given);
  same(given[0], nativeImage(false));
  same(given[1], nativeImage(true));
});

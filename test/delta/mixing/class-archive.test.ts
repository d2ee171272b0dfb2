/** Archives of classes that Java maps into memory. */
import { expect, test } from 'bun:test';
import { regionsOf } from '../../../lib/delta/mixing/executable.ts';
import { randomNumbers } from '../pairs.ts';
import { apply, make } from '../support.ts';

const BASE = 0x800000000n;
const [HEADER, START] = [0x310, 0x1000];
const [COUNT, SIZE] = [3000, 24];
/** In the later version one more object is before this one. */
const MIDDLE = 1000;

/** Objects of three words: a number, and addresses of two others. */
function archive(later = false): Uint8Array {
  const next = randomNumbers(8);
  const place = (index: number) => START + SIZE * (later && index >= MIDDLE ? index + 1 : index);
  const file = Buffer.alloc(place(COUNT));
  file.writeUInt32LE(0xf00baba2, 0);
  file.writeUInt32LE(HEADER, 12);
  file.writeBigUInt64LE(BASE, 0x2f0);
  for (let index = 0; index < COUNT; index++) {
    file.writeBigUInt64LE(BigInt(next()), place(index));
    for (const field of [8, 16]) {
      const address = BASE + BigInt(place(next() % COUNT) - START);
      file.writeBigUInt64LE(address, place(index) + field);
    }
  }
  return Uint8Array.from(file);
}

test('what follows the header has addresses, relative to the word of it that they begin with', () => {
  const { regions, base } = regionsOf(archive(), true);
  expect(regions).toEqual([{ offset: START, size: COUNT * SIZE, address: 0, kind: 4 }]);
  expect(base).toBe(BASE);
});

test.each([
  ['no address', (file: Buffer) => file.writeBigUInt64LE(1n, 0x2f0)],
  ['an address of nothing', (file: Buffer) => file.writeBigUInt64LE(BASE << 1n, 0x2f0)],
  [
    'more words that might be it than are tried',
    (file: Buffer) => {
      for (let at = 0x20; at < 0x20 + 8 * 16; at += 8) file.writeUInt32LE(1, at + 4);
    },
  ],
  ['a header longer than the file', (file: Buffer) => file.writeUInt32LE(file.length, 12)],
  ['a header without end', (file: Buffer) => file.writeUInt32LE(0xffffffff, 12)],
])('an archive with %s is data', (_, change) => {
  const file = Buffer.from(archive());
  change(file);
  expect(regionsOf(file, true).regions).toEqual([]);
});

test('its patch is a fraction of that by bsdiff', async () => {
  const [old, fresh] = [archive(), archive(true)];
  const patch = await make(old, fresh);
  expect(Buffer.compare(await apply(patch, old), fresh)).toBe(0);
  expect(patch.length).toBeLessThan((await make(old, fresh, { algorithm: 'bsdiff' })).length / 4);
});

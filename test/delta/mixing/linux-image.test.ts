/** Kernels of Linux that are not compressed. */
import { expect, test } from 'bun:test';
import { regionsOf } from '../../../lib/delta/mixing/executable.ts';
import { randomBytes, randomNumbers } from '../pairs.ts';
import { apply, make } from '../support.ts';

const BASE = 0xffff800080000000n;
const [SIZE, DATA] = [0x40000, 0x20000];
/** In the later version these bytes are added in the middle of the code. */
const [MIDDLE, ADDED] = [0x10000, 64];

/** Calls among noise, addresses of them, and how far behind the start they are. */
function kernel(later = false): Uint8Array {
  const next = randomNumbers(7);
  const file = Buffer.concat([
    randomBytes(MIDDLE, 5),
    randomBytes(later ? ADDED : 0, 9),
    randomBytes(DATA - MIDDLE, 6),
    Buffer.alloc(SIZE - DATA),
  ]);
  const moved = (place: number) => (later && place >= MIDDLE ? place + ADDED : place);
  const code = () => moved(4 * (next() % (DATA / 4)));
  for (let at = 64; at < DATA; at += 64)
    file.writeUInt32LE((0x94000000 | (((code() - moved(at)) >> 2) & 0x3ffffff)) >>> 0, moved(at));
  const data = DATA + (later ? ADDED : 0);
  for (let at = 0; at < 0x8000; at += 8) file.writeBigUInt64LE(BASE + BigInt(code()), data + at);
  for (let at = 0x8000; at < 0xc000; at += 4) file.writeUInt32LE(code(), data + at);
  // Numbers, most of them -1, and what looks like an address of something else.
  file.fill(0xff, data + 0xc000, data + 0x18000);
  file.writeBigUInt64LE(0xffff900000000000n, data - 64);
  file.writeBigUInt64LE(BASE - 0x7ffffff0n, data + 0x18000);
  file.fill(0, 0, 64);
  file.writeUInt32LE(2 * SIZE, 16);
  file.write('ARM\x64', 56, 'latin1');
  return Uint8Array.from(file);
}

test('code is told by its calls, and what the rest refers to tells where it is loaded', () => {
  const { regions, base, span } = regionsOf(kernel(), true);
  expect(regions).toEqual([
    { offset: 0, size: DATA, address: 0, kind: 2 },
    { offset: DATA, size: SIZE - DATA, address: DATA, kind: 5 },
  ]);
  expect([base, span]).toEqual([BASE, 2 * SIZE]);
});

test('a kernel without code or addresses is data', () => {
  const file = Buffer.alloc(SIZE);
  file.write('ARM\x64', 56, 'latin1');
  expect(regionsOf(file, true).regions).toEqual([]);
});

test('its patch is smaller than by bsdiff', async () => {
  const [old, fresh] = [kernel(), kernel(true)];
  const patch = await make(old, fresh);
  expect(Buffer.compare(await apply(patch, old), fresh)).toBe(0);
  expect(patch.length).toBeLessThan((await make(old, fresh, { algorithm: 'bsdiff' })).length / 2);
});

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

/** The same for RISC-V, which is a PE file besides: a section of code, half of which has calls, and one of data. */
function kernelOfRiscV(withHeaders = true): Uint8Array {
  const file = Buffer.from(randomBytes(SIZE, 5)).fill(0, 0, 4096);
  const next = randomNumbers(7);
  for (let at = 4096; at < DATA / 2; at += 128) {
    const by = 4096 + 2 * (next() % (DATA / 4)) - at;
    const low = ((by & 0x7fe) << 20) | ((by & 0x800) << 9) | (by & 0xff000);
    file.writeUInt32LE((low | (by < 0 ? 0x80000000 : 0) | 0xef) >>> 0, at);
  }
  file.writeUInt32LE(2 * SIZE, 16);
  file.write('RSC\x05', 56, 'latin1');
  if (!withHeaders) return Uint8Array.from(file);
  file.write('MZ', 0, 'latin1');
  file.writeUInt32LE(64, 60);
  file.write('PE\0\0dP\x02\0', 64, 'latin1');
  file.writeUInt16LE(0xa0, 84);
  file.writeUInt16LE(0x20b, 88);
  const sections = [
    [DATA - 4096, 4096, 0x60000020],
    [SIZE - DATA, DATA, 0xc0000040],
  ];
  for (const [index, [size = 0, at = 0, flags = 0]] of sections.entries()) {
    const section = 88 + 0xa0 + 40 * index;
    for (const [field, value] of [size, at, size, at].entries())
      file.writeUInt32LE(value, section + 8 + 4 * field);
    file.writeUInt32LE(flags, section + 36);
  }
  return Uint8Array.from(file);
}

test('that for RISC-V says what is code, and is loaded in the last 2 GiB of addresses', () => {
  const { regions, base, span } = regionsOf(kernelOfRiscV(), true);
  expect(regions).toEqual([
    { offset: 0, size: 4096, address: 0, kind: 5 },
    { offset: 4096, size: DATA - 4096, address: 4096, kind: 15 },
    { offset: DATA, size: SIZE - DATA, address: DATA, kind: 5 },
  ]);
  expect([base, span]).toEqual([0xffffffff80000000n, 2 * SIZE]);
});

test('without headers the code of that for RISC-V is told by its calls', () => {
  const { regions, base } = regionsOf(kernelOfRiscV(false), true);
  expect(regions.find(({ kind }) => kind === 15)).toMatchObject({ offset: 4096 });
  expect(base).toBe(0xffffffff80000000n);
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

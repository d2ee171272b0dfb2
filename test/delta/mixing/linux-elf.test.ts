/** Kernels of Linux for x86-64 as they are linked, `vmlinux`. */
import { expect, test } from 'bun:test';
import { regionsOf } from '../../../lib/delta/mixing/executable.ts';
import { randomNumbers } from '../pairs.ts';
import { apply, make } from '../support.ts';

const HIGHEST = 0xffffffff00000000n;
const START = 0x81000000;
const [HEADERS, FUNCTIONS, POINTERS, OWN] = [0x1000, 2000, 4000, 0x200];
/** The later version has a function more before this one. */
const MIDDLE = 700;
/** Bytes of a function. */
const SIZE = 32;

/** Functions that take the addresses of data and call each other, data with addresses of functions, and what each processor has of its own, at address 0. */
function kernel(later = false): { file: Uint8Array; data: number } {
  const next = randomNumbers(11);
  const function_ = (index: number) => HEADERS + SIZE * (later && index >= MIDDLE ? index + 1 : index);
  const data = function_(FUNCTIONS);
  const own = data + 8 * POINTERS;
  const sections = own + OWN;
  const file = Buffer.alloc(sections + 64 * 5);
  const lower = (offset: number) => START + offset - HEADERS;
  for (let index = 0; index < FUNCTIONS; index++) {
    const at = function_(index);
    // mov $data, %rdi; call function; mov $number, %eax; ret; int3
    file.fill(0xcc, at, at + SIZE);
    file.set([0x48, 0xc7, 0xc7], at);
    file.writeInt32LE(lower(data + 8 * (next() % POINTERS)) | 0, at + 3);
    file[at + 7] = 0xe8;
    file.writeInt32LE(function_(next() % FUNCTIONS) - at - 12, at + 8);
    file[at + 12] = 0xb8;
    file.writeUInt32LE(next(), at + 13);
    file[at + 17] = 0xc3;
  }
  for (let index = 0; index < POINTERS; index++) {
    const address = HIGHEST + BigInt(lower(function_(next() % FUNCTIONS)));
    file.writeBigUInt64LE(address, data + 8 * index);
  }
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  file.writeUInt16LE(62, 18);
  file.writeBigUInt64LE(64n, 32);
  file.writeBigUInt64LE(BigInt(sections), 40);
  file.writeUInt16LE(2, 56);
  file.writeUInt16LE(5, 60);
  file.writeUInt16LE(4, 62);
  const code = { flags: 6n, address: HIGHEST + BigInt(START), offset: HEADERS, size: data - HEADERS };
  const pointers = { flags: 3n, address: code.address + BigInt(code.size), offset: data, size: own - data };
  const processor = { flags: 3n, address: 0n, offset: own, size: OWN };
  const segments = [{ ...code, size: own - HEADERS }, processor];
  for (const [index, { offset, address, size }] of segments.entries()) {
    const fields = [BigInt(offset), address, address, BigInt(size), BigInt(size)];
    file.writeUInt32LE(1, 64 + 56 * index);
    for (const [i, field] of fields.entries()) file.writeBigUInt64LE(field, 64 + 56 * index + 8 + 8 * i);
  }
  // The fifth has names, of which there are none.
  for (const [index, each] of [code, pointers, processor].entries()) {
    const at = sections + 64 * (index + 1);
    file.writeUInt32LE(1, at + 4);
    const fields = [each.flags, each.address, BigInt(each.offset), BigInt(each.size)];
    for (const [i, field] of fields.entries()) file.writeBigUInt64LE(field, at + 8 + 8 * i);
  }
  return { file: Uint8Array.from(file), data };
}

test('addresses have the lower halves that its code has, and what is at address 0 is in no region', () => {
  const { file, data } = kernel();
  const { regions, base, span } = regionsOf(file, true);
  const size = data - HEADERS;
  expect(regions).toEqual([
    { offset: HEADERS, size, address: 0, kind: 1 },
    { offset: data, size: 8 * POINTERS, address: size, kind: 11 },
  ]);
  expect([base, span]).toEqual([BigInt(START), size + 8 * POINTERS]);
});

test('its patch is a fraction of that by bsdiff', async () => {
  const [old, fresh] = [kernel().file, kernel(true).file];
  const patch = await make(old, fresh);
  expect(Buffer.compare(await apply(patch, old), fresh)).toBe(0);
  expect(patch.length).toBeLessThan((await make(old, fresh, { algorithm: 'bsdiff' })).length / 4);
});

/** Boot files of Chez Scheme as Racket has them. */
import { expect, test } from 'bun:test';
import { regionsOf } from '../../../lib/delta/mixing/executable.ts';
import { randomNumbers } from '../pairs.ts';
import { apply, make } from '../support.ts';

/** Where the header of the image begins, and the image. */
const [HEADER, START] = [0x31, 0xa1];
/** Bytes of what is below the base of code, and where code begins. */
const [LOW, CODE] = [0x10000, 0x14000];
const [FUNCTIONS, OBJECTS] = [4000, 1500];
const [FUNCTION, OBJECT] = [16, 24];
const TABLE = 64;
/** In the later version one more object is before this one, one more function before that one. */
const [MIDDLE_OBJECT, MIDDLE] = [400, 1000];

/** Functions that load the address of an object each, and objects with a number and two addresses. */
function bootFile(later = false): Buffer {
  const next = randomNumbers(8);
  const functionAt = (index: number) => CODE + FUNCTION * (later && index >= MIDDLE ? index + 1 : index);
  const data = functionAt(FUNCTIONS);
  const objectAt = (index: number) => data + OBJECT * (later && index >= MIDDLE_OBJECT ? index + 1 : index);
  const size = objectAt(OBJECTS);
  const file = Buffer.alloc(START + size + TABLE + 1);
  file.write('\0\0\0\0chez\xd0\x88\x80\x02$(petite)', 0, 'latin1');
  file.write('\0\0\0\0chez\xd0\x88\x80\x02$(petite)%', 21, 'latin1');
  file.write('\x83\xb2\xb4\x68\x2c\x65', HEADER - 6, 'latin1');
  const places = [LOW, LOW, LOW, LOW, LOW, CODE, data, size];
  for (const [index, place] of [size, TABLE, 0, ...places].entries())
    file.writeBigUInt64LE(BigInt(place), HEADER + 8 * index);
  for (let index = 0; index < FUNCTIONS; index++) {
    const at = START + functionAt(index);
    file.write('\x48\xb8', at, 'latin1');
    file.writeUInt32LE(objectAt(next() % OBJECTS) + 7, at + 2);
    file.write('\x49\x89\x45\x10\xff\xe0', at + 10, 'latin1');
  }
  for (let index = 0; index < OBJECTS; index++) {
    file.writeBigUInt64LE(BigInt(next()), START + objectAt(index));
    for (const field of [8, 16])
      file.writeUInt32LE(functionAt(next() % FUNCTIONS) + 1, START + objectAt(index) + field);
  }
  return file;
}

const kindsOf = (file: Buffer) => regionsOf(file, true).regions.map(({ kind }) => kind);

test('what it says of its parts makes regions, whose addresses count from the start of the image', () => {
  const { regions, base, span } = regionsOf(bootFile(), true);
  const data = CODE + FUNCTION * FUNCTIONS;
  const size = OBJECT * OBJECTS;
  expect(base).toBe(BigInt(LOW));
  expect(span).toBe(data + size - LOW);
  expect(regions).toEqual([
    { offset: START + LOW, size: CODE - LOW, address: 0, kind: 4 },
    { offset: START + CODE, size: FUNCTION * FUNCTIONS, address: CODE - LOW, kind: 12 },
    { offset: START + data, size, address: data - LOW, kind: 4 },
  ]);
});

test('code that loads no pointers is of another machine', () => {
  const file = bootFile();
  for (let at = START + CODE; at < START + CODE + FUNCTION * FUNCTIONS; at += FUNCTION) file[at] = 0x90;
  expect(kindsOf(file)).toEqual([4]);
});

test('so is code that loads what is no address of the image', () => {
  const file = bootFile();
  for (let at = START + CODE; at < START + CODE + FUNCTION * FUNCTIONS; at += FUNCTION) file[at + 4] = 0x7f;
  expect(kindsOf(file)).toEqual([4]);
});

test.each([
  ['no brackets', (file: Buffer) => file.fill(0x20, 8, START)],
  ['another situation', (file: Buffer) => file.writeUInt8(0x22, HEADER - 7)],
  ['a compressed image', (file: Buffer) => file.writeUInt8(0x2d, HEADER - 2)],
  ['objects, but no image', (file: Buffer) => file.writeUInt8(0x64, HEADER - 1)],
  ['a size without end', (file: Buffer) => file.fill(0xff, HEADER - 6)],
  ['a table behind the end', (file: Buffer) => file.writeUInt32LE(file.length, HEADER + 8)],
])('a file with %s is data', (_, change) => {
  const file = bootFile();
  change(file);
  expect(kindsOf(file)).toEqual([]);
});

test('a file that ends within the header is data', () => {
  for (let size = 8; size < START; size++) expect(kindsOf(bootFile().subarray(0, size))).toEqual([]);
});

test('parts in another order make none', () => {
  const file = bootFile();
  file.writeUInt32LE(0xffff0000, HEADER + 24 + 8 * 5);
  expect(() => kindsOf(file)).not.toThrow();
});

test('its patch is a fraction of that by bsdiff', async () => {
  const [old, fresh] = [bootFile(), bootFile(true)];
  const patch = await make(old, fresh);
  expect(Buffer.compare(await apply(patch, old), fresh)).toBe(0);
  expect(patch.length).toBeLessThan((await make(old, fresh, { algorithm: 'bsdiff' })).length / 4);
});

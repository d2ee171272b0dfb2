/** Tables of records as no encoder writes them: both decoders make the same of them, or both refuse them. */
import { describe, expect, test } from 'bun:test';
import type { RecordMaker } from '../../../lib/delta/records/format.ts';
import { RecordWriter } from '../../../lib/delta/records/writer.ts';
import { DamagedError } from '../../../lib/errors.ts';
import { packRecords } from '../reference/records.ts';

const NUMBERS: Readonly<Record<RecordMaker, number>> = { 'Intel HEX': 2, 'S-records': 3, UF2: 4 };
const MOST_TABLE = 2 ** 20;

/** Groups are words; what the table says of its size and of their number may be something else. */
function plainOf(
  groups: readonly number[][],
  image = 0,
  more: { size?: number; count?: number } = {},
): Buffer {
  const words = groups.flat();
  const real = Math.ceil((8 + 4 * words.length) / 16) * 16;
  const bytes = Buffer.alloc(real + image, 7);
  bytes.fill(0, 0, real);
  for (const [index, word] of [more.size ?? real, more.count ?? groups.length, ...words].entries())
    bytes.writeUInt32LE(word, 4 * index);
  return bytes;
}

function written(plain: Uint8Array, maker: RecordMaker, size = Math.max(1, plain.length)): Buffer {
  const pieces: Buffer[] = [];
  const writer = RecordWriter.begin(maker, 0, 0, (piece) => pieces.push(Buffer.from(piece)));
  for (let at = 0; at < plain.length; at += size) writer?.write(plain.subarray(at, at + size));
  writer?.finish();
  return Buffer.concat(pieces);
}

function bothRefuse(plain: Uint8Array, maker: RecordMaker, why: RegExp): void {
  for (const size of [1, Math.max(1, plain.length)]) {
    expect(() => written(plain, maker, size)).toThrow(DamagedError);
    expect(() => written(plain, maker, size)).toThrow(why);
  }
  expect(() => packRecords(plain, NUMBERS[maker], 0, 0)).toThrow();
}

function bothMake(plain: Uint8Array, maker: RecordMaker): string {
  const made = written(plain, maker);
  expect(Buffer.from(packRecords(plain, NUMBERS[maker], 0, 0) ?? []).equals(made)).toBe(true);
  return made.toString('latin1');
}

const group = (type: number, size: number, address: number, total: number) => [
  type + 65_536 * size,
  address,
  total,
];
const uf2Group = (size: number, total: number, type = 0) => [...group(type, size, 0, total), 0, 0, 0, 1];

describe('a table is refused', () => {
  test.each<[what: string, maker: RecordMaker, plain: Uint8Array, why: RegExp]>([
    ['of no bytes', 'Intel HEX', Buffer.alloc(0), /less follows/],
    ['that is cut off', 'Intel HEX', plainOf([group(0, 16, 0, 16)]).subarray(0, 12), /less follows/],
    ['of size 0', 'Intel HEX', plainOf([], 0, { size: 0 }), /it has 0 bytes/],
    [
      'whose size is no multiple of 16',
      'Intel HEX',
      plainOf([group(1, 0, 0, 0)], 20, { size: 40 }),
      /it has 40 bytes/,
    ],
    [
      'that is too large',
      'Intel HEX',
      plainOf([], MOST_TABLE, { size: MOST_TABLE + 16 }),
      /it has 1048592 bytes/,
    ],
    [
      'of more groups than it has',
      'Intel HEX',
      plainOf([group(1, 0, 0, 0)], 0, { count: 3 }),
      /no room for 3/,
    ],
    ['of 2^32 - 1 groups', 'UF2', plainOf([uf2Group(0, 0)], 0, { count: 2 ** 32 - 1 }), /no room for/],
    ['with a type of two bytes', 'Intel HEX', plainOf([group(256, 0, 0, 0)]), /type 256 and 0 bytes/],
    ['with long records', 'Intel HEX', plainOf([group(0, 256, 0, 256)], 256), /type 0 and 256 bytes/],
    ['with long records of S1', 'S-records', plainOf([group(1, 253, 0, 253)], 253), /type 1 and 253 bytes/],
    ['with long records of S2', 'S-records', plainOf([group(2, 252, 0, 252)], 252), /type 2 and 252 bytes/],
    ['with long records of S3', 'S-records', plainOf([group(3, 251, 0, 251)], 251), /type 3 and 251 bytes/],
    ['with S4', 'S-records', plainOf([group(4, 0, 0, 0)]), /type 4 and 0 bytes/],
    ['with a type above 9', 'S-records', plainOf([group(10, 0, 0, 0)]), /type 10 and 0 bytes/],
    ['with large blocks', 'UF2', plainOf([uf2Group(477, 477)], 477), /type 0 and 477 bytes/],
    ['with a type of blocks', 'UF2', plainOf([uf2Group(0, 0, 1)]), /type 1 and 0 bytes/],
    [
      'with data of records without any',
      'Intel HEX',
      plainOf([group(0, 0, 0, 5)], 5),
      /records without data/,
    ],
    ['with data beyond its end', 'Intel HEX', plainOf([group(4, 16, 0, 16)], 16), /ends within its group 0/],
    [
      'with 2^32 - 1 bytes of data',
      'Intel HEX',
      plainOf([group(4, 16, 0, 2 ** 32 - 1)], 16),
      /ends within its group 0/,
    ],
    ['before too short an image', 'Intel HEX', plainOf([group(0, 16, 0, 17)], 16), /less follows/],
    [
      'before an image of 2^32 - 1 bytes that is not there',
      'Intel HEX',
      plainOf([group(0, 16, 0, 2 ** 32 - 1)], 40),
      /less follows/,
    ],
    ['before too long an image', 'Intel HEX', plainOf([group(0, 16, 0, 16)], 17), /more follows/],
    ['before an image that no group has', 'Intel HEX', plainOf([group(1, 0, 0, 0)], 1), /more follows/],
  ])('%s: %s', (_, maker, plain, why) => bothRefuse(plain, maker, why));
});

describe('a table is read', () => {
  test('whatever size records have that are without data', () => {
    const plain = plainOf([group(0, 255, 5, 0), group(3, 7, 6, 0)]);
    expect(bothMake(plain, 'Intel HEX')).toBe(':00000500FB\n:00000603F7\n');
  });

  test('of the types and sizes at its limits', () => {
    const hex = bothMake(plainOf([group(255, 0, 0, 0), group(13, 255, 0, 255)], 255), 'Intel HEX');
    expect(hex.split('\n').map((line) => line.length)).toEqual([11, 521, 0]);
    const lines = bothMake(
      plainOf([group(1, 252, 0, 252), group(2, 251, 0, 251), group(3, 250, 0, 250)], 753),
      'S-records',
    );
    expect(lines.split('\n').map((line) => line.slice(0, 4))).toEqual(['S1FF', 'S2FF', 'S3FF', '']);
    expect(bothMake(plainOf([uf2Group(476, 477)], 477), 'UF2')).toHaveLength(1024);
  });

  test('without what is left out', () => {
    const plain = plainOf([[...group(4, 2, 0, 2), 0xffff3412], group(0, 16, 0, 3)], 3);
    plain.fill(255, 8 + 28, 48);
    expect(bothMake(plain, 'Intel HEX')).toBe(':020000041234B4\n:03000000070707E8\n');
  });

  test('of no group', () => {
    expect(bothMake(plainOf([]), 'S-records')).toBe('');
  });

  test('with addresses from where the last group ended, beyond the end of addresses', () => {
    const far = [group(3, 4, 2 ** 32 - 2, 8), group(0, 0, 9, 0), group(3, 4, 2 ** 32 - 1, 4)];
    const lines = bothMake(plainOf(far, 12), 'S-records').split('\n');
    expect(lines.map((line) => line.slice(0, 12))).toEqual([
      'S309FFFFFFFE',
      'S30900000002',
      'S0030009F3',
      'S30900000005',
      '',
    ]);
  });

  test('as large as one may be', () => {
    const groups = Array.from({ length: Math.floor((MOST_TABLE - 8) / 12) }, () => group(1, 0, 0, 0));
    expect(plainOf(groups).length).toBe(MOST_TABLE);
    expect(bothMake(plainOf(groups), 'Intel HEX')).toHaveLength(12 * groups.length);
  });
});

test('there are no other levels, and looks', () => {
  const looks: [RecordMaker, level: number, memory: number, is: boolean][] = [
    ['Intel HEX', 0, 3, true],
    ['Intel HEX', 1, 0, false],
    ['Intel HEX', 0, 4, false],
    ['S-records', 0, 3, true],
    ['S-records', 0, 4, false],
    ['UF2', 0, 0, true],
    ['UF2', 0, 1, false],
  ];
  for (const [maker, level, memory, is] of looks) {
    expect(RecordWriter.begin(maker, level, memory, (piece) => piece) !== null).toBe(is);
    expect(packRecords(plainOf([]), NUMBERS[maker], level, memory) !== null).toBe(is);
  }
});

/** The list of compressed streams: what is written is read, and nothing beyond its limits, by both decoders. */
import { describe, expect, test } from 'bun:test';
import {
  decodeList,
  encodeList,
  type PackedList,
  zerosBefore,
  zerosBehind,
} from '../../../lib/delta/deflate/list.ts';
import { PACKED_STREAM } from '../../../lib/delta/format.ts';
import { Inflater } from '../../../lib/delta/inflater.ts';
import { DamagedError } from '../../../lib/errors.ts';
import { memorySource } from '../../../lib/platform/files.ts';
import { varint, zstd } from '../forge.ts';
import { readPacked } from '../reference/packed.ts';
import { failure } from '../support.ts';

const OLD_SIZE = 1000;
const NEW_SIZE = 5000;

async function decode(numbers: number[], newSize = NEW_SIZE): Promise<PackedList> {
  const raw = Buffer.from(numbers.flatMap(varint));
  const stream = new Inflater(memorySource(zstd(raw)), raw.length, PACKED_STREAM.windowLog, 'the list');
  try {
    return await decodeList(stream, OLD_SIZE, newSize);
  } finally {
    stream.close();
  }
}

test('what is written is read', async () => {
  const list: PackedList = {
    old: [
      { start: 10, packedSize: 20, plainSize: 50 },
      { start: 30, packedSize: 300, plainSize: 70_000 },
      { start: 400, packedSize: 45, plainSize: 60, maker: 'S-records' },
      { start: 900, packedSize: 100, plainSize: 1 },
    ],
    fresh: [
      { gap: 7, plainSize: 90, maker: 'zlib', level: 6, memory: 8, trailer: 'adler32' },
      { gap: 0, plainSize: 4000, maker: 'Go', level: 101, memory: 0, trailer: 'none' },
      { gap: 3, plainSize: 900, maker: 'zlib', level: 9, memory: 24, trailer: 'crc32' },
      ...(['Intel HEX', 'S-records', 'UF2'] as const).map(
        (maker) => ({ gap: 0, plainSize: 0x20, maker, level: 0, memory: 3, trailer: 'none' }) as const,
      ),
    ],
  };
  const numbers = [
    [4, 10, 20, 50, 0, 300, 70_000, 70, 45, 0, 3, 60, 455, 100, 1],
    [6, 7, 90, 0, 6, 8, 1, 0, 4000, 1, 101, 0, 0, 3, 900, 0, 9, 24, 2],
    [0, 32, 2, 0, 3, 0, 0, 32, 3, 0, 3, 0, 0, 32, 4, 0, 3, 0],
  ].flat();
  expect(Buffer.from(encodeList(list))).toEqual(Buffer.from(numbers.flatMap(varint)));
  expect(await decode(numbers, NEW_SIZE + 96)).toEqual(list);
});

/** Of a list that goes to a limit, and of one that goes one beyond it. */
const LIMITS: [
  what: string,
  most: number,
  numbers: (value: number) => number[],
  why: RegExp,
  newSize?: number,
][] = [
  ['the place of an old stream', 970, (place) => [2, 10, 20, 50, place, 0, 1, 0], /place of an old stream/],
  ['the size of an old stream', 990, (size) => [1, 10, size, 1, 0], /size of an old stream/],
  ['what an old stream holds', 2 ** 30 - 980, (size) => [1, 10, 20, size, 0], /what an old stream holds/],
  [
    'what old streams hold together',
    2 ** 29 - 960,
    (size) => [2, 10, 20, 2 ** 29, 0, 20, size, 0],
    /what an old stream holds/,
  ],
  ['what old records hold', 2 ** 30 - 980, (size) => [1, 10, 20, 0, 2, size, 0], /what an old stream holds/],
  ['who made old records', 4, (maker) => [1, 10, 20, 0, maker, 9, 0], /who made an old stream/],
  ['the place of a new stream', 4999, (gap) => [0, 1, gap, 1, 0, 6, 8, 0], /what a new stream holds/],
  [
    'the place of a second new stream',
    4899,
    (gap) => [0, 2, 10, 90, 0, 6, 8, 0, gap, 1, 0, 6, 8, 0],
    /what a new stream holds/,
  ],
  ['what a new stream holds', 4990, (size) => [0, 1, 10, size, 0, 6, 8, 0], /what a new stream holds/],
  [
    'what a new stream of a large file holds',
    2 ** 28,
    (size) => [0, 1, 0, size, 0, 6, 8, 0],
    /what a new stream holds/,
    2 ** 29,
  ],
  [
    'what new streams of a large file hold together',
    2 ** 27,
    (size) => [0, 2, 0, 2 ** 27, 0, 6, 8, 0, 0, size, 0, 6, 8, 0],
    /what a new stream holds/,
    2 ** 29,
  ],
  ['who made it', 4, (maker) => [0, 1, 0, 9, maker, 6, 0, 0], /who made/],
  ['its level', 255, (level) => [0, 1, 0, 9, 0, level, 8, 0], /level of a new stream/],
  ['its memory', 255, (memory) => [0, 1, 0, 9, 0, 6, memory, 0], /memory of a new stream/],
  ['what follows it', 2, (trailer) => [0, 1, 0, 9, 0, 6, 8, trailer], /what follows a new stream/],
];

describe('there is a limit to', () => {
  test.each(LIMITS)('%s', async (_, most, numbers, why, newSize = NEW_SIZE) => {
    await decode(numbers(most), newSize);
    readPacked(numbers(most), OLD_SIZE, newSize);
    const error = await failure(decode(numbers(most + 1), newSize));
    expect(error).toBeInstanceOf(DamagedError);
    expect(String(error)).toMatch(why);
    expect(() => readPacked(numbers(most + 1), OLD_SIZE, newSize)).toThrow();
  });
});

describe('a list is refused', () => {
  test.each<[what: string, numbers: number[], why: RegExp]>([
    ['of too many old streams', [2 ** 18 + 1], /number of old streams is 262145, at most 262144/],
    ['of too many new streams', [0, 2 ** 18 + 1], /number of new streams is 262145, at most 262144/],
    ['with an old stream behind the file', [1, 1001, 0, 1, 0], /place of an old stream/],
    ['with a new stream behind the file', [0, 1, 5001, 1, 0, 6, 8, 0], /place of a new stream/],
    ['with an old stream that holds nothing', [1, 10, 20, 0, 0], /an old stream holds nothing/],
    ['with an old stream that holds nothing by Go', [1, 10, 20, 0, 1, 9, 0], /an old stream holds nothing/],
    ['with old records that hold nothing', [1, 10, 20, 0, 2, 0, 0], /an old stream holds nothing/],
    ['with a new stream that holds nothing', [0, 1, 10, 0, 0, 6, 8, 0], /a new stream holds nothing/],
    ['that ends too early', [0, 1, 10], /ends/],
    ['that has another number in the end', [0, 0, 0], /too many/],
  ])('%s', async (_, numbers, why) => {
    const error = await failure(decode(numbers));
    expect(error).toBeInstanceOf(DamagedError);
    expect(String(error)).toMatch(why);
    expect(() => readPacked(numbers, OLD_SIZE, NEW_SIZE)).toThrow();
  });
});

test.each([
  ['old', [1, 10, 20, 0, 5, 9, 0]],
  ['new', [0, 1, 0, 9, 5, 0, 0, 0]],
])('%s streams of a maker that is not known need a newer updater', async (_, numbers) => {
  expect(await failure(decode(numbers))).toMatchObject({
    advice: 'A newer dgmo-updater is needed for this patch.',
  });
});

test('what holds 65,536 bytes begins at a multiple of 16, and what follows it is where it is in the file, modulo 16', () => {
  for (const size of [1, 65_535]) expect([zerosBefore(5, size), zerosBehind(5, 7, size)]).toEqual([0, 0]);
  for (const size of [65_536, 10 ** 6]) {
    expect([0, 5, 16].map((at) => zerosBefore(at, size))).toEqual([0, 11, 0]);
    expect([zerosBehind(5, 7, size), zerosBehind(7, 5, size), zerosBehind(21, 5, size)]).toEqual([2, 14, 0]);
  }
});

/** Who made a stream: whoever is known, and nobody if a byte is another one. */
import { describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import type { Making } from '../../../lib/delta/deflate/deflater.ts';
import { MakerFinder } from '../../../lib/delta/deflate/makers.ts';
import { randomBytes } from '../pairs.ts';
import { deflateLikeZlib } from '../reference/deflate-zlib.ts';
import { deflateLike } from './packed-files.ts';

/** In a file that has other bytes before it. */
function find(packed: Uint8Array, plain: Uint8Array, header = 0, finder = new MakerFinder()): Making | null {
  const file = Uint8Array.from(Buffer.concat([randomBytes(100, 1), packed]));
  const { length } = packed;
  const place = { start: 100, packedSize: length, plainSize: plain.length };
  const found = finder.makingOf(file, { ...place, plain, trailer: 'none', header });
  if (found === null) return null;
  const { work, ...making } = found;
  expect(work).toBeGreaterThan(0);
  return making;
}

/** Code of which all below make something else. Behind its end gzip finds a longer match than zip does, of zeros. */
const code = fs
  .readFileSync(path.join(import.meta.dir, '..', '..', 'vectors', 'deflate', 'code.bin'))
  .subarray(0, 50_000);
const text = Uint8Array.from(Buffer.concat([code, Buffer.from('wxyz\0\0\0\0,wxyz./wxyz')]));

describe('is known', () => {
  const all: Making[] = [
    ...[1, 2, 3, 4, 5, 6, 7, 9].map((level): Making => ({ maker: 'zlib', level, memory: 8 })),
    ...[9, 64 + 8, 10, 11].map((memory): Making => ({ maker: 'zlib', level: 6, memory })),
    ...[1, 6, 98, 101, 106, 109].map((level): Making => ({ maker: 'Go', level, memory: 0 })),
  ];
  test.each(all)('$maker, level $level, memory $memory', (making) => {
    expect(find(deflateLike(making, text), text)).toEqual(making);
  });

  test('zlib in shards, as lld makes them', () => {
    const plain = Buffer.concat(Array.from({ length: 22 }, () => text)).subarray(0, 1_100_000);
    const making: Making = { maker: 'zlib', level: 1, memory: 16 + 8 };
    expect(find(deflateLike(making, plain), plain, 30721)).toEqual(making);
  });
});

test('nobody is known who makes another byte, or another end', () => {
  const packed = deflateLikeZlib(text, 6, 8);
  for (const at of [0, 9000, packed.length - 1])
    expect(find(packed.with(at, (packed[at] ?? 0) ^ 1), text)).toBeNull();
  expect(find(packed.subarray(0, -1), text)).toBeNull();
  expect(find(Uint8Array.from([...packed, 0]), text)).toBeNull();
});

describe('of two who make the same', () => {
  const plain = Uint8Array.from(Array.from({ length: 100 }, (_, index) => index));
  const packed = deflateLikeZlib(plain, 6, 8);

  test.each([
    [0, 6],
    [30721, 1],
    [30814, 5],
    [30876, 6],
    [30938, 9],
  ])('it is the one that the header of zlib tells of: %d', (header, level) => {
    expect(find(packed, plain, header)).toEqual({ maker: 'zlib', level, memory: 8 });
  });

  test('it is the one who made the last stream', () => {
    const finder = new MakerFinder();
    const last: Making = { maker: 'zlib', level: 3, memory: 9 };
    expect(find(deflateLike(last, text), text, 0, finder)).toEqual(last);
    expect(find(randomBytes(50, 3), text, 0, finder)).toBeNull();
    expect(find(packed, plain, 0, finder)).toEqual(last);
  });
});

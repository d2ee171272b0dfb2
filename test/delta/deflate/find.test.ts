/** Which compressed streams are found in a file. */
import { describe, expect, test } from 'bun:test';
import { constants, crc32, deflateRawSync } from 'node:zlib';
import { unpackPair } from '../../../lib/delta/deflate/encode.ts';
import { findStreams } from '../../../lib/delta/deflate/find.ts';
import { beginsBlock } from '../../../lib/delta/deflate/first-block.ts';
import { MakerFinder } from '../../../lib/delta/deflate/makers.ts';
import { randomBytes } from '../pairs.ts';
import { deflateLikeZlib } from '../reference/deflate-zlib.ts';
import { adler32, goStream, lines, zlibStream } from './packed-files.ts';

const text = lines(60, false);
const around = (stream: Uint8Array) =>
  Uint8Array.from(Buffer.concat([randomBytes(100, 1), stream, randomBytes(100, 2)]));

function gzipWith(flags: number, more: Uint8Array): Buffer {
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(text));
  trailer.writeUInt32LE(text.length, 4);
  const header = Buffer.from([0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3]);
  return Buffer.concat([header, more, deflateLikeZlib(text, 6, 8), trailer]);
}

describe('is found', () => {
  test.each<[what: string, stream: Uint8Array, making: object, trailer: string]>([
    ['zlib at level 6', zlibStream(text, 6), { maker: 'zlib', level: 6, memory: 8 }, 'adler32'],
    [
      'zlib at level 9 with more memory',
      zlibStream(lines(3000, true), 9, 9),
      { maker: 'zlib', level: 9, memory: 9 },
      'adler32',
    ],
    ['Go at level 1', goStream(text), { maker: 'Go', level: 1, memory: 0 }, 'adler32'],
    ['gzip', gzipWith(0, new Uint8Array()), { maker: 'zlib', level: 6 }, 'crc32'],
    ['gzip with a name and a comment', gzipWith(24, Buffer.from('a.log\0why\0')), { maker: 'zlib' }, 'crc32'],
    [
      'gzip with more fields and a sum of its header',
      gzipWith(6, Buffer.from([3, 0, 1, 2, 3, 9, 9])),
      {},
      'crc32',
    ],
    [
      'shards, as lld makes them',
      zlibStream(lines(40_000, true), 1, 24),
      { maker: 'zlib', level: 1, memory: 24 },
      'adler32',
    ],
  ])('%s', (_, stream, making, trailer) => {
    const file = around(stream);
    const found = findStreams(file);
    expect(found).toHaveLength(1);
    const [only] = found;
    if (only === undefined) return;
    expect(only.trailer).toBe(trailer as typeof only.trailer);
    expect(new MakerFinder().makingOf(file, only)).toMatchObject(making);
  });
});

describe('is not found', () => {
  const zip = (crc: number) => {
    const header = Buffer.alloc(30);
    header.write('PK\x03\x04', 0, 'latin1');
    header.writeUInt16LE(8, 8);
    header.writeUInt32LE(crc, 14);
    return Buffer.concat([header, deflateLikeZlib(text, 6, 8)]);
  };

  test('an entry of ZIP with another checksum', () => {
    expect(findStreams(around(zip(crc32(text))))).toHaveLength(1);
    expect(findStreams(around(zip(crc32(text) ^ 1)))).toEqual([]);
  });

  test('a stream that is cut off, is followed by another sum, or hardly worth its name', () => {
    const whole = zlibStream(text, 6);
    expect(findStreams(whole.subarray(0, -100))).toEqual([]);
    expect(findStreams(whole.subarray(0, -4))).toEqual([]);
    expect(findStreams(around(zlibStream(Buffer.from('short'), 6)))).toEqual([]);
  });

  test('anything behind many streams that turned out damaged in the end', () => {
    const damaged = zlibStream(lines(400, false), 6);
    damaged.fill(255, 1500, 1540);
    const many = (count: number) =>
      Buffer.concat([...Array.from({ length: count }, () => damaged), zlibStream(text, 6)]);
    expect(findStreams(many(3))).toHaveLength(1);
    expect(findStreams(many(70))).toEqual([]);
  });
});

test('a stream can begin wherever one of zlib does, at any level and strategy', () => {
  const inputs = [
    text,
    lines(3, false),
    Buffer.from('a'),
    randomBytes(300, 5),
    Buffer.alloc(70_000),
    lines(2000, true),
  ];
  for (const input of inputs) {
    for (let level = 0; level <= 9; level++) {
      for (const strategy of [constants.Z_DEFAULT_STRATEGY, constants.Z_FIXED, constants.Z_HUFFMAN_ONLY])
        expect(beginsBlock(deflateRawSync(input, { level, strategy }), 0)).toBe(true);
    }
  }
});

test('and hardly anywhere else', () => {
  const noise = randomBytes(20_000, 9);
  const places = noise.reduce((sum, _, at) => sum + (beginsBlock(noise, at) ? 1 : 0), 0);
  expect(places).toBeLessThan(300);
});

test.each([
  ['the first bytes of zlib', Buffer.from([0x78, 0x9c])],
  ['words of 32 bits that hold them', Buffer.from([0x78, 1, 0, 0])],
  ['the first bytes of gzip with a name', Buffer.from([0x1f, 0x8b, 8, 8])],
])('a file full of %s takes no time', (_, piece) => {
  const file = Buffer.concat([Buffer.alloc(1 << 20, piece), zlibStream(text, 6)]);
  expect(findStreams(file)).toHaveLength(1);
});

test('what nobody known made costs no more time than there is', () => {
  // Each guess makes next to nothing of it, for long.
  const zeros = deflateRawSync(new Uint8Array(1 << 22), { level: 6 });
  const odd = Buffer.concat([Buffer.from([0, 0, 0, 0xff, 0xff]), zeros]);
  const stream = findStreams(
    Buffer.concat([Buffer.from([0x78, 0x9c]), odd, adler32(new Uint8Array(1 << 22))]),
  )[0];
  if (stream === undefined) throw new Error('the stream is not found');
  const file = Buffer.concat([Buffer.from([0x78, 0x9c]), odd]);
  const finder = new MakerFinder();
  for (let i = 0; i < 100; i++) expect(finder.makingOf(file, stream)).toBeNull();
});

test('files that would grow too much are left as they are', () => {
  const zeros = (size: number) => Uint8Array.from(zlibStream(new Uint8Array(size), 9));
  expect(unpackPair(zeros(1 << 20), zeros(1 << 21))).not.toBeNull();
  expect(unpackPair(zeros(1 << 20), zeros(1 << 27))).toBeNull();
});

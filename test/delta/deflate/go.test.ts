/**
 * Streams that Go made are made again, by the decoder's module and by a second implementation.
 *
 * The vectors are such streams, of Go 1.19.8: of the bytes that they decompress to, flate.NewWriter(&out, level), one Write, Close.
 * Those of levels above 90 are what the sources of Go 1.27 make of them, built by hand. dwarf is of the .debug_info of a program that
 * `go build` made. A vector's name ends in its level.
 */
import { describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { deflateAsGo } from '../reference/deflate-go.ts';
import { deflateAsLaterGo } from '../reference/deflate-go-later.ts';
import { Random } from './inputs.ts';
import { beginDeflate, deflate, GO } from './module.ts';

const FOLDER = path.join(import.meta.dir, '..', '..', 'vectors', 'deflate', 'go');
const LEVELS = [-2, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 98, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109];

const vectors = fs.readdirSync(FOLDER).map((name) => {
  const stream = fs.readFileSync(path.join(FOLDER, name));
  const [, level] = /\.(?:level(\d+)|huffman)$/.exec(name) ?? [];
  return { name, level: level === undefined ? -2 : Number(level), stream, bytes: inflateRawSync(stream) };
});

const secondly = (bytes: Uint8Array, level: number) =>
  level < 98 ? deflateAsGo(bytes, level) : deflateAsLaterGo(bytes, level);
const isSame = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

test('the vectors are there', () => {
  expect(vectors).toHaveLength(153);
  for (const level of LEVELS) expect(vectors.some((vector) => vector.level === level)).toBe(true);
});

describe('made again as it was', () => {
  for (const { name, level, stream, bytes } of vectors) {
    test(name, () => {
      expect(isSame(deflate(GO, level, 0, bytes), stream)).toBe(true);
    });
  }
});

describe('made again by the second implementation', () => {
  for (const { name, level, stream, bytes } of vectors) {
    test(name, () => {
      expect(isSame(secondly(bytes, level), stream)).toBe(true);
    });
  }
});

test('wherever the bytes are cut', () => {
  for (const { level, stream, bytes } of vectors) {
    if (bytes.length > 1 << 18) continue;
    const random = new Random(bytes.length);
    for (const most of [3, 4000, 65_536]) {
      const sizes = Array.from({ length: 97 }, () => 1 + random.below(most));
      expect(isSame(deflate(GO, level, 0, bytes, sizes), stream)).toBe(true);
    }
    expect(isSame(deflate(GO, level, 0, bytes, [65_535]), stream)).toBe(true);
  }
});

test('one stream leaves nothing behind for the next one', () => {
  for (const { level, stream, bytes } of [...vectors].reverse())
    expect(isSame(deflate(GO, level, 0, bytes), stream)).toBe(true);
});

test('both make the same of bytes of all kinds', () => {
  const samples = vectors.map(({ bytes }) => bytes).filter((bytes) => bytes.length > 1000);
  for (let seed = 0; seed < 66; seed++) {
    const bytes = new Random(seed).input(samples, seed % 21 === 0 ? 300_000 : 30_000);
    const level = LEVELS[seed % LEVELS.length] ?? 1;
    const stream = deflate(GO, level, 0, bytes);
    expect([seed, isSame(inflateRawSync(stream), bytes)]).toEqual([seed, true]);
    expect([seed, isSame(secondly(bytes, level), stream)]).toEqual([seed, true]);
  }
});

test('a level that Go does not have is refused', () => {
  for (const level of [-3, -1, 10, 97, 99, 110, 2 ** 31 - 1, -(2 ** 31)])
    expect(beginDeflate(GO, level, 0)).toBe(false);
  for (const level of LEVELS) expect(beginDeflate(GO, level, 1)).toBe(false);
});

/**
 * Streams as zlib makes them. The vectors are those of Python 3.11 with zlib 1.2.13 (`zlib.compressobj(level, DEFLATED, -15, memory)`;
 * with 16 added to `memory` in shards of 1 MiB, with 64 by the strategy Z_FILTERED; 10 is gzip 1.12, 11 zip 3.0), and are never made anew. What they can't hold is compared with pako 2.1.0.
 */
import { describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { deflateLikeZip } from '../reference/deflate-zip.ts';
import { deflateLikeZlib } from '../reference/deflate-zlib.ts';
import { Random } from './inputs.ts';
import { beginDeflate, deflate, ZLIB } from './module.ts';

interface Vector {
  input: string;
  start: number;
  size: number;
  level: number;
  memory: number;
  bytes: number;
  sha256: string;
}

const FOLDER = path.join(import.meta.dir, '..', '..', 'vectors', 'deflate');
const read = (name: string) => Uint8Array.from(fs.readFileSync(path.join(FOLDER, name)));
const vectors: Vector[] = JSON.parse(fs.readFileSync(path.join(FOLDER, 'zlib.json'), 'utf8'));
const code = read('code.bin');
const codes = new Uint8Array(code.length * 23);
for (let at = 0; at < codes.length; at += code.length) codes.set(code, at);
const inputs: Record<string, Uint8Array> = {
  code,
  codes,
  text: read('text.bin'),
  mixed: read('mixed.bin'),
  pixels: read('pixels.bin'),
  zeros: new Uint8Array(300_000),
};
const digest = (bytes: Uint8Array) => new Bun.CryptoHasher('sha256').update(bytes).digest('hex');

describe('as zlib makes it', () => {
  test('the vectors are there', () => {
    expect(vectors).toHaveLength(387);
  });

  const byInput = new Map<string, Vector[]>();
  for (const vector of vectors) {
    const name = `${vector.input}, ${vector.size} bytes from ${vector.start} on`;
    byInput.set(name, [...(byInput.get(name) ?? []), vector]);
  }
  for (const [name, all] of byInput) {
    test(name, () => {
      for (const { input, start, size, level, memory, bytes, sha256 } of all) {
        const made = deflate(
          ZLIB,
          level,
          memory,
          inputs[input]?.subarray(start, start + size) ?? new Uint8Array(1),
        );
        expect({ level, memory, bytes: made.length, sha256: digest(made) }).toEqual({
          level,
          memory,
          bytes,
          sha256,
        });
      }
    });
  }
});

test('it makes no difference how the input is cut', () => {
  const { mixed = new Uint8Array() } = inputs;
  for (const [level, memory] of [
    [1, 8],
    [6, 9],
    [6, 24],
  ] as const) {
    const whole = deflate(ZLIB, level, memory, mixed);
    for (const pieces of [[1], [262, 1, 0], [8192], [16_384], [32_768], [65_535, 2], [40_000, 261, 65_536]])
      expect(digest(deflate(ZLIB, level, memory, mixed, pieces))).toBe(digest(whole));
  }
});

test('what zlib has no name for is refused', () => {
  for (const [level, memory] of [
    [0, 8],
    [10, 8],
    [-1, 8],
    [6, 0],
    [6, 12],
    [6, 10 + 16],
    [6, 11 + 64],
    [6, -1],
    [6, 16],
    [6, 28],
    [6, 32],
    [6, 32 + 8],
    [6, 8 + 16 + 32],
    [6, 64],
    [6, 64 + 12],
    [6, 32 + 12],
    [6, 128 + 8],
    [2 ** 31 - 1, 8],
    [6, 2 ** 31 - 1],
    [6, -(2 ** 31)],
  ] as const)
    expect([level, memory, beginDeflate(ZLIB, level, memory)]).toEqual([level, memory, false]);
  expect([deflateLikeZip(new Uint8Array(), 6, 12), deflateLikeZip(new Uint8Array(), 6, 26)]).toEqual([
    null,
    null,
  ]);
  expect(beginDeflate(ZLIB, 6, 8)).toBe(true);
});

test('more than can be written at once is refused', () => {
  expect(() => deflate(ZLIB, 6, 8, new Uint8Array(65_537), [65_537])).toThrow();
});

test('as pako makes it, whatever comes', () => {
  const seed = Number(process.env.SEED ?? 1);
  const random = new Random(seed);
  const { code: bytes = new Uint8Array(), text = new Uint8Array() } = inputs;
  for (let i = 0; i < 60; i++) {
    const input = random.input([bytes, text], 120_000);
    const level = 1 + random.below(9);
    const memory = (random.below(2) ? 8 : 1 + random.below(9)) + 64 * random.below(2);
    const made = deflate(ZLIB, level, memory, input, [1 + random.below(65_536)]);
    const wanted = deflateLikeZlib(input, level, memory);
    expect({ seed, i, level, memory, sha256: digest(made) }).toEqual({
      seed,
      i,
      level,
      memory,
      sha256: digest(wanted),
    });
  }
});

test('as FORMAT.md says, whatever comes', () => {
  const seed = Number(process.env.SEED ?? 1);
  const random = new Random(seed + 1);
  const { code: bytes = new Uint8Array(), text = new Uint8Array() } = inputs;
  for (let i = 0; i < 40; i++) {
    const input = random.input([bytes, text], 80_000);
    const level = 1 + random.below(9);
    const memory = [8, 1 + random.below(9), 10, 10, 11, 64 + 8, 24][random.below(7)] ?? 8;
    const made = deflate(ZLIB, level, memory, input);
    const wanted = deflateLikeZip(input, level, memory) ?? new Uint8Array();
    expect({ seed, i, level, memory, sha256: digest(made) }).toEqual({
      seed,
      i,
      level,
      memory,
      sha256: digest(wanted),
    });
  }
});

test('as FORMAT.md says, what is in the vectors', () => {
  for (const [index, { input, start, size, level, memory, sha256 }] of vectors.entries()) {
    if (index % 6 !== 0 || size > 160_000) continue;
    const bytes = inputs[input]?.subarray(start, start + size) ?? new Uint8Array();
    const made = deflateLikeZip(bytes, level, memory) ?? new Uint8Array();
    expect({ level, memory, sha256: digest(made) }).toEqual({ level, memory, sha256 });
  }
});

test('as pako makes it, in shards', () => {
  const input = codes.subarray(0, (1 << 20) + 70_000);
  for (const level of [1, 6])
    expect(digest(deflate(ZLIB, level, 24, input))).toBe(digest(deflateLikeZlib(input, level, 24)));
});

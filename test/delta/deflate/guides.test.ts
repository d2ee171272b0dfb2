/** Streams that are nearly zlib's, made again by a guide. */
import { describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { Deflate } from 'pako';
import { seekGuide } from '../../../lib/delta/deflate/guides.ts';
import { Random } from './inputs.ts';
import { deflate, deflateByGuide, exportsOfModule, ZLIB } from './module.ts';

interface Vector {
  by: string;
  input: string;
  size: number;
  level: number;
  memory: number;
  bytes: number;
  sha256: string;
  guide: string;
}

const FOLDER = path.join(import.meta.dir, '..', '..', 'vectors', 'deflate');
const read = (name: string) => Uint8Array.from(fs.readFileSync(path.join(FOLDER, name)));
const inputs: Record<string, Uint8Array> = {
  code: read('code.bin'),
  text: read('text.bin'),
  mixed: read('mixed.bin'),
};
const { code = new Uint8Array(), text = new Uint8Array(), mixed = new Uint8Array() } = inputs;
const digest = (bytes: Uint8Array) => new Bun.CryptoHasher('sha256').update(bytes).digest('hex');

const NO_FLUSH = 0;
const PARTIAL_FLUSH = 1;
const SYNC_FLUSH = 2;
const FULL_FLUSH = 3;
const FINISH = 4;

/** A stream of pako, flushed in turn after pieces of `size` bytes. */
function packed(input: Uint8Array, options: object, flushes: readonly number[], size: number): Uint8Array {
  const pieces: Uint8Array[] = [];
  const stream = new Deflate({ level: 6, memLevel: 8, windowBits: 15, ...options, raw: true });
  stream.onData = (piece) => {
    pieces.push(piece);
  };
  for (let at = 0, turn = 0; at < input.length; at += size, turn++)
    stream.push(input.subarray(at, at + size), flushes[turn % flushes.length] ?? NO_FLUSH);
  stream.push(new Uint8Array(), FINISH);
  return Uint8Array.from(Buffer.concat(pieces));
}

/** How many bytes a guide for the stream has, by which it is made again; null if there is none. */
function guideSize(stream: Uint8Array, plain: Uint8Array): number | null {
  const found = seekGuide(exportsOfModule(), stream, plain);
  if (found === null) return null;
  const { level, memory, guide } = found;
  expect(digest(deflateByGuide(level, memory, guide, plain))).toBe(digest(stream));
  expect(digest(deflateByGuide(level, memory, guide, plain, [7919]))).toBe(digest(stream));
  return guide.length;
}

describe('by a guide comes', () => {
  const cases: [name: string, stream: Uint8Array, plain: Uint8Array, most: number][] = [
    ['what is zlib', deflate(ZLIB, 6, 8, code), code, 24],
    ['what is zlib with little memory', deflate(ZLIB, 6, 2, text), text, 3000],
    ['a flush', packed(code, {}, [SYNC_FLUSH], 50_000), code, 60],
    ['flushes in turn', packed(text, { level: 9 }, [SYNC_FLUSH, PARTIAL_FLUSH, NO_FLUSH], 5_000), text, 200],
    ['a flush of what was', packed(code, {}, [FULL_FLUSH], 70_000), code, 9000],
    ['a small window', packed(mixed, { windowBits: 13 }, [NO_FLUSH], 65_536), mixed, 12_000],
    ['filtered', packed(mixed, { strategy: 1 }, [NO_FLUSH], 65_536), mixed, 9000],
    ['fixed codes', packed(text, { strategy: 4 }, [NO_FLUSH], 65_536), text, 24],
    [
      'another level in the middle',
      Uint8Array.from(
        Buffer.concat([
          packed(code, { level: 9 }, [SYNC_FLUSH], code.length).subarray(0, -2),
          packed(text, { level: 8 }, [NO_FLUSH], text.length),
        ]),
      ),
      Uint8Array.from(Buffer.concat([code, text])),
      3000,
    ],
    ['stored', Uint8Array.from(zlib.deflateRawSync(mixed, { level: 0 })), mixed, 40],
    ['nothing', packed(new Uint8Array(), {}, [], 1), new Uint8Array(), 24],
    ['noise between', packed(mixed, { memLevel: 9 }, [NO_FLUSH], 8192), mixed, 60],
  ];
  for (const [name, stream, plain, most] of cases) {
    test(name, () => {
      expect(digest(Uint8Array.from(zlib.inflateRawSync(stream)))).toBe(digest(plain));
      const size = guideSize(stream, plain);
      expect(size).not.toBeNull();
      expect(size).toBeLessThan(most);
    });
  }
});

test('what others make comes again, or has no guide', () => {
  for (const plain of [code.subarray(0, 70_000), text.subarray(0, 5000)]) {
    for (const level of [1, 6]) {
      guideSize(Uint8Array.from(zlib.deflateRawSync(plain, { level })), plain);
      guideSize(
        Uint8Array.from(Bun.deflateSync(Uint8Array.from(plain), { level, library: 'libdeflate' } as object)),
        plain,
      );
    }
  }
});

test('whatever comes', () => {
  const seed = Number(process.env.SEED ?? 1);
  const random = new Random(seed);
  for (let i = 0; i < 25; i++) {
    const plain = random.input([code, text], 60_000);
    const flushes = Array.from({ length: 5 }, () => random.below(4));
    const options = { level: random.below(10), strategy: random.below(5), windowBits: 9 + random.below(7) };
    guideSize(packed(plain, options, flushes, 1 + random.below(30_000)), plain);
  }
});

test('what is no stream of these bytes has no guide', () => {
  const stream = packed(text, {}, [SYNC_FLUSH], 20_000);
  const seek = (bytes: Uint8Array, plain: Uint8Array) => seekGuide(exportsOfModule(), bytes, plain);
  expect(seek(stream, text)).not.toBeNull();
  expect(seek(stream, text.subarray(1))).toBeNull();
  expect(seek(stream, text.subarray(0, -1))).toBeNull();
  expect(seek(stream, Uint8Array.from([...text, 0]))).toBeNull();
  expect(seek(stream.subarray(0, -1), text)).toBeNull();
  expect(seek(Uint8Array.from([...stream, 0]), text)).toBeNull();
  expect(seek(new Uint8Array(), text)).toBeNull();
  expect(seek(new Uint8Array(), new Uint8Array())).toBeNull();
  const random = new Random(3);
  for (let i = 0; i < 60; i++) {
    const other = stream.slice(0, 4000);
    const plain = Uint8Array.from(zlib.inflateRawSync(stream)).subarray(0, 9000);
    for (let j = 0; j <= i % 3; j++) other[random.below(other.length)] = random.below(256);
    expect(seek(other, plain)).toBeNull();
  }
});

test('a guide for other bytes is refused', () => {
  const stream = packed(text, {}, [SYNC_FLUSH], 20_000);
  const { level, memory, guide } = seekGuide(exportsOfModule(), stream, text) ?? {
    level: 0,
    memory: 0,
    guide: text,
  };
  for (const plain of [text.subarray(0, 30_000), Uint8Array.from([...text, ...text]), new Uint8Array()])
    expect(() => deflateByGuide(level, memory, guide, plain)).toThrow('refused');
  for (const other of [guide.subarray(0, -1), Uint8Array.from([...guide, 0]), new Uint8Array()])
    expect(() => deflateByGuide(level, memory, other, text)).toThrow('refused');
  expect(digest(deflateByGuide(level, memory, guide, text))).toBe(digest(stream));
});

test('a guide that was changed does no harm', () => {
  const stream = packed(mixed, { level: 5 }, [SYNC_FLUSH, NO_FLUSH], 30_000);
  const found = seekGuide(exportsOfModule(), stream, mixed);
  expect(found).not.toBeNull();
  const { level, memory, guide } = found ?? { level: 6, memory: 8, guide: new Uint8Array() };
  const before = digest(deflate(ZLIB, 6, 8, text));
  const random = new Random(5);
  for (let i = 0; i < 150; i++) {
    const other = guide.slice(0, random.below(4) ? guide.length : random.below(guide.length));
    for (let j = 0; j <= i % 4; j++) {
      const at = random.below(2) ? random.below(Math.min(40, other.length)) : random.below(other.length);
      if (other.length > 0) other[at] = random.below(3) ? random.below(256) : 255;
    }
    try {
      deflateByGuide(level, memory, other, mixed);
    } catch (error) {
      expect(String(error)).toContain('refused');
    }
  }
  expect(digest(deflate(ZLIB, 6, 8, text))).toBe(before);
});

test('guides that were written once are read', () => {
  const vectors: Vector[] = JSON.parse(fs.readFileSync(path.join(FOLDER, 'guided.json'), 'utf8'));
  expect(vectors.map(({ by }) => by)).toEqual(['gzip 1.12 -6', 'gzip 1.12 -9', 'zip 3.0 -1', 'zip 3.0 -9']);
  for (const { input, size, level, memory, bytes, sha256, guide } of vectors) {
    const plain = inputs[input]?.subarray(0, size) ?? new Uint8Array(1);
    const made = deflateByGuide(level, memory, Uint8Array.from(Buffer.from(guide, 'base64')), plain);
    expect({ bytes: made.length, sha256: digest(made) }).toEqual({ bytes, sha256 });
  }
});

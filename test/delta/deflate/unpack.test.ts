/** The old file, unpacked: read as the second implementation has it, and refused if it is another one. */
import { describe, expect, test } from 'bun:test';
import type { PackedStream } from '../../../lib/delta/deflate/list.ts';
import { inflateStream, unpackedSource } from '../../../lib/delta/deflate/unpack.ts';
import { DamagedError } from '../../../lib/errors.ts';
import { memorySource } from '../../../lib/platform/files.ts';
import { randomBytes } from '../pairs.ts';
import { deflateLikeZlib } from '../reference/deflate-zlib.ts';
import { unpackOld } from '../reference/packed.ts';
import { lines } from './packed-files.ts';

/** Two streams beside each other, of which the first is large, and one at the end of the file. */
const plains = [lines(2500, false, 1), lines(20, false, 2), lines(3000, false, 3)];
const pieces = [randomBytes(21, 1)];
const streams: PackedStream[] = [];
for (const [index, plain] of plains.entries()) {
  const packed = deflateLikeZlib(plain, 6, 8);
  const start = pieces.reduce((sum, { length }) => sum + length, 0);
  streams.push({ start, packedSize: packed.length, plainSize: plain.length });
  pieces.push(packed);
  if (index === 1) pieces.push(randomBytes(33, 2));
}
const file = Uint8Array.from(Buffer.concat(pieces));
const ending = Uint8Array.from(Buffer.concat([file, randomBytes(5, 3)]));

function readAll(bytes: Uint8Array, all: readonly PackedStream[], size: number): Buffer {
  const source = unpackedSource(memorySource(bytes), all);
  // What was in a buffer before does not matter.
  const read = Buffer.alloc(source.size, 255);
  for (let at = 0; at < read.length; at += size) source.read(at, read.subarray(at, at + size));
  return read;
}

test('it is read in pieces of any size', () => {
  expect(plains.map(({ length }) => length >= 65_536)).toEqual([true, false, true]);
  for (const bytes of [file, ending]) {
    const wanted = Buffer.from(unpackOld(bytes, { old: streams, fresh: [] }));
    for (const size of [1000, 65_536, 2 ** 20])
      expect(readAll(bytes, streams, size).equals(wanted)).toBe(true);
  }
  expect(readAll(file, [], 100).equals(Buffer.from(file))).toBe(true);
});

describe('it is refused', () => {
  const [first = { start: 0, packedSize: 0, plainSize: 0 }] = streams;
  test.each<[what: string, change: Partial<PackedStream>]>([
    ['if a stream ends later', { packedSize: first.packedSize + 1 }],
    ['if it ends earlier', { packedSize: first.packedSize - 1 }],
    ['if it holds more', { plainSize: first.plainSize + 1 }],
    ['if it holds less', { plainSize: first.plainSize - 1 }],
    ['if it begins earlier', { start: first.start - 1, packedSize: first.packedSize + 1 }],
  ])('%s', (_, change) => {
    const read = () => readAll(file, [{ ...first, ...change }], 5000);
    expect(read).toThrow(DamagedError);
    expect(read).toThrow(/no compressed stream at byte 2[01] as the patch says/);
  });

  test('behind its end', () => {
    const source = unpackedSource(memorySource(file), streams);
    source.read(0, new Uint8Array(source.size));
    expect(() => source.read(source.size, new Uint8Array(1))).toThrow(/has no byte/);
  });
});

test('a stream is not decompressed beyond the limit', () => {
  const [large = new Uint8Array(), small = new Uint8Array()] = plains.map((plain) =>
    deflateLikeZlib(plain, 6, 8),
  );
  expect(inflateStream(large, plains[0]?.length ?? 0).consumed).toBe(large.length);
  expect(() => inflateStream(large, 65_536)).toThrow();
  expect(() => inflateStream(small, 0)).toThrow();
  // Of a stream that holds nothing that is a limit as well.
  expect(inflateStream(Uint8Array.of(3, 0, 9), 0)).toMatchObject({ consumed: 2, bytes: { length: 0 } });
});

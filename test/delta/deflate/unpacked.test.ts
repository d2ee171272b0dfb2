/** Patches between unpacked files. */
import { describe, expect, test } from 'bun:test';
import type { Making } from '../../../lib/delta/deflate/deflater.ts';
import { unpackPair } from '../../../lib/delta/deflate/encode.ts';
import { DamagedError } from '../../../lib/errors.ts';
import { both, same } from '../both-decoders.ts';
import { assemble, varint, zstd } from '../forge.ts';
import { packedNumbers, parse } from '../reference.ts';
import { apply, failure, make } from '../support.ts';
import { goStream, lines, packedSamples, usualStream, zlibStream } from './packed-files.ts';

describe.each(packedSamples())('$name', ({ old, fresh }) => {
  test('comes back by both decoders, also in two lanes, and with fast steps', async () => {
    for (const options of [{}, { lanesFrom: 0, fourthBelow: 0 }, { isFast: () => true }]) {
      const { header } = await both(old, fresh, { algorithm: 'mixing', ...options });
      expect(header.unpackedSize).toBeGreaterThan(fresh.length);
      expect(header.streams[0]?.name).toBe('packed');
    }
  });

  test('takes a third of what its compressed parts would take', async () => {
    const { patch } = await both(old, fresh);
    const packed = await make(old, fresh, { algorithm: 'bsdiff' });
    expect(3 * patch.length).toBeLessThan(packed.length);
  });
});

test('what both files have compressed alike, or what nobody who is known has made, is left as it is', async () => {
  const start = lines(40, false);
  const kept = zlibStream(lines(500, false, 2), 6);
  const [before, after] = [false, true].map((later) =>
    Uint8Array.from(Buffer.concat([start, kept, Buffer.from(later ? 'later' : 'first')])),
  );
  expect(unpackPair(before ?? start, after ?? start)).toBeNull();

  // The sum in the end is wrong.
  const odd = (later: boolean) => {
    const stream = goStream(lines(50, later, 3));
    stream[stream.length - 1] = (stream[stream.length - 1] ?? 0) ^ 1;
    return Uint8Array.from(Buffer.concat([start, stream]));
  };
  expect((await both(odd(false), odd(true))).header.unpackedSize).toBeUndefined();
});

test('the old file need not have been made by anybody who is known, nor have any stream', async () => {
  const fresh = Uint8Array.from(zlibStream(lines(300, true), 6));
  const old = Uint8Array.from(zlibStream(lines(300, false), 6));
  // As another compressor would: a stored block, and a last one that is empty.
  const text = lines(300, false);
  const size = Buffer.alloc(4);
  size.writeUInt16LE(text.length, 0);
  size.writeUInt16LE(text.length ^ 0xffff, 2);
  const tail = old.subarray(old.length - 4);
  const stored = Uint8Array.from(
    Buffer.concat([Buffer.from([0x78, 1, 0]), size, text, Buffer.from([3, 0]), tail]),
  );
  for (const before of [old, stored, Uint8Array.from(text)]) {
    const { patch, header } = await both(before, fresh);
    expect(header.unpackedSize).toBeGreaterThan(fresh.length);
    expect(patch.length).toBeLessThan(500);
  }
});

test('whoever made a stream of the new file, by both decoders', async () => {
  const makings = [8, 9, 64 + 8, 10, 11].map((memory): Making => ({ maker: 'zlib', level: 6, memory }));
  for (const level of [6, 98, 101, 106, 109]) makings.push({ maker: 'Go', level, memory: 0 });
  const file = (later: boolean) =>
    Uint8Array.from(
      Buffer.concat(makings.map((making, index) => usualStream(making, lines(90, later, index + 1)))),
    );
  expect(unpackPair(file(false), file(true))?.list.fresh).toHaveLength(makings.length);
  expect((await both(file(false), file(true))).header.streams[0]?.name).toBe('packed');
});

describe('a patch is refused', () => {
  const [modules, program] = ['modules', 'go-elf'].map((wanted) =>
    packedSamples().find(({ name }) => name === wanted),
  );
  if (modules === undefined || program === undefined) throw new Error('a sample is missing');
  const { old, fresh } = modules;
  /** With another list; `unpackedSize` as it is. */
  const forged = async (change: (numbers: number[]) => number[], of = modules) => {
    const plain = parse(await make(of.old, of.fresh));
    const [, ...streams] = plain.streams;
    const numbers = change(packedNumbers(plain));
    const raw = Buffer.from(numbers.flatMap(varint));
    return assemble({ ...plain, streams: [{ rawSize: raw.length, frame: zstd(raw) }, ...streams] });
  };
  const replaced = (at: number, by: number) => (numbers: number[]) => numbers.with(at, by);

  test('with the list that it had it is not', async () => {
    same(await apply(await forged((numbers) => numbers), old), fresh);
  });

  test.each<[what: string, change: (numbers: number[]) => number[], why: RegExp]>([
    ['there are more old streams than there may be', replaced(0, 2 ** 18 + 1), /at most 262144/],
    ['an old stream begins behind the file', replaced(1, 2 ** 20), /place of an old stream/],
    ['it reaches behind the file', replaced(2, 2 ** 20), /size of an old stream/],
    [
      'it holds more than it does',
      (numbers) => numbers.with(3, (numbers[3] ?? 0) + 1),
      /no compressed stream at byte/,
    ],
    [
      'it is longer than it is',
      (numbers) => numbers.with(2, (numbers[2] ?? 0) + 1),
      /no compressed stream at byte/,
    ],
    [
      'it begins one byte too late',
      (numbers) => numbers.with(1, (numbers[1] ?? 0) + 1),
      /no compressed stream/,
    ],
    ['an old file would be too large', replaced(3, 2 ** 30), /what an old stream holds/],
    ['numbers are missing', (numbers) => numbers.slice(0, -1), /ends/],
    ['a number follows', (numbers) => [...numbers, 0], /too many/],
    ['a new stream is made by nobody', (numbers) => numbers.with(-4, 5), /who made a new stream/],
    [
      'a new stream is made at no level',
      (numbers) => numbers.with(-3, 10),
      /level 10 and memory 8, which there is not/,
    ],
    [
      'a new stream is made with no memory',
      (numbers) => numbers.with(-2, 12),
      /memory 12, which there is not/,
    ],
    [
      'a new stream is made with memory of nobody',
      (numbers) => numbers.with(-2, 32 + 8),
      /memory 40, which there is not/,
    ],
    ['something else follows a new stream', (numbers) => numbers.with(-1, 3), /what follows a new stream/],
    ['a new stream holds nothing', (numbers) => numbers.with(-5, 0), /holds nothing/],
    [
      'new streams hold more than there is',
      (numbers) => numbers.with(-5, 2 ** 27),
      /what a new stream holds/,
    ],
    ['a new stream begins behind the file', (numbers) => numbers.with(-6, 2 ** 27), /place of a new stream/],
    ['more is made than the file has', (numbers) => numbers.with(-1, 2), /makes more than/],
    ['a new stream is made at another level', (numbers) => numbers.with(-3, 1), /SHA-256|makes more than/],
  ])('if %s', async (_, change, why) => {
    const error = await failure(apply(await forged(change), old));
    expect(error).toBeInstanceOf(DamagedError);
    expect(String(error)).toMatch(why);
  });

  test('if a new stream is behind the end, as zeros precede it', async () => {
    const late = (numbers: number[]) => numbers.with(-6, (numbers.at(-6) ?? 0) + 1);
    const error = await failure(apply(await forged(late, program), program.old));
    expect(String(error)).toMatch(/behind the end of the new file/);
  });

  test('by the old file, if that has another stream there', async () => {
    const patch = await make(old, fresh);
    const other = old.with(60, (old[60] ?? 0) ^ 255);
    expect(await failure(apply(patch, other))).toBeInstanceOf(DamagedError);
  });
});

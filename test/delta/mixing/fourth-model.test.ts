/** The fourth model: where it makes the patch, and what it refuses. */
import { describe, expect, test } from 'bun:test';
import { readPatchHeader } from '../../../lib/delta/index.ts';
import { DamagedError } from '../../../lib/errors.ts';
import { memorySource } from '../../../lib/platform/files.ts';
import { DecidingDecoder, NO_DECISIONS } from '../../fuzz/deciding-decoder.ts';
import { comesBack } from '../both-decoders.ts';
import { assemble } from '../forge.ts';
import { randomBytes } from '../pairs.ts';
import { decodeMixing } from '../reference/mixing.ts';
import { parse } from '../reference.ts';
import { apply, failure, make } from '../support.ts';
import { elf } from './executables.ts';

const [old, fresh] = [elf('x86', false), elf('x86', true)];
/** A text in which a second line follows each of the first `more`. */
const lines = (more: number) =>
  Buffer.from(
    Array.from({ length: 200 }, (_, i) => {
      const second = i < more ? `if (value${i} > ${(i * 17) % 23}) return other${i % 13};\n` : '';
      return `let value${i} = compute(${(i * 7) % 31}, other${i % 13});\n${second}`;
    }).join(''),
  );
const wayOf = (patch: Uint8Array) => patch[4];

describe('the fourth model', () => {
  test('makes what is little, smaller than the third one does, and both decoders read it', async () => {
    const third = await make(old, fresh, { fourthBelow: 0 });
    const fourth = await make(old, fresh);
    expect([wayOf(third), wayOf(fourth)]).toEqual([6, 8]);
    expect(fourth.length).toBeLessThan(0.98 * third.length);
    expect(readPatchHeader(memorySource(fourth)).fourthModel).toBe(true);
    await comesBack(fourth, old, fresh);
  });

  test('is not tried from its limit on, nor where two lanes are worth much', async () => {
    expect(wayOf(await make(old, fresh, { fourthBelow: 1 }))).toBe(6);
    expect(wayOf(await make(old, fresh, { algorithm: 'mixing', lanesFrom: 0 }))).toBe(7);
    expect(wayOf(await make(old, fresh, { algorithm: 'mixing', lanesFrom: 15_000 }))).toBe(7);
  });

  test('is one lane in the place of two, if these have little to do', async () => {
    const options = { algorithm: 'mixing', lanesFrom: 20_000 } as const;
    const third = await make(old, fresh, { ...options, fourthBelow: 0 });
    const fourth = await make(old, fresh, options);
    expect([wayOf(third), wayOf(fourth)]).toEqual([7, 8]);
    expect(fourth.length).toBeLessThan(third.length);
    await comesBack(fourth, old, fresh);
  });

  test('is tried of large files as well, if little of them has changed', async () => {
    const rest = randomBytes(18 * 2 ** 20, 1);
    const before = Buffer.concat([old, rest]);
    expect(wayOf(await make(before, Buffer.concat([fresh, rest])))).toBe(8);
  });

  test('is not taken for a few bytes', async () => {
    // It saves 7 bytes of the first one, 23 of the second one.
    const ways = [2, 16].map(async (more) =>
      wayOf(await make(lines(0), lines(more), { algorithm: 'mixing' })),
    );
    expect(await Promise.all(ways)).toEqual([4, 8]);
  });

  // The first two raw numbers: buckets, and how much is learned.
  test.each([
    [0, 7],
    [0, 21],
    [0, 31],
    [1, 21],
    [1, 31],
  ])('raw number %d is not %d', async (index, value) => {
    const patch = await make(old, fresh);
    const plain = parse(patch);
    const [model] = plain.streams;
    if (model === undefined) throw new Error('the patch has no stream');
    const decoder = new DecidingDecoder(model.frame, { ...NO_DECISIONS, raws: new Map([[index, value]]) });
    const extra = { bytes: new Uint8Array(), isLight: true, at: 0 };
    expect(() => decodeMixing(old, fresh.length, { model: decoder, second: null, extra }, 4, false)).toThrow(
      RangeError,
    );
    const frame = decoder.written();
    const forged = assemble({
      ...plain,
      streams: [{ rawSize: frame.length, frame }, ...plain.streams.slice(1)],
    });
    expect(await failure(apply(forged, old))).toBeInstanceOf(DamagedError);
  });

  test('learns nothing of an empty file, of one that no step refers to, and of less than a block', async () => {
    const start = fresh.subarray(0, 1500);
    for (const before of [new Uint8Array(0), old.subarray(0, 3), old.subarray(0, 64), old.subarray(0, 65)]) {
      const patch = await make(before, start, { algorithm: 'mixing' });
      await comesBack(patch, before, start);
    }
  });
});

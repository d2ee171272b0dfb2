/** Classes of Java in a region of their own, which are found in the old file. */
import { describe, expect, test } from 'bun:test';
import { alignClasses } from '../../../lib/delta/mixing/alignments/classes.ts';
import { regionsOf } from '../../../lib/delta/mixing/executable.ts';
import { randomNumbers } from '../pairs.ts';
import { applyPlainly } from '../reference.ts';
import { apply, make } from '../support.ts';
import { javaClass, javaClasses } from './java-class-files.ts';

const CLASSES = 47;
/** Bytes before each class. */
const BEFORE = 40;

const regionsIn = (file: Uint8Array) => regionsOf(file, true).regions.filter(({ kind }) => kind === CLASSES);

describe('the region', () => {
  test('reaches from the first class to the end of the last one', () => {
    const file = Buffer.concat([javaClasses(true), new Uint8Array(100)]);
    expect(regionsIn(file)).toMatchObject([{ offset: BEFORE, size: file.length - BEFORE - 100 }]);
  });

  test('is a class that is alone', () => {
    const file = javaClass(1, true);
    expect(regionsIn(file)).toMatchObject([{ offset: 0, size: file.length }]);
  });

  test('is another one where much is in between', () => {
    const file = Buffer.concat([javaClass(1, true), new Uint8Array(1 << 17), javaClass(2, true)]);
    expect(regionsIn(file).length).toBe(2);
  });

  test('is none where a class is cut off, of another version, or has an unknown constant', () => {
    const file = javaClass(1, true);
    expect(regionsIn(file.subarray(0, -1))).toEqual([]);
    for (const [place, byte] of [
      [7, 44],
      [10, 2],
    ] as const) {
      const damaged = Buffer.from(file);
      damaged[place] = byte;
      expect(regionsIn(damaged)).toEqual([]);
    }
  });
});

test('what is aligned has what constants say in the place of their numbers', async () => {
  const [old, fresh] = [javaClass(5, false), javaClass(5, true)];
  const images = { old: regionsOf(old, false), fresh: regionsOf(fresh, true) };
  let likeness = 0;
  await alignClasses({ old, fresh, images }, [], async (before, after) => {
    expect([before.length, after.length]).toEqual([old.length, fresh.length]);
    // The last attribute names a file that has not changed; its number has.
    const last = (file: Uint8Array) => Buffer.from(file.subarray(-2)).toString('hex');
    expect(last(old)).not.toBe(last(fresh));
    likeness += last(before) === last(after) ? 1 : 0;
    return [];
  });
  expect(likeness).toBe(1);
  const plain = { ...images, old: { ...images.old, regions: [] } };
  expect(await alignClasses({ old, fresh, images: plain }, [], () => Promise.reject())).toEqual([]);
});

test('a patch is less than two thirds of what bsdiff makes', async () => {
  const [old, fresh] = [javaClasses(false), javaClasses(true)];
  const [small, plain] = [await make(old, fresh), await make(old, fresh, { algorithm: 'bsdiff' })];
  expect(small.length).toBeLessThan((plain.length * 2) / 3);
  expect(Buffer.compare(await apply(small, old), fresh)).toBe(0);
});

test('damaged classes are read alike by both decoders', async () => {
  const seed = Number(process.env.DGMO_SEED ?? 47);
  const next = randomNumbers(seed);
  const fresh = javaClasses(true).subarray(0, 20_000);
  for (let round = 0; round < 12; round++) {
    const old = Buffer.from(javaClasses(false).subarray(0, 20_000));
    for (let i = 0; i < 1 + (round % 6); i++) old[next() % old.length] = next() & 255;
    const changed = round % 3 === 0 ? Buffer.from(fresh) : fresh;
    if (round % 3 === 0) changed[next() % changed.length] = next() & 255;
    const patch = await make(old, changed, { algorithm: 'mixing' });
    const made = applyPlainly(patch, old);
    if (Buffer.compare(made, changed) !== 0)
      throw new Error(`seed ${seed}, round ${round}: the decoders differ`);
  }
});

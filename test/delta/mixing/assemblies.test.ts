/** .NET assemblies in a region of their own, which are found in the old file. */
import { describe, expect, test } from 'bun:test';
import { alignAssemblies } from '../../../lib/delta/mixing/alignments/assemblies.ts';
import { regionsOf } from '../../../lib/delta/mixing/executable.ts';
import { randomNumbers } from '../pairs.ts';
import { applyPlainly } from '../reference.ts';
import { apply, make } from '../support.ts';
import { assemblies, managed } from './managed-assemblies.ts';

const ASSEMBLIES = 46;
const HEADERS = 0x200;

const regionsIn = (file: Uint8Array) =>
  regionsOf(file, true).regions.filter(({ kind }) => kind === ASSEMBLIES);

describe('the region', () => {
  test('reaches from the first assembly to the end of the last one', () => {
    const file = assemblies(true);
    const start = 1040;
    expect(regionsIn(file)).toMatchObject([{ offset: start, size: file.length - start - 500 }]);
  });

  test('is an assembly that is alone, unless it may have code of a machine', () => {
    const file = managed(true);
    expect(regionsIn(file)).toMatchObject([{ offset: 0, size: file.length }]);
    expect(regionsIn(managed(true, false, true))).toEqual([]);
  });

  test('is none without metadata, where no assembly can begin, or where one is cut off', () => {
    const file = assemblies(false);
    const damaged = Buffer.from(file);
    for (let at = damaged.indexOf('BSJB'); at >= 0; at = damaged.indexOf('BSJB')) damaged[at] = 0;
    expect(regionsIn(damaged)).toEqual([]);
    expect(regionsIn(Buffer.concat([new Uint8Array(2), managed(true)]))).toEqual([]);
    expect(regionsIn(Buffer.concat([new Uint8Array(4), managed(true).subarray(0, -1)]))).toEqual([]);
  });
});

test('rows are aligned by what they are called', () => {
  const [old, fresh] = [assemblies(false), assemblies(true)];
  const images = { old: regionsOf(old, false), fresh: regionsOf(fresh, true) };
  const aligned = alignAssemblies({ old, fresh, images }, []);
  // Of each 50 one is new, in two assemblies of three, each with three tables.
  expect(aligned.length).toBeGreaterThanOrEqual(2 * 3 * 14);
  expect(aligned.length).toBeLessThanOrEqual(2 * 3 * 16);
});

test('a patch is less than half of what bsdiff makes, whether an assembly is alone or not', async () => {
  for (const pair of [
    [assemblies(false), assemblies(true)],
    [managed(false), managed(true)],
  ] as const) {
    const [small, plain] = [await make(...pair), await make(...pair, { algorithm: 'bsdiff' })];
    expect(small.length).toBeLessThan(plain.length / 2);
    expect(Buffer.compare(await apply(small, pair[0]), pair[1])).toBe(0);
  }
});

test('damaged assemblies are read alike by both decoders', async () => {
  const fresh = managed(true);
  const seed = Number(process.env.DGMO_SEED ?? 44);
  const next = randomNumbers(seed);
  for (let round = 0; round < 8; round++) {
    const old = Buffer.from(managed(false));
    // In headers, in what is said of streams and tables, or anywhere.
    const roots = [0, old.indexOf('BSJB', 0, 'latin1'), next() % (old.length - HEADERS)];
    for (let i = 0; i < 4; i++) old[(roots[next() % 3] ?? 0) + (next() % HEADERS)] = next() & 255;
    const patch = await make(old, fresh, { algorithm: 'mixing' });
    const made = applyPlainly(patch, old);
    if (Buffer.compare(made, fresh) !== 0)
      throw new Error(`seed ${seed}, round ${round}: the decoders differ`);
  }
});

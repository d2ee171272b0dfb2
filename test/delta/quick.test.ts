/** Patches that are made fast, and files that are read through them. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { openPatched, type QuickOptions, quickPatch } from '../../lib/delta/index.ts';
import { DamagedError } from '../../lib/errors.ts';
import { digestBytes, memorySource, readSource, type Source } from '../../lib/platform/files.ts';
import { comesBack } from './both-decoders.ts';
import { adversarialPairs, codeLike, randomBytes, randomNumbers } from './pairs.ts';
import { failure, make } from './support.ts';

function optionsFor(old: Uint8Array, fresh: Uint8Array): QuickOptions {
  return {
    ...{ old: memorySource(old), new: memorySource(fresh), fromVersion: '2.0.0', toVersion: '1.0.0' },
    ...{ fromChecksum: digestBytes(old).sha256, toChecksum: digestBytes(fresh).sha256, limit: 1 << 20 },
  };
}

async function quick(old: Uint8Array, fresh: Uint8Array): Promise<Uint8Array> {
  const patch = await quickPatch(optionsFor(old, fresh));
  if (patch === null) throw new Error('there is no patch');
  return patch;
}

const read = async (patch: Uint8Array, old: Source) => (await openPatched(memorySource(patch), old)).source;

/** Reads parts at random places, and compares them. */
function readsLike(source: Source, fresh: Uint8Array, seed: number): void {
  const next = randomNumbers(seed);
  for (let i = 0; i < 40; i++) {
    const from = next() % (fresh.length + 1);
    const into = new Uint8Array(next() % Math.min(i < 20 ? 20 : 5000, fresh.length - from + 1));
    source.read(from, into);
    if (Buffer.compare(into, fresh.subarray(from, from + into.length)) !== 0)
      throw new Error(`${into.length} bytes at ${from} are others`);
  }
}

async function holds(old: Uint8Array, fresh: Uint8Array): Promise<void> {
  const patch = await quick(old, fresh);
  await comesBack(patch, old, fresh);
  const source = await read(patch, memorySource(old));
  expect(Buffer.compare(readSource(source), fresh)).toBe(0);
  readsLike(source, fresh, fresh.length + 3);
}

describe('a patch that is made fast', () => {
  test.each(adversarialPairs().map((pair) => [pair.name, pair] as const))('%s', async (_, { old, fresh }) => {
    await holds(old, fresh);
  });

  test('of random pieces', async () => {
    const sources = [randomBytes(3000, 1), codeLike(3000, 2), codeLike(3000, 2, 0x100)];
    const piece = fc
      .record({ source: fc.nat(2), from: fc.nat(2999), size: fc.nat(1500) })
      .map(({ source, from, size }) => (sources[source] as Uint8Array).subarray(from, from + size));
    const file = fc
      .array(fc.oneof({ weight: 4, arbitrary: piece }, fc.uint8Array({ maxLength: 40 })), { maxLength: 12 })
      .map((parts) => Uint8Array.from(Buffer.concat(parts)));
    await fc.assert(
      fc.asyncProperty(file, file, (old, fresh) => holds(old, fresh)),
      { numRuns: 100 },
    );
  });

  test('is null if it would be larger than wanted', async () => {
    const options = optionsFor(randomBytes(5000, 1), randomBytes(5000, 2));
    expect(await quickPatch({ ...options, limit: 4999 })).toBeNull();
    expect(await quickPatch({ ...options, limit: 6000 })).not.toBeNull();
  });

  test('is not made of a damaged file', async () => {
    const options = optionsFor(randomBytes(5000, 1), randomBytes(5000, 2));
    const other = digestBytes(Uint8Array.of(1)).sha256;
    for (const wrong of [{ fromChecksum: other }, { toChecksum: other }])
      expect(await failure(quickPatch({ ...options, ...wrong }))).toBeInstanceOf(DamagedError);
  });
});

describe('a file that is read through patches', () => {
  const newest = codeLike(90_000, 3);
  const middle = codeLike(90_000, 3, 0x40);
  const oldest = Uint8Array.from(Buffer.concat([randomBytes(700, 5), codeLike(90_000, 3, 0x1234)]));

  test('that lie on each other', async () => {
    const first = await read(await quick(newest, middle), memorySource(newest));
    const source = await read(await quick(middle, oldest), first);
    expect(Buffer.compare(readSource(source), oldest)).toBe(0);
    readsLike(source, oldest, 9);
  });

  test('can be read through a published patch as well', async () => {
    const patch = await make(newest, oldest, { algorithm: 'bsdiff' });
    expect(Buffer.compare(readSource(await read(patch, memorySource(newest))), oldest)).toBe(0);
  });

  test('refuses what it can not read through', async () => {
    const mixing = await make(newest, oldest, { algorithm: 'mixing' });
    const other = await quick(newest, oldest);
    const larger = memorySource(new Uint8Array(90_001));
    for (const [patch, old] of [
      [mixing, memorySource(newest)],
      [other, larger],
    ] as const)
      expect(await failure(read(patch, old))).toBeInstanceOf(DamagedError);
    // Before its content is taken for that of another algorithm.
    expect(String(await failure(read(mixing, memorySource(newest))))).toContain('made with "mixing"');
    const source = await read(other, memorySource(newest));
    for (const [position, size] of [
      [-1, 2],
      [oldest.length - 1, 2],
    ] as const)
      expect(() => source.read(position, new Uint8Array(size))).toThrow(DamagedError);
  });

  test('is refused, or the same, whatever is changed in the patch', async () => {
    const patch = await quick(middle, oldest);
    const next = randomNumbers(77);
    for (let i = 0; i < 150; i++) {
      const damaged = patch.slice(0, i % 3 === 0 ? next() % patch.length : patch.length);
      const at = next() % Math.max(1, damaged.length);
      damaged[at] = (damaged[at] ?? 0) ^ (1 + (next() % 255));
      expect(await failure(read(damaged, memorySource(middle)))).toBeInstanceOf(DamagedError);
    }
  });
});

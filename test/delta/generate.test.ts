/** What generatePatch refuses, and how it reports. */
import { expect, test } from 'bun:test';
import { BSDIFF, MIXING } from '../../lib/delta/format.ts';
import { generatePatch, readPatchHeader } from '../../lib/delta/index.ts';
import { Matcher } from '../../lib/delta/matcher.ts';
import { MachineError, UsageError } from '../../lib/errors.ts';
import { memorySource } from '../../lib/platform/files.ts';
import { managed } from './mixing/managed-assemblies.ts';
import { randomBytes, randomNumbers } from './pairs.ts';
import { apply, failure, make } from './support.ts';

const versions = { fromVersion: '1.0.0', toVersion: '1.0.1' };
const small = randomBytes(5000, 1);

test.each(['', 'one two', 'ä', '1'.repeat(129)])('a version %p is refused', async (toVersion) => {
  const error = await failure(generatePatch({ old: small, new: small, ...versions, toVersion }));
  expect(error).toBeInstanceOf(UsageError);
});

test('a file above the limit is refused before anything is done with it', async () => {
  const huge = new Uint8Array(2 ** 30 + 1);
  for (const pair of [
    { old: huge, new: small },
    { old: small, new: huge },
  ]) {
    const error = await failure(generatePatch({ ...pair, ...versions }));
    expect(error).toBeInstanceOf(UsageError);
    expect(String(error)).toContain('a file of 1073741825 bytes');
  }
});

test('progress goes from 0 to 1 and never back', async () => {
  const seen: number[] = [];
  const fresh = Uint8Array.from(Buffer.concat([small.subarray(2000), randomBytes(3000, 2), small]));
  await generatePatch({ old: small, new: fresh, ...versions, onProgress: (fraction) => seen.push(fraction) });
  expect(seen[0]).toBe(0);
  expect(seen.at(-1)).toBe(1);
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect(seen.length).toBeGreaterThan(5);
});

test('a table of which every row holds a number that has moved is aligned, behind what was added', async () => {
  const next = randomNumbers(5);
  let line = 1000;
  const rows = Array.from({ length: 4000 }, () => {
    line += next() % 40;
    return { line, rest: [0, 0, 3, next() % 128, 5, next() % 32, 6, 1, 0, 5, 2] };
  });
  const table = (by: number) =>
    rows.flatMap(({ line, rest }) => [(line + by) & 255, (line + by) >> 8, ...rest]);
  const old = Uint8Array.from(table(0));
  const fresh = Uint8Array.from([...randomBytes(333, 9), ...table(77)]);
  const patch = await make(old, fresh, { algorithm: BSDIFF });
  expect(await apply(patch, old)).toEqual(fresh);
  const { streams } = readPatchHeader(memorySource(patch));
  expect(streams.find(({ name }) => name === 'extra')?.rawSize).toBeLessThan(1500);
});

test('text whose short parts are in another order is aligned part by part, if that is smaller', async () => {
  const next = randomNumbers(11);
  const word = () => Array.from({ length: 3 + (next() % 9) }, () => 'etaoinshrdlu'[next() % 12]).join('');
  const names = Array.from({ length: 300 }, word);
  const renamed = new Map(names.map((name, index) => [name, index % 4 === 0 ? name.toUpperCase() : name]));
  const parts = Array.from({ length: 1500 }, () =>
    Array.from({ length: 70 }, () => names[next() % 300] ?? ''),
  );
  const text = (all: readonly string[][]) =>
    new TextEncoder().encode(all.map((part) => part.join(',')).join(';'));
  const old = text(parts);
  const order = parts.map((part) => ({ part, by: next() })).sort((a, b) => a.by - b.by);
  const fresh = text(order.map(({ part }) => part.map((name) => renamed.get(name) ?? name)));
  const patch = await make(old, fresh, { algorithm: MIXING });
  expect(await apply(patch, old)).toEqual(fresh);
  expect(patch.length / parts.length).toBeLessThan(8);
});

test('what it is given stays as it is', async () => {
  const [old, fresh] = [randomBytes(5000, 1), randomBytes(5000, 2)];
  await generatePatch({ old, new: fresh, ...versions });
  expect(old).toEqual(small);
  expect(fresh).toEqual(randomBytes(5000, 2));
});

test('files for which a WebAssembly memory has no room are told as too little memory', () => {
  const source = { size: 2.5e9, name: 'large', read: () => undefined };
  expect(() => new Matcher(source, source)).toThrow(MachineError);
});

test('what the old file has nothing of is bulk, if that is smaller', async () => {
  const [old, fresh] = [randomBytes(5000, 99), managed(true, false, true)];
  const patch = await make(old, fresh, { algorithm: MIXING });
  expect(Buffer.compare(await apply(patch, old), fresh)).toBe(0);
  const { streams } = readPatchHeader(memorySource(patch));
  expect(streams.find(({ name }) => name === 'extra')?.rawSize).toBeGreaterThan(50_000);
});

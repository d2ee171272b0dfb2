/** Fast steps: bits by one counter or two, and nothing is searched for. */
import { describe, expect, test } from 'bun:test';
import { readPatchHeader } from '../../../lib/delta/index.ts';
import { withFast } from '../../../lib/delta/mixing/alignments/dense.ts';
import { type StepWork, workOf } from '../../../lib/delta/mixing/encode.ts';
import { memorySource } from '../../../lib/platform/files.ts';
import { comesBack, same } from '../both-decoders.ts';
import { randomBytes } from '../pairs.ts';
import { parse } from '../reference.ts';
import { apply, make } from '../support.ts';
import { samples } from './executables.ts';

async function both(old: Uint8Array, fresh: Uint8Array, options: Parameters<typeof make>[2]) {
  const patch = await make(old, fresh, { algorithm: 'mixing', ...options });
  expect(readPatchHeader(memorySource(patch))).toMatchObject({ algorithm: 'mixing', fastSteps: true });
  await comesBack(patch, old, fresh);
  return patch;
}

describe.each(samples())('$name', ({ old, fresh }) => {
  test('comes back by both decoders, if all steps are fast, or every other one', async () => {
    await both(old, fresh, { isFast: () => true });
    await both(old, fresh, { isFast: (index) => index % 2 === 0 });
  });
});

test('also in two lanes', async () => {
  for (const { name, old, fresh } of samples()) {
    if (!['elf-x86-64', 'mach-o-arm64', 'script', 'bytecode'].includes(name)) continue;
    const patch = await both(old, fresh, { isFast: (index) => index % 3 !== 0, lanesFrom: 0 });
    expect(parse(patch).streams).toHaveLength(3);
  }
});

/** A file, and a later version in which every fortieth byte is another one: one alignment, in which everything takes work. */
function speckled(): [Uint8Array, Uint8Array] {
  const old = randomBytes(1 << 16, 7);
  return [old, old.map((byte, at) => (at % 40 === 0 ? byte ^ (1 + (at % 251)) : byte))];
}

test.each([
  ['all is by mixing', 100_000, { thirdModel: true }],
  ['with less, some of it is fast', 4000, { fastSteps: true }],
  ['where measuring would take too long, all of it', 1500, { fastSteps: true }],
  ['with hardly any, nothing is by mixing', 100, { algorithm: 'bsdiff' }],
])('within the limit %s', async (_, applyLimit, header) => {
  const [old, fresh] = speckled();
  const patch = await make(old, fresh, { applyLimit });
  expect(readPatchHeader(memorySource(patch))).toMatchObject(header);
  await comesBack(patch, old, fresh);
});

test('what would all be bulk within the limit is aligned by fast steps, if that is smaller', async () => {
  const old = randomBytes(100_000, 8);
  // Pieces of 100 bytes in another order, each with another byte in the middle.
  const pieces = Array.from({ length: 1000 }, (_, index) => {
    const from = 100 * ((index * 337) % 1000);
    return old.slice(from, from + 100).map((byte, at) => (at === 50 ? byte ^ 1 : byte));
  });
  const fresh = Uint8Array.from(Buffer.concat(pieces));
  const patch = await make(old, fresh, { algorithm: 'mixing', applyLimit: 4000 });
  expect(readPatchHeader(memorySource(patch))).toMatchObject({ fastSteps: true });
  expect(patch.length).toBeLessThan(20_000);
  same(await apply(patch, old), fresh);
});

test('of pieces those are fast that save the most work for what they cost, as many as have to be', () => {
  const alignments = [0, 100, 200, 300].map((start) => ({ newStart: start, oldStart: start, length: 100 }));
  const measured = (bits: number[], costs: number[]): StepWork[] =>
    bits.map((bit, i) => ({
      start: 100 * i,
      end: 100 * i + 100,
      bits: bit,
      cost: costs[i] ?? 0,
      isBulk: false,
    }));
  const steps = measured([8000, 8000, 800, 8000], [10, 10, 10, 10]);
  const fast = measured([800, 800, 800, 4000], [15, 100, 10, 11]);
  const chosen = (wanted: number) => withFast(alignments, steps, fast, wanted);
  const all = steps.reduce((sum, { bits }) => sum + workOf(bits, 0), 0);
  expect(chosen(all)).toEqual([{ newStart: 0, oldStart: 0, length: 400 }]);
  // 500 for one byte, 900 for five, 900 for ninety.
  expect(chosen(all - 400).filter(({ isFast }) => isFast)).toEqual([
    { newStart: 300, oldStart: 300, length: 100, isFast: true },
  ]);
  expect(chosen(all - 600).filter(({ isFast }) => isFast)).toHaveLength(2);
  expect(chosen(0)).toEqual([
    { newStart: 0, oldStart: 0, length: 200, isFast: true },
    { newStart: 200, oldStart: 200, length: 100 },
    { newStart: 300, oldStart: 300, length: 100, isFast: true },
  ]);
});

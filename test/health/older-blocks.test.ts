/** Blocks out of an older executable: found wherever they are, believed for their digest alone. */
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { BlockDigests, readBlockList } from '../../lib/delta/index.ts';
import { blocksOfOlder } from '../../lib/health/index.ts';
import { digestBytes, memorySource } from '../../lib/platform/files.ts';
import { content } from '../support/servers/content.ts';

const BLOCK = 1 << 16;
const BLOCKS = 20;
const GOOD = content(3, BLOCKS * BLOCK - 1000);
const list = (() => {
  const digests = new BlockDigests();
  digests.update(GOOD);
  const bytes = digests.list();
  const { sha256, size: length } = digestBytes(bytes);
  return readBlockList(bytes, { size: GOOD.length, blocks: { length, sha256 } });
})();

function damaged(blocks: readonly number[]): Uint8Array {
  const bytes = GOOD.slice();
  for (const block of blocks) bytes.fill(0x55, block * BLOCK, Math.min((block + 1) * BLOCK, bytes.length));
  return bytes;
}

const search = (older: Uint8Array, blocks: readonly number[]) =>
  blocksOfOlder(memorySource(older), memorySource(damaged(blocks)), list, blocks, async () => undefined);

test('at the same place, moved by some bytes, and behind something that looks like it', async () => {
  expect([...(await search(GOOD, [0, 5, 6, 19])).keys()]).toEqual([0, 5, 6, 19]);
  const moved = Buffer.concat([content(4, 777), GOOD]);
  expect([...(await search(moved, [7, 8])).keys()]).toEqual([7, 8]);
  const decoy = GOOD.slice(7 * BLOCK - 64, 7 * BLOCK);
  expect([...(await search(Buffer.concat([decoy, content(5, BLOCK), moved]), [7])).keys()]).toEqual([7]);
  // The one before is damaged as well: what follows shows the place.
  expect([...(await search(moved, [0])).keys()]).toEqual([0]);
});

test('a block that the older one has not, or that nothing shows the place of, is not found', async () => {
  const other = GOOD.slice();
  other[7 * BLOCK + 9] = (other[7 * BLOCK + 9] ?? 0) ^ 1;
  expect([...(await search(other, [7, 8])).keys()]).toEqual([8]);
  const moved = Buffer.concat([content(4, 777), GOOD, content(9, 5)]);
  const all = Array.from({ length: BLOCKS }, (_, block) => block);
  expect((await search(moved, all)).size).toBe(0);
  expect((await search(new Uint8Array(0), [3])).size).toBe(0);
});

describe('a block that has changed since', () => {
  /** The older one has other bytes at a third and at two thirds of block 7, and is longer before it. */
  const older = (() => {
    const bytes = GOOD.slice();
    for (const at of [21_000, 21_003, 42_000]) bytes.set(content(at, 3), 7 * BLOCK + at);
    return Buffer.concat([content(4, 777), bytes, content(9, 5)]);
  })();
  const damagedAt = (at: number, length: number) => {
    const bytes = GOOD.slice();
    bytes.fill(0, 7 * BLOCK + at, 7 * BLOCK + at + length);
    return bytes;
  };
  const mend = async (bytes: Uint8Array) =>
    (await blocksOfOlder(memorySource(older), memorySource(bytes), list, [7], async () => undefined)).get(7);

  test.each([
    ['a byte', 5000, 1],
    ['a sector', 30_000, 512],
    ['a page', 50_000, 4096],
  ])('%s of it is mended', async (_, at, length) => {
    expect(await mend(damagedAt(at, length))).toEqual(GOOD.slice(7 * BLOCK, 8 * BLOCK));
  });

  test('also behind bytes that were inserted since, and before some that were left out', async () => {
    const at = 777 + 7 * BLOCK;
    const edited = Buffer.concat([
      older.subarray(0, at + 1000),
      content(6, 300),
      older.subarray(at + 1000, at + 60_000),
      older.subarray(at + 60_100),
    ]);
    const [block] = await blocksOfOlder(
      memorySource(edited),
      memorySource(damagedAt(50_000, 4096)),
      list,
      [7],
      async () => undefined,
    );
    expect(block?.[1]).toEqual(GOOD.slice(7 * BLOCK, 8 * BLOCK));
  });

  test('not where both have changed', async () => {
    expect(await mend(damagedAt(21_000, 1))).toBeUndefined();
  });
});

test('whatever is damaged and wherever it is, what is found is right', async () => {
  const shifts = fc.integer({ min: 0, max: 3 * BLOCK });
  const blocks = fc.uniqueArray(fc.integer({ min: 0, max: BLOCKS - 1 }), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(shifts, shifts, blocks, async (before, cut, some) => {
      const older = Buffer.concat([content(8, before), GOOD.subarray(cut)]);
      const wanted = some.toSorted((a, b) => a - b);
      for (const [block, bytes] of await search(older, wanted)) {
        expect(wanted).toContain(block);
        expect(Buffer.compare(bytes, GOOD.subarray(block * BLOCK, (block + 1) * BLOCK))).toBe(0);
      }
    }),
    { numRuns: 30 },
  );
});

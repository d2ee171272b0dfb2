/** Damaged blocks are made again from spare ones: every one that is alone in its group, and nothing that is not as signed. */
import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import {
  BlockDigests,
  blocksFromSpare,
  decodeSpareBlocks,
  readBlockList,
  type SpareBlocks,
  SpareBlocksMaker,
} from '../../../lib/delta/index.ts';
import { DamagedError } from '../../../lib/errors.ts';
import { digestBytes, memorySource } from '../../../lib/platform/files.ts';
import { content } from '../../support/servers/content.ts';
import { frozenBinary } from '../support.ts';

const BLOCK = 1 << 16;

function spareOf(bytes: Uint8Array, pieces: readonly number[] = []): Uint8Array {
  const maker = new SpareBlocksMaker(bytes.length);
  let at = 0;
  for (const size of pieces) {
    maker.update(bytes.subarray(at, at + size));
    at += size;
  }
  maker.update(bytes.subarray(at));
  return maker.encode();
}

function listOf(bytes: Uint8Array) {
  const digests = new BlockDigests();
  digests.update(bytes);
  const list = digests.list();
  const { sha256, size: length } = digestBytes(list);
  return readBlockList(list, { size: bytes.length, blocks: { length, sha256 } });
}

/** The numbers of those blocks that are made again, each of which is what it was. */
async function remade(good: Uint8Array, spare: SpareBlocks, wanted: readonly number[], known: number[] = []) {
  const bytes = good.slice();
  for (const block of wanted) bytes.fill(0x55, block * BLOCK, (block + 1) * BLOCK);
  const blockOf = (block: number) => good.slice(block * BLOCK, (block + 1) * BLOCK);
  const found = new Map(known.map((block) => [block, blockOf(block)]));
  const source = memorySource(bytes);
  const made = await blocksFromSpare(spare, source, listOf(good), wanted, found, () => undefined);
  for (const [block, content] of made) expect(Buffer.compare(content, blockOf(block))).toBe(0);
  return [...made.keys()].sort((a, b) => a - b);
}

/** 131 blocks, the last of which is short: two groups. */
const GOOD = content(3, 130 * BLOCK + 1234);
const SPARE = decodeSpareBlocks(spareOf(GOOD), GOOD.length);

describe('a damaged block', () => {
  test('of a binary of any size, whatever pieces its bytes came in', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 * BLOCK }),
        fc.array(fc.integer({ min: 0, max: 2 * BLOCK }), { maxLength: 6 }),
        fc.nat(),
        async (size, pieces, any) => {
          const good = content(size, size);
          const spare = decodeSpareBlocks(spareOf(good, pieces), size);
          const block = any % Math.ceil(size / BLOCK);
          expect(await remade(good, spare, [block])).toEqual([block]);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('wherever it is, if it is the only one of its group', async () => {
    expect(SPARE.groups).toBe(2);
    for (const block of [0, 1, 64, 129, 130]) expect(await remade(GOOD, SPARE, [block])).toEqual([block]);
    expect(await remade(GOOD, SPARE, [70, 71])).toEqual([70, 71]);
    expect(await remade(GOOD, SPARE, [2, 4])).toEqual([]);
    expect(await remade(GOOD, SPARE, [2, 4, 5])).toEqual([5]);
    expect(await remade(GOOD, SPARE, [2, 4, 5], [4])).toEqual([2, 5]);
  });

  test('of which the end is missing from the file', async () => {
    const cut = memorySource(GOOD.slice(0, 130 * BLOCK + 5));
    const made = await blocksFromSpare(SPARE, cut, listOf(GOOD), [130], new Map(), () => undefined);
    expect(made.get(130)).toEqual(GOOD.slice(130 * BLOCK));
  });

  test('is not believed if the spare one was damaged as well', async () => {
    const spare = spareOf(GOOD);
    spare[16 + 99] = (spare[16 + 99] ?? 0) ^ 1;
    const damaged = decodeSpareBlocks(spare, GOOD.length);
    expect(await remade(GOOD, damaged, [2, 3])).toEqual([3]);
  });
});

test('what follows the binary is left out, and one that is cut off gives no spare blocks', () => {
  const maker = new SpareBlocksMaker(5);
  maker.update(content(1, 4));
  expect(() => maker.encode()).toThrow(RangeError);
  maker.update(content(2, 100));
  const five = Buffer.concat([content(1, 4), content(2, 1)]);
  expect(maker.encode()).toEqual(spareOf(new Uint8Array(five)));
});

describe('spare blocks that are not those of the binary are refused', () => {
  const intact = spareOf(GOOD);
  const ofFive = spareOf(content(1, 5));
  const changed = (at: number, ...bytes: number[]) => {
    const result = intact.slice();
    result.set(bytes, at);
    return result;
  };
  test.each<[string, Uint8Array, number]>([
    ['nothing', new Uint8Array(0), GOOD.length],
    ['a head alone', intact.slice(0, 15), GOOD.length],
    ['another magic', changed(7, 0x32), GOOD.length],
    ['another size', intact, GOOD.length - 1],
    ['a size of 0', changed(8, 0, 0, 0, 0), 0],
    ['no groups', changed(12, 0).slice(0, 16), GOOD.length],
    [
      'more groups than blocks',
      Buffer.concat([ofFive.slice(0, 12), Buffer.of(2, 0, 0, 0), new Uint8Array(10)]),
      5,
    ],
    ['a byte too few', intact.slice(0, -1), GOOD.length],
    ['a byte too many', Buffer.concat([intact, new Uint8Array(1)]), GOOD.length],
  ])('%s', (_, bytes, size) => {
    expect(() => decodeSpareBlocks(bytes, size)).toThrow(DamagedError);
  });
});

test('the frozen vector is still what is written, and mends its binary', async () => {
  const vector = readFileSync(path.join(import.meta.dir, '../../vectors/spare-blocks-v1/tiny.spare'));
  const good = frozenBinary();
  expect(Buffer.compare(spareOf(good), vector)).toBe(0);
  const spare = decodeSpareBlocks(new Uint8Array(vector), good.length);
  for (let block = 0; block < Math.ceil(good.length / BLOCK); block++)
    expect(await remade(good, spare, [block])).toEqual([block]);
});

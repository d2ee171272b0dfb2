/** The list of a binary's blocks finds every block that differs, and no other. */
import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { BlockDigests, type BlockList, differingBlocks, readBlockList } from '../../../lib/delta/index.ts';
import { DamagedError } from '../../../lib/errors.ts';
import { digestBytes, memorySource } from '../../../lib/platform/files.ts';
import { codeLike } from '../pairs.ts';
import { sha256 } from '../reference.ts';
import { frozenBinary } from '../support.ts';

const BLOCK = 1 << 16;

function listOf(bytes: Uint8Array, pieces: readonly number[] = []): Uint8Array {
  const digests = new BlockDigests();
  let at = 0;
  for (const size of pieces) {
    digests.update(bytes.subarray(at, at + size));
    at += size;
  }
  digests.update(bytes.subarray(at));
  return digests.list();
}

function signed(bytes: Uint8Array): BlockList {
  const list = listOf(bytes);
  return readBlockList(list, { size: bytes.length, blocks: signedOf(list) });
}

function signedOf(list: Uint8Array) {
  const { sha256, size: length } = digestBytes(list);
  return { length, sha256 };
}

const differing = (bytes: Uint8Array, list: BlockList) => differingBlocks(memorySource(bytes), list);

describe('the list', () => {
  test('is the SHA-256 of each block, whatever pieces the bytes come in', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 * BLOCK }),
        fc.array(fc.integer({ min: 0, max: 2 * BLOCK }), { maxLength: 6 }),
        (size, pieces) => {
          const bytes = codeLike(size, 3);
          const wanted = Array.from({ length: Math.ceil(size / BLOCK) }, (_, block) =>
            sha256(bytes.subarray(block * BLOCK, (block + 1) * BLOCK)),
          );
          expect(Buffer.from(listOf(bytes, pieces)).toString('hex')).toBe(wanted.join(''));
        },
      ),
      { numRuns: 30 },
    );
  });

  test('of the frozen vector still fits', async () => {
    const blocks = readFileSync(path.join(import.meta.dir, '../../vectors/frames-v1/tiny.blocks'));
    const binary = frozenBinary();
    const list = readBlockList(blocks, { size: binary.length, blocks: signedOf(blocks) });
    expect(await differing(binary, list)).toEqual([]);
  });

  test('is not taken with another digest, or for another size', () => {
    const list = listOf(codeLike(3 * BLOCK, 1));
    const blocks = signedOf(list);
    expect(() => readBlockList(list.slice(1), { size: 3 * BLOCK, blocks })).toThrow(DamagedError);
    expect(() =>
      readBlockList(
        list.map((byte) => byte ^ 1),
        { size: 3 * BLOCK, blocks },
      ),
    ).toThrow(DamagedError);
    expect(() => readBlockList(list, { size: 3 * BLOCK + 1, blocks })).toThrow('wanted 4 digests');
  });
});

describe('found are', () => {
  const bytes = codeLike(20 * BLOCK + 1000, 2);
  const list = signed(bytes);

  test('none in what is intact', async () => {
    expect(await differing(bytes, list)).toEqual([]);
    expect(await differing(Buffer.concat([bytes, Buffer.from('more')]), list)).toEqual([]);
  });

  test('the blocks with a flipped bit, and no others', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat(bytes.length - 1), { maxLength: 5 }), async (places) => {
        const damaged = bytes.slice();
        for (const at of places) damaged[at] = (damaged[at] ?? 0) ^ 4;
        const wanted = [...new Set(places.map((at) => Math.floor(at / BLOCK)))].sort((a, b) => a - b);
        expect(await differing(damaged, list)).toEqual(wanted);
      }),
      { numRuns: 30 },
    );
  });

  test('the blocks that a shorter file has not, or not whole', async () => {
    for (const size of [0, 1, BLOCK, BLOCK + 1, 16 * BLOCK, 20 * BLOCK, bytes.length - 1]) {
      const first = Math.floor(size / BLOCK);
      const wanted = Array.from({ length: 21 - first }, (_, index) => first + index);
      expect(await differing(bytes.subarray(0, size), list)).toEqual(wanted);
    }
  });

  test('with the number of bytes done on the way', async () => {
    const seen: number[] = [];
    await differingBlocks(memorySource(bytes), list, (done) => {
      seen.push(done);
    });
    expect(seen).toEqual([1 << 20, bytes.length]);
  });
});

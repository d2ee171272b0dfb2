/** How bytecode is aligned: with the numbers that its strings have now, and without what is relative. */
import { expect, test } from 'bun:test';
import { alignBytecode } from '../../../lib/delta/mixing/alignments/bytecode.ts';
import { type Image, REGION_KINDS } from '../../../lib/delta/mixing/containers/image.ts';

const STRINGS = 4000;
/** Before the bytecode, and bytes behind the blocks, so that what is relative is in it. */
const START = 32;
const REST = 3000;

/** Blocks of a word that names a string, a relative one, a large number of 3 bytes, and what does not change. `moves`: by how much the three change. */
function blocks(count: number, moves: readonly [number, number, number]): number[] {
  return Array.from({ length: count }, (_, id) => {
    const [string, distance, number] = [4 * (7 + 3 * id) + 2, 1200 + 4 * id, 300_000 + 40 * id];
    const place = number + moves[2];
    const rest = [place & 127, (place >> 7) & 127, place >> 14].map((part, at) => part | (at < 2 ? 128 : 0));
    return [
      string + 4 * moves[0],
      distance + 4 * moves[1],
      ...[0, 1, 2, 3].map((at) => 0x44000045 + id * 64 + at),
    ]
      .flatMap((value) => [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24])
      .toSpliced(8, 3, ...rest);
  }).flat();
}

function image(size: number): Image {
  const region = { offset: START, size: size - START, address: 0, kind: REGION_KINDS.bytecode };
  return {
    regions: [{ ...region, bases: [0, 4 * STRINGS] }],
    base: 0n,
    span: 0,
    tables: [],
    goBases: [],
  };
}

async function aligned(before: number[], after: number[], known: number) {
  const [old, fresh] = [before, after].map((content) =>
    Buffer.from([...Array(START).fill(9), ...content, ...Array(REST).fill(0)]),
  ) as [Buffer, Buffer];
  const copies = [Buffer.from(old), Buffer.from(fresh)];
  const seen: Uint8Array[] = [];
  const result = await alignBytecode(
    { old, fresh, images: { old: image(old.length), fresh: image(fresh.length) } },
    [{ newStart: 0, oldStart: 0, length: known }],
    async (a, b) => {
      seen.push(a, b);
      return [{ newStart: 8, oldStart: 16, length: 24 }];
    },
  );
  expect([Buffer.compare(old, copies[0] as Buffer), Buffer.compare(fresh, copies[1] as Buffer)]).toEqual([
    0, 0,
  ]);
  return { result, seen: seen as [Uint8Array, Uint8Array] };
}

test('what has only moved is equal then', async () => {
  const [before, after] = [blocks(100, [0, 0, 0]), blocks(100, [25, 9, 5000])];
  // Of the first ten blocks it is known what their strings have become; the others have moved as far.
  const { seen } = await aligned(before, after, START + 240);
  expect(Buffer.compare(...seen)).toBe(0);
});

test('what nobody knows stays, and what is no reference', async () => {
  const before = blocks(40, [0, 0, 0]);
  const after = [...before];
  after[16] = 0x77;
  const { seen } = await aligned(before, after, START);
  expect([...seen[1]].filter((byte, at) => byte !== seen[0][at])).toEqual([0x77]);
});

test('the alignments have the places of the region', async () => {
  const content = blocks(20, [0, 0, 0]);
  const { result } = await aligned(content, content, START + 100);
  expect(result).toEqual([
    { newStart: 0, oldStart: 0, length: START },
    { newStart: START + 8, oldStart: START + 16, length: 24 },
  ]);
});

/** How numbers of instances are aligned: one by one, and no more of them than there is time for. */
import { expect, test } from 'bun:test';
import { alignInstances } from '../../../lib/delta/mixing/alignments/instances.ts';
import type { Image } from '../../../lib/delta/mixing/containers/image.ts';

const RECORD = 8;

/** Records whose numbers go on by 3, each with a word of its own. */
function recordsFrom(first: number, count: number): Buffer {
  const bytes = Buffer.alloc(RECORD * count);
  for (let index = 0; index < count; index++) bytes.writeInt32LE(1000 + 3 * (first + index), RECORD * index);
  return bytes;
}

function aligned(old: Buffer, fresh: Buffer, mostPairs?: number) {
  const image = ({ length }: Buffer): Image => ({
    ...{ regions: [], base: 0n, span: 0, tables: [], goBases: [] },
    sequences: [{ offset: 0, record: RECORD, count: length / RECORD, key: 0 }],
  });
  const images = { old: image(old), fresh: image(fresh) };
  return alignInstances(
    { old, fresh, images },
    [{ newStart: 0, oldStart: 0, length: fresh.length }],
    mostPairs,
  );
}

const [OLD, FRESH] = [recordsFrom(0, 5000), Buffer.concat([recordsFrom(9000, 7), recordsFrom(0, 5000)])];

test('a record more moves those behind it', () => {
  expect(aligned(OLD, FRESH).at(-1)).toMatchObject({
    newStart: RECORD * 7,
    oldStart: 0,
    length: RECORD * 5000,
  });
});

test('behind those that there is time for, the others are as they were', () => {
  // Four blocks of 600 by 600, of which 400 are kept.
  const all = aligned(OLD, FRESH, 4 * 600 * 600);
  const [last, before] = [all.at(-1), all.at(-2)];
  expect(before).toMatchObject({ newStart: RECORD * 7, oldStart: 0 });
  const end = (before?.newStart ?? 0) + (before?.length ?? 0);
  expect(last).toEqual({ newStart: end, oldStart: end, length: FRESH.length - end });
  expect(end / RECORD).toBeWithin(1500, 1701);
});

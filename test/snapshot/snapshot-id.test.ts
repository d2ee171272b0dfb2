/** Ids sort as the snapshots were made, and everything that asks for the last one gets the last one. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import fc from 'fast-check';
import { findSnapshot } from '../../lib/install/rollback/target.ts';
import { nativeDisk } from '../../lib/platform/native-disk.ts';
import { documentPath, listSnapshots, loadSnapshot } from '../../lib/snapshot/index.ts';
import { isSnapshotId, nextSnapshotId, timeOfId } from '../../lib/snapshot/snapshot-id.ts';
import { openWorkshop, type Workshop } from './workshop.ts';

const NOON = Date.UTC(2026, 10, 25, 12);

describe('the next id', () => {
  test('reads as the time in UTC and four digits', () => {
    expect(nextSnapshotId(NOON + 999, [], new Uint8Array([0x12, 0x34]))).toBe('20261125-120000-1234');
  });

  test('sorts after all others, whatever the clock and the dice say', () => {
    const steps = fc.array(
      fc.record({
        // Within a second, to another one, and back by up to an hour.
        step: fc.oneof(
          fc.constant(0),
          fc.integer({ min: -500, max: 500 }),
          fc.integer({ min: -3_600_000, max: 5000 }),
        ),
        random: fc.uint8Array({ minLength: 2, maxLength: 2 }),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (taken) => {
        const ids: string[] = [];
        let now = NOON;
        for (const { step, random } of taken) {
          now += step;
          ids.push(nextSnapshotId(now, ids, random));
        }
        expect(ids.every(isSnapshotId)).toBe(true);
        expect([...new Set(ids)].sort()).toEqual(ids);
      }),
    );
  });

  test('a second with no digits left is followed by the next one', () => {
    const ids = ['20261125-120000-ff01'];
    for (let count = 0; count < 3; count++) ids.push(nextSnapshotId(NOON, ids, new Uint8Array([0xff, 0xff])));
    expect(ids).toEqual([
      '20261125-120000-ff01',
      '20261125-120001-7fff',
      '20261125-120001-80ff',
      '20261125-120001-81ff',
    ]);
  });

  test('an id of more digits, and names that are no ids, are no obstacle', () => {
    const ids = ['20261125-120000-3f9a0123456789ab', '20261399-250000-ffff', 'readme'];
    expect(nextSnapshotId(NOON, ids, new Uint8Array([0, 0]))).toBe('20261125-120000-3f9b');
    expect(timeOfId('20261125-120000-3f9a')).toBe(NOON);
    expect(timeOfId('20261399-250000-ffff')).toBeNull();
  });
});

describe('snapshots of one second', () => {
  let workshop: Workshop;
  let now: number;

  /** The dice fall lower each time: ids of the time and the dice alone sort the other way round. */
  beforeEach(() => {
    now = NOON;
    let random = 0xffff;
    workshop = openWorkshop({
      now: () => now,
      random: (count) => {
        random -= 0x123;
        return count === 2 ? new Uint8Array([random >> 8, random & 0xff]) : null;
      },
    });
  });
  afterEach(() => workshop.remove());

  async function takeSome(count: number): Promise<string[]> {
    const ids: string[] = [];
    for (let index = 0; index < count; index++) {
      ids.push((await workshop.take()).id);
      if (index % 3 === 1) now -= 1500;
    }
    return ids;
  }
  const listed = () => listSnapshots(workshop.host.disk, workshop.layout);

  test('sort as they were made, by id and by time, and the first ones are pruned', async () => {
    const ids = await takeSome(8);
    expect([...ids].sort()).toEqual(ids);
    expect(listed().map(({ id }) => id)).toEqual(ids);
    expect((await workshop.prune(3)).removed).toEqual(ids.slice(0, 5));
  });

  test('one that can no longer be read keeps its place', async () => {
    const ids = await takeSome(6);
    for (const id of [ids[1], ids[2], ids[5]])
      fs.writeFileSync(documentPath(workshop.layout, id ?? ''), 'damaged');
    expect(listed().map(({ id }) => id)).toEqual(ids);
    const next = (await workshop.take()).id;
    expect([...ids, next].sort()).toEqual([...ids, next]);
    expect(listed().at(-1)?.id).toBe(next);
  });

  test('an id is found though another one begins with it', async () => {
    const { id } = await workshop.take();
    const longer = `${id}0`;
    const [one] = listed();
    if (one === undefined) throw new Error('nothing was taken');
    expect(findSnapshot([one, { ...one, id: longer }], id).id).toBe(id);
    expect(findSnapshot([one, { ...one, id: longer }], longer).id).toBe(longer);
  });
});

test('a document under the id of another snapshot is damaged', async () => {
  const workshop = openWorkshop();
  try {
    const { id } = await workshop.take();
    const other = '20261125-120000-1234';
    fs.renameSync(documentPath(workshop.layout, id), documentPath(workshop.layout, other));
    expect(() => loadSnapshot(nativeDisk, workshop.layout, other)).toThrow(`it says that it is ${id}`);
    expect(loadSnapshot(nativeDisk, workshop.layout, id)).toBeNull();
  } finally {
    workshop.remove();
  }
});

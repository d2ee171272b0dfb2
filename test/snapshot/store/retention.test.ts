import { describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import { join } from 'node:path';
import { DamagedError } from '../../../lib/errors.ts';
import { discardSnapshot, KEEP, type Listed, type Snapshot, setPin } from '../../../lib/snapshot/index.ts';
import { outdated } from '../../../lib/snapshot/store/retention.ts';
import { NewerSchemaError } from '../../../lib/snapshot/store/tree.ts';
import { openWorkshop } from '../workshop.ts';

/**
 * `a`: ours, taken by hand; `x`, `y`, `z`: ours, taken by itself of three states; `o`: of another install; `p`: ours and pinned; `d`: damaged; `D`: damaged and pinned; `n`: of a newer updater.
 */
function listed(kinds: string): Listed[] {
  return [...kinds].map((kind, index) => ({
    id: `${kind}${index}`,
    time: index,
    pinned: kind === 'p' || kind === 'D',
    found:
      kind === 'n'
        ? new NewerSchemaError('newer')
        : kind.toLowerCase() === 'd'
          ? new DamagedError('damaged')
          : ({
              installId: kind === 'o' ? 'other' : 'own',
              kind: 'xyz'.includes(kind) ? 'update' : 'manual',
              metadata: { checksum: kind },
            } as Snapshot),
  }));
}

const TABLE: [kinds: string, keep: number, needed: string[], goes: string][] = [
  ['', 5, [], ''],
  ['aaa', 5, [], ''],
  ['aaa', 3, [], ''],
  ['aaa', 2, [], 'a0'],
  ['aaa', 1, [], 'a0 a1'],
  ['aaa', 0, [], 'a0 a1 a2'],
  ['aaaa', 1, ['a1'], 'a0 a2'],
  ['apaa', 1, [], 'a0 a2'],
  ['aapp', 2, [], 'a0 a1'],
  ['oaoa', 1, [], 'a1'],
  ['oooo', 1, [], ''],
  ['daa', 2, [], 'd0'],
  ['daa', 3, [], ''],
  ['ada', 2, [], ''],
  ['ada', 1, [], 'a0 d1'],
  ['aad', 1, [], 'a0'],
  ['Daa', 1, [], 'a1'],
  ['naa', 1, [], 'a1'],
  ['doo', 1, [], ''],
  ['xyz', 3, [], ''],
  ['xyz', 2, [], 'x0'],
  ['xyyyyyyy', 2, [], 'y1 y2 y3 y4 y5 y6'],
  ['xyyyyyyy', 3, [], 'y1 y2 y3 y4 y5'],
  ['xyyyyyyy', 1, [], 'x0 y1 y2 y3 y4 y5 y6'],
  ['xyxyxyxy', 2, [], 'x0 y1 x2 y3 x4 y5'],
  ['xyxz', 3, [], 'x0'],
  ['axxa', 3, [], 'x1'],
  ['axxa', 4, [], ''],
  ['aaax', 2, [], 'a0 a1'],
  ['xdxyy', 2, [], 'x0 d1 y3'],
  ['xyy', 1, ['y1'], 'x0'],
  ['xoxoxo', 2, [], 'x0'],
];

for (const [kinds, keep, needed, goes] of TABLE) {
  test(`of ${JSON.stringify(kinds)}, keeping ${keep}${needed.length > 0 ? ` and ${needed}` : ''}: ${goes || 'none'} goes`, () => {
    const ids = outdated({ listed: listed(kinds), installId: 'own', keep, needed: new Set(needed) });
    expect(ids.join(' ')).toBe(goes);
  });
}

test('seven updates that fail do not push out a snapshot of something else', async () => {
  const workshop = openWorkshop();
  try {
    const file = join(workshop.root('data'), 'file');
    const write = (text: string) => fs.writeFileSync(file, text);
    const ids: string[] = [];
    for (let version = 0; version < 3; version++) {
      write(`version ${version}`);
      ids.push((await workshop.take({ kind: 'update' })).id);
    }
    const failed: string[] = [];
    for (let time = 0; time < 6; time++) failed.push((await workshop.take({ kind: 'update' })).id);
    const { removed } = await workshop.prune(KEEP);
    expect(removed).toEqual([ids[2], ...failed.slice(0, 3)].map(String));
    const left = workshop.snapshots();
    expect(left.map(({ id }) => id)).toEqual([...ids.slice(0, 2), ...failed.slice(3)]);
    const [first] = left;
    if (first === undefined) throw new Error('nothing is left');
    await workshop.restore(first);
    expect(fs.readFileSync(file, 'utf8')).toBe('version 0');
    // The executable is a part of the state.
    write('version 2');
    fs.writeFileSync(workshop.binary, 'another executable');
    const other = await workshop.take({ kind: 'update' });
    await workshop.prune(KEEP);
    expect(workshop.snapshots().map(({ id }) => id)).toEqual([
      ...ids.slice(0, 2),
      ...failed.slice(4),
      other.id,
    ]);
  } finally {
    workshop.remove();
  }
});

test('a snapshot that was taken for nothing is removed, unless a person has pinned it', async () => {
  const workshop = openWorkshop();
  try {
    const { host, layout } = workshop;
    const [first, second] = [await workshop.take(), await workshop.take()];
    setPin(host.disk, layout, first.id, true);
    expect(await discardSnapshot(host, layout, first.id)).toBe(false);
    expect(await discardSnapshot(host, layout, second.id)).toBe(true);
    expect(workshop.snapshots().map(({ id }) => id)).toEqual([first.id]);
    // Again, as after a crash in between: it is gone already.
    expect(await discardSnapshot(host, layout, second.id)).toBe(true);
    expect(await workshop.problems()).toEqual([]);
  } finally {
    workshop.remove();
  }
});

describe('the order', () => {
  test('is that in which they were taken, though the clock was put back meanwhile', async () => {
    const late = openWorkshop({ ahead: 3_600_000 });
    try {
      const first = await late.take();
      const now = openWorkshop({ home: late.home });
      const second = await now.take();
      expect(now.snapshots().map(({ id }) => id)).toEqual([first.id, second.id]);
      expect((await now.prune(1)).removed).toEqual([first.id]);
    } finally {
      late.remove();
    }
  });
});

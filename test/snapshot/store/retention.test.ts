import { describe, expect, test } from 'bun:test';
import { DamagedError } from '../../../lib/errors.ts';
import type { Listed, Snapshot } from '../../../lib/snapshot/index.ts';
import { outdated } from '../../../lib/snapshot/store/retention.ts';
import { NewerSchemaError } from '../../../lib/snapshot/store/tree.ts';
import { openWorkshop } from '../workshop.ts';

/** `a`: ours; `o`: of another install; `p`: ours and pinned; `d`: damaged; `D`: damaged and pinned; `n`: of a newer updater. */
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
          : ({ installId: kind === 'o' ? 'other' : 'own' } as Snapshot),
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
];

for (const [kinds, keep, needed, goes] of TABLE) {
  test(`of ${JSON.stringify(kinds)}, keeping ${keep}${needed.length > 0 ? ` and ${needed}` : ''}: ${goes || 'none'} goes`, () => {
    const ids = outdated({ listed: listed(kinds), installId: 'own', keep, needed: new Set(needed) });
    expect(ids.join(' ')).toBe(goes);
  });
}

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

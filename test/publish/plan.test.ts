import { describe, expect, test } from 'bun:test';
import { UsageError } from '../../lib/errors.ts';
import { bucketAddress } from '../../release/publish/bucket.ts';
import { planPublish, sendingOf, TIMESTAMP } from '../../release/publish/plan.ts';

const file = (path: string, size = 10) => ({ path, size });
const there = (...files: [path: string, size?: number][]) =>
  new Map(files.map(([path, size = 10]) => [path, { size, md5: null }]));
const paths = (files: readonly { path: string }[]) => files.map(({ path }) => path);

const LOCAL = [
  file('metadata/1.root.json'),
  file('metadata/2.snapshot.json'),
  file('metadata/2.targets.json'),
  file(TIMESTAMP),
  file('targets/channels/stable/b.linux-x64.json'),
  file('targets/releases/1.0.0/a.manifest.json'),
];

function plan(more: Partial<Parameters<typeof planPublish>[0]> = {}) {
  return planPublish({
    timestampBefore: null,
    local: LOCAL,
    remote: new Map(),
    same: new Set(),
    switchAt: 1,
    remove: false,
    ...more,
  });
}

describe('the plan of a publication', () => {
  test('has everything for an empty place, targets before metadata before the timestamp', () => {
    const { targets, metadata, last, kept } = plan();
    expect(paths(targets)).toEqual(paths(LOCAL.slice(4)));
    expect(paths(metadata)).toEqual(['metadata/2.snapshot.json', 'metadata/2.targets.json']);
    expect(paths(last)).toEqual(['metadata/1.root.json', TIMESTAMP]);
    expect(kept).toBe(0);
    expect(sendingOf(plan())).toEqual({ files: 6, bytes: 60 });
  });

  test('leaves targets of the same length, and metadata of the same content', () => {
    const remote = there(...LOCAL.map(({ path }) => [path] as [string]));
    const same = new Set(['metadata/1.root.json', 'metadata/2.snapshot.json', 'metadata/2.targets.json']);
    const found = plan({ remote, same });
    expect([found.targets, found.metadata, paths(found.last), found.kept]).toEqual([[], [], [TIMESTAMP], 5]);
    same.add(TIMESTAMP);
    expect(sendingOf(plan({ remote, same }))).toEqual({ files: 0, bytes: 0 });
  });

  test('sends again what has another length, or another content', () => {
    const remote = there(...LOCAL.map(({ path }) => [path, 9] as [string, number]));
    expect(sendingOf(plan({ remote })).files).toBe(6);
  });

  const roots = [...LOCAL, file('metadata/10.root.json'), file('metadata/9.root.json')];
  const remote = there(['metadata/1.root.json'], ['metadata/8.root.json'], [TIMESTAMP]);
  test.each([
    [8, [TIMESTAMP, 'metadata/9.root.json', 'metadata/10.root.json']],
    [9, ['metadata/9.root.json', TIMESTAMP, 'metadata/10.root.json']],
    [10, ['metadata/9.root.json', 'metadata/10.root.json', TIMESTAMP]],
  ])(
    'sends the timestamp after root %i, which vouches for it, and roots in their order',
    (switchAt, last) => {
      const found = plan({ local: roots, remote, same: new Set(['metadata/1.root.json']), switchAt });
      expect(paths(found.last)).toEqual(last);
      expect(paths(found.metadata)).toEqual(['metadata/2.snapshot.json', 'metadata/2.targets.json']);
    },
  );

  test('mends an old root before the timestamp', () => {
    expect(paths(plan({ local: roots, remote, switchAt: 8 }).metadata)).toContain('metadata/1.root.json');
  });

  test('removes what is no longer wanted, where it is told to', () => {
    const remote = there(['targets/old'], [TIMESTAMP], ['metadata/1.snapshot.json']);
    expect(plan({ remote }).remove).toEqual([]);
    expect(plan({ remote, remove: true }).remove).toEqual(['metadata/1.snapshot.json', 'targets/old']);
  });
});

describe('the address of a bucket', () => {
  test.each([
    ['s3://feed', { bucket: 'feed', prefix: '' }],
    ['s3://feed/', { bucket: 'feed', prefix: '' }],
    ['s3://feed/dgmo/v1', { bucket: 'feed', prefix: 'dgmo/v1/' }],
    ['/srv/feed', null],
    ['feed', null],
  ])('%s', (to, wanted) => expect(bucketAddress(to)).toEqual(wanted));

  test.each(['s3:feed', 's3://', 's3://x', 's3://FEED', 's3://feed//a', 's3://feed/../b', 's3://feed/a b'])(
    '%s is none',
    (to) => expect(() => bucketAddress(to)).toThrow(UsageError),
  );
});

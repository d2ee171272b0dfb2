/** A tree that somebody else wrote: nothing in it leads out of the folder or out of the store, and it is what its name says. */
import { describe, expect, test } from 'bun:test';
import { zstdFrameSync } from '../../../lib/delta/index.ts';
import { DamagedError } from '../../../lib/errors.ts';
import { digestBytes } from '../../../lib/platform/files.ts';
import { storeLayout } from '../../../lib/snapshot/store/layout.ts';
import { decodeTree, encodeTree, isCloneName, NewerSchemaError } from '../../../lib/snapshot/store/tree.ts';
import { readTree } from '../../../lib/snapshot/store/trees.ts';
import { SimulatedDisk } from '../../host/disk.ts';
import { simulatedHost } from '../../host/host.ts';

const BLOCK = 'ab'.repeat(32);
const CLONE = 'cd'.repeat(16);
const file = (where: unknown, size: unknown = 5) => ['f', 'file', 0o644, 1, size, 0, where];
const decode = (document: unknown) => decodeTree(new TextEncoder().encode(JSON.stringify(document)), 'x');
const withEntries = (...entries: unknown[]) => ({ schema: 1, mode: 0o755, entries });

const refused = (document: unknown) => expect(() => decode(document)).toThrow(DamagedError);

test('what is written is read', () => {
  const rows = [
    ['d', 'a', 0o755, 1],
    ['f', 'a/clone', 0o7777, -5, 9_000_000, 1, CLONE],
    ['l', 'a/link', '../anywhere'],
    ['f', 'b', 0, 1, 0, 0, []],
    ['f', 'c', 0o644, 1, 524_289, 0, [BLOCK, BLOCK]],
    ['s', 'd', 'could not be read'],
  ];
  const tree = decode(withEntries(...rows));
  expect(JSON.parse(new TextDecoder().decode(encodeTree(tree)))).toEqual(withEntries(...rows));
});

describe('a path is refused', () => {
  test.each(['', '.', '..', '/', '/etc', 'a//b', 'a/..', 'a/../b', 'missing/file', 'a/b/', 'a\0b'])(
    'that is %j',
    (path) => {
      refused(withEntries(['d', 'a', 0o755, 1], ['d', path, 0o755, 1]));
      refused(withEntries(['l', path, 'target']));
    },
  );

  test('in a link, as if it were a folder', () => {
    refused(withEntries(['l', 'a', '/etc'], ['f', 'a/passwd', 0o644, 1, 0, 0, []]));
    refused(withEntries(['f', 'a', 0o644, 1, 0, 0, []], ['f', 'a/b', 0o644, 1, 0, 0, []]));
  });

  test('twice, or before one that comes first', () => {
    refused(withEntries(['d', 'a', 0o755, 1], ['d', 'a', 0o755, 1]));
    refused(withEntries(['d', 'b', 0o755, 1], ['d', 'a', 0o755, 1]));
  });
});

test('the name of a clone is 32 hex digits: it leads to no other file', () => {
  expect(isCloneName(CLONE)).toBe(true);
  expect(decode(withEntries(file(CLONE))).entries).toHaveLength(1);
  for (const name of [
    '',
    '../packs/x',
    `${CLONE}/..`,
    `../${CLONE}`,
    CLONE.toUpperCase(),
    `${CLONE}0`,
    `${CLONE}\n`,
    `x${CLONE}`,
  ]) {
    expect(isCloneName(name)).toBe(false);
    refused(withEntries(file(name)));
  }
});

describe('a file is refused with', () => {
  test.each([
    ['a block that is no digest', file(['../x'])],
    ['a block that leads on', file([`${BLOCK}/..`])],
    ['a block that is no text', file([5])],
    ['a block too many', file([BLOCK, BLOCK])],
    ['a block too few', file([], 1)],
    ['no content', file(null)],
    ['a size that is none', file([BLOCK], '5')],
    ['a size below nothing', file([], -1)],
    ['a size that is a fraction', file([BLOCK], 0.5)],
    ['a mode that is none', ['f', 'file', '644', 1, 5, 0, [BLOCK]]],
    ['a mode of more bits', ['f', 'file', 0o10000, 1, 5, 0, [BLOCK]]],
    ['a mode below nothing', ['f', 'file', -1, 1, 5, 0, [BLOCK]]],
    ['a time that is none', ['f', 'file', 0o644, 'now', 5, 0, [BLOCK]]],
  ])('%s', (_, row) => refused(withEntries(row)));
});

test.each([
  ['a folder without a mode', ['d', 'a', null, 1]],
  ['a folder without a time', ['d', 'a', 0o755, null]],
  ['a link without a target', ['l', 'a', 5]],
  ['a file that was left out without a reason', ['s', 'a', null]],
  ['an entry of another kind', ['x', 'a', 0o755, 1]],
  ['an entry that is none', 'a'],
  ['a path that is none', ['d', 5, 0o755, 1]],
])('%s is refused', (_, row) => refused(withEntries(row)));

test('another document is refused, and one of a newer updater told apart', () => {
  for (const document of [
    null,
    [],
    'text',
    {},
    { schema: 1 },
    { schema: 1, entries: [] },
    { entries: [], mode: 1 },
  ])
    refused(document);
  refused({ schema: 1, mode: 'x', entries: [] });
  refused({ schema: 1, mode: 0o755, entries: {} });
  expect(() => decodeTree(new TextEncoder().encode('{'), 'x')).toThrow('it is not JSON');
  expect(() => decode({ schema: 2, mode: 0o755, entries: [] })).toThrow(NewerSchemaError);
});

test('a tree of another content than its name says is refused by name', () => {
  const disk = new SimulatedDisk();
  const layout = storeLayout(simulatedHost({ disk, versionOf: () => null }), '/home');
  const [document, other] = [0o755, 0o700].map((mode) => encodeTree({ mode, entries: [] }));
  const { sha256 } = digestBytes(document ?? new Uint8Array());
  const path = `${layout.trees}/${sha256}`;
  disk.place(path, zstdFrameSync(document ?? new Uint8Array(), { level: 3, windowLog: 20 }));
  expect(readTree(disk, layout, sha256).entries).toEqual([]);
  disk.place(path, zstdFrameSync(other ?? new Uint8Array(), { level: 3, windowLog: 20 }));
  expect(() => readTree(disk, layout, sha256)).toThrow(`${path} is damaged: it has SHA-256`);
  disk.remove(path);
  expect(() => readTree(disk, layout, sha256)).toThrow(`${path} is missing`);
});

/** A snapshot with other files in it: what a restore takes to bring new files in, and to take old ones out. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import { join } from 'node:path';
import {
  type Amendment,
  carryOut,
  checkStored,
  findLoss,
  planRestore,
  prepare,
  prepareAmended,
  prune,
  type Snapshot,
  verifyRestored,
} from '../../lib/snapshot/index.ts';
import { openWorkshop, picture, type Workshop } from './workshop.ts';

let workshop: Workshop;
let root: string;

beforeEach(() => {
  workshop = openWorkshop();
  root = workshop.root('evolutions');
  fs.mkdirSync(join(root, 'a/deep'), { recursive: true });
  for (const path of ['a/old', 'a/stays', 'a/deep/file', 'b']) fs.writeFileSync(join(root, path), 'old');
});

afterEach(() => workshop.remove());

const file = (path: string, text = 'new', mode = 0o644) => ({
  path,
  mode,
  bytes: new TextEncoder().encode(text),
});

/** Takes a snapshot and makes the folder what it is with these changes. */
async function bring(
  add: Amendment['add'],
  remove: string[] = [],
  check: Parameters<typeof prepareAmended>[2] = () => undefined,
): Promise<Snapshot> {
  const amendment: Amendment = { component: 'evolutions', remove: new Set(remove), add };
  const before = await workshop.take({ covering: { amendment } });
  const request = workshop.request(before, ['evolutions']);
  const plan = await prepareAmended(request, amendment, (planned) => {
    expect(findLoss(workshop.host.disk, workshop.layout, before, planned)).toBeNull();
    check(planned);
  });
  carryOut(request, plan);
  verifyRestored(request, plan);
  const listed = workshop.snapshots().at(-1);
  if (listed?.id !== before.id) throw new Error('the snapshot is gone');
  return listed;
}

const files = () =>
  Object.fromEntries(
    [...picture(root).keys()]
      .filter((path) => fs.statSync(join(root, path)).isFile())
      .map((path) => [path, fs.readFileSync(join(root, path), 'utf8')]),
  );

test('brings files in, with the folders that they need, takes others out, and leaves the rest', async () => {
  const large = 'large '.repeat(200_000);
  await bring([file('a/new'), file('c/d/e', large), file('a/stays', 'changed', 0o755)], ['a/old']);
  expect(workshop.snapshots()).toHaveLength(1);
  expect(files()).toEqual({
    'a/deep/file': 'old',
    'a/new': 'new',
    'a/stays': 'changed',
    b: 'old',
    'c/d/e': large,
  });
  expect(fs.statSync(join(root, 'a/stays')).mode & 0o777).toBe(0o755);
});

test('a file takes the place of a folder, and a folder that of a file', async () => {
  await bring([file('a'), file('b/c')]);
  expect(files()).toEqual({ a: 'new', 'b/c': 'new' });
});

test('where there was no folder yet', async () => {
  fs.rmSync(root, { recursive: true });
  await bring([file('a/b')]);
  expect(files()).toEqual({ 'a/b': 'new' });
});

test('going back to the snapshot takes away what was brought, also what is left out of snapshots', async () => {
  const before = await bring([file('c/cache/file'), file('d/new.log')], ['a/old']);
  expect(files()).toMatchObject({ 'c/cache/file': 'new', 'd/new.log': 'new' });
  fs.writeFileSync(join(root, 'c/cache/made'), 'by the program');
  await workshop.restore(before, ['evolutions']);
  expect(files()).toEqual({
    'a/deep/file': 'old',
    'a/old': 'old',
    'a/stays': 'old',
    b: 'old',
    'c/cache/made': 'by the program',
  });
});

test('files that patterns leave out are replaced and removed as well, and come back', async () => {
  await bring([file('c/cache/one', '1'), file('c/cache/two', '1'), file('x.log', '1')]);
  fs.writeFileSync(join(root, 'c/cache/made'), 'by the program');
  const first = files();
  const before = await bring([file('c/cache/one', '2'), file('c/log/three', '2')], ['c/cache/two', 'x.log']);
  const second = files();
  expect(second).toMatchObject({ 'c/cache/one': '2', 'c/log/three': '2', 'c/cache/made': 'by the program' });
  for (const path of ['c/cache/two', 'x.log']) expect(second).not.toHaveProperty([path]);
  await workshop.restore(before, ['evolutions']);
  expect(files()).toEqual(first);
});

describe('another installation that shares the home', () => {
  function storeIsHeld(): boolean {
    const lock = workshop.host.locks.acquire(workshop.layout.lock);
    lock?.release();
    return lock === null;
  }

  test('prunes meanwhile: what only this restore needs is still there', async () => {
    const large = Buffer.from(Array.from({ length: 700_000 }, (_, index) => (index * index) >> 7)).toString(
      'latin1',
    );
    // Something of its own that goes, so that it looks for what is no longer needed.
    const other = openWorkshop({ home: workshop.home });
    for (let count = 0; count < 2; count++) await other.take({ installId: 'another' });
    const options = { layout: other.layout, installId: 'another', keep: 0, needed: new Set<string>() };
    let pruned: ReturnType<typeof prune> | undefined;
    await bring([file('new', large), file('b', 'changed')], ['a/old'], () => {
      expect(storeIsHeld()).toBe(true);
      pruned = prune(other.host, options);
    });
    expect((await pruned)?.removed).toHaveLength(2);
    expect(files()).toEqual({ 'a/deep/file': 'old', 'a/stays': 'old', b: 'changed', new: large });
    expect(await workshop.problems()).toEqual([]);
  });

  test('can not prune while packs are read', async () => {
    const before = await workshop.take();
    let held = 0;
    const reading = openWorkshop({
      home: workshop.home,
      disk: (disk) => ({
        ...disk,
        open(path, how, mode) {
          if (path.startsWith(workshop.layout.packs) && how === 'read') {
            expect(storeIsHeld()).toBe(true);
            held++;
          }
          return disk.open(path, how, mode);
        },
      }),
    });
    fs.rmSync(root, { recursive: true });
    const request = reading.request(before);
    await checkStored(request);
    const checked = held;
    expect(checked).toBeGreaterThan(1);
    await prepare(request, planRestore(request));
    expect(held).toBeGreaterThan(checked + 1);
  });
});

test('what a snapshot could not take and a restore would change is named', async () => {
  const { host, layout } = workshop;
  const then = await workshop.take();
  const secret = join(root, 'a/stays');
  const blind = openWorkshop({
    home: workshop.home,
    disk: (disk) => ({
      ...disk,
      open(path, how, mode) {
        if (path === secret) throw Object.assign(new Error('EACCES'), { code: 'EACCES' });
        return disk.open(path, how, mode);
      },
    }),
  });
  const before = await blind.take();
  expect(findLoss(host.disk, layout, before, planRestore(workshop.request(then)))).toBeNull();
  fs.writeFileSync(secret, 'something else');
  expect(findLoss(host.disk, layout, before, planRestore(workshop.request(then)))).toEqual({
    path: secret,
    reason: 'it may not be read',
  });
});

/** A snapshot with other files in it: what a restore takes to bring new files in, and to take old ones out. */
import { afterEach, beforeEach, expect, test } from 'bun:test';
import fs from 'node:fs';
import { join } from 'node:path';
import { amendSnapshot, findLoss, planRestore, type Snapshot } from '../../lib/snapshot/index.ts';
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

async function amended(add: ReturnType<typeof file>[], remove: string[] = []): Promise<Snapshot> {
  const before = await workshop.take();
  return amendSnapshot(workshop.host, workshop.layout, before, {
    component: 'evolutions',
    remove: new Set(remove),
    add,
  });
}

const files = () =>
  Object.fromEntries(
    [...picture(root).keys()]
      .filter((path) => fs.statSync(join(root, path)).isFile())
      .map((path) => [path, fs.readFileSync(join(root, path), 'utf8')]),
  );

test('brings files in, with the folders that they need, takes others out, and leaves the rest', async () => {
  const large = 'large '.repeat(200_000);
  const after = await amended(
    [file('a/new'), file('c/d/e', large), file('a/stays', 'changed', 0o755)],
    ['a/old'],
  );
  expect(workshop.snapshots()).toHaveLength(1);
  await workshop.restore(after, ['evolutions']);
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
  await workshop.restore(await amended([file('a'), file('b/c')]), ['evolutions']);
  expect(files()).toEqual({ a: 'new', 'b/c': 'new' });
});

test('where there was no folder yet', async () => {
  fs.rmSync(root, { recursive: true });
  await workshop.restore(await amended([file('a/b')]), ['evolutions']);
  expect(files()).toEqual({ 'a/b': 'new' });
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

/** Several at once, and again and again: one writer at a time, and a store that does not grow without need. */
import { afterEach, beforeEach, expect, test } from 'bun:test';
import fs from 'node:fs';
import { join } from 'node:path';
import { BusyError } from '../../../lib/errors.ts';
import { withStore } from '../../../lib/snapshot/index.ts';
import { dice, openWorkshop, picture, roomOf, type Workshop } from '../workshop.ts';

let workshop: Workshop;

beforeEach(() => {
  workshop = openWorkshop();
  fs.writeFileSync(join(workshop.root('data'), 'file'), 'content');
});

afterEach(() => workshop.remove());

test('two that take a snapshot at once: the second one waits', async () => {
  const other = openWorkshop({ home: workshop.home });
  const taken = await Promise.all([workshop.take(), other.take()]);
  expect(new Set(taken.map(({ id }) => id)).size).toBe(2);
  expect(workshop.snapshots()).toHaveLength(2);
  expect(await workshop.problems()).toEqual([]);
});

test('one who writes for longer than a minute is not waited for', async () => {
  const { host, layout } = workshop;
  let time = 0;
  const clock = {
    ...host.clock,
    monotonic: () => time,
    sleep: async (milliseconds: number) => {
      time += milliseconds;
    },
  };
  await withStore(host, layout, async () => {
    await expect(withStore({ ...host, clock }, layout, async () => undefined)).rejects.toThrow(BusyError);
  });
  expect(time).toBeGreaterThanOrEqual(60_000);
  await withStore({ ...host, clock }, layout, async () => undefined);
});

test('what an interrupted writer left is removed by the next one', async () => {
  await workshop.take();
  for (const folder of ['packs', 'trees', 'binaries', 'clones', 'snapshots', 'cache'])
    fs.writeFileSync(join(workshop.layout.folder, folder, 'left.tmp'), 'half of it');
  await workshop.take();
  expect([...picture(workshop.layout.folder).keys()].filter((path) => path.endsWith('.tmp'))).toEqual([]);
});

test('nobody else may look into the store', async () => {
  const mask = process.umask(0);
  try {
    await workshop.take();
  } finally {
    process.umask(mask);
  }
  for (const [path, what] of picture(workshop.layout.folder)) {
    const mode = Number.parseInt(what.split(' ')[1] ?? '', 8);
    // The executable keeps its own mode, in a folder that nobody else may enter; the lock is empty.
    if (path !== 'lock' && !path.startsWith('binaries/')) expect([path, mode & 0o077]).toEqual([path, 0]);
  }
  expect(fs.statSync(workshop.layout.folder).mode & 0o777).toBe(0o700);
});

test('a hundred snapshots of small changes leave few packs behind, and what they hold', async () => {
  const root = workshop.root('data');
  const roll = dice(1);
  for (let index = 0; index < 100; index++) {
    fs.writeFileSync(join(root, `f${index}`), Buffer.from(Array.from({ length: 3000 }, () => roll(256))));
    await workshop.take();
    if (index % 10 === 9) await workshop.prune(5);
  }
  const before = picture(root);
  const last = workshop.snapshots().at(-1);
  expect(fs.readdirSync(workshop.layout.packs).length).toBeLessThan(30);
  fs.rmSync(root, { recursive: true });
  if (last !== undefined) await workshop.restore(last);
  expect(picture(root)).toEqual(before);
});

test('the same content under many names and in many snapshots is stored once', async () => {
  const root = workshop.root('data');
  const content = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index * 2_654_435_761) >>> 24));
  for (let index = 0; index < 10; index++) fs.writeFileSync(join(root, `copy${index}`), content);
  await workshop.take();
  const room = roomOf(workshop.layout.folder);
  expect(room).toBeLessThan(300_000);
  for (let index = 0; index < 10; index++)
    fs.renameSync(join(root, `copy${index}`), join(root, `other${index}`));
  await workshop.take();
  expect(roomOf(workshop.layout.folder) - room).toBeLessThan(20_000);
});

test('a page that changes in the middle of a large file costs a block, not the file', async () => {
  const file = join(workshop.root('data'), 'large');
  const content = Buffer.alloc(20 << 20);
  for (let at = 0; at < content.length; at += 4)
    content.writeUInt32LE(Math.imul(at, 2_654_435_761) >>> 0, at);
  fs.writeFileSync(file, content);
  await workshop.take();
  const room = roomOf(workshop.layout.folder);
  const handle = fs.openSync(file, 'r+');
  fs.writeSync(handle, 'a page', 10 << 20);
  fs.closeSync(handle);
  await workshop.take();
  // Where blocks are shared the file system alone knows what it costs.
  if (fs.readdirSync(workshop.layout.clones).length === 0)
    expect(roomOf(workshop.layout.folder) - room).toBeLessThan(600_000);
});

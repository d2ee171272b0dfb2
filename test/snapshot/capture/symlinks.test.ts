/** No symlink is followed out of a component, neither when a snapshot is taken nor when it is restored. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import { join } from 'node:path';
import { carryOut, planRestore, prepare } from '../../../lib/snapshot/index.ts';
import { openWorkshop, picture, type Workshop } from '../workshop.ts';

let workshop: Workshop;
let outside: string;
let root: string;

beforeEach(() => {
  workshop = openWorkshop();
  root = workshop.root('data');
  outside = join(workshop.home, 'outside');
  fs.mkdirSync(join(outside, 'folder'), { recursive: true });
  fs.writeFileSync(join(outside, 'file'), 'outside');
  fs.writeFileSync(join(outside, 'folder/deep'), 'outside');
});

afterEach(() => workshop.remove());

test('a symlink is held as one, wherever it leads', async () => {
  const targets = {
    absolute: outside,
    dangling: 'nowhere',
    up: '../outside/file',
    round: 'round',
    itself: '.',
  };
  for (const [name, target] of Object.entries(targets)) fs.symlinkSync(target, join(root, name));
  const before = picture(root);
  const snapshot = await workshop.take();
  expect(snapshot.components.data.size).toBe(0);
  for (const name of Object.keys(targets)) fs.rmSync(join(root, name));
  fs.mkdirSync(join(root, 'absolute'));
  fs.writeFileSync(join(root, 'up'), 'a file');
  await workshop.restore(snapshot);
  expect(picture(root)).toEqual(before);
});

describe('a folder that gave its place to a symlink that leads out', () => {
  beforeEach(() => {
    fs.mkdirSync(join(root, 'a/folder'), { recursive: true });
    fs.writeFileSync(join(root, 'a/file'), 'inside');
    fs.writeFileSync(join(root, 'a/folder/deep'), 'inside');
    fs.writeFileSync(join(root, 'a/folder/more'), 'inside');
  });

  test('is a folder again, and outside nothing is written or removed', async () => {
    const before = picture(root);
    const snapshot = await workshop.take();
    fs.rmSync(join(root, 'a'), { recursive: true });
    fs.symlinkSync(outside, join(root, 'a'));
    const there = picture(outside);
    await workshop.restore(snapshot);
    expect(picture(root)).toEqual(before);
    expect(picture(outside)).toEqual(there);
  });

  test('the other way round, too', async () => {
    fs.rmSync(join(root, 'a'), { recursive: true });
    fs.symlinkSync(outside, join(root, 'a'));
    const before = picture(root);
    const snapshot = await workshop.take();
    fs.rmSync(join(root, 'a'));
    fs.mkdirSync(join(root, 'a'));
    fs.writeFileSync(join(root, 'a/file'), 'inside');
    const there = picture(outside);
    await workshop.restore(snapshot);
    expect(picture(root)).toEqual(before);
    expect(picture(outside)).toEqual(there);
  });

  test('between the plan and its carrying out: refused, and outside nothing is written or removed', async () => {
    const snapshot = await workshop.take();
    fs.writeFileSync(join(root, 'a/folder/deep'), 'changed');
    fs.writeFileSync(join(root, 'a/folder/new'), 'changed');
    fs.rmSync(join(root, 'a/file'));
    fs.writeFileSync(join(outside, 'folder/new'), 'outside');
    const there = picture(outside);
    const request = workshop.request(snapshot);
    const plan = planRestore(request);
    await prepare(request, plan);
    fs.rmSync(join(root, 'a'), { recursive: true });
    fs.symlinkSync(outside, join(root, 'a'));
    expect(() => carryOut(request, plan)).toThrow(/a is no longer a folder/);
    expect(picture(outside)).toEqual(there);
  });

  test('while the snapshot is taken: what is outside is not taken for what was inside', async () => {
    const secret = 'a secret of somebody else';
    fs.writeFileSync(join(outside, 'file'), secret);
    let swapped = false;
    const racing = openWorkshop({
      home: workshop.home,
      disk: (disk) => ({
        ...disk,
        open(path, how, mode) {
          if (!swapped && path === join(root, 'a/file')) {
            swapped = true;
            fs.renameSync(join(root, 'a'), join(root, 'b'));
            fs.symlinkSync(outside, join(root, 'a'));
          }
          return disk.open(path, how, mode);
        },
      }),
    });
    const snapshot = await racing.take();
    expect(swapped).toBe(true);
    fs.rmSync(root, { recursive: true });
    await workshop.restore(snapshot);
    expect([...picture(root)].join()).not.toContain(Buffer.from(secret).toString('hex'));
    expect(fs.existsSync(join(root, 'a/file'))).toBe(false);
  });

  test('while the folders are looked through: what is outside is not found', async () => {
    let swapped = false;
    const racing = openWorkshop({
      home: workshop.home,
      disk: (disk) => ({
        ...disk,
        list(path) {
          if (!swapped && path === join(root, 'a')) {
            swapped = true;
            fs.renameSync(join(root, 'a'), join(root, 'b'));
            fs.symlinkSync(outside, join(root, 'a'));
          }
          return disk.list(path);
        },
      }),
    });
    const snapshot = await racing.take();
    expect(swapped).toBe(true);
    fs.rmSync(root, { recursive: true });
    await workshop.restore(snapshot);
    expect([...picture(root).keys()].filter((path) => path.startsWith('a/'))).toEqual([]);
  });
});

describe('a component', () => {
  test('may itself be reached by a symlink, and comes back through it', async () => {
    fs.rmSync(root, { recursive: true });
    fs.symlinkSync(outside, root);
    const before = picture(outside);
    const snapshot = await workshop.take();
    fs.rmSync(join(outside, 'folder'), { recursive: true });
    await workshop.restore(snapshot);
    expect(picture(outside)).toEqual(before);
  });

  test('that is reached by another way than then is refused, and nothing is touched', async () => {
    fs.writeFileSync(join(root, 'file'), 'inside');
    const snapshot = await workshop.take();
    fs.rmSync(root, { recursive: true });
    fs.symlinkSync(outside, root);
    const there = picture(outside);
    await expect(workshop.restore(snapshot)).rejects.toThrow(
      /data leads to .*outside; it led to .*data when/,
    );
    expect(picture(outside)).toEqual(there);
  });

  test('that was not there and is a symlink now: what it leads to is not emptied', async () => {
    fs.rmSync(root, { recursive: true });
    const snapshot = await workshop.take();
    fs.symlinkSync(outside, root);
    const there = picture(outside);
    await expect(workshop.restore(snapshot)).rejects.toThrow(/leads to/);
    expect(picture(outside)).toEqual(there);
  });

  test('that is a symlink to nowhere, then and now, is no folder and stays as it is', async () => {
    fs.rmSync(root, { recursive: true });
    fs.symlinkSync('nowhere', root);
    const snapshot = await workshop.take();
    expect(snapshot.warnings.join()).toContain('is a symlink that leads nowhere');
    await workshop.restore(snapshot);
    expect(fs.readlinkSync(root)).toBe('nowhere');
  });

  test('that is a symlink to nowhere stops a change before it begins: there would be no way back', async () => {
    fs.rmSync(root, { recursive: true });
    fs.symlinkSync('nowhere', root);
    await expect(workshop.take({ kind: 'update' })).rejects.toThrow(
      `${root} is a symlink that leads nowhere`,
    );
  });

  test('that is a file is refused by name', async () => {
    fs.rmSync(root, { recursive: true });
    fs.writeFileSync(root, 'a file');
    await expect(workshop.take()).rejects.toThrow(`${root}: wanted a folder, found a file`);
  });

  test('that is a file now, and was a folder then, is refused before anything is touched', async () => {
    const snapshot = await workshop.take();
    fs.rmSync(root, { recursive: true });
    fs.writeFileSync(root, 'a file');
    await expect(workshop.restore(snapshot)).rejects.toThrow(`${root}: wanted a folder`);
    expect(fs.readFileSync(root, 'utf8')).toBe('a file');
  });
});

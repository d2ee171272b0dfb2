/** Whatever a name consists of, and whatever a file is like, comes back as it was. */
import { afterEach, expect, test } from 'bun:test';
import fs from 'node:fs';
import { join } from 'node:path';
import type { Disk } from '../../../lib/platform/disk.ts';
import { openWorkshop, picture, roomOf, type Workshop } from '../workshop.ts';

let workshop: Workshop;

afterEach(() => workshop.remove());

/** Takes a snapshot, empties the folder, restores it, and holds what stands against what stood. */
async function thereAndBack(fill: (root: string) => void): Promise<void> {
  workshop = openWorkshop();
  const root = workshop.root('data');
  fill(root);
  const before = picture(root);
  const snapshot = await workshop.take();
  expect(snapshot.warnings).toEqual([]);
  fs.rmSync(root, { recursive: true });
  await workshop.restore(snapshot);
  expect(picture(root)).toEqual(before);
  // And again, as a change of each.
  await workshop.restore(snapshot);
  expect(picture(root)).toEqual(before);
}

const bytes = (root: string, ...name: number[]) =>
  Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name)]);

test('names that are not ASCII', () =>
  thereAndBack((root) => {
    for (const name of ['ä', '日本', '💀', '🚀 x', 'e\u0301', '\u00e9', '\ufffd', '\u2028']) {
      fs.mkdirSync(join(root, name));
      fs.writeFileSync(join(root, name, name), name);
      fs.symlinkSync(name, join(root, name, 'link'));
    }
  }));

test.skipIf(process.platform !== 'linux')('names and targets of symlinks that are not UTF-8', () =>
  thereAndBack((root) => {
    for (const name of [
      [0xff],
      [0x80, 0x61],
      [0xc3],
      [0xf0, 0x9f, 0x92],
      [0xed, 0xb2, 0x80],
      [0xf0, 0x9f, 0x92, 0x80, 0xfe],
    ]) {
      fs.mkdirSync(bytes(root, ...name));
      fs.writeFileSync(bytes(root, ...name, 0x2f, ...name), 'x');
      fs.symlinkSync(Buffer.from(name), bytes(root, ...name, 0x2f, 0x6c));
    }
  }),
);

test('names with a newline, quotes, spaces, a backslash, and such as belong to us elsewhere', () =>
  thereAndBack((root) => {
    for (const name of ['a\nb', ' ', '"\'', '\\', '-rf', '__proto__', 'x.tmp', 'x.lost', '0', '*', '[a]']) {
      fs.writeFileSync(join(root, name), name);
      fs.mkdirSync(join(root, `${name}.folder`, name), { recursive: true });
    }
  }));

test('names of 255 bytes, and paths as long as the system takes', () =>
  thereAndBack((root) => {
    const long = 'n'.repeat(255);
    fs.writeFileSync(join(root, long), 'x');
    let path = join(root, 'deep');
    while (path.length < 3700) path = join(path, 'd'.repeat(100));
    fs.mkdirSync(path, { recursive: true });
    fs.writeFileSync(join(path, 'file'), 'x');
  }));

test('a path that is longer than the system takes is left out with a word, and left alone', async () => {
  workshop = openWorkshop();
  const root = workshop.root('data');
  const long = (top: string) =>
    join(workshop.home, top, ...Array.from({ length: 14 }, () => 'd'.repeat(200)));
  for (const top of ['data/one', 'two']) fs.mkdirSync(long(top), { recursive: true });
  fs.renameSync(join(workshop.home, 'two'), join(long('data/one'), 'two'));
  fs.writeFileSync(join(root, 'beside'), 'x');
  const snapshot = await workshop.take();
  const [warning = ''] = snapshot.warnings;
  expect(warning).toEndWith(' is left out: its path is longer than the system takes');
  // That very name, not the folder that it is in.
  expect(warning.split(' is left out')[0]?.length).toBeGreaterThanOrEqual(4096);
  fs.rmSync(join(root, 'beside'));
  await workshop.restore(snapshot);
  expect(fs.readFileSync(join(root, 'beside'), 'utf8')).toBe('x');
});

test('empty files and folders, modes, and times down to the microsecond', () =>
  thereAndBack((root) => {
    for (const mode of [0o600, 0o644, 0o755, 0o4755, 0o444, 0o400, 0o777]) {
      fs.writeFileSync(join(root, `f${mode}`), '', { mode });
      fs.chmodSync(join(root, `f${mode}`), mode);
      fs.lutimesSync(join(root, `f${mode}`), 1, 1_234_567_890 + mode + 0.123457);
    }
    fs.mkdirSync(join(root, 'empty/in it'), { recursive: true });
    fs.lutimesSync(join(root, 'empty'), 1, 0.000001);
    fs.writeFileSync(join(root, 'before 1970'), 'x');
    fs.lutimesSync(join(root, 'before 1970'), 1, -1_000_000.25);
    fs.writeFileSync(join(root, 'far'), 'x');
    fs.lutimesSync(join(root, 'far'), 1, 4_000_000_000.5);
  }));

test('a folder that may not be written into', async () => {
  await thereAndBack((root) => {
    fs.mkdirSync(join(root, 'locked/below'), { recursive: true });
    fs.writeFileSync(join(root, 'locked/file'), 'x', { mode: 0o400 });
    fs.writeFileSync(join(root, 'locked/below/file'), 'x', { mode: 0o400 });
    fs.chmodSync(join(root, 'locked/below'), 0o555);
    fs.chmodSync(join(root, 'locked'), 0o555);
  });
  const root = workshop.root('data');
  fs.chmodSync(join(root, 'locked'), 0o755);
  fs.writeFileSync(join(root, 'locked/file'), 'another');
});

test('a file of more than 4 GiB that is nearly all holes: little room in the store, and little where it comes back', async () => {
  let reads = 0;
  const disk = (real: Disk): Disk => ({
    ...real,
    read(handle, into, position) {
      reads++;
      return real.read(handle, into, position);
    },
  });
  workshop = openWorkshop({ ahead: 100_000, disk });
  const root = workshop.root('data');
  const size = 5 * 2 ** 30 + 1;
  const file = join(root, 'sparse');
  const handle = fs.openSync(file, 'w');
  fs.writeSync(handle, 'begin', 0);
  fs.writeSync(handle, 'middle', 2 ** 32 + 5);
  fs.writeSync(handle, 'end', size - 3);
  fs.closeSync(handle);
  fs.writeFileSync(join(root, 'ends in a hole'), 'x');
  fs.truncateSync(join(root, 'ends in a hole'), 3 << 20);
  const snapshot = await workshop.take();
  expect(snapshot.components.data.size).toBe(size + (3 << 20));
  expect(roomOf(workshop.layout.folder)).toBeLessThan(2 << 20);
  fs.rmSync(file);
  fs.rmSync(join(root, 'ends in a hole'));
  await workshop.restore(snapshot);
  // What is a hole is not read.
  if (process.platform === 'linux') expect(reads).toBeLessThan(500);
  expect(fs.statSync(join(root, 'ends in a hole')).size).toBe(3 << 20);
  const status = fs.statSync(file);
  expect(status.size).toBe(size);
  expect(status.blocks * 512).toBeLessThan(4 << 20);
  const part = (at: number, length: number) => {
    const open = fs.openSync(file, 'r');
    const into = Buffer.alloc(length);
    fs.readSync(open, into, 0, length, at);
    fs.closeSync(open);
    return into.toString('latin1');
  };
  expect([part(0, 6), part(2 ** 32 + 4, 8), part(size - 4, 4)]).toEqual(['begin\0', '\0middle\0', '\0end']);
});

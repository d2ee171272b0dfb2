/**
 * Where the filesystem shares blocks: large files are held by sharing, sealed when they are first read, and found damaged
 * from then on. On a btrfs in a file, which needs root, mkfs.btrfs and a loop device; elsewhere these are left out.
 */
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { planRestore, prepare, type Snapshot } from '../../../lib/snapshot/index.ts';
import { openWorkshop, picture, type Workshop } from '../workshop.ts';

const SIZE = 400_000;

const folder = fs.mkdtempSync(join(os.tmpdir(), 'dgmo-btrfs-'));
const mounted = mount();

function mount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || Bun.which('mkfs.btrfs') === null)
    return false;
  const image = `${folder}.img`;
  fs.writeFileSync(image, '');
  fs.truncateSync(image, 256 << 20);
  const run = (...command: string[]) =>
    Bun.spawnSync(command, { stdout: 'ignore', stderr: 'ignore' }).exitCode === 0;
  return run('mkfs.btrfs', '-q', image) && run('mount', '-o', 'loop', image, folder);
}

afterAll(() => {
  if (mounted) Bun.spawnSync(['umount', folder]);
  fs.rmSync(`${folder}.img`, { force: true });
  fs.rmdirSync(folder);
});

describe.skipIf(!mounted)('on a filesystem that shares blocks', () => {
  let workshop: Workshop;
  let file: string;
  let snapshot: Snapshot;

  beforeEach(async () => {
    fs.mkdirSync(join(folder, 'home'));
    workshop = openWorkshop({ home: join(folder, 'home'), ahead: 100_000 });
    file = join(workshop.root('data'), 'large');
    fs.writeFileSync(file, 'then '.repeat(SIZE / 5), { mode: 0o640 });
    fs.writeFileSync(join(workshop.root('data'), 'small'), 'then');
    snapshot = await workshop.take();
  });

  afterEach(() => fs.rmSync(join(folder, 'home'), { recursive: true }));

  const clones = () => fs.readdirSync(workshop.layout.clones).sort();
  const clone = () => join(workshop.layout.clones, clones()[0] ?? '');

  test('a large file is shared and a small one is not; both come back', async () => {
    expect(clones()).toHaveLength(1);
    const before = picture(workshop.root('data'));
    fs.writeFileSync(file, 'now');
    fs.rmSync(join(workshop.root('data'), 'small'));
    await workshop.restore(snapshot);
    expect(picture(workshop.root('data'))).toEqual(before);
    // It was not read yet: nothing but its size is known.
    expect(clones()).toHaveLength(1);
  });

  test('one that has not changed is not taken again, one that was written is, and pruning gives the old one back', async () => {
    await workshop.take();
    expect(clones()).toHaveLength(1);
    fs.writeFileSync(file, 'now '.repeat(SIZE / 4));
    await workshop.take();
    expect(clones()).toHaveLength(2);
    await workshop.prune(1);
    expect(clones()).toHaveLength(1);
    expect(await workshop.problems()).toEqual([]);
  });

  test('the first look at all of it seals it, and from then on a flipped bit is found', async () => {
    expect(await workshop.problems()).toEqual([]);
    expect(clones()).toHaveLength(2);
    flip(clone());
    expect((await workshop.problems()).join()).toContain(`${clone()} of a snapshot is damaged`);
  });

  for (const [what, damage] of Object.entries({
    'a clone that is flipped': () => flip(clone()),
    'a clone that is cut off': () => fs.truncateSync(clone(), 100),
    'a clone that is missing': () => fs.rmSync(clone()),
    'a seal that is flipped': () => flip(`${clone()}.seal`),
    'a seal that is empty': () => fs.truncateSync(`${clone()}.seal`, 0),
  })) {
    test(`${what} is named, refused before anything is touched, and the next snapshot takes the file again`, async () => {
      const before = picture(workshop.root('data'));
      await workshop.problems();
      const path = clone();
      damage();
      expect((await workshop.problems()).join()).toContain(path);
      const next = await workshop.take();
      fs.writeFileSync(file, 'now');
      const request = workshop.request(snapshot);
      await expect(prepare(request, planRestore(request))).rejects.toThrow(path);
      expect(fs.readFileSync(file, 'utf8')).toBe('now');
      await workshop.restore(next);
      expect(picture(workshop.root('data'))).toEqual(before);
    });
  }

  test('a seal that is missing is made again', async () => {
    await workshop.problems();
    fs.rmSync(`${clone()}.seal`);
    expect(await workshop.problems()).toEqual([]);
    expect(clones()).toHaveLength(2);
  });

  test('the executable is shared, too', async () => {
    fs.writeFileSync(workshop.binary, 'x'.repeat(SIZE));
    const { components } = await workshop.take();
    const kept = join(workshop.layout.binaries, components.binary?.checksum ?? '');
    expect(fs.statSync(kept).nlink).toBe(1);
    fs.writeFileSync(workshop.binary, 'y'.repeat(SIZE));
    expect(fs.readFileSync(kept, 'utf8')).toBe('x'.repeat(SIZE));
    expect(await workshop.problems()).toEqual([]);
  });
});

if (!mounted)
  test.skip('sharing blocks is not tried here: that needs root, mkfs.btrfs and a loop device', () =>
    undefined);

function flip(path: string): void {
  const handle = fs.openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  fs.readSync(handle, byte, 0, 1, 20);
  fs.writeSync(handle, Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, 20);
  fs.closeSync(handle);
}

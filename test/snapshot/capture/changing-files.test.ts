/** Files that change, vanish or become something else while they are read, at the very call at which it hurts. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import { join } from 'node:path';
import type { Disk } from '../../../lib/platform/disk.ts';
import { openWorkshop, picture, type Workshop } from '../workshop.ts';

let workshop: Workshop;
let file: string;

beforeEach(() => {
  workshop = openWorkshop();
  file = join(workshop.root('data'), 'file');
  fs.writeFileSync(file, 'a'.repeat(1_500_000));
  fs.writeFileSync(join(workshop.root('data'), 'other'), 'other');
});

afterEach(() => workshop.remove());

type When = 'before it is opened' | 'when it is open' | 'when half of it is read';

/** Does something to the file when it comes to that, the first `times` times. */
function meddling(when: When, meddle: (time: number) => void, times = 1): Workshop {
  let done = 0;
  let handle = -1;
  const at = (now: When) => {
    if (now === when && done < times) meddle(++done);
  };
  const disk = (real: Disk): Disk => ({
    ...real,
    open(path, how, mode) {
      if (path !== file) return real.open(path, how, mode);
      at('before it is opened');
      handle = real.open(path, how, mode);
      at('when it is open');
      return handle;
    },
    read(from, into, position) {
      const count = real.read(from, into, position);
      if (from === handle && position > 0) at('when half of it is read');
      return count;
    },
    // As on a filesystem that shares no blocks, wherever the tests run.
    reflink(from, to) {
      throw Object.assign(new Error(`ENOTSUP: reflink ${from} ${to}`), { code: 'ENOTSUP' });
    },
  });
  // The file is of some age: nothing suggests that it may change.
  return openWorkshop({ home: workshop.home, disk, ahead: 100_000 });
}

async function heldOf(meddled: Workshop): Promise<{ held: Map<string, string>; warnings: string[] }> {
  const { warnings, ...snapshot } = await meddled.take();
  const root = workshop.root('data');
  fs.rmSync(root, { recursive: true });
  await workshop.restore({ ...snapshot, warnings });
  expect(await workshop.problems()).toEqual([]);
  const held = picture(root);
  expect(held.has('other')).toBe(true);
  return { held, warnings };
}

const TIMES: When[] = ['before it is opened', 'when it is open', 'when half of it is read'];

for (const when of TIMES) {
  describe(when, () => {
    test('it grows: it is read again, whole', async () => {
      const { warnings } = await heldOf(meddling(when, () => fs.appendFileSync(file, 'b'.repeat(700_000))));
      expect(fs.readFileSync(file, 'utf8')).toBe('a'.repeat(1_500_000) + 'b'.repeat(700_000));
      expect(warnings).toEqual([]);
    });

    test('it is cut off', async () => {
      const { warnings } = await heldOf(meddling(when, () => fs.truncateSync(file, 10)));
      expect(fs.readFileSync(file, 'utf8')).toBe('a'.repeat(10));
      expect(warnings).toEqual([]);
    });

    test('it is rewritten with its old size and time', async () => {
      const { atimeMs, mtimeMs } = fs.statSync(file);
      const meddled = meddling(when, () => {
        fs.writeFileSync(file, 'c'.repeat(1_500_000));
        fs.utimesSync(file, atimeMs / 1000, mtimeMs / 1000);
      });
      const { warnings } = await heldOf(meddled);
      expect(fs.readFileSync(file, 'utf8')).toBe('c'.repeat(1_500_000));
      expect(warnings).toEqual([]);
    });

    test('another file takes its name, as editors do', async () => {
      fs.writeFileSync(join(workshop.home, 'new'), 'd'.repeat(2_000_000));
      await heldOf(meddling(when, () => fs.renameSync(join(workshop.home, 'new'), file)));
      expect(fs.readFileSync(file, 'utf8')).toBe('d'.repeat(2_000_000));
    });

    test('it vanishes: it is as if it had not been there', async () => {
      const { held, warnings } = await heldOf(meddling(when, () => fs.rmSync(file)));
      expect([...held.keys()]).toEqual(['other']);
      expect(warnings).toEqual([]);
    });

    test('its folder vanishes', async () => {
      const root = workshop.root('data');
      fs.mkdirSync(join(root, 'folder'));
      fs.renameSync(file, join(root, 'folder/file'));
      file = join(root, 'folder/file');
      const { held } = await heldOf(
        meddling(when, () => fs.rmSync(join(root, 'folder'), { recursive: true })),
      );
      expect([...held.keys()].sort()).toEqual(['folder', 'other']);
    });

    for (const [what, put] of Object.entries({
      'a symlink': () => fs.symlinkSync('other', file),
      'a folder': () => fs.mkdirSync(file),
      'a pipe': () => Bun.spawnSync(['mkfifo', file]),
    })) {
      test(`${what} takes its name: left out with a word`, async () => {
        const meddled = meddling(when, () => {
          fs.rmSync(file);
          put();
        });
        const { warnings, ...rest } = await meddled.take();
        expect(warnings.join()).toContain(
          `${file} is left out: it was replaced by something that is not a file`,
        );
        expect(await workshop.problems()).toEqual([]);
        await workshop.restore({ ...rest, warnings });
        expect(fs.lstatSync(file).isFile()).toBe(false);
      });
    }
  });
}

test('one that never keeps still is held as it was read, with a word', async () => {
  const { warnings } = await heldOf(
    meddling('when it is open', (time) => fs.appendFileSync(file, `${time}`), 1000),
  );
  expect(warnings).toEqual([`${file} kept changing while it was read: it is stored as it was read`]);
  expect(fs.readFileSync(file, 'utf8')).toMatch(/^a{1500000}\d*$/);
});

test('a folder that vanishes while it is looked through is as if it had not been there', async () => {
  const root = workshop.root('data');
  for (const path of ['folder/in/it', 'folder2']) fs.mkdirSync(join(root, path), { recursive: true });
  fs.writeFileSync(join(root, 'folder/file'), 'x');
  const meddled = openWorkshop({
    home: workshop.home,
    disk: (disk) => ({
      ...disk,
      list(path) {
        if (path === join(root, 'folder/in')) fs.rmSync(join(root, 'folder'), { recursive: true });
        return disk.list(path);
      },
    }),
  });
  const { held } = await heldOf(meddled);
  expect([...held.keys()].sort()).toEqual(['file', 'folder2', 'other']);
});

test('two files that are one database, and can not be kept still, are held as they were at one moment', async () => {
  const root = workshop.root('data');
  const paths = ['d', 'd-wal'].map((name) => join(root, name));
  for (const path of paths) fs.writeFileSync(path, 'old');
  let opened = 0;
  const meddled = openWorkshop({
    home: workshop.home,
    databases: { hold: () => null },
    disk: (disk) => ({
      ...disk,
      open(path, how, mode) {
        // The first time to see what it is, the second time to take it.
        if (path === paths[0] && ++opened === 2) for (const one of paths) fs.writeFileSync(one, 'new!');
        return disk.open(path, how, mode);
      },
    }),
  });
  await heldOf(meddled);
  expect(paths.map((path) => fs.readFileSync(path, 'utf8'))).toEqual(['new!', 'new!']);
});

describe('a file that has not changed', () => {
  function counting(): { workshop: Workshop; reads: () => number } {
    let reads = 0;
    const counted = openWorkshop({
      home: workshop.home,
      ahead: 100_000,
      disk: (disk) => ({
        ...disk,
        open(path, how, mode) {
          if (path.startsWith(workshop.root('data'))) reads++;
          return disk.open(path, how, mode);
        },
      }),
    });
    return { workshop: counted, reads: () => reads };
  }

  test('is not read again, and one that was touched in any way is', async () => {
    const { workshop: counted, reads } = counting();
    await counted.take();
    expect(reads()).toBe(2);
    await counted.take();
    expect(reads()).toBe(2);
    const { atimeMs, mtimeMs } = fs.statSync(file);
    fs.writeFileSync(file, 'z'.repeat(1_500_000));
    fs.utimesSync(file, atimeMs / 1000, mtimeMs / 1000);
    await counted.take();
    expect(reads()).toBe(3);
    fs.chmodSync(file, 0o600);
    await counted.take();
    expect(reads()).toBe(4);
  });

  test('is read again where it may have changed in the same tick of the clock', async () => {
    await workshop.take();
    await workshop.take();
    const { workshop: counted, reads } = counting();
    await counted.take();
    expect(reads()).toBe(2);
  });

  test.skipIf(process.platform !== 'linux')(
    'is read again if it was written through a mapping since',
    async () => {
      const seen = openWorkshop({ home: workshop.home, ahead: 10_000 });
      const mapped = Bun.mmap(file);
      mapped[0] = 65;
      await seen.take();
      // Unless the system has written the page out in between, the times stay as they are.
      mapped[0] = 66;
      const snapshot = await seen.take();
      fs.writeFileSync(file, 'something else');
      await seen.restore(snapshot);
      expect(fs.readFileSync(file)[0]).toBe(66);
    },
  );

  test('is read again where what was known of it is damaged, or gone', async () => {
    const { workshop: counted, reads } = counting();
    await counted.take();
    const cache = counted.layout.cache;
    for (const name of fs.readdirSync(cache)) fs.writeFileSync(join(cache, name), 'damaged');
    await counted.take();
    expect(reads()).toBe(4);
    fs.rmSync(cache, { recursive: true });
    await counted.take();
    expect(reads()).toBe(6);
  });
});

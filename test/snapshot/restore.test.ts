/** A restore writes what differs and nothing else, and what it came to is looked at. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import { join } from 'node:path';
import { DamagedError } from '../../lib/errors.ts';
import {
  carryOut,
  clear,
  clearLeftovers,
  planRestore,
  prepare,
  type Snapshot,
  verifyRestored,
} from '../../lib/snapshot/index.ts';
import { openWorkshop, picture, type Workshop } from './workshop.ts';

let workshop: Workshop;
let root: string;
let snapshot: Snapshot;
let before: Map<string, string>;

beforeEach(async () => {
  workshop = openWorkshop();
  root = workshop.root('data');
  fs.mkdirSync(join(root, 'folder/deep'), { recursive: true });
  for (const path of ['a', 'b', 'folder/c', 'folder/deep/d'])
    fs.writeFileSync(join(root, path), `then ${path}`);
  fs.symlinkSync('a', join(root, 'link'));
  fs.chmodSync(root, 0o750);
  before = picture(root);
  snapshot = await workshop.take();
});

afterEach(() => workshop.remove());

const inode = (path: string) => fs.lstatSync(join(root, path)).ino;

test('nothing differs: nothing is done', async () => {
  const plan = planRestore(workshop.request(snapshot));
  expect(plan).toMatchObject({ files: 0, bytes: 0, removed: 0, leftAlone: [], empty: true });
});

test('a file with other content and the same size is written, and no other one', async () => {
  const inodes = ['a', 'b', 'folder/c', 'folder/deep/d'].map(inode);
  fs.writeFileSync(join(root, 'b'), 'now! b');
  const plan = await workshop.restore(snapshot);
  expect(plan).toMatchObject({ files: 1, bytes: 6, removed: 0 });
  expect(picture(root)).toEqual(before);
  expect(['a', 'b', 'folder/c', 'folder/deep/d'].map((path, index) => inode(path) === inodes[index])).toEqual(
    [true, false, true, true],
  );
});

test('what was touched and not changed gets its time and mode again, and is not written', async () => {
  const inodes = ['a', 'folder/c'].map(inode);
  fs.utimesSync(join(root, 'a'), 1, 1);
  fs.chmodSync(join(root, 'folder/c'), 0o777);
  fs.chmodSync(join(root, 'folder'), 0o700);
  const plan = await workshop.restore(snapshot);
  expect(plan).toMatchObject({ files: 0, removed: 0, empty: false });
  expect(picture(root)).toEqual(before);
  expect(['a', 'folder/c'].map(inode)).toEqual(inodes);
});

test('the folder of the component gets its mode again, and nothing but that is a difference, too', async () => {
  fs.chmodSync(root, 0o711);
  const request = workshop.request(snapshot);
  expect(planRestore(request).empty).toBe(false);
  expect(() => verifyRestored(request)).toThrow(DamagedError);
  await workshop.restore(snapshot);
  expect(fs.statSync(root).mode & 0o777).toBe(0o750);
});

test('a component that was not there goes, one that is gone comes back', async () => {
  fs.rmSync(workshop.root('plugins'), { recursive: true });
  const without = await workshop.take();
  fs.mkdirSync(join(workshop.root('plugins'), 'new/folder'), { recursive: true });
  await workshop.restore(without);
  expect(fs.existsSync(workshop.root('plugins'))).toBe(false);
  fs.rmSync(root, { recursive: true });
  await workshop.restore(snapshot);
  expect(picture(root)).toEqual(before);
  expect(fs.existsSync(workshop.root('plugins'))).toBe(true);
});

test('only the components that are asked for are touched', async () => {
  for (const component of ['data', 'config'] as const)
    fs.writeFileSync(join(workshop.root(component), 'new'), 'x');
  await workshop.restore(snapshot, ['config']);
  expect(fs.existsSync(join(workshop.root('config'), 'new'))).toBe(false);
  expect(fs.existsSync(join(root, 'new'))).toBe(true);
});

describe('what was prepared and not carried out', () => {
  test('is cleared away: all is as it was', async () => {
    fs.writeFileSync(join(root, 'a'), 'now');
    fs.rmSync(join(root, 'folder'), { recursive: true });
    const standing = [...picture(root)].filter(([path]) => path !== '');
    const request = workshop.request(snapshot);
    const plan = planRestore(request);
    await prepare(request, plan);
    expect([...picture(root)]).not.toEqual(standing);
    clear(request, plan);
    expect([...picture(root)].sort()).toEqual(standing.sort());
  });

  test('by a run that knows no plan as well, and a folder that was made for it goes', async () => {
    fs.rmSync(root, { recursive: true });
    const without = await workshop.take();
    const request = workshop.request(snapshot);
    await prepare(request, planRestore(request));
    expect(fs.existsSync(root)).toBe(true);
    clearLeftovers(workshop.request(without));
    expect(fs.existsSync(root)).toBe(false);
  });

  test('is in no snapshot, and in nobody’s way', async () => {
    fs.writeFileSync(join(root, 'a'), 'now');
    const request = { ...workshop.request(snapshot), id: 'interrupted' };
    await prepare(request, planRestore(request));
    const meanwhile = await workshop.take();
    expect(meanwhile.components.data.roots[0]?.files).toBe(4);
    await workshop.restore(snapshot);
    expect(picture(root)).toEqual(before);
  });
});

describe('what it came to is looked at', () => {
  for (const [what, spoil] of Object.entries({
    'other content, with the old size and time': () => {
      const { mtimeNs } = fs.statSync(join(root, 'b'), { bigint: true });
      fs.writeFileSync(join(root, 'b'), 'NOW! b');
      fs.utimesSync(join(root, 'b'), 1, Number((mtimeNs + 500n) / 1000n) / 1e6);
    },
    'another mode': () => fs.chmodSync(join(root, 'b'), 0o600),
    'another time': () => fs.utimesSync(join(root, 'b'), 5, 5),
    'a file that is missing': () => fs.rmSync(join(root, 'b')),
    'a folder that is missing': () => fs.rmSync(join(root, 'folder'), { recursive: true }),
    'a file in the place of a folder': () => {
      fs.rmSync(join(root, 'folder/deep'), { recursive: true });
      fs.writeFileSync(join(root, 'folder/deep'), 'x');
    },
    'a symlink that leads elsewhere': () => {
      fs.rmSync(join(root, 'link'));
      fs.symlinkSync('b', join(root, 'link'));
    },
    'something that should be gone': () => fs.writeFileSync(join(root, 'new'), 'x'),
  })) {
    test(what, async () => {
      fs.rmSync(root, { recursive: true });
      fs.mkdirSync(root);
      fs.writeFileSync(join(root, 'new'), 'x');
      const request = workshop.request(snapshot);
      const plan = planRestore(request);
      await prepare(request, plan);
      carryOut(request, plan);
      verifyRestored(request, plan);
      verifyRestored(request);
      spoil();
      expect(() => verifyRestored(request, plan)).toThrow(
        /differs from the snapshot .* after it was restored/,
      );
      expect(() => verifyRestored(request)).toThrow(/differs from the snapshot .* after it was restored/);
    });
  }

  test('a file that was written, in a folder that is no longer one', async () => {
    fs.writeFileSync(join(root, 'folder/deep/d'), 'now');
    const request = workshop.request(snapshot);
    const plan = planRestore(request);
    await prepare(request, plan);
    carryOut(request, plan);
    fs.rmSync(join(root, 'folder/deep'), { recursive: true });
    fs.writeFileSync(join(root, 'folder/deep'), 'x');
    expect(() => verifyRestored(request, plan)).toThrow(DamagedError);
  });
});

describe.skipIf(process.geteuid?.() !== 0)('a folder that one may write and does not own', () => {
  const SOMEBODY = 65_534;
  let theirs: Workshop;

  beforeEach(() => {
    process.seteuid?.(SOMEBODY);
    theirs = openWorkshop();
    process.seteuid?.(0);
    const folder = join(theirs.root('data'), 'of-root');
    fs.mkdirSync(folder);
    fs.writeFileSync(join(folder, 'file of root'), 'theirs');
    fs.chmodSync(folder, 0o777);
    process.seteuid?.(SOMEBODY);
  });

  afterEach(() => {
    process.seteuid?.(0);
    theirs.remove();
  });

  test('gets its files again, and keeps the time and the mode that only its owner may set', async () => {
    const folder = join(theirs.root('data'), 'of-root');
    fs.writeFileSync(join(folder, 'mine'), 'then');
    const taken = await theirs.take();
    fs.writeFileSync(join(folder, 'mine'), 'now!');
    fs.writeFileSync(join(folder, 'new'), 'x');
    process.seteuid?.(0);
    fs.utimesSync(join(folder, 'file of root'), 1, 1);
    fs.chmodSync(folder, 0o733 | 0o044);
    process.seteuid?.(SOMEBODY);
    // Twice: an interrupted restore is done again from its beginning.
    for (let times = 0; times < 2; times++) {
      const request = theirs.request(taken);
      const plan = planRestore(request);
      await prepare(request, plan);
      const kept = carryOut(request, plan);
      expect([...kept].sort()).toEqual([folder, join(folder, 'file of root')]);
      verifyRestored(request, plan, kept);
      expect(fs.readFileSync(join(folder, 'mine'), 'utf8')).toBe('then');
      expect(fs.existsSync(join(folder, 'new'))).toBe(false);
    }
  });

  test('and one of ours, with a group that is not, keeps its setgid', async () => {
    const shared = join(theirs.root('data'), 'shared');
    fs.mkdirSync(shared);
    process.seteuid?.(0);
    fs.chownSync(shared, SOMEBODY, 54_321);
    fs.chmodSync(shared, 0o2775);
    process.seteuid?.(SOMEBODY);
    fs.writeFileSync(join(shared, 'mine'), 'then');
    const taken = await theirs.take();
    fs.writeFileSync(join(shared, 'mine'), 'now!');
    await theirs.restore(taken);
    expect(fs.statSync(shared).mode & 0o7777).toBe(0o2775);
  });

  test('a file in it that was changed after the restore is still found', async () => {
    const folder = join(theirs.root('data'), 'of-root');
    fs.writeFileSync(join(folder, 'mine'), 'then');
    const taken = await theirs.take();
    fs.writeFileSync(join(folder, 'mine'), 'now!');
    const request = theirs.request(taken);
    const plan = planRestore(request);
    await prepare(request, plan);
    const kept = carryOut(request, plan);
    fs.writeFileSync(join(folder, 'mine'), 'then.');
    expect(() => verifyRestored(request, plan, kept)).toThrow(DamagedError);
  });
});

test('a failure in the middle names the file that was to be restored, and no temporary one', async () => {
  type Call = 'open' | 'write' | 'flushMeanwhile' | 'setModified' | 'setMode' | 'symlink' | 'replace';
  const paths: Record<Call, string> = {
    ...{ open: 'a', write: 'a', flushMeanwhile: 'a', setModified: 'a', setMode: 'a', replace: 'a' },
    symlink: 'link',
  };
  for (const call of Object.keys(paths) as Call[]) {
    for (const path of ['a', 'link']) fs.rmSync(join(root, path), { force: true });
    const request = workshop.request(snapshot);
    const { disk } = request.host;
    let armed = false;
    const broken = {
      ...disk,
      [call]: (...args: (string | number)[]) => {
        const about = call === 'symlink' ? args[1] : args[0];
        const isTemporary = typeof about !== 'string' || /\/\d$/.test(about);
        if (!armed || !isTemporary) return Reflect.apply(disk[call], disk, args);
        const named = typeof about === 'string' && { path: about };
        throw Object.assign(new Error(`EUCLEAN: ${call} '${about}'`), { code: 'EUCLEAN', ...named });
      },
    };
    const plan = planRestore(request);
    armed = true;
    const host = { ...request.host, disk: broken };
    const failed = await (async () => {
      await prepare({ ...request, host }, plan);
      carryOut({ ...request, host }, plan);
    })().catch((error: unknown) => error);
    expect([call, failed]).toMatchObject([call, { code: 'EUCLEAN', path: join(root, paths[call]) }]);
    expect(failed instanceof Error && failed.message).not.toMatch(/\/proc\/self|\.dgmo-restore/);
    clear(request, plan);
  }
  await workshop.restore(snapshot);
  expect(picture(root)).toEqual(before);
});

test('into a folder on which another filesystem is mounted: each file is copied there, and renamed from beside', async () => {
  const mounted = join(root, 'mounted');
  fs.mkdirSync(mounted);
  for (const name of ['one', 'two']) fs.writeFileSync(join(mounted, name), name, { mode: 0o440 });
  fs.symlinkSync('one', join(mounted, 'link'));
  for (const name of ['one', 'two']) fs.utimesSync(join(mounted, name), 1e9, 1e9);
  const taken = await workshop.take();
  const there = picture(root);
  fs.rmSync(join(mounted, 'one'));
  fs.rmSync(join(mounted, 'link'));
  fs.writeFileSync(join(mounted, '.dgmo-across-0'), 'left by a restore that was killed');
  const request = workshop.request(taken);
  const { disk } = request.host;
  let refused = 0;
  const replace = (from: string, to: string) => {
    if (/\/\d+$/.test(from)) {
      refused++;
      throw Object.assign(new Error('EXDEV'), { code: 'EXDEV', path: from });
    }
    disk.replace(from, to);
  };
  const across = { ...request, host: { ...request.host, disk: { ...disk, replace } } };
  const plan = planRestore(across);
  await prepare(across, plan);
  carryOut(across, plan);
  verifyRestored(across, plan);
  expect(refused).toBe(2);
  expect(picture(root)).toEqual(there);
});

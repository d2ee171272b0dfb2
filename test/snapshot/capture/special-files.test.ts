/** What is neither file, folder nor symlink, and what may not be read: left out with a word, and left alone. */
import { afterEach, expect, test } from 'bun:test';
import fs from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import type { Disk } from '../../../lib/platform/disk.ts';
import { systemError } from '../../host/disk.ts';
import { openWorkshop, picture, type Workshop } from '../workshop.ts';

let workshop: Workshop;

afterEach(() => workshop.remove());

const posix = process.platform !== 'win32';

test.skipIf(!posix)(
  'pipes and sockets stay where they are, and so does the folder that they are in',
  async () => {
    workshop = openWorkshop();
    const root = workshop.root('data');
    fs.mkdirSync(join(root, 'folder'));
    fs.writeFileSync(join(root, 'folder/file'), 'then');
    expect(Bun.spawnSync(['mkfifo', join(root, 'pipe'), join(root, 'folder/pipe')]).exitCode).toBe(0);
    const server = net.createServer();
    await new Promise<void>((done) => server.listen(join(root, 'socket'), done));
    try {
      const snapshot = await workshop.take();
      expect(snapshot.warnings).toHaveLength(3);
      expect(snapshot.warnings.join()).toContain('it is neither a file, a folder nor a symlink');
      fs.writeFileSync(join(root, 'folder/file'), 'now');
      fs.mkdirSync(join(root, 'new'));
      expect(Bun.spawnSync(['mkfifo', join(root, 'new/pipe')]).exitCode).toBe(0);
      fs.writeFileSync(join(root, 'new/file'), 'now');
      await workshop.restore(snapshot);
      expect([...picture(root).keys()].sort()).toEqual([
        'folder',
        'folder/file',
        'folder/pipe',
        'new',
        'new/pipe',
        'pipe',
        'socket',
      ]);
      expect(fs.readFileSync(join(root, 'folder/file'), 'utf8')).toBe('then');
    } finally {
      server.close();
    }
  },
);

test.skipIf(!posix)('where a pipe took the place of a file it stays, and is named', async () => {
  workshop = openWorkshop();
  const file = join(workshop.root('data'), 'file');
  fs.writeFileSync(file, 'x');
  const snapshot = await workshop.take();
  fs.rmSync(file);
  Bun.spawnSync(['mkfifo', file]);
  const { leftAlone } = await workshop.restore(snapshot);
  expect(leftAlone).toEqual([file]);
  expect(fs.statSync(file).isFIFO()).toBe(true);
});

test.skipIf(process.platform !== 'linux' || process.getuid?.() !== 0)('a device', async () => {
  workshop = openWorkshop();
  const device = join(workshop.root('data'), 'null');
  if (Bun.spawnSync(['mknod', device, 'c', '1', '3']).exitCode !== 0) return;
  const snapshot = await workshop.take();
  expect(snapshot.warnings).toHaveLength(1);
  await workshop.restore(snapshot);
  expect(fs.statSync(device).isCharacterDevice()).toBe(true);
});

/** Also where the tests run as root, who may read everything. */
function unreadable(path: string): (disk: Disk) => Disk {
  const unless = <Result>(asked: string, call: () => Result): Result => {
    if (asked === path) throw systemError('EACCES', 'open', path);
    return call();
  };
  return (disk) => ({
    ...disk,
    open: (asked, how, mode) => unless(asked, () => disk.open(asked, how, mode)),
    list: (asked) => unless(asked, () => disk.list(asked)),
    reflink: (from, to) => unless(from, () => disk.reflink(from, to)),
  });
}

test('a file that may not be read is left out with a word, and left alone', async () => {
  const plain = openWorkshop();
  const secret = join(plain.root('data'), 'secret');
  workshop = openWorkshop({ home: plain.home, disk: unreadable(secret) });
  fs.writeFileSync(secret, 'then');
  fs.writeFileSync(join(plain.root('data'), 'beside'), 'then');
  const snapshot = await workshop.take();
  expect(snapshot.warnings).toEqual([`${secret} is left out: it may not be read`]);
  fs.writeFileSync(secret, 'now');
  fs.writeFileSync(join(plain.root('data'), 'beside'), 'now');
  await workshop.restore(snapshot);
  expect(fs.readFileSync(secret, 'utf8')).toBe('now');
  expect(fs.readFileSync(join(plain.root('data'), 'beside'), 'utf8')).toBe('then');
  workshop = plain;
});

test.each(['EACCES', 'EPERM', 'ENOENT'])(
  'a store that nothing can be added to (%s) is no file that may not be read: there is no snapshot',
  async (code) => {
    const plain = openWorkshop();
    const inPacks = (path: string) => path.includes('/packs/');
    const disk = (whole: Disk): Disk => ({
      ...whole,
      open(path, how, mode) {
        if (how === 'create' && inPacks(path)) throw systemError(code, 'open', path);
        return whole.open(path, how, mode);
      },
    });
    workshop = openWorkshop({ home: plain.home, disk });
    fs.writeFileSync(join(plain.root('data'), 'file'), 'then');
    const failure = await workshop.take().then(
      () => null,
      (error: unknown) => error,
    );
    expect(String(failure)).toContain(code);
    workshop = plain;
  },
);

test('a folder that may not be read, likewise; where it could be then, what was in it is named', async () => {
  const plain = openWorkshop();
  const folder = join(plain.root('data'), 'folder');
  workshop = openWorkshop({ home: plain.home, disk: unreadable(folder) });
  fs.mkdirSync(folder);
  fs.writeFileSync(join(folder, 'file'), 'then');
  const readable = await plain.take();
  const snapshot = await workshop.take();
  expect(snapshot.warnings).toEqual([`${folder} is left out: it may not be read`]);
  fs.writeFileSync(join(folder, 'file'), 'now');
  await workshop.restore(snapshot);
  expect((await workshop.restore(readable)).leftAlone).toEqual([folder, join(folder, 'file')]);
  expect(fs.readFileSync(join(folder, 'file'), 'utf8')).toBe('now');
  await plain.restore(readable);
  expect(fs.readFileSync(join(folder, 'file'), 'utf8')).toBe('then');
  workshop = plain;
});

test.skipIf(process.getuid?.() !== 0 || Bun.which('setpriv') === null)(
  'as a person who is not root',
  async () => {
    workshop = openWorkshop();
    fs.chownSync(workshop.home, 12_345, 12_345);
    fs.chmodSync(workshop.home, 0o755);
    for (const name of ['config', 'plugins', 'data', 'evolutions'])
      fs.chownSync(join(workshop.home, name), 12_345, 12_345);
    const child = Bun.spawnSync(
      [
        'setpriv',
        '--reuid=12345',
        '--regid=12345',
        '--clear-groups',
        process.execPath,
        join(import.meta.dir, 'not-root.ts'),
        workshop.home,
      ],
      { env: { ...process.env, HOME: '/nonexistent', BUN_RUNTIME_TRANSPILER_CACHE_PATH: '0' } },
    );
    expect(child.stderr.toString()).toBe('');
    expect(child.stdout.toString()).toBe('the same, 2 left out\n');
  },
);

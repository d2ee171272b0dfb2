/** Files in the user's own folders that they may not read: what an earlier `sudo` has left, or another mode. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { closedIn, type OwnFile } from '../../lib/health/check/own-files.ts';
import { repairPermissions } from '../../lib/health/repair/permissions.ts';
import { openRecords } from '../../lib/health/repair/records.ts';
import { openSession } from '../../lib/install/index.ts';
import { readCacheFile } from '../../lib/platform/files.ts';
import { nativeHost } from '../../lib/platform/native.ts';

const SOMEBODY = 65534;
const asRoot = process.geteuid?.() === 0 ? test : test.skip;
let folder: string;
const session = () => {
  const host = { ...nativeHost(), user: SOMEBODY };
  return openSession(host, { installDir: path.join(folder, 'bin'), app: 'dgmo' });
};
const place = (name: string, owner: number, mode: number): OwnFile => {
  const file = path.join(folder, name);
  fs.writeFileSync(file, 'x');
  fs.chownSync(file, owner, owner);
  fs.chmodSync(file, mode);
  return { path: file, kind: 'file', links: 'refused', type: 'snapshot_damaged', aside: folder };
};
/** As somebody who is not root, for whom the messages are. */
function asSomebody<Result>(work: () => Result): Result {
  process.seteuid?.(SOMEBODY);
  try {
    return work();
  } finally {
    process.seteuid?.(0);
  }
}

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-closed-'));
  fs.mkdirSync(path.join(folder, 'bin'));
  if (process.geteuid?.() === 0) fs.chownSync(folder, SOMEBODY, SOMEBODY);
});
afterAll(() => fs.rmSync(folder, { recursive: true }));

asRoot('are named, each with the command that opens it; those that may be read are not', () => {
  const here = session();
  const theirs = place('pack', 0, 0o600);
  const closed = place('mine', SOMEBODY, 0);
  const lock = place('lock', 0, 0o644);
  const own = [theirs, closed, lock, place('read', 0, 0o644), place('good.lock', SOMEBODY, 0o600)];
  const found = asSomebody(() => closedIn(here, own));
  const wanted = { type: 'permission_error', severity: 'damage', exitCode: 12 };
  expect(found).toMatchObject([
    {
      ...wanted,
      where: theirs.path,
      what: expect.stringContaining('it belongs to root'),
      advice: expect.stringContaining(`sudo chown -R ${SOMEBODY} ${theirs.path}`),
    },
    {
      ...wanted,
      where: closed.path,
      what: expect.stringContaining('it has mode 0'),
      advice: `Run \`chmod u+rw ${closed.path}\`, or \`chmod 755 ${closed.path}\` if it is a program.`,
    },
    { ...wanted, where: lock.path },
  ]);
});

asRoot('are opened again by repair, if they are the user’s own, and no program is made of them', () => {
  const here = session();
  const theirs = place('pack', 0, 0o600);
  const mine = [place('mine', SOMEBODY, 0), place('a.lock', SOMEBODY, 0o400)];
  const own = [theirs, ...mine];
  const repaired = asSomebody(() => {
    const found = closedIn(here, own).filter(({ repair }) => repair !== null);
    for (const { where } of found) repairPermissions(here, where);
    return found.map(({ where }) => where);
  });
  expect(repaired).toEqual(mine.map(({ path: file }) => file));
  expect(own.map(({ path: file }) => fs.statSync(file).mode & 0o777)).toEqual([0o600, 0o600, 0o600]);
  expect(asSomebody(() => closedIn(here, own)).map(({ where }) => where)).toEqual([theirs.path]);
});

asRoot('are opened before the lock is taken, which may be one of them', () => {
  const workDir = path.join(folder, 'bin', '.dgmo-updater');
  fs.mkdirSync(workDir);
  const lock = path.join(workDir, 'lock');
  fs.writeFileSync(lock, '', { mode: 0 });
  for (const name of [path.join(folder, 'bin'), workDir, lock]) fs.chownSync(name, SOMEBODY, SOMEBODY);
  expect(asSomebody(() => openRecords(session())).map(({ where }) => where)).toEqual([lock]);
  expect(fs.statSync(lock).mode & 0o777).toBe(0o600);
});

test('one that is immutable: the command that ends that is named, not a chmod that fails', () => {
  const { path: file } = place('fixed', process.geteuid?.() ?? 0, 0o600);
  const host = nativeHost();
  const disk: typeof host.disk = {
    ...host.disk,
    writeRefusal: () => 'EPERM',
    setMode: (name) => {
      throw Object.assign(new Error('EPERM'), { code: 'EPERM', path: name });
    },
  };
  const here = openSession({ ...host, disk }, { installDir: path.join(folder, 'bin'), app: 'dgmo' });
  expect(() => repairPermissions(here, file)).toThrow(
    expect.objectContaining({
      message: `${file} is immutable (EPERM); nothing was changed`,
      advice: expect.not.stringContaining('chmod'),
    }),
  );
});

asRoot('are nothing that another user is told of, in whose folder they are not', () => {
  const own = place('pack', 0, 0o600);
  fs.chownSync(folder, 0, 0);
  expect(closedIn(session(), [own])).toEqual([]);
  fs.chownSync(folder, SOMEBODY, SOMEBODY);
});

asRoot('a lock of mode 000 names the mode, not an owner who is the user', () => {
  const { path: lock } = place('lock', SOMEBODY, 0);
  const { locks } = nativeHost();
  expect(() => asSomebody(() => locks.acquire(lock))).toThrow('it has mode 0');
});

asRoot('a cache is as good as empty', () => {
  const { path: file } = place('cache', 0, 0o600);
  expect(asSomebody(() => readCacheFile(nativeHost().disk, file, 10))).toBeNull();
});

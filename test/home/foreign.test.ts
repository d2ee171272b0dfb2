/** Root uses no home that belongs to another user: what is in it says where files are written. */
import { describe, expect, test } from 'bun:test';
import { Installation, SelfHealingSystem, SnapshotManager, UpdateManager } from '../../lib/api/index.ts';
import { TrustError } from '../../lib/errors.ts';
import { findHome } from '../../lib/home/folder.ts';
import { encodeEntry } from '../../lib/install/transaction/journal.ts';
import { SimulatedDisk, USER } from '../host/disk.ts';
import { OWN_PID, simulatedHost } from '../host/host.ts';
import {
  binaryOf,
  executable,
  INSTALL_DIR,
  installedDisk,
  receiptOf,
  targetPath,
  versionOf,
} from '../host/install.ts';

const ROOT = 0;
const HOME = '/home/ann';

function machine(disk: SimulatedDisk, user: number) {
  const processes = [{ pid: OWN_PID, file: '/usr/bin/dgmo-updater' }];
  return { ...simulatedHost({ disk, user, versionOf, processes }), homeDirectory: HOME };
}

describe('the home of a user', () => {
  const withHome = (change: (disk: SimulatedDisk) => void = () => undefined) => {
    const disk = new SimulatedDisk();
    disk.place(`${HOME}/.dgmo/updater.json`, new Uint8Array(0));
    change(disk);
    return disk;
  };
  const REFUSED = { missing: expect.any(TrustError) };
  const FOUND = { folder: `${HOME}/.dgmo` };

  test('is theirs, and not root’s, who is told what to type', () => {
    expect(findHome(machine(withHome(), USER), undefined)).toEqual(FOUND);
    expect(findHome(machine(withHome(), ROOT), undefined)).toMatchObject({
      missing: {
        exitCode: 10,
        message: expect.stringContaining(`${HOME}/.dgmo belongs to another user`),
        advice: expect.stringContaining('`sudo -H /usr/bin/dgmo-updater`'),
      },
    });
  });

  test('is not made by root either', () => {
    const disk = new SimulatedDisk();
    disk.createDirectory('/home');
    disk.createDirectory(HOME);
    expect(findHome(machine(disk, ROOT), undefined)).toMatchObject(REFUSED);
    disk.own(HOME, ROOT);
    expect(findHome(machine(disk, ROOT), undefined)).toEqual(FOUND);
  });

  test('is not root’s through a symlink, or because everybody may write there', () => {
    const rootOwned = (disk: SimulatedDisk) => {
      for (const path of [`${HOME}/.dgmo`, `${HOME}/.dgmo/updater.json`]) disk.own(path, ROOT);
    };
    expect(findHome(machine(withHome(rootOwned), ROOT), undefined)).toEqual(FOUND);
    const open = withHome((disk) => {
      rootOwned(disk);
      disk.setMode(`${HOME}/.dgmo`, 0o777);
    });
    expect(findHome(machine(open, ROOT), undefined)).toMatchObject(REFUSED);
    const link = withHome((disk) => {
      disk.symlink(`${HOME}/.dgmo`, '/link');
      disk.own('/link', ROOT);
    });
    expect(findHome(machine(link, ROOT), '/link')).toMatchObject(REFUSED);
  });
});

describe('a home of root’s in a folder where another user could rename it', () => {
  const rootHome = (path: string, change: (disk: SimulatedDisk) => void = () => undefined) => {
    const disk = new SimulatedDisk();
    disk.place(`${path}/updater.json`, new Uint8Array(0));
    for (const name of ['/', '/home', '/home/ann', '/srv', path, `${path}/updater.json`])
      if (disk.status(name) !== null) disk.own(name, ROOT);
    change(disk);
    return disk;
  };
  const OWN = '/home/ann/.dgmo';
  const find = (disk: SimulatedDisk, home = OWN) => findHome(machine(disk, ROOT), home);

  test('is used by nobody', () => {
    expect(find(rootHome(OWN))).toEqual({ folder: OWN });
    expect(find(rootHome(OWN, (disk) => disk.own('/home/ann', USER)))).toMatchObject({
      missing: { exitCode: 10, message: expect.stringContaining('/home/ann belongs to another user') },
    });
    expect(find(rootHome(OWN, (disk) => disk.setMode('/home', 0o777)))).toMatchObject({
      missing: { exitCode: 10 },
    });
  });

  test('is, where the sticky bit keeps it in its place', () => {
    expect(find(rootHome(OWN, (disk) => disk.setMode('/home', 0o1777)))).toEqual({ folder: OWN });
  });

  test('is not through a symlink that leads below such a folder', () => {
    const disk = rootHome('/srv/home', (made) => {
      made.symlink('/srv/home', '/link');
      made.own('/link', ROOT);
    });
    expect(find(disk, '/link')).toEqual({ folder: '/link' });
    disk.setMode('/srv', 0o777);
    expect(find(disk, '/link')).toMatchObject({ missing: { exitCode: 10 } });
  });

  test('is, where the numbers of a user namespace hide who owns the folders of the system', () => {
    const disk = rootHome(OWN, (made) => {
      for (const name of ['/', '/home']) made.own(name, 65_534);
    });
    expect(find(disk)).toEqual({ folder: OWN });
  });
});

describe('a home that others may write is not believed,', () => {
  const OTHER = USER + 1;
  const homeWith = (change: (disk: SimulatedDisk) => void) => {
    const disk = new SimulatedDisk();
    disk.place(`${HOME}/.dgmo/.snapshots/snapshots/20261127-120000-0011.json`, new Uint8Array(0));
    disk.place(`${HOME}/.dgmo/choices.json`, new Uint8Array(0));
    for (const name of ['cache', 'evolutions', 'trust', 'trust/feed'])
      disk.createDirectory(`${HOME}/.dgmo/${name}`);
    change(disk);
    return findHome(machine(disk, USER), undefined);
  };
  const own = (path: string, user: number) => (disk: SimulatedDisk) => disk.own(`${HOME}/.dgmo${path}`, user);
  const open = (path: string, mode: number) => (disk: SimulatedDisk) =>
    disk.setMode(`${HOME}/.dgmo${path}`, mode);

  test.each([
    ['', /belongs to user/, own('', OTHER)],
    ['/.snapshots', /belongs to user/, own('/.snapshots', OTHER)],
    ['/.snapshots/snapshots', /belongs to user/, own('/.snapshots/snapshots', OTHER)],
    ['/choices.json', /belongs to user/, own('/choices.json', OTHER)],
    ['', /everybody may write/, open('', 0o777)],
    ['/.snapshots', /everybody may write/, open('/.snapshots', 0o777)],
    ['/.snapshots/snapshots', /everybody may write/, open('/.snapshots/snapshots', 0o1777)],
    ['/choices.json', /everybody may write/, open('/choices.json', 0o666)],
    ['/cache', /everybody may write/, open('/cache', 0o777)],
    ['/evolutions', /everybody may write/, open('/evolutions', 0o777)],
    ['/trust', /everybody may write/, open('/trust', 0o777)],
    ['/trust/feed', /everybody may write/, open('/trust/feed', 0o777)],
  ])('%p: %p', (path, message, change) => {
    const found = homeWith(change);
    if ('folder' in found) expect.unreachable();
    expect(found.missing).toBeInstanceOf(TrustError);
    expect(found.refused).toBe(`${HOME}/.dgmo`);
    expect(found.missing.message).toMatch(message);
    expect(found.missing.advice).toContain(`${HOME}/.dgmo${path}`);
  });

  test('unless it is root, or the group, or a symlink leads nowhere', () => {
    const folder = { folder: `${HOME}/.dgmo` };
    expect(homeWith(own('', ROOT))).toEqual(folder);
    expect(homeWith(open('', 0o775))).toEqual(folder);
    expect(homeWith((disk) => disk.symlink('/nowhere', `${HOME}/.dgmo/updater.json`))).toEqual(folder);
  });

  test('and verify says so', async () => {
    const disk = installedDisk('linux', executable('1.0.0'));
    disk.place(`${HOME}/.dgmo/choices.json`, new Uint8Array(0));
    disk.setMode(`${HOME}/.dgmo`, 0o777);
    const install = { host: machine(disk, USER), installDir: INSTALL_DIR };
    const { healthy, issues } = await new SelfHealingSystem(install).verify();
    expect(healthy).toBe(false);
    expect(issues).toContainEqual(
      expect.objectContaining({ type: 'permission_error', where: `${HOME}/.dgmo`, exitCode: 10 }),
    );
  });
});

describe('root, with HOME kept by sudo, at an install of root', () => {
  const OLD = executable('1.0.0');
  const NEW = executable('2.0.0');

  function rootInstall(): SimulatedDisk {
    const disk = installedDisk('linux', OLD);
    disk.place(`${HOME}/.dgmo/updater.json`, new Uint8Array(0));
    return disk;
  }

  function asRoot(disk: SimulatedDisk) {
    for (const path of Object.keys(disk.picture())) if (path.startsWith(INSTALL_DIR)) disk.own(path, ROOT);
    return { host: machine(disk, ROOT), installDir: INSTALL_DIR };
  }

  test('neither updates, nor lists snapshots, nor reads preferences from there', async () => {
    const disk = rootInstall();
    const install = asRoot(disk);
    const before = disk.picture();
    expect(() => new SnapshotManager(install)).toThrow(TrustError);
    const manager = new UpdateManager(install);
    expect(() => manager.preferences()).toThrow(TrustError);
    await expect(manager.check()).rejects.toThrow('root uses no such home');
    await expect(manager.applyPackage(['/x.dgmopkg'], { noWait: true })).rejects.toThrow(TrustError);
    const { [`${INSTALL_DIR}/.dgmo-updater/lock`]: lock, ...after } = disk.picture();
    expect(lock ?? '').toBe('');
    expect(after).toEqual(before);
  });

  test('still learns what is installed', async () => {
    expect(await new Installation(asRoot(rootInstall())).status()).toMatchObject({ binary: 'sound' });
  });

  test('restores no snapshot from there, whatever a journal says', async () => {
    const disk = rootInstall();
    const folders = { home: `${HOME}/.dgmo`, before: '20261125-184200-0011', changes: ['data' as const] };
    const begin = { type: 'begin' as const, id: 'a1', at: 1, kind: 'update' as const };
    const entries = [
      { type: 'receipt' as const, at: 1, receipt: receiptOf(OLD, null) },
      { ...begin, from: binaryOf(OLD), to: binaryOf(NEW), receipt: receiptOf(NEW, OLD), folders },
      { type: 'folders' as const, state: 'touched' as const },
      { type: 'verdict' as const, verdict: 'revert' as const, reason: 'it crashed' },
    ];
    const journal = new TextEncoder().encode(entries.map(encodeEntry).join(''));
    disk.place(`${INSTALL_DIR}/.dgmo-updater/journal`, journal, 0o600);
    const recovered = new Installation({ ...asRoot(disk), home: '/root/.dgmo' }).recover();
    await expect(recovered).rejects.toThrow('root uses no such home');
    expect(disk.contentOf(targetPath('linux'))).toEqual(OLD.bytes);
  });
});

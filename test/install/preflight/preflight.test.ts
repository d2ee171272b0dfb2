/** What is refused before anything is touched: no room, no permission, a package manager. With the numbers. */
import { describe, expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ManagedInstallError, type UpdaterError } from '../../../lib/errors.ts';
import { requireReplaceable } from '../../../lib/install/preflight/permission.ts';
import { type Need, shortage } from '../../../lib/install/preflight/space.ts';
import type { Disk } from '../../../lib/platform/disk.ts';
import { nativeHost } from '../../../lib/platform/native.ts';
import type { SimulatedDisk } from '../../host/disk.ts';
import { type SimulatedHost, simulatedHost } from '../../host/host.ts';
import { executable, INSTALL_DIR, installedDisk, targetPath, versionOf } from '../../host/install.ts';
import { applyOn, rollBackOn } from '../../host/operations.ts';
import { packageFor } from '../../host/package.ts';
import { testRoot } from '../../trust/keys.ts';
import { HOME, placeFiles, sessionOn } from '../transaction/folders-stage.ts';

const OLD = executable('1.0.0');
const NEW = executable('2.0.0');
const TARGET = targetPath('linux');
const PACKAGE = '/downloads/dgmo.dgmopkg';
const root = testRoot();

async function stage(): Promise<SimulatedDisk> {
  const disk = installedDisk('linux', OLD);
  placeFiles(disk, 'data', { 'session.json': 'x'.repeat(3_000_000) });
  disk.place(PACKAGE, await packageFor('linux', [OLD, NEW], 'full'));
  return disk;
}

function hostOn(disk: SimulatedDisk, calls: Partial<Disk>, user?: number): SimulatedHost {
  const host = simulatedHost({ disk, versionOf, ...(user === undefined ? {} : { user }) });
  return { ...host, disk: { ...host.disk, ...calls } };
}

/** The error of the update. Nothing on the disk may have changed. */
async function refused(
  disk: SimulatedDisk,
  calls: Partial<Disk>,
  { user, rollback = false }: { user?: number; rollback?: boolean } = {},
): Promise<UpdaterError> {
  const before = pictureOf(disk);
  const session = sessionOn(hostOn(disk, calls, user));
  const error = await (rollback ? rollBackOn(session) : applyOn(session, [PACKAGE], { root })).catch(
    (failure: UpdaterError) => failure,
  );
  expect(pictureOf(disk)).toEqual(before);
  if (!('exitCode' in error)) throw new Error('it was not refused');
  return error;
}

/** Without the lock, and the notes about how the last update ended. */
function pictureOf(disk: SimulatedDisk): string[][] {
  const entries = Object.entries(disk.picture());
  return entries.filter(([file]) => !/\/lock$|\/(choices|history)\.json(\.lock)?$/.test(file));
}

const room = (bytes: number, files: number | null = 1000) => ({
  room: () => ({ filesystem: '1', bytes, files }),
});

test('a work dir on another filesystem than the executable is refused, before anything is prepared there', async () => {
  const calls = {
    room: (folder: string) => ({
      filesystem: folder.includes('.dgmo-updater') ? '2' : '1',
      bytes: 1e9,
      files: 1e6,
    }),
  };
  const error = await refused(await stage(), calls);
  expect(error).toMatchObject({ exitCode: 12, advice: expect.stringContaining('findmnt') });
  expect(error.message).toContain(
    `${INSTALL_DIR}/.dgmo-updater is on another filesystem than ${INSTALL_DIR}`,
  );
});

describe('room', () => {
  test('for the new version, the old one in the snapshot, and the data, together where they share a disk', async () => {
    const error = await refused(await stage(), room(5_000_000));
    expect(error.exitCode).toBe(12);
    expect(error.message).toBe(
      `there is no room for the update to 2.0.0 on the disk of ${INSTALL_DIR}/.dgmo-updater: it takes 7.2 MB (0.1 MB for the new version, 0.1 MB for the installed version in the snapshot, 3.0 MB for the data in the snapshot), and 5.0 MB are free; nothing was changed`,
    );
    expect(error.advice).toBe('Free 2.2 MB, then try again.');
  });

  test('on two disks, each for itself', async () => {
    const apart: Partial<Disk> = {
      room: (at) => ({ filesystem: at.startsWith(HOME) ? 'home' : 'opt', bytes: 5_000_000, files: null }),
    };
    const error = await refused(await stage(), apart);
    expect(error.message).toContain(`on the disk of ${HOME}`);
    expect(error.message).not.toContain('the new version');
  });

  test('for files, where a filesystem has a limit', async () => {
    const error = await refused(await stage(), room(1e9, 3));
    expect([error.exitCode, error.message]).toEqual([
      12,
      expect.stringContaining('the filesystem has room for 3 more (inodes)'),
    ]);
  });

  test('is counted only for what is not in the store yet', async () => {
    const disk = await stage();
    await applyOn(sessionOn(hostOn(disk, room(1e9))), [PACKAGE], { root });
    await rollBackOn(sessionOn(hostOn(disk, {})));
    // The data and the executable are in the snapshots: it takes the new version and the margin.
    await applyOn(sessionOn(hostOn(disk, room(4_300_000))), [PACKAGE], { root });
    expect(versionOf(disk.contentOf(TARGET) ?? new Uint8Array(0))).toBe('2.0.0');
  });

  test('of a system that does not say is enough', () => {
    const need: Need = { folder: '/', room: null, what: 'all', bytes: 1e15, files: 1 };
    expect(shortage('it', [need])).toBeNull();
  });

  test('for something of no bytes is always there', () => {
    const full = { filesystem: '1', bytes: 0, files: 0 };
    expect(shortage('it', [{ folder: '/', room: full, what: 'all', bytes: 0, files: 1 }])).toBeNull();
  });
});

describe('permission', () => {
  const refusing = (where: string, code: string): Partial<Disk> => ({
    writeRefusal: (at) => (at === where ? code : null),
  });
  test.each([
    [INSTALL_DIR, 'EACCES', /may not be written \(EACCES\): it belongs to user 0, and this is user 1000/],
    [`${INSTALL_DIR}/.dgmo-updater`, 'EROFS', /read-only \(EROFS\)/],
    [`${INSTALL_DIR}/.dgmo-updater/journal`, 'EACCES', /journal may not be written/],
    [TARGET, 'EPERM', /dgmo is immutable \(EPERM\)/],
    [HOME, 'EACCES', /may not be written/],
  ])('%s, %s', async (where, code, message) => {
    const disk = await stage();
    if (where === INSTALL_DIR) for (const one of [where, TARGET]) disk.own(one, 0);
    const error = await refused(disk, refusing(where, code));
    expect(error.exitCode).toBe(12);
    expect(error.message).toMatch(message);
    expect(error.message).toEndWith('nothing was changed');
  });

  test('root is not advised where root would be refused: what it has left in a home of ours becomes ours', async () => {
    const store = `${HOME}/.snapshots`;
    const disk = await stage();
    disk.createDirectory(store);
    disk.own(store, 0);
    const inOwn = await refused(disk, refusing(store, 'EACCES'));
    expect(inOwn.advice).toBe(`If it is to be yours, run \`sudo chown -R 1000 ${store}\`, then try again.`);
    for (const one of [INSTALL_DIR, TARGET]) disk.own(one, 0);
    const inRoots = await refused(disk, refusing(INSTALL_DIR, 'EACCES'));
    expect(inRoots.advice).toBe('Run it as root, for example with sudo.');
  });

  test('the mode of the executable itself does not matter: it is replaced, not written', async () => {
    const disk = await stage();
    await applyOn(sessionOn(hostOn(disk, refusing(TARGET, 'EACCES'))), [PACKAGE], { root });
    expect(versionOf(disk.contentOf(TARGET) ?? new Uint8Array(0))).toBe('2.0.0');
  });

  test('a rollback is refused in the same way', async () => {
    const error = await refused(await stage(), refusing(INSTALL_DIR, 'EACCES'), { rollback: true });
    expect(error.exitCode).toBe(12);
  });

  test('a sticky folder, where both belong to others', async () => {
    const disk = await stage();
    disk.setMode(INSTALL_DIR, 0o1777);
    const error = await refused(disk, {}, { user: 7 });
    expect(error.message).toContain('belongs to user 1000');
    await applyOn(sessionOn(hostOn(disk, {})), [PACKAGE], { root });
  });

  test('an executable that is mounted from elsewhere', async () => {
    const mounted: Partial<Disk> = { isMountPoint: (at) => at === TARGET };
    const error = await refused(await stage(), mounted);
    expect(error.message).toContain('is a mount point');
  });
});

test('a package manager is asked first: 17, and the command', async () => {
  const disk = await stage();
  const text = JSON.stringify({ manager: 'Fleet', package: 'dgmo', command: 'fleet sync' });
  disk.place(`${INSTALL_DIR}/managed-by.json`, new TextEncoder().encode(text), 0o644);
  for (const rollback of [false, true]) {
    const error = await refused(disk, room(0), { rollback });
    expect(error).toBeInstanceOf(ManagedInstallError);
    expect(error.exitCode).toBe(17);
  }
});

describe('the real disk', () => {
  const rootOnLinux = process.platform === 'linux' && process.getuid?.() === 0;
  const place = () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-preflight-'));
    const installDir = path.join(folder, 'bin');
    fs.mkdirSync(path.join(installDir, '.dgmo-updater'), { recursive: true });
    const target = path.join(installDir, 'dgmo');
    fs.writeFileSync(target, 'dgmo', { mode: 0o755 });
    const layout = {
      ...{ installDir, target },
      workDir: path.join(installDir, '.dgmo-updater'),
      journal: path.join(installDir, '.dgmo-updater/journal'),
    };
    const look = () => requireReplaceable({ host: nativeHost(), layout: { ...sessionLayout(), ...layout } });
    return { folder, installDir, target, look };
  };
  const sessionLayout = () =>
    sessionOn(simulatedHost({ disk: installedDisk('linux', OLD), versionOf })).layout;

  test('says how much is left, and which filesystem it is', () => {
    const { folder, installDir, target, look } = place();
    const { disk } = nativeHost();
    const found = disk.room(installDir);
    expect(found?.bytes).toBeGreaterThan(0);
    expect(found?.filesystem).toBe(disk.room(target)?.filesystem ?? 'none');
    expect(disk.room(path.join(folder, 'missing'))).toBeNull();
    look();
    fs.rmSync(folder, { recursive: true });
  });

  test.skipIf(!rootOnLinux)(
    `knows an immutable file and a mounted one${rootOnLinux ? '' : ' (skipped: needs root on Linux)'}`,
    () => {
      const { folder, installDir, target, look } = place();
      const sh = (command: string, ...args: string[]) => spawnSync(command, args).status;
      try {
        if (sh('chattr', '+i', target) === 0) {
          expect(look).toThrow('is immutable (EPERM)');
          sh('chattr', '-i', target);
        }
        if (sh('chattr', '+i', installDir) === 0) {
          expect(look).toThrow('is immutable (EPERM)');
          sh('chattr', '-i', installDir);
        }
        const other = path.join(folder, 'other');
        fs.mkdirSync(other);
        expect(sh('mount', '-t', 'tmpfs', 'tmpfs', other)).toBe(0);
        fs.writeFileSync(path.join(other, 'dgmo'), 'dgmo');
        expect(sh('mount', '--bind', path.join(other, 'dgmo'), target)).toBe(0);
        expect(look).toThrow('is a mount point');
        sh('umount', target);
        // An overlay whose upper layer is on another filesystem: the file has another device number than its folder.
        for (const name of ['upper', 'work']) fs.mkdirSync(path.join(other, name));
        const layers = `lowerdir=${installDir},upperdir=${other}/upper,workdir=${other}/work`;
        if (sh('mount', '-t', 'overlay', 'overlay', '-o', layers, installDir) === 0) look();
        else console.warn('skipped: an overlay can not be mounted here');
      } finally {
        sh('umount', installDir);
        sh('umount', target);
        sh('umount', path.join(folder, 'other'));
        fs.rmSync(folder, { recursive: true, force: true });
      }
    },
  );
});

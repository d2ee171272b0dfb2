/** The updater that comes with a release takes the place of the one that is installed, or does not. */
import { describe, expect, test } from 'bun:test';
import { DamagedError } from '../../../lib/errors.ts';
import { forgetOldUpdater, updaterState } from '../../../lib/install/index.ts';
import { simulatedHost } from '../../host/host.ts';
import { executable, INSTALL_DIR, targetPath, versionOf } from '../../host/install.ts';
import {
  BROKEN,
  NEW,
  OLD,
  putBackOn,
  recoverOn,
  replaceOn,
  sessionOf,
  stage,
  updaterOn,
  updaterPath,
} from './stage.ts';

const kept = (sha256: string) => `${INSTALL_DIR}/.dgmo-updater/updater/kept-${sha256.slice(0, 32)}`;

test('a newer one is installed, and the old one is kept until the new one has updated DGMO', async () => {
  const disk = await stage('linux', NEW);
  const host = simulatedHost({ disk, versionOf });
  expect(updaterState(sessionOf(host), NEW.sha256)).toBe('wanted');
  expect(await replaceOn(host, NEW)).toMatchObject({ outcome: 'committed', from: { version: '0.1.0' } });
  expect(updaterOn(disk, 'linux', [NEW])).toBe(NEW);
  expect(disk.contentOf(kept(OLD.sha256))).toEqual(OLD.bytes);
  // DGMO and its receipt are what they were.
  expect(disk.contentOf(targetPath('linux'))).toEqual(executable('1.0.0').bytes);
  expect(updaterState(sessionOf(host), NEW.sha256)).toBe('current');
  expect(await replaceOn(host, NEW)).toBeNull();
  forgetOldUpdater(sessionOf(host));
  expect(disk.contentOf(kept(OLD.sha256))).toBeNull();
});

test('one that does not work is taken back, and not tried again', async () => {
  const disk = await stage('linux', BROKEN);
  const host = simulatedHost({ disk, versionOf });
  expect(await replaceOn(host, BROKEN)).toMatchObject({
    outcome: 'reverted',
    reason: 'it exited with code 70: crashed',
  });
  expect(updaterOn(disk, 'linux', [OLD])).toBe(OLD);
  expect(updaterState(sessionOf(host), BROKEN.sha256)).toBe('unwanted');
  expect(await replaceOn(host, BROKEN)).toBeNull();
});

test('one that only prints its version, but can not read what is installed, does not work', async () => {
  const disk = await stage('linux', NEW);
  const host = simulatedHost({ disk, versionOf });
  const asked: string[][] = [];
  const half = {
    ...host,
    processes: {
      ...host.processes,
      run: async (...[file, args, options]: Parameters<typeof host.processes.run>) => {
        asked.push([...args]);
        const ran = await host.processes.run(file, args, options);
        return args[0] === 'status' && ran.started ? { ...ran, code: 1, stdout: '', stderr: 'broken' } : ran;
      },
    },
  };
  expect(await replaceOn(half, NEW)).toMatchObject({
    outcome: 'reverted',
    reason: 'with `status` it exited with code 1: broken',
  });
  expect(asked.at(-1)).toEqual(['status', '--json', '--install-dir', INSTALL_DIR, '--app', 'dgmo']);
  expect(updaterOn(disk, 'linux', [OLD])).toBe(OLD);
});

describe('nothing is done', () => {
  const later = executable('0.3.0');
  test('to a newer one that was installed by hand', async () => {
    const disk = await stage('linux', NEW, later);
    expect(await replaceOn(simulatedHost({ disk, versionOf }), NEW)).toBeNull();
    expect(updaterOn(disk, 'linux', [later])).toBe(later);
  });

  test('where there has never been one', async () => {
    const disk = await stage('linux', NEW, null);
    expect(await replaceOn(simulatedHost({ disk, versionOf }), NEW)).toBeNull();
    expect(disk.contentOf(updaterPath('linux'))).toBeNull();
  });

  test('where it is a symlink: it belongs to something else', async () => {
    const disk = await stage('linux', NEW, null);
    disk.place('/usr/bin/dgmo-updater', OLD.bytes);
    disk.symlink('/usr/bin/dgmo-updater', updaterPath('linux'));
    expect(await replaceOn(simulatedHost({ disk, versionOf }), NEW)).toBeNull();
  });
});

test('one that does not start any more is replaced, and so is one that was removed after an update', async () => {
  const dead = executable('0.1.0', 'broken');
  const disk = await stage('linux', NEW, dead);
  const host = simulatedHost({ disk, versionOf });
  expect(await replaceOn(host, NEW)).toMatchObject({ outcome: 'committed' });
  disk.remove(updaterPath('linux'));
  expect(await replaceOn(host, NEW)).toMatchObject({ outcome: 'committed' });
  expect(updaterOn(disk, 'linux', [NEW])).toBe(NEW);
});

test('where there is no room for one that is missing, that is told, with the numbers, and nothing is begun', async () => {
  const disk = await stage('linux', NEW, null);
  const host = simulatedHost({ disk, versionOf });
  const before = disk.picture();
  const room = () => ({ filesystem: '1', bytes: 100_000, files: 1000 });
  const full = { ...host, disk: { ...host.disk, room } };
  const failure = await putBackOn(full, NEW).catch((error) => error);
  expect(failure).toMatchObject({
    exitCode: 12,
    message: expect.stringMatching(/no room for the updater 0\.2\.0 .* 0\.1 MB are free/),
  });
  const { [`${INSTALL_DIR}/.dgmo-updater/lock`]: _, ...after } = disk.picture();
  expect(after).toEqual(before);
});

test('one that is missing, and for which there is no room after all, is not begun any more', async () => {
  const disk = await stage('linux', NEW, null);
  const host = simulatedHost({ disk, versionOf });
  const open: typeof host.disk.open = (path, how, ...mode) => {
    if (how === 'update' && path.includes('staged-'))
      throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', path });
    return host.disk.open(path, how, ...mode);
  };
  const full = { ...host, disk: { ...host.disk, open } };
  const failure = await putBackOn(full, NEW).catch((error) => error);
  expect(failure).toMatchObject({
    exitCode: 12,
    message: expect.stringContaining(`${updaterPath('linux')} is missing, as before`),
  });
  expect(
    disk.list(`${INSTALL_DIR}/.dgmo-updater/updater`).filter((name) => name.startsWith('staged-')),
  ).toEqual([]);
  expect(await recoverOn(host)).toBeNull();
});

test('a file that is not the signed one is refused before anything is touched', async () => {
  const disk = await stage('linux', NEW);
  const host = simulatedHost({ disk, versionOf });
  const other = { ...NEW, sha256: 'f'.repeat(64) };
  expect(await replaceOn(host, other).catch((error) => error)).toBeInstanceOf(DamagedError);
  expect(updaterOn(disk, 'linux', [OLD])).toBe(OLD);
  expect(await recoverOn(host)).toBeNull();
});

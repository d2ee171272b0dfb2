/** What a machine that refuses is told of: which version is installed, which folder is full, what to do; and what is left there. */
import { expect, test } from 'bun:test';
import { MachineError, type UpdaterError } from '../../../lib/errors.ts';
import type { Disk } from '../../../lib/platform/disk.ts';
import { asUpdaterError } from '../../../lib/platform/failures.ts';
import type { SimulatedDisk } from '../../host/disk.ts';
import { systemError } from '../../host/disk.ts';
import { type SimulatedHost, simulatedHost } from '../../host/host.ts';
import { executable, INSTALL_DIR, installedDisk, targetPath, versionOf } from '../../host/install.ts';
import { applyOn } from '../../host/operations.ts';
import { packageFor } from '../../host/package.ts';
import { testRoot } from '../../trust/keys.ts';
import { HOME, placeFiles, recoverAll, sessionOn } from './folders-stage.ts';

const OLD = executable('1.0.0');
const NEW = executable('2.0.0');
const PACKAGE = '/downloads/dgmo.dgmopkg';
const root = testRoot();

async function stage(): Promise<SimulatedDisk> {
  const disk = installedDisk('linux', OLD);
  placeFiles(disk, 'data', { 'session.json': 'old' });
  disk.place(PACKAGE, await packageFor('linux', [OLD, NEW], 'full'));
  return disk;
}

/** A host on which some calls of the disk fail. */
function failing(host: SimulatedHost, calls: (disk: Disk) => Partial<Disk>): SimulatedHost {
  return { ...host, disk: { ...host.disk, ...calls(host.disk) } };
}

async function failureOf(host: SimulatedHost): Promise<UpdaterError> {
  try {
    await applyOn(sessionOn(host), [PACKAGE], { root, waitFor: 0, noWait: false });
  } catch (error) {
    const told = asUpdaterError(error, INSTALL_DIR);
    if (told instanceof MachineError) return told;
    throw error;
  }
  throw new Error('the update did not fail');
}

test('a receipt that can not be written: the new version is installed, and `recover` records it', async () => {
  const disk = await stage();
  const host = failing(simulatedHost({ disk, versionOf }), (real) => ({
    replace: (from, to) => {
      if (to.endsWith('installed.json')) throw systemError('ENOSPC', 'rename', to);
      real.replace(from, to);
    },
  }));
  const { message, advice } = await failureOf(host);
  expect(message).toContain('2.0.0 is installed and works, but that could not be recorded');
  expect(message).toContain('installed.json: no space is left on the disk');
  expect(advice).toBe(
    'Free some disk space, then try again. Then run `dgmo-updater recover`, which records it.',
  );
  expect(disk.list(`${INSTALL_DIR}/.dgmo-updater`).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  await recoverAll(simulatedHost({ disk, versionOf }));
  expect(versionOf(disk.contentOf(targetPath('linux')) ?? new Uint8Array(0))).toBe('2.0.0');
});

test('a home that is full keeps nothing of the executable that it had no room for', async () => {
  const disk = await stage();
  const host = failing(simulatedHost({ disk, versionOf }), (real) => ({
    copy: (from, to) => {
      real.copy(from, to);
      throw systemError('ENOSPC', 'copyfile', to);
    },
  }));
  const { message } = await failureOf(host);
  expect(message).toContain(`${HOME}/.snapshots/binaries/`);
  expect(disk.list(`${HOME}/.snapshots/binaries`)).toEqual([]);
});

test.each(['EIO', 'EMFILE', 'ENOMEM'])(
  '%s when a restored file is read again is the machine, not damage',
  async (code) => {
    const disk = await stage();
    let trial = false;
    const onTrial = (on: SimulatedDisk) => {
      placeFiles(on, 'data', { 'session.json': 'migrated' });
      trial = true;
    };
    let written = false;
    const host = failing(
      simulatedHost({
        disk,
        versionOf: (content) => (versionOf(content) === '2.0.0' ? null : versionOf(content)),
        onTrial,
      }),
      (real) => ({
        replace: (from, to) => {
          real.replace(from, to);
          written ||= trial && to.endsWith('session.json');
        },
        open: (path, how, mode) => {
          if (written && how === 'read itself' && path.endsWith('session.json'))
            throw systemError(code, 'open', path);
          return real.open(path, how, mode);
        },
      }),
    );
    const { message } = await failureOf(host);
    expect(message).toContain(code);
    expect(message).toContain('1.0.0 is in place');
  },
);

test('a version that fills the disk and fails is left without a verdict, and not started again by `recover`', async () => {
  const disk = await stage();
  let starts = 0;
  const onTrial = (on: SimulatedDisk) => {
    starts++;
    placeFiles(on, 'data', { 'session.json': 'migrated', fill: 'all there is' });
  };
  const full = () => starts > 0 && disk.contentOf(`${HOME}/data/fill`) !== null;
  const trying = simulatedHost({
    disk,
    versionOf: (content) => (versionOf(content) === '2.0.0' ? null : versionOf(content)),
    onTrial,
  });
  const host = failing(trying, (real) => ({
    write: (handle, bytes, position) => {
      if (full()) throw systemError('ENOSPC', 'write', `${INSTALL_DIR}/.dgmo-updater/journal`);
      return real.write(handle, bytes, position);
    },
  }));
  const { message } = await failureOf(host);
  expect(message).toContain('no space is left on the disk');
  expect(message).toContain('1.0.0 is in place');
  const tried = starts;
  // The person has freed something.
  disk.remove(`${HOME}/data/fill`);
  await recoverAll(host);
  expect(starts).toBe(tried);
  expect(versionOf(disk.contentOf(targetPath('linux')) ?? new Uint8Array(0))).toBe('1.0.0');
  expect(disk.contentOf(`${HOME}/data/session.json`)).toEqual(new TextEncoder().encode('old'));
});

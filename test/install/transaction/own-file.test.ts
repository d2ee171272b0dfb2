/**
 * What is installed shares no file with the store of snapshots, however an operation has ended: a plain `cp new dgmo` writes
 * into the installed file, and must not reach the snapshots.
 */
import { expect, test } from 'bun:test';
import { adopt } from '../../../lib/install/adopt.ts';
import type { InstallEvent } from '../../../lib/install/session.ts';
import type { SimulatedDisk } from '../../host/disk.ts';
import { FaultInjector } from '../../host/faults.ts';
import { type SimulatedHost, simulatedHost } from '../../host/host.ts';
import {
  type Executable,
  executable,
  INSTALL_DIR,
  installedDisk,
  targetPath,
  versionOf,
} from '../../host/install.ts';
import { applyOn, rollBackOn } from '../../host/operations.ts';
import { packageFor } from '../../host/package.ts';
import { testRoot } from '../../trust/keys.ts';
import { exitCode } from './every-fault.ts';
import { checkStore, HOME, sessionOn } from './folders-stage.ts';

const OLD = executable('1.0.0');
const NEW = executable('2.0.0');
const BROKEN = executable('2.0.0', 'broken');
const PACKAGE = '/downloads/dgmo.dgmopkg';
const TARGET = targetPath('linux');
const root = testRoot();

async function stage(fresh: Executable): Promise<SimulatedDisk> {
  const disk = installedDisk('linux', OLD);
  disk.place(PACKAGE, await packageFor('linux', [OLD, fresh], 'full'));
  return disk;
}

const apply = (host: SimulatedHost) => applyOn(sessionOn(host), [PACKAGE], { root });

/** Names below the store of the file that is installed. */
function sharedNames(disk: SimulatedDisk): string[] {
  return Object.keys(disk.picture()).filter((path) => path.startsWith(HOME) && disk.sameFile(path, TARGET));
}

/** As `cp` does it: the installed file keeps its inode. */
async function overwrite(disk: SimulatedDisk): Promise<void> {
  const handle = disk.open(TARGET, 'update');
  disk.truncate(handle, 0);
  disk.write(handle, new TextEncoder().encode('something else'), 0);
  disk.close(handle);
  await checkStore(disk);
}

test('after an update that failed (15)', async () => {
  const disk = await stage(BROKEN);
  expect(await exitCode(apply(simulatedHost({ disk, versionOf })))).toBe(15);
  await overwrite(disk);
});

test('after a machine that could not start the new version (12)', async () => {
  const disk = await stage(NEW);
  expect(await exitCode(apply(simulatedHost({ disk, versionOf, refusal: () => 'EAGAIN' })))).toBe(12);
  await overwrite(disk);
});

test('at every instant of an update, whatever stops it there', async () => {
  const disk = await stage(NEW);
  const faults = new FaultInjector();
  const shared = new Set<string>();
  faults.onEffect = () => {
    for (const name of sharedNames(disk)) shared.add(name);
  };
  await apply(simulatedHost({ disk, versionOf, faults }));
  expect([...shared]).toEqual([]);
});

test('after a rollback to a binary that only the store has, and to one that it shares with the work dir', async () => {
  for (const keepsOwn of [true, false]) {
    const disk = await stage(NEW);
    await apply(simulatedHost({ disk, versionOf }));
    const kept = `${INSTALL_DIR}/.dgmo-updater/kept-${OLD.sha256.slice(0, 32)}`;
    // One file with two names: the space of one.
    expect(disk.status(kept)?.links).toBe(2);
    if (!keepsOwn) disk.remove(kept);
    expect(await exitCode(rollBackOn(sessionOn(simulatedHost({ disk, versionOf }))))).toBe(0);
    expect(versionOf(disk.contentOf(TARGET) ?? new Uint8Array(0))).toBe('1.0.0');
    await overwrite(disk);
  }
});

test('after the kept binary, which the store shares, was put back by hand and an update from it failed', async () => {
  const disk = await stage(NEW);
  await apply(simulatedHost({ disk, versionOf }));
  disk.place(TARGET, OLD.bytes);
  adopt(sessionOn(simulatedHost({ disk, versionOf })), '1.0.0');
  const code = await exitCode(apply(simulatedHost({ disk, versionOf, refusal: () => 'EAGAIN' })));
  expect({ code, version: versionOf(disk.contentOf(TARGET) ?? new Uint8Array(0)) }).toEqual({
    code: 12,
    version: '1.0.0',
  });
  await overwrite(disk);
});

test('it takes over owner, group and capabilities of the one that it replaces, in an update and in a rollback', async () => {
  const disk = await stage(NEW);
  const models: string[] = [];
  const host = (): SimulatedHost => {
    const plain = simulatedHost({ disk, versionOf });
    const imitate = (path: string, model: string) => {
      expect(path).toContain('/.dgmo-updater/staged-');
      models.push(model);
      return plain.disk.imitate(path, model);
    };
    return { ...plain, disk: { ...plain.disk, imitate } };
  };
  await apply(host());
  await rollBackOn(sessionOn(host()));
  expect(models).toEqual([TARGET, TARGET]);
});

test('capabilities that only root may give are lost, and that is said, in an update and in a rollback', async () => {
  const disk = await stage(NEW);
  const plain = simulatedHost({ disk, versionOf });
  const host = { ...plain, disk: { ...plain.disk, imitate: () => false } };
  const warnings: string[] = [];
  const emit = (event: InstallEvent) => {
    if (event.event === 'warning') warnings.push(event.text);
  };
  await applyOn({ ...sessionOn(host), emit }, [PACKAGE], { root });
  await rollBackOn({ ...sessionOn(host), emit });
  expect(warnings).toEqual(
    Array(2).fill(expect.stringContaining(`${TARGET} has not the capabilities of the old one`)),
  );
});

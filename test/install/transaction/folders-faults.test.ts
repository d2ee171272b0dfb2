/**
 * The proof of a rollback that changes folders: every fault at every effect of a rollback to a snapshot, and a stop at every
 * effect of the recovery after it. Afterwards either the old version is installed with the old data, or the new version with
 * the new data.
 */
import { describe, expect, test } from 'bun:test';
import { snapshotInstall } from '../../../lib/install/folders/snapshots.ts';
import { encodeReceipt } from '../../../lib/install/receipt.ts';
import type { Component, Snapshot } from '../../../lib/snapshot/index.ts';
import type { SimulatedDisk } from '../../host/disk.ts';
import type { Scenario } from '../../host/exhaust.ts';
import { type SimulatedHost, simulatedHost } from '../../host/host.ts';
import {
  type Executable,
  executable,
  INSTALL_DIR,
  installedDisk,
  receiptOf,
  targetPath,
  versionOf,
} from '../../host/install.ts';
import { rollBackOn } from '../../host/operations.ts';
import { everyFault, exitCode } from './every-fault.ts';
import {
  checkEnded,
  checkStore,
  type Files,
  filesOn,
  HOME,
  installedOn,
  placeFiles,
  recoverAll,
  sameFiles,
  sessionOn,
} from './folders-stage.ts';

const OLD = executable('1.0.0');
const NEW = executable('2.0.0');
const BROKEN = executable('1.0.0', 'broken');

const OLD_DATA: Files = { 'session.json': 'old', 'gone/note': 'only then' };
const NEW_DATA: Files = { 'session.json': 'new!', 'fresh/note': 'only now' };

/** The old version was installed, and a snapshot was taken. Then the new version was installed, and wrote its data. */
async function updatedDisk(old: Executable): Promise<SimulatedDisk> {
  const disk = installedDisk('linux', old);
  placeFiles(disk, 'data', OLD_DATA);
  const host = simulatedHost({ disk, versionOf });
  const session = sessionOn(host);
  const setup = session.snapshots;
  if (setup === null) throw new Error('no setup');
  const wish = { kind: 'update' as const, reason: 'before' };
  await snapshotInstall(session, setup, receiptOf(old, null), wish);
  const after = installedDisk('linux', NEW, old);
  for (const name of ['journal', `kept-${old.sha256.slice(0, 32)}`]) {
    const path = `${INSTALL_DIR}/.dgmo-updater/${name}`;
    disk.place(path, after.contentOf(path) ?? new Uint8Array(0), 0o600);
  }
  disk.place(`${INSTALL_DIR}/.dgmo-updater/installed.json`, encodeReceipt(receiptOf(NEW, old)), 0o600);
  disk.place(targetPath('linux'), NEW.bytes);
  for (const name of Object.keys(OLD_DATA)) disk.remove(`${HOME}/data/${name}`);
  disk.removeDirectory(`${HOME}/data/gone`);
  placeFiles(disk, 'data', NEW_DATA);
  return disk;
}

/** The same, but the executable was removed. */
async function removedDisk(): Promise<SimulatedDisk> {
  const disk = await updatedDisk(OLD);
  disk.remove(targetPath('linux'));
  disk.flushDirectory(INSTALL_DIR);
  return disk;
}

interface Trial extends Scenario {
  run(host: SimulatedHost): Promise<number>;
  clean: { code: number; version: string; data: Files };
}

function rollbackTrial(
  old: Executable,
  only: readonly Component[] | undefined,
  clean: Trial['clean'],
  allowed: readonly [installed: Executable, data: Files][],
): Trial {
  const go = async (on: SimulatedHost) => rollBackOn(sessionOn(on), only === undefined ? {} : { only });
  const run = (on: SimulatedHost) => exitCode(go(on));
  return {
    prepare: () => updatedDisk(old),
    host: { versionOf },
    run,
    work: async (on) => void (await run(on)),
    recover: recoverAll,
    clean,
    always: (disk) => void installedOn(disk, [old, NEW]),
    afterwards(disk) {
      const installed = installedOn(disk, [old, NEW]);
      const data = filesOn(disk, 'data');
      if (!allowed.some(([one, files]) => one === installed && sameFiles(files, data)))
        throw new Error(`${installed.version} is installed with ${JSON.stringify(data)}`);
      checkEnded(disk, installed);
    },
  };
}

function removedTrial(): Trial {
  const trial = rollbackTrial(OLD, undefined, { code: 0, version: '1.0.0', data: OLD_DATA }, []);
  const isGone = (disk: SimulatedDisk) => disk.contentOf(targetPath('linux')) === null;
  return {
    ...trial,
    prepare: removedDisk,
    always: (disk) => {
      if (!isGone(disk)) installedOn(disk, [OLD]);
    },
    afterwards(disk) {
      const data = filesOn(disk, 'data');
      if (!sameFiles(data, isGone(disk) ? NEW_DATA : OLD_DATA))
        throw new Error(
          `${isGone(disk) ? 'no executable' : '1.0.0'} is installed with ${JSON.stringify(data)}`,
        );
      if (!isGone(disk)) checkEnded(disk, OLD);
    },
  };
}

const TRIALS: [name: string, trial: Trial][] = [
  [
    'a rollback to a snapshot',
    rollbackTrial(OLD, undefined, { code: 0, version: '1.0.0', data: OLD_DATA }, [
      [OLD, OLD_DATA],
      [NEW, NEW_DATA],
    ]),
  ],
  [
    'a rollback to a version that crashes',
    rollbackTrial(BROKEN, undefined, { code: 15, version: '2.0.0', data: NEW_DATA }, [[NEW, NEW_DATA]]),
  ],
  ['a rollback if the executable was removed', removedTrial()],
  [
    'a rollback of the data alone',
    rollbackTrial(OLD, ['data'], { code: 0, version: '2.0.0', data: OLD_DATA }, [
      [NEW, OLD_DATA],
      [NEW, NEW_DATA],
    ]),
  ],
];

describe('with no fault', () => {
  test.each(TRIALS)('%s', async (_, trial) => {
    const disk = await trial.prepare();
    const host = simulatedHost({ ...trial.host, disk });
    const code = await trial.run(host);
    const version = versionOf(disk.contentOf(targetPath('linux')) ?? new Uint8Array(0));
    expect({ code, version, data: filesOn(disk, 'data') }).toEqual(trial.clean);
    expect(disk.openHandles()).toBe(0);
    const snapshots = await checkStore(disk);
    // The snapshot of a failed rollback is removed: it would push out a useful one.
    const taken: Snapshot['kind'][] = code === 0 ? ['rollback', 'update'] : ['update'];
    expect(snapshots.map(({ kind }) => kind).sort()).toEqual(taken);
    trial.afterwards(disk);
  });
});

everyFault(TRIALS, { faults: 500, stops: 500 });

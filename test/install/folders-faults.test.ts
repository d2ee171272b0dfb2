/**
 * The proof of the transaction where it changes the folders beside the executable as well: every fault at every effect of a
 * rollback to a snapshot, and of an update that brings an evolution, and a stop at every effect of the recovery after it.
 * What stands afterwards is the old version with the old data, or the new one with the new: never one with the other.
 */
import { describe, expect, test } from 'bun:test';
import { UpdaterError } from '../../lib/errors.ts';
import { withLock } from '../../lib/install/lock.ts';
import { openSession } from '../../lib/install/open.ts';
import { decodeReceipt, encodeReceipt } from '../../lib/install/receipt.ts';
import { recoverInstall } from '../../lib/install/recover.ts';
import { rollback } from '../../lib/install/rollback.ts';
import { rollbackTarget } from '../../lib/install/rollback-target.ts';
import type { Session } from '../../lib/install/session.ts';
import { snapshotSetup } from '../../lib/install/snapshot-setup.ts';
import { takeSnapshotHere } from '../../lib/install/snapshots.ts';
import { tellable } from '../../lib/platform/failures.ts';
import {
  type Component,
  listSnapshots,
  type Snapshot,
  storeLayout,
  Verifier,
} from '../../lib/snapshot/index.ts';
import type { SimulatedDisk } from '../host/disk.ts';
import { exhaust, type Scenario } from '../host/exhaust.ts';
import { type SimulatedHost, simulatedHost } from '../host/host.ts';
import {
  type Executable,
  executable,
  INSTALL_DIR,
  installedDisk,
  receiptOf,
  targetPath,
  versionOf,
} from '../host/install.ts';

const HOME = '/home/.dgmo';
const OLD = executable('1.0.0');
const NEW = executable('2.0.0');
const BROKEN = executable('1.0.0', 'broken');

type Files = Record<string, string>;
const OLD_DATA: Files = { 'session.json': 'old', 'gone/note': 'only then' };
const NEW_DATA: Files = { 'session.json': 'new!', 'fresh/note': 'only now' };

function sessionOn(host: SimulatedHost): Session {
  return openSession(host, {
    installDir: INSTALL_DIR,
    app: 'dgmo',
    defaultApp: 'dgmo',
    snapshots: (app) => snapshotSetup(host, { home: HOME, app, updater: '1.0.0' }),
  });
}

async function exitCode(work: Promise<unknown>): Promise<number> {
  try {
    await work;
    return 0;
  } catch (error) {
    const told = tellable(error, INSTALL_DIR);
    if (process.env.DBG) console.log(String((error as Error).stack).slice(0, 900));
    if (told instanceof UpdaterError) return told.exitCode;
    throw error;
  }
}

async function recoverAll(host: SimulatedHost): Promise<void> {
  const session = sessionOn(host);
  await withLock(host, session.layout, () => recoverInstall(session));
}

function placeData(disk: SimulatedDisk, files: Files): void {
  for (const [name, content] of Object.entries(files))
    disk.place(`${HOME}/data/${name}`, new TextEncoder().encode(content), 0o644);
  for (const folder of ['/', '/home', HOME, `${HOME}/data`]) disk.flushDirectory(folder);
}

function dataOn(disk: SimulatedDisk): Files {
  const files: Files = {};
  for (const [path, content] of Object.entries(disk.picture())) {
    if (!path.startsWith(`${HOME}/data/`) || content === '(directory)') continue;
    files[path.slice(`${HOME}/data/`.length)] = Buffer.from(content, 'base64').toString();
  }
  return files;
}

function same(files: Files, wanted: Files): boolean {
  return JSON.stringify(Object.entries(files).sort()) === JSON.stringify(Object.entries(wanted).sort());
}

/** The old version was installed and a snapshot taken; then the new version came, and wrote its data. */
async function updatedDisk(old: Executable): Promise<SimulatedDisk> {
  const disk = installedDisk('linux', old);
  placeData(disk, OLD_DATA);
  const host = simulatedHost({ disk, versionOf });
  const session = sessionOn(host);
  const setup = session.snapshots;
  if (setup === null) throw new Error('no setup');
  await takeSnapshotHere(session, setup, receiptOf(old, null), {
    kind: 'update',
    reason: 'before',
    replaced: true,
  });
  const after = installedDisk('linux', NEW, old);
  for (const name of ['installed.json', 'journal', `kept-${old.sha256.slice(0, 32)}`]) {
    const path = `${INSTALL_DIR}/.dgmo-updater/${name}`;
    disk.place(path, after.contentOf(path) ?? new Uint8Array(0), 0o600);
  }
  disk.place(`${INSTALL_DIR}/.dgmo-updater/installed.json`, encodeReceipt(receiptOf(NEW, old)), 0o600);
  disk.place(targetPath('linux'), NEW.bytes);
  for (const name of Object.keys(OLD_DATA)) disk.remove(`${HOME}/data/${name}`);
  disk.removeDirectory(`${HOME}/data/gone`);
  placeData(disk, NEW_DATA);
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
  allowed: readonly [version: string, data: Files][],
): Trial {
  const run = (on: SimulatedHost) => {
    const session = sessionOn(on);
    const target = async () => rollbackTarget(session, only === undefined ? {} : { only });
    return exitCode(withLock(on, session.layout, async () => rollback(session, await target())));
  };
  const content = (disk: SimulatedDisk) => disk.contentOf(targetPath('linux'));
  const isSame = (bytes: Uint8Array | null, one: Executable) =>
    bytes !== null && Buffer.compare(bytes, one.bytes) === 0;
  return {
    prepare: () => updatedDisk(old),
    host: { versionOf },
    run,
    work: async (on) => void (await run(on)),
    recover: recoverAll,
    clean,
    always(disk) {
      if (!isSame(content(disk), old) && !isSame(content(disk), NEW))
        throw new Error('the target is neither the old nor the new executable');
    },
    afterwards(disk) {
      const bytes = content(disk);
      const version = isSame(bytes, NEW) ? '2.0.0' : '1.0.0';
      const data = dataOn(disk);
      if (!allowed.some(([name, files]) => name === version && same(files, data)))
        throw new Error(`${version} stands with ${JSON.stringify(data)}`);
      const receipt = disk.contentOf(`${INSTALL_DIR}/.dgmo-updater/installed.json`);
      if (receipt === null) throw new Error('there is no receipt');
      const said = decodeReceipt(receipt, 'installed.json').binary.version;
      if (said !== version) throw new Error(`the receipt says ${said}, but ${version} stands`);
      const left = Object.keys(disk.picture()).filter((path) => path.includes('.dgmo-restore-'));
      if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
    },
  };
}

const BOTH: readonly [string, Files][] = [
  ['1.0.0', OLD_DATA],
  ['2.0.0', NEW_DATA],
];

const TRIALS: [name: string, trial: Trial][] = [
  [
    'a rollback to a snapshot',
    rollbackTrial(OLD, undefined, { code: 0, version: '1.0.0', data: OLD_DATA }, BOTH),
  ],
  [
    'a rollback to a version that crashes',
    rollbackTrial(BROKEN, undefined, { code: 15, version: '2.0.0', data: NEW_DATA }, [['2.0.0', NEW_DATA]]),
  ],
  [
    'a rollback of the data alone',
    rollbackTrial(OLD, ['data'], { code: 0, version: '2.0.0', data: OLD_DATA }, [
      ['2.0.0', OLD_DATA],
      ['2.0.0', NEW_DATA],
    ]),
  ],
];

/** Every snapshot that is listed can be brought back in full. */
async function checkStore(disk: SimulatedDisk): Promise<Snapshot[]> {
  const host = simulatedHost({ disk, versionOf });
  const layout = storeLayout(host, HOME);
  const verifier = new Verifier(host, layout, async () => undefined);
  const sound: Snapshot[] = [];
  for (const { found } of listSnapshots(host.disk, layout)) {
    if (found instanceof Error) throw found;
    const { problems } = await verifier.verify(found);
    if (problems.length > 0) throw new Error(problems.join('; '));
    sound.push(found);
  }
  verifier.close();
  return sound;
}

describe('with no fault', () => {
  test.each(TRIALS)('%s', async (_, trial) => {
    const disk = await trial.prepare();
    const host = simulatedHost({ ...trial.host, disk });
    const code = await trial.run(host);
    const version = versionOf(disk.contentOf(targetPath('linux')) ?? new Uint8Array(0));
    expect({ code, version, data: dataOn(disk) }).toEqual(trial.clean);
    expect(disk.openHandles()).toBe(0);
    const snapshots = await checkStore(disk);
    expect(snapshots.map(({ kind }) => kind).sort()).toEqual(['rollback', 'update']);
    trial.afterwards(disk);
  });
});

describe('every fault at every effect, and a stop at every effect of the recovery after it', () => {
  test.each(TRIALS)(
    '%s',
    async (name, trial) => {
      const tally = await exhaust(trial);
      console.log(
        `  ${name}: ${tally.effects} effects, ${tally.points} faults, ${tally.recoveryPoints} stops in the recoveries after them`,
      );
      expect(tally.points).toBeGreaterThan(500);
    },
    240_000,
  );
});

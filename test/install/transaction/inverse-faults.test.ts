/**
 * The proof of a rollback whose executable is stored as a patch: every fault at every effect of it, and a stop at every effect of
 * the recovery after it. Afterwards either version is installed, with its data.
 */
import { expect, test } from 'bun:test';
import { DamagedError } from '../../../lib/errors.ts';
import { snapshotInstall } from '../../../lib/install/folders/snapshots.ts';
import { encodeReceipt } from '../../../lib/install/receipt.ts';
import { digestBytes } from '../../../lib/platform/files.ts';
import { compactBinaries, storeLayout } from '../../../lib/snapshot/index.ts';
import { codeLike } from '../../delta/pairs.ts';
import type { SimulatedDisk } from '../../host/disk.ts';
import type { Scenario } from '../../host/exhaust.ts';
import { type SimulatedHost, simulatedHost } from '../../host/host.ts';
import {
  type Executable,
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

/** Much of it is in every version, so that a patch between two is small. */
function largeExecutable(version: string, seed: number): Executable {
  const head = new TextEncoder().encode(`#!dgmo ${version} works\n`);
  const bytes = new Uint8Array(Buffer.concat([head, codeLike(800, 3, seed)]));
  return { version, bytes, ...digestBytes(bytes) };
}

const OLD = largeExecutable('1.0.0', 1);
const NEW = largeExecutable('2.0.0', 2);
const OLD_DATA: Files = { 'session.json': 'old' };
const NEW_DATA: Files = { 'session.json': 'new!', 'fresh/note': 'only now' };
const layout = storeLayout({ platform: 'linux' }, HOME);
const inverse = `${layout.inverses}/${OLD.sha256}.from.${NEW.sha256}`;

/** 2.0.0 is installed, both were snapshotted, and 1.0.0 is nowhere but in the store, as a patch from 2.0.0. */
async function compactedDisk(): Promise<SimulatedDisk> {
  const disk = installedDisk('linux', OLD);
  const host = simulatedHost({ disk, versionOf });
  const session = sessionOn(host);
  const setup = session.snapshots;
  if (setup === null) throw new Error('no setup');
  placeFiles(disk, 'data', OLD_DATA);
  await snapshotInstall(session, setup, receiptOf(OLD, null), { kind: 'update', reason: 'before' });
  const after = installedDisk('linux', NEW);
  const journal = `${INSTALL_DIR}/.dgmo-updater/journal`;
  disk.place(journal, after.contentOf(journal) ?? new Uint8Array(0), 0o600);
  disk.place(`${INSTALL_DIR}/.dgmo-updater/installed.json`, encodeReceipt(receiptOf(NEW, null)), 0o600);
  disk.place(targetPath('linux'), NEW.bytes);
  placeFiles(disk, 'data', NEW_DATA);
  const now = sessionOn(host);
  await snapshotInstall(now, setup, receiptOf(NEW, null), { kind: 'manual', reason: 'after' });
  await compactBinaries(host, layout, { worth: 0 });
  if (disk.contentOf(inverse) === null || disk.contentOf(`${layout.binaries}/${OLD.sha256}`) !== null)
    throw new Error('1.0.0 is not stored as a patch');
  return disk;
}

const goBack = (on: SimulatedHost) => rollBackOn(sessionOn(on));

const TRIAL: Scenario = {
  prepare: compactedDisk,
  host: { versionOf },
  work: async (on) => void (await exitCode(goBack(on))),
  recover: recoverAll,
  always: (disk) => void installedOn(disk, [OLD, NEW]),
  afterwards(disk) {
    const installed = installedOn(disk, [OLD, NEW]);
    const data = filesOn(disk, 'data');
    if (!sameFiles(data, installed === OLD ? OLD_DATA : NEW_DATA))
      throw new Error(`${installed.version} is installed with ${JSON.stringify(data)}`);
    checkEnded(disk, installed);
  },
};

test('with no fault', async () => {
  const disk = await compactedDisk();
  await goBack(simulatedHost({ disk, versionOf }));
  expect(installedOn(disk, [OLD])).toBe(OLD);
  expect(filesOn(disk, 'data')).toEqual(OLD_DATA);
  expect(disk.openHandles()).toBe(0);
  expect((await checkStore(disk)).length).toBeGreaterThan(1);
});

test('a damaged patch is named, and nothing is changed', async () => {
  const disk = await compactedDisk();
  const patch = disk.contentOf(inverse) ?? new Uint8Array(0);
  disk.place(
    inverse,
    patch.map((byte, at) => (at === patch.length - 9 ? byte ^ 1 : byte)),
    0o600,
  );
  const failure = await goBack(simulatedHost({ disk, versionOf })).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(DamagedError);
  expect(String(failure)).toContain(`damaged or missing: ${inverse}, or what it is read through`);
  expect(installedOn(disk, [NEW])).toBe(NEW);
  expect(filesOn(disk, 'data')).toEqual(NEW_DATA);
});

everyFault([['a rollback to an executable that is stored as a patch', TRIAL]], { faults: 300, stops: 300 });

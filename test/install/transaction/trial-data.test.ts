/** A version that writes into the data when it is tried, and fails: what becomes of everybody's files, and of DGMO. */
import { describe, expect, test } from 'bun:test';
import { MachineError, UpdaterError } from '../../../lib/errors.ts';
import type { InstallEvent } from '../../../lib/install/session.ts';
import type { Disk } from '../../../lib/platform/disk.ts';
import { asUpdaterError } from '../../../lib/platform/failures.ts';
import { loadSnapshot, rootsOf } from '../../../lib/snapshot/document.ts';
import { storeLayout } from '../../../lib/snapshot/index.ts';
import { readTree } from '../../../lib/snapshot/store/trees.ts';
import { type SimulatedDisk, systemError } from '../../host/disk.ts';
import { FaultInjector } from '../../host/faults.ts';
import { type SimulatedHost, simulatedHost } from '../../host/host.ts';
import { executable, INSTALL_DIR, installedDisk, versionOf } from '../../host/install.ts';
import { applyOn } from '../../host/operations.ts';
import { packageFor } from '../../host/package.ts';
import { testRoot } from '../../trust/keys.ts';
import {
  checkStore,
  type Files,
  filesOn,
  HOME,
  installedOn,
  placeFiles,
  recoverAll,
  sessionOn,
} from './folders-stage.ts';

const OLD = executable('1.0.0');
const BROKEN = executable('2.0.0', 'broken');
const PACKAGE = '/downloads/dgmo.dgmopkg';
const OLD_DATA: Files = { 'session.json': 'old' };
const root = testRoot();

async function stage(): Promise<SimulatedDisk> {
  const disk = installedDisk('linux', OLD);
  placeFiles(disk, 'data', OLD_DATA);
  disk.place(PACKAGE, await packageFor('linux', [OLD, BROKEN], 'full'));
  return disk;
}

const isNew = (content: Uint8Array) => new TextDecoder().decode(content).startsWith('#!dgmo 2.0.0');

function migrate(disk: SimulatedDisk, content: Uint8Array): void {
  if (isNew(content)) placeFiles(disk, 'data', { 'session.json': 'migrated' });
}

interface Ended {
  error: UpdaterError;
  events: InstallEvent[];
}

/** As DGMO does it: it waits for a process that has exited, and starts DGMO again. */
async function update(host: SimulatedHost): Promise<Ended> {
  const events: InstallEvent[] = [];
  const session = { ...sessionOn(host), emit: (event: InstallEvent) => void events.push(event) };
  const wish = { root, waitFor: 4711, noWait: false, relaunch: true };
  const error = await applyOn(session, [PACKAGE], wish).then(
    () => new Error('the update did not fail'),
    (thrown) => asUpdaterError(thrown, INSTALL_DIR),
  );
  if (error instanceof UpdaterError) return { error, events };
  throw error;
}

/** A host whose disk has no room for files of a folder while `full` says so. */
function fullAt(host: SimulatedHost, folder: string, full: () => boolean): SimulatedHost {
  const open: Disk['open'] = (path, how, mode) => {
    if (how === 'create' && path.startsWith(folder) && full()) throw systemError('ENOSPC', 'open', path);
    return host.disk.open(path, how, mode);
  };
  return { ...host, disk: { ...host.disk, open } };
}

test('what anybody wrote while it was tried is kept in a snapshot, which is named', async () => {
  const disk = await stage();
  const host = simulatedHost({
    disk,
    versionOf,
    onTrial: (on, content) => {
      migrate(on, content);
      if (isNew(content)) placeFiles(on, 'data', { 'my-note': 'of another program' });
    },
  });
  const { error, events } = await update(host);
  expect(error.exitCode).toBe(15);
  expect(filesOn(disk, 'data')).toEqual(OLD_DATA);
  const aside = events.find(({ event }) => event === 'set aside');
  if (aside?.event !== 'set aside') throw new Error('nothing was set aside');
  const layout = storeLayout(host, HOME);
  const kept = loadSnapshot(host.disk, layout, aside.snapshot);
  if (kept === null) throw new Error(`there is no snapshot ${aside.snapshot}`);
  const names = rootsOf(kept).flatMap(({ root: { tree } }) =>
    tree === null ? [] : readTree(host.disk, layout, tree).entries.map(({ path }) => path),
  );
  expect(names.sort()).toEqual(['my-note', 'session.json']);
  // The one that was taken before the update is removed: its state is back.
  expect((await checkStore(disk)).map(({ kind }) => kind)).toEqual(['recovery']);
});

describe('on a disk that the failed version has filled', () => {
  /** No room in the data for good; in the store from the trial on. */
  async function filled(folder: string) {
    const disk = await stage();
    let full = false;
    const onTrial = (on: SimulatedDisk, content: Uint8Array) => {
      migrate(on, content);
      full ||= isNew(content);
    };
    const host = fullAt(simulatedHost({ disk, versionOf, onTrial }), folder, () => full);
    return { disk, host, ...(await update(host)) };
  }

  test('12 names the data that is not restored yet, DGMO is not started, and the next command restores it', async () => {
    const { disk, host, error } = await filled(`${HOME}/data/`);
    expect(error).toBeInstanceOf(MachineError);
    expect(error.message).toContain('no space is left on the disk');
    expect(error.message).toContain('1.0.0 is in place, and the data of 1.0.0 is not restored yet');
    expect(error.advice).toMatch(/recover`, which restores the data from the snapshot \S+; do not start/);
    expect(host.started).toEqual([]);
    await recoverAll(simulatedHost({ disk, versionOf }));
    expect(installedOn(disk, [OLD])).toBe(OLD);
    expect(filesOn(disk, 'data')).toEqual(OLD_DATA);
  });

  test('a command that finds no space either does not advise itself', async () => {
    const { disk } = await filled(`${HOME}/data/`);
    const host = fullAt(simulatedHost({ disk, versionOf }), `${HOME}/data/`, () => true);
    const error = await recoverAll(host).catch((thrown: UpdaterError) => thrown);
    expect(error?.advice).toContain('Every command of dgmo-updater tries again');
    expect(error?.advice).not.toContain('`dgmo-updater recover`');
  });

  test('no room in the store alone: the data is restored, and it is told what could not be kept', async () => {
    const { disk, host, error, events } = await filled(`${HOME}/.snapshots/`);
    expect(error.exitCode).toBe(15);
    expect(filesOn(disk, 'data')).toEqual(OLD_DATA);
    expect(host.started.map(versionOf)).toEqual(['1.0.0']);
    const texts = events.flatMap((event) => (event.event === 'warning' ? [event.text] : []));
    expect(texts.join()).toContain('before going back to 1.0.0 could not be kept: ');
    expect(texts.join()).not.toContain('nothing was changed');
  });
});

test('an update that was killed while it tried the version leaves no snapshot behind, as one that failed', async () => {
  const disk = await stage();
  const clean = new FaultInjector();
  await update(simulatedHost({ disk: disk.clone(), versionOf, faults: clean }));
  const at = clean.seen.indexOf('run');
  const faults = new FaultInjector({ at, fault: { kind: 'stop' } });
  await update(simulatedHost({ disk, versionOf, faults })).catch(() => undefined);
  expect((await checkStore(disk)).map(({ kind }) => kind)).toEqual(['update']);
  await recoverAll(simulatedHost({ disk, versionOf }));
  expect(installedOn(disk, [OLD])).toBe(OLD);
  expect(await checkStore(disk)).toEqual([]);
});

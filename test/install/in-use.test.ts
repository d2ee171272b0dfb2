/** A failed update restores the data as well, unless a running DGMO may have written it meanwhile. */
import { describe, expect, test } from 'bun:test';
import { OWN_PID, type SimulatedProcess, simulatedHost } from '../host/host.ts';
import { executable, installedDisk, targetPath, versionOf } from '../host/install.ts';
import { applyOn } from '../host/operations.ts';
import { packageFor } from '../host/package.ts';
import { testRoot } from '../trust/keys.ts';
import { exitCode } from './transaction/every-fault.ts';
import { checkStore, filesOn, placeFiles, recoverAll, sessionOn } from './transaction/folders-stage.ts';

const OLD = executable('1.0.0');
const BROKEN = executable('2.0.0', 'broken');
const PACKAGE = '/downloads/dgmo.dgmopkg';
const root = testRoot();

/** The data after a failed update, if it was written while the new version was tried. */
async function dataAfter(processes: SimulatedProcess[]): Promise<string | undefined> {
  const disk = installedDisk('linux', OLD);
  placeFiles(disk, 'data', { 'session.json': 'before' });
  disk.place(PACKAGE, await packageFor('linux', [OLD, BROKEN], 'full'));
  const host = simulatedHost({
    disk,
    processes,
    versionOf(content) {
      if (content.length === BROKEN.size) placeFiles(disk, 'data', { 'session.json': 'meanwhile' });
      return versionOf(content);
    },
  });
  const update = applyOn(sessionOn(host), [PACKAGE], { root });
  expect(await exitCode(update)).toBe(15);
  return filesOn(disk, 'data')['session.json'];
}

describe('data that was written while a failing version was tried', () => {
  test('is restored if DGMO is not in use: the failed version wrote it', async () => {
    expect(await dataAfter([])).toBe('before');
  });

  test('is kept if DGMO runs', async () => {
    expect(await dataAfter([{ pid: 20, file: targetPath('linux') }])).toBe('meanwhile');
  });

  test('is kept if DGMO updates itself', async () => {
    expect(await dataAfter([{ pid: OWN_PID, file: targetPath('linux') }])).toBe('meanwhile');
  });
});

describe('an update that was stopped after the trial start of a failing version', () => {
  /** Stopped before the verdict is recorded. */
  async function stopped() {
    const disk = installedDisk('linux', OLD);
    placeFiles(disk, 'data', { 'session.json': 'before' });
    disk.place(PACKAGE, await packageFor('linux', [OLD, BROKEN], 'full'));
    const writes = (on: typeof disk) => placeFiles(on, 'data', { 'session.json': 'failed version' });
    let tried = false;
    const host = simulatedHost({
      disk,
      versionOf(content) {
        writes(disk);
        tried = true;
        return versionOf(content);
      },
    });
    const { flushDirectory } = host.disk;
    const disks = {
      ...host.disk,
      flushDirectory(path: string) {
        if (tried) throw new Error('the power is cut');
        flushDirectory(path);
      },
    };
    await applyOn(sessionOn({ ...host, disk: disks }), [PACKAGE], { root }).catch(() => undefined);
    expect(filesOn(disk, 'data')['session.json']).toBe('failed version');
    return disk;
  }

  test('the next run restores the data, and keeps the current data in a snapshot', async () => {
    const disk = await stopped();
    await recoverAll(simulatedHost({ disk, versionOf }));
    expect(filesOn(disk, 'data')['session.json']).toBe('before');
    // What the update began with is in place again, so its own snapshot has gone.
    expect((await checkStore(disk)).map(({ kind }) => kind)).toEqual(['recovery']);
  });

  test('the data is not restored while DGMO runs: 14; the run after that restores it', async () => {
    const disk = await stopped();
    const running = simulatedHost({ disk, versionOf, processes: [{ pid: 20, file: targetPath('linux') }] });
    expect(await exitCode(recoverAll(running))).toBe(14);
    expect(filesOn(disk, 'data')['session.json']).toBe('failed version');
    await recoverAll(simulatedHost({ disk, versionOf }));
    expect(filesOn(disk, 'data')['session.json']).toBe('before');
  });
});

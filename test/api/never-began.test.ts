/** What was refused before it began is not in the history, and not remembered as an update that failed. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { choicesFile } from '../../lib/home/choices.ts';
import { historyFile } from '../../lib/home/history.ts';
import { snapshotInstall } from '../../lib/install/folders/snapshots.ts';
import { nativeHost } from '../../lib/platform/native.ts';
import { simulatedHost } from '../host/host.ts';
import { executable, INSTALL_DIR, installedDisk, receiptOf, targetPath, versionOf } from '../host/install.ts';
import { rollBackOn } from '../host/operations.ts';
import { HOME, placeFiles, sessionOn } from '../install/transaction/folders-stage.ts';
import { runCommand } from '../support/command-line.ts';
import { openStage, SETTINGS, type Stage } from '../update/stage.ts';

const posixOnly = process.platform === 'win32' ? describe.skip : describe;

posixOnly('refused before it began', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage();
    for (const version of ['1.5.0', '2.0.0']) await stage.release(version, { deltas: 0 });
    expect((await run(['update', '--version', '1.5.0', '--yes'])).code).toBe(0);
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  function run(argv: string[], isLocked = false) {
    const host = nativeHost();
    const acquire: typeof host.locks.acquire = (file) =>
      isLocked && file === path.join(stage.dir, '.dgmo-updater', 'lock') ? null : host.locks.acquire(file);
    return runCommand([...argv, '--home', stage.home], {
      host: { ...host, locks: { ...host.locks, acquire } },
      settings: { ...SETTINGS, feed: stage.url },
      ownFolder: stage.dir,
    });
  }

  const remembered = () => ({
    history: historyFile.load(nativeHost(), stage.home).entries.map(({ kind, to }) => [kind, to]),
    lastUpdate: choicesFile.load(nativeHost(), stage.home).lastUpdate?.ended,
  });

  test.each([
    ['an update', ['update', '--version', '2.0.0', '--yes']],
    ['a rollback', ['rollback', '--yes']],
    ['a repair', ['repair', '--yes']],
  ])('%s, while another updater is at work', async (what, argv) => {
    const config = path.join(stage.home, 'config', 'dgmo.json');
    fs.mkdirSync(path.dirname(config), { recursive: true });
    // Something to repair.
    fs.writeFileSync(config, what === 'a repair' ? '{' : '{}');
    const before = remembered();
    const { code, error } = await run(argv, true);
    expect([code, error]).toEqual([14, expect.stringContaining('another dgmo-updater is at work')]);
    expect(remembered()).toEqual(before);
    expect(before).toEqual({ history: [['update', '1.5.0']], lastUpdate: 'updated' });
  });

  test('an update that its package manager has to do', async () => {
    const record = path.join(stage.dir, 'managed-by.json');
    const owner = { manager: 'Tea', package: 'dgmo', command: 'tea upgrade dgmo' };
    const packages = await run(['download', '--version', '2.0.0']);
    expect(packages.code).toBe(0);
    const cache = path.join(stage.home, 'cache');
    const [file = ''] = fs.readdirSync(cache).filter((name) => /^[0-9a-f]{64}$/.test(name));
    fs.writeFileSync(record, JSON.stringify(owner), { mode: 0o644 });
    expect((await run(['--apply', path.join(cache, file), '--no-wait'])).code).toBe(17);
    fs.rmSync(record);
    expect(remembered().lastUpdate).toBe('updated');
  });

  test('an update, while updates are turned off', async () => {
    await run(['config', 'set', 'updates', 'off']);
    expect((await run(['--apply', 'nowhere.dgmopkg', '--no-wait'])).code).toBe(17);
    await run(['config', 'unset', 'updates']);
    expect(remembered()).toEqual({ history: [['update', '1.5.0']], lastUpdate: 'updated' });
  });
});

test('a rollback that DGMO was in the way of is not in the history, and one that went on is there once', async () => {
  const [one, two] = [executable('1.0.0'), executable('2.0.0')];
  const disk = installedDisk('linux', one);
  placeFiles(disk, 'data', { 'session.json': 'old' });
  const machine = (stubborn: boolean) =>
    simulatedHost({ disk, versionOf, processes: [{ pid: 300, file: targetPath('linux'), stubborn }] });
  const session = sessionOn(machine(false));
  if (session.snapshots === null) throw new Error('no store');
  await snapshotInstall(session, session.snapshots, receiptOf(one, null), { kind: 'update', reason: 'test' });
  const after = installedDisk('linux', two, one);
  for (const name of [targetPath('linux'), `${INSTALL_DIR}/.dgmo-updater/installed.json`])
    disk.place(name, after.contentOf(name) ?? new Uint8Array(0), 0o755);
  await expect(rollBackOn(sessionOn(machine(true)))).rejects.toThrow('has not ended');
  expect(historyFile.load(machine(true), HOME).entries).toEqual([]);
  await rollBackOn(sessionOn(machine(false)));
  expect(historyFile.load(machine(true), HOME).entries).toMatchObject([{ kind: 'rollback', ended: 'done' }]);
});

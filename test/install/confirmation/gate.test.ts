/** A version that promises to confirm that it is well: what happens when it does, and when it does not. */
import { describe, expect, test } from 'bun:test';
import { Installation, SnapshotManager } from '../../../lib/api/index.ts';
import { leaveCrashLoop } from '../../../lib/api/steps/health-gate.ts';
import { PolicyError, RevertedError, type UpdaterError } from '../../../lib/errors.ts';
import { choicesFile } from '../../../lib/home/choices.ts';
import type { InstallEvent } from '../../../lib/install/index.ts';
import { openSession } from '../../../lib/install/open.ts';
import type { SimulatedDisk } from '../../host/disk.ts';
import { OWN_PID, type SimulatedHostOptions, simulatedHost } from '../../host/host.ts';
import { INSTALL_DIR, targetPath, versionOf } from '../../host/install.ts';
import { applyOn, rollBackOn } from '../../host/operations.ts';
import { testRoot } from '../../trust/keys.ts';
import { checkStore, filesOn, HOME, sessionOn } from '../transaction/folders-stage.ts';
import {
  confirmOn,
  corrupt,
  endsAtOnce,
  hangs,
  isNew,
  NEW_DATA,
  OLD_DATA,
  type OnStart,
  PACKAGE,
  placeReceipt,
  receiptOn,
  stage,
} from './stage.ts';

const root = testRoot();

async function update(disk: SimulatedDisk, options: Omit<SimulatedHostOptions, 'disk' | 'versionOf'>) {
  const host = simulatedHost({ disk, versionOf, ...options });
  const events: InstallEvent[] = [];
  const session = openSession(host, {
    ...{ installDir: INSTALL_DIR, app: 'dgmo', home: { folder: HOME } },
    emit: (event) => events.push(event),
  });
  const request = { root, waitFor: 0, noWait: false, relaunch: true };
  const error = await applyOn(session, [PACKAGE], request).then(
    () => null,
    (failure: UpdaterError) => failure,
  );
  return { error, host, events, started: host.started.map((content) => versionOf(content)) };
}

const installed = (disk: SimulatedDisk) =>
  versionOf(disk.contentOf(targetPath('linux')) ?? new Uint8Array(0));
const choices = (disk: SimulatedDisk) => choicesFile.load(simulatedHost({ disk, versionOf }), HOME);

describe('a version that confirms', () => {
  const confirms: OnStart = (disk, content) => {
    corrupt(disk, content);
    void confirmOn(disk, '2.0.0');
    return 'stays';
  };

  test('stays, and nothing more is owed', async () => {
    const disk = await stage();
    const { error, started } = await update(disk, { onStart: confirms });
    expect({ error, started, installed: installed(disk) }).toEqual({
      error: null,
      started: ['2.0.0'],
      installed: '2.0.0',
    });
    expect(receiptOn(disk).confirmation).toBeUndefined();
    expect(filesOn(disk, 'data')).toEqual(NEW_DATA);
    expect(choices(disk).quarantined).toEqual([]);
  });

  test('and ends right after it, stays too', async () => {
    const disk = await stage();
    const { error } = await update(disk, {
      onStart: (on, content) => {
        confirms(on, content, 1);
        return 'ends';
      },
    });
    expect([error, installed(disk)]).toEqual([null, '2.0.0']);
  });

  test('at the second start stays: the first one was bad luck', async () => {
    const disk = await stage();
    const { error, started, events } = await update(disk, {
      onStart: (on, content, count) => (count === 1 ? 'ends' : confirms(on, content, count)),
    });
    expect([error, started]).toEqual([null, ['2.0.0', '2.0.0']]);
    expect(events.filter(({ event }) => event === 'start failed')).toEqual([
      {
        ...{ event: 'start failed', version: '2.0.0', how: 'ended', failed: 1, of: 3, before: '1.0.0' },
      },
    ]);
  });
});

describe('a version that does not', () => {
  const reasons = {
    hangs: 'it did not confirm within 10 s that it is well',
    ends: 'it ended 3 times before it confirmed that it is well',
  };
  test.each([
    ['hangs', hangs, ['2.0.0', '1.0.0']],
    ['ends', endsAtOnce, ['2.0.0', '2.0.0', '2.0.0', '1.0.0']],
  ] as const)('%s: the version before is back with its data, and runs', async (how, onStart, starts) => {
    const disk = await stage();
    const { error, started, host } = await update(disk, { onStart });
    expect(error).toBeInstanceOf(RevertedError);
    expect([error?.exitCode, error?.message]).toEqual([
      15,
      `2.0.0 was installed and did not work: ${reasons[how]}; 1.0.0 is back, with its data, and works`,
    ]);
    expect(started).toEqual([...starts]);
    expect([installed(disk), filesOn(disk, 'data')]).toEqual(['1.0.0', OLD_DATA]);
    expect(receiptOn(disk).confirmation).toBeUndefined();
    // What hung has ended, and what runs is the old version.
    expect(host.processes.running(targetPath('linux'))).toEqual([OWN_PID + starts.length]);
    const { quarantined, lastUpdate, skipped } = choices(disk);
    expect(quarantined).toMatchObject([{ version: '2.0.0', reason: reasons[how] }]);
    expect([lastUpdate?.ended, skipped]).toEqual(['reverted', []]);
    // What the new version has made of the data is in a snapshot.
    const kinds = (await checkStore(disk)).map(({ kind }) => kind);
    expect(kinds).toEqual(['update', 'rollback']);
  });

  const losesSnapshot = (dataVersion: number): OnStart => {
    let removed = false;
    return (on, content) => {
      const [snapshot] = on.list(`${HOME}/.snapshots/snapshots`);
      if (!removed && snapshot !== undefined) {
        on.remove(`${HOME}/.snapshots/snapshots/${snapshot}`);
        const receipt = receiptOn(on);
        const rollback = { supported: true, minVersion: '0.1.0', dataVersion };
        placeReceipt(on, { ...receipt, rollback });
      }
      removed = true;
      return hangs(on, content, 1);
    };
  };

  test('can be left without its snapshot: the executable goes back alone, and the user is told', async () => {
    const disk = await stage();
    const { error } = await update(disk, { onStart: losesSnapshot(1) });
    expect([error?.exitCode, installed(disk)]).toEqual([15, '1.0.0']);
    expect(error?.message).toContain('1.0.0 is back, with the data as 2.0.0 left it, and works');
  });

  test('is not left, and not ended, if the version before could not read its data', async () => {
    const disk = await stage();
    const { error, started, host } = await update(disk, { onStart: losesSnapshot(2) });
    expect([error?.exitCode, installed(disk)]).toEqual([16, '2.0.0']);
    expect(error?.message).toContain('the executable would go back without the data');
    expect(started).toEqual(['2.0.0']);
    expect(host.processes.running(targetPath('linux'))).toEqual([OWN_PID + 1]);
    expect(choices(disk).quarantined).toEqual([]);
  });

  test('and its snapshot can not be removed by hand', async () => {
    const disk = await stage();
    await applyOn(sessionOn(simulatedHost({ disk, versionOf })), [PACKAGE], { root });
    const id = receiptOn(disk).confirmation?.snapshot ?? '';
    const options = { host: simulatedHost({ disk, versionOf }), installDir: INSTALL_DIR, home: HOME };
    await expect(new SnapshotManager({ ...options, app: 'dgmo' }).removeSnapshot(id)).rejects.toThrow(
      PolicyError,
    );
    await checkStore(disk);
  });

  test('and can not be started says nothing about the version', async () => {
    const disk = await stage();
    const host = simulatedHost({ disk, versionOf });
    const refusing = {
      ...host,
      processes: {
        ...host.processes,
        start: () => Promise.reject(Object.assign(new Error('EAGAIN'), { code: 'EAGAIN' })),
      },
    };
    const request = { root, waitFor: 0, noWait: false, relaunch: true };
    const error = await applyOn(sessionOn(refusing), [PACKAGE], request).catch((failure) => failure);
    expect([error.exitCode, installed(disk)]).toEqual([12, '2.0.0']);
    expect(choices(disk).quarantined).toEqual([]);
    expect(receiptOn(disk).confirmation?.starts).toEqual([]);
  });
});

test('a version that a rollback by hand ends during the watch is not started again', async () => {
  const disk = await stage();
  let tries = 0;
  const host = simulatedHost({ disk, versionOf, onStart: () => 'ends' });
  // After the start is recorded, the rollback holds the lock. It ends the process, and has gone back when it releases the lock.
  const session = sessionOn({
    ...host,
    locks: {
      acquire: (path) => {
        if (host.started.length !== 1 || tries++ === 0 || tries > 4) return host.locks.acquire(path);
        if (tries === 4) {
          const { confirmation: _, ...before } = receiptOn(disk);
          placeReceipt(disk, before);
        }
        return null;
      },
    },
  });
  await applyOn(session, [PACKAGE], { root, waitFor: 0, noWait: false, relaunch: true });
  expect(host.started.map((content) => versionOf(content))).toEqual(['2.0.0']);
});

test('a release that promises nothing is not waited for', async () => {
  const disk = await stage(null);
  const { error, started } = await update(disk, { onStart: endsAtOnce });
  expect([error, started, installed(disk)]).toEqual([null, ['2.0.0'], '2.0.0']);
});

describe('starts that nobody watches', () => {
  /** 2.0.0 is installed while 1.0.0 goes on running. */
  async function updated(): Promise<SimulatedDisk> {
    const disk = await stage();
    await applyOn(sessionOn(simulatedHost({ disk, versionOf })), [PACKAGE], { root });
    expect(receiptOn(disk).confirmation).toMatchObject({ within: 10_000, starts: [] });
    return disk;
  }

  /** DGMO is started as this process, which has ended by the next start. */
  function begin(disk: SimulatedDisk, pid: number, args: string[] = []) {
    const host = simulatedHost({ disk, versionOf });
    const started = {
      ...host,
      processes: { ...host.processes, pid, isAlive: (other: number) => other === pid },
    };
    return new Installation({ host: started, installDir: INSTALL_DIR, home: HOME, app: 'dgmo' }).beginStart(
      args,
    );
  }

  test('are counted by DGMO itself, and the fourth goes back before anything else', async () => {
    const disk = await updated();
    for (const pid of [201, 202, 203]) {
      expect(await begin(disk, pid)).toBeNull();
      corrupt(disk, disk.contentOf(targetPath('linux')) ?? new Uint8Array(0));
    }
    expect(receiptOn(disk).confirmation?.starts.map(({ pid }) => pid)).toEqual([201, 202, 203]);
    expect(await begin(disk, 204, ['--continue'])).toEqual({
      file: targetPath('linux'),
      args: ['--continue'],
    });
    expect([installed(disk), filesOn(disk, 'data')]).toEqual(['1.0.0', OLD_DATA]);
    expect(choices(disk).quarantined.map(({ version }) => version)).toEqual(['2.0.0']);
    expect(await begin(disk, 205)).toBeNull();
  });

  test('do not count once it has confirmed, and one that is confirmed twice is no fault', async () => {
    const disk = await updated();
    for (const pid of [201, 202]) await begin(disk, pid);
    expect(await confirmOn(disk)).toBe('2.0.0');
    expect(await confirmOn(disk)).toBeNull();
    for (const pid of [203, 204, 205]) expect(await begin(disk, pid)).toBeNull();
    expect(installed(disk)).toBe('2.0.0');
  });

  test('of the version before do not speak for the new one', async () => {
    const disk = await updated();
    expect(await confirmOn(disk, '1.0.0')).toBeNull();
    expect(receiptOn(disk).confirmation).toBeDefined();
  });

  test('are looked at by every command that changes something', async () => {
    const disk = await updated();
    for (const pid of [201, 202, 203]) await begin(disk, pid);
    const host = simulatedHost({ disk, versionOf });
    const { receipt } = await new Installation({
      host,
      installDir: INSTALL_DIR,
      home: HOME,
      app: 'dgmo',
    }).recover();
    expect(receipt?.binary.version).toBe('1.0.0');
  });

  test('are left alone while a DGMO runs: it works for somebody', async () => {
    const disk = await updated();
    for (const pid of [201, 202, 203]) await begin(disk, pid);
    const file = targetPath('linux');
    const host = simulatedHost({ disk, versionOf, processes: [{ pid: 300, file, stubborn: true }] });
    const { receipt } = await new Installation({
      ...{ host, installDir: INSTALL_DIR, home: HOME, app: 'dgmo' },
      limits: { exit: 1 },
    }).recover();
    expect(receipt?.binary.version).toBe('2.0.0');
  });

  test('a rollback by hand is a wish, and no verdict on the version', async () => {
    const disk = await updated();
    await begin(disk, 201);
    await rollBackOn(sessionOn(simulatedHost({ disk, versionOf })));
    expect(receiptOn(disk).confirmation).toBeUndefined();
    const { quarantined, rolledBack } = choices(disk);
    expect([quarantined, rolledBack.map(({ version }) => version)]).toEqual([[], ['2.0.0']]);
  });

  test('a version that confirms in the last moment is not left', async () => {
    const disk = await updated();
    for (const pid of [201, 202, 203]) await begin(disk, pid);
    const host = simulatedHost({ disk, versionOf });
    const session = sessionOn({
      ...host,
      locks: {
        acquire: (path) => {
          const lock = host.locks.acquire(path);
          const { confirmation: _, ...confirmed } = receiptOn(disk);
          if (isNew(disk.contentOf(targetPath('linux')) ?? new Uint8Array(0))) placeReceipt(disk, confirmed);
          return lock;
        },
      },
    });
    expect(await leaveCrashLoop(session)).toBeNull();
    expect(installed(disk)).toBe('2.0.0');
  });
});

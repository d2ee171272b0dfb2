/** Ending a running DGMO: it is asked first, force needs consent, and only the processes that the user was shown are ended. */
import { describe, expect, test } from 'bun:test';
import { InterruptedError, StillRunningError } from '../../lib/errors.ts';
import { runningCopies } from '../../lib/install/process/running.ts';
import { stopRunning } from '../../lib/install/process/stop.ts';
import type { Session } from '../../lib/install/session.ts';
import type { Platform } from '../../lib/platform/host.ts';
import { FaultInjector } from '../host/faults.ts';
import { type SimulatedProcess, simulatedHost } from '../host/host.ts';
import { executable, INSTALL_DIR, installedDisk, targetPath, versionOf } from '../host/install.ts';
import { sessionOn } from './transaction/folders-stage.ts';

const ONE = executable('1.0.0');
const TWO = executable('2.0.0');
const LIMIT = 500;

function sessionWith(processes: SimulatedProcess[], { platform = 'linux' as Platform } = {}) {
  const faults = new FaultInjector();
  const disk = installedDisk(platform, TWO, ONE);
  const host = simulatedHost({ disk, faults, versionOf, platform, processes });
  const events: unknown[] = [];
  const session: Session = {
    ...sessionOn(host),
    limits: { exit: LIMIT, held: 0, start: 1, probe: 0 },
    emit: (event) => events.push(event),
  };
  return { session, host, events, asked: () => faults.seen.filter((name) => /End$/.test(name)) };
}

const TARGET = targetPath('linux');

describe('the running copies', () => {
  test('are those of the installed executable, and of the one that an update has replaced', () => {
    const kept = `${INSTALL_DIR}/.dgmo-updater/kept-${ONE.sha256.slice(0, 32)}`;
    const { session } = sessionWith([
      { pid: 30, file: TARGET },
      { pid: 20, file: kept },
      { pid: 10, file: '/usr/bin/dgmo' },
    ]);
    expect(runningCopies(session)).toEqual([20, 30]);
  });
});

describe('ending them', () => {
  test('nothing more is done if they end when they are asked', async () => {
    const { session, events, host, asked } = sessionWith([
      { pid: 20, file: TARGET },
      { pid: 30, file: TARGET },
    ]);
    await stopRunning(session, [20, 30], 'never');
    expect(runningCopies(session)).toEqual([]);
    expect(events).toEqual([{ event: 'stopping', pids: [20, 30] }]);
    expect(asked()).toEqual(['requestEnd', 'requestEnd']);
    expect(host.clock.monotonic()).toBeLessThan(LIMIT);
  });

  test('one that does not end is ended by force after the limit, with consent', async () => {
    const { session, host, asked } = sessionWith([
      { pid: 20, file: TARGET, stubborn: true },
      { pid: 30, file: TARGET },
    ]);
    await stopRunning(session, [20, 30], 'after the limit');
    expect(host.clock.monotonic()).toBeGreaterThanOrEqual(LIMIT);
    expect(runningCopies(session)).toEqual([]);
    expect(asked()).toEqual(['requestEnd', 'requestEnd', 'forceEnd']);
  });

  test('one that was asked before is ended by force, and that is said', async () => {
    const { session, events, asked } = sessionWith([{ pid: 20, file: TARGET, stubborn: true }]);
    await stopRunning(session, [20], 'now');
    expect(asked()).toEqual(['forceEnd']);
    expect(events).toEqual([{ event: 'stopping', pids: [20], kill: true }]);
  });

  test('without consent it keeps running: 14', async () => {
    const { session, asked } = sessionWith([{ pid: 20, file: TARGET, stubborn: true }]);
    await expect(stopRunning(session, [20], 'never')).rejects.toThrow(
      new StillRunningError(`process 20, which runs ${TARGET}, has not ended`, [20]),
    );
    expect(runningCopies(session)).toEqual([20]);
    expect(asked()).toEqual(['requestEnd']);
  });

  test('if a process can not be asked to end, as on Windows, there is no waiting', async () => {
    const file = targetPath('win32');
    const { session, host } = sessionWith([{ pid: 20, file }], { platform: 'win32' });
    await expect(stopRunning(session, runningCopies(session), 'never')).rejects.toThrow(StillRunningError);
    expect(host.clock.monotonic()).toBe(0);
    await stopRunning(session, [20], 'after the limit');
    expect(runningCopies(session)).toEqual([]);
  });

  test('one that was started meanwhile is not ended, because the user was not asked about it', async () => {
    const { session } = sessionWith([
      { pid: 20, file: TARGET },
      { pid: 30, file: TARGET },
    ]);
    await stopRunning(session, [20], 'never');
    expect(runningCopies(session)).toEqual([30]);
  });

  test.each(['never', 'after the limit', 'now'] as const)(
    'one whose id was given to another program meanwhile: that goes on (%s)',
    async (kill) => {
      const { session, asked } = sessionWith([
        { pid: 20, file: '/usr/bin/editor' },
        { pid: 30, file: TARGET },
      ]);
      await stopRunning(session, [20, 30], kill);
      expect(asked()).toEqual([kill === 'now' ? 'forceEnd' : 'requestEnd']);
      expect(session.host.processes.isAlive(20)).toBe(true);
    },
  );

  test('Ctrl-C ends the waiting: 130', async () => {
    const { session } = sessionWith([{ pid: 20, file: TARGET, stubborn: true }]);
    const interrupted = { ...session, interrupted: () => true };
    await expect(stopRunning(interrupted, [20], 'never')).rejects.toThrow(InterruptedError);
  });
});

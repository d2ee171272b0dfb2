import { describe, expect, test } from 'bun:test';
import { BusyError } from '../../lib/errors.ts';
import { openSession } from '../../lib/install/open.ts';
import { awaitExit, processToAwait } from '../../lib/install/process/wait.ts';
import type { Session } from '../../lib/install/session.ts';
import { simulatedHost } from '../host/host.ts';
import { executable, INSTALL_DIR, installedDisk, targetPath, versionOf } from '../host/install.ts';

const PARENT = 41;

/**
 * @param parent the executable of the parent process
 * @param endsAt when all processes end, in milliseconds
 */
function session(
  platform: 'linux' | 'win32',
  parent: string | null,
  endsAt = Number.POSITIVE_INFINITY,
): Session {
  const host = simulatedHost({ disk: installedDisk(platform, executable('1.0.0')), platform, versionOf });
  const processes = {
    ...host.processes,
    parent: PARENT,
    executable: (pid: number) => (pid === PARENT ? parent : null),
    isAlive: () => host.clock.monotonic() < endsAt,
  };
  return openSession({ ...host, processes }, { installDir: INSTALL_DIR, app: 'dgmo' });
}

describe('the process to wait for', () => {
  test('is the parent, if that is DGMO', () => {
    expect(processToAwait(session('linux', targetPath('linux')), undefined)).toBe(PARENT);
    // Windows ignores the case of file names.
    expect(processToAwait(session('win32', '/OPT/dgmo/DGMO.EXE'), undefined)).toBe(PARENT);
  });

  test('is none, if the parent is another program, or can not be inspected', () => {
    expect(processToAwait(session('linux', '/bin/bash'), undefined)).toBeNull();
    expect(processToAwait(session('linux', null), undefined)).toBeNull();
  });

  test('is the named one, and none for 0', () => {
    const here = session('linux', targetPath('linux'));
    expect(processToAwait(here, 77)).toBe(77);
    expect(processToAwait(here, 0)).toBeNull();
  });
});

describe('waiting', () => {
  test('ends soon after the process has ended', async () => {
    const here = session('linux', null, 1000);
    await awaitExit(here, 77);
    expect(here.host.clock.monotonic()).toBeGreaterThanOrEqual(1000);
    expect(here.host.clock.monotonic()).toBeLessThan(1100);
  });

  test('is not for a stranger: the id of a DGMO that has exited went to another process', async () => {
    for (const platform of ['linux', 'win32'] as const) {
      const disk = installedDisk(platform, executable('1.0.0'));
      const processes = [
        { pid: 77, file: '/bin/somebody' },
        { pid: 78, file: targetPath(platform) },
      ];
      const host = simulatedHost({ disk, platform, versionOf, processes });
      const here = openSession(host, { installDir: INSTALL_DIR, app: 'dgmo' });
      await awaitExit(here, 77);
      expect(host.clock.monotonic()).toBe(0);
      await expect(awaitExit(here, 78)).rejects.toThrow('process 78, which runs');
    }
  });

  test('ends if the id goes to a stranger meanwhile', async () => {
    const disk = installedDisk('linux', executable('1.0.0'));
    const host = simulatedHost({ disk, versionOf });
    const processes = {
      ...host.processes,
      isAlive: () => true,
      executable: () => (host.clock.monotonic() < 500 ? targetPath('linux') : '/bin/somebody'),
    };
    await awaitExit(openSession({ ...host, processes }, { installDir: INSTALL_DIR, app: 'dgmo' }), 77);
    expect(host.clock.monotonic()).toBeLessThan(600);
  });

  test('is for the parent, whatever it runs: it may be a wrapper around DGMO', async () => {
    await expect(awaitExit(session('linux', '/bin/bash'), PARENT)).rejects.toThrow(BusyError);
  });

  test('is bounded', async () => {
    const here = session('linux', null);
    await expect(awaitExit(here, 77)).rejects.toThrow(BusyError);
    expect(here.host.clock.monotonic()).toBeLessThan(here.limits.exit + 100);
  });
});

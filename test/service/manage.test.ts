/** The background service is made known to a service manager, and forgotten by it: also by one that does not answer. */
import { describe, expect, test } from 'bun:test';
import { installUnit, removeUnit, serviceUnit } from '../../lib/api/service/manage.ts';
import { MachineError } from '../../lib/errors.ts';
import { openSession } from '../../lib/install/open.ts';
import type { RunResult } from '../../lib/platform/host.ts';
import { simulatedHost } from '../host/host.ts';
import { executable, INSTALL_DIR, installedDisk, versionOf } from '../host/install.ts';

const HOME = '/home/me/.dgmo';
const UNITS = '/home/me/.config/systemd/user';

/** A machine on which these commands of systemctl never end, and the others do well. */
function machine(hangs: (command: string) => boolean) {
  const disk = installedDisk('linux', executable('1.0.0'));
  disk.place(`${INSTALL_DIR}/dgmo-updater`, new Uint8Array(1), 0o755);
  disk.place('/home/me/.profile', new Uint8Array(1));
  const told: { command: string; limit: number }[] = [];
  const run = async (
    file: string,
    args: string[],
    { timeLimit: limit }: { timeLimit: number },
  ): Promise<RunResult> => {
    const command = [file, ...args].join(' ');
    told.push({ command, limit });
    const timedOut = hangs(command);
    return {
      ...{ started: true, stdout: '', stderr: '', timedOut, duration: timedOut ? limit : 1 },
      ...(timedOut ? { code: null, signal: 'SIGKILL' } : { code: 0, signal: null }),
    };
  };
  const simulated = simulatedHost({ disk, versionOf });
  const host = {
    ...simulated,
    homeDirectory: '/home/me',
    processes: { ...simulated.processes, run },
  };
  const session = openSession(host, { installDir: INSTALL_DIR, app: 'dgmo', home: { folder: HOME } });
  const unit = serviceUnit(session, HOME, [`${INSTALL_DIR}/dgmo-updater`, 'service', 'run']);
  return { disk, host, session, unit, told };
}

const files = ({ disk }: ReturnType<typeof machine>) =>
  Object.keys(disk.picture()).filter((path) => path.startsWith('/home'));

describe('a service manager that does not answer', () => {
  test('is asked once, and not waited for again: nothing is installed', async () => {
    const here = machine(() => true);
    const before = files(here);
    const error = await installUnit(here.session, here.unit).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(MachineError);
    expect(error.message).toBe('systemd does not take the service: systemctl has not ended within 10 s');
    expect(error.advice).toContain(
      'Find out why `systemctl --user daemon-reload` does not end, then try again',
    );
    expect(here.told).toEqual([{ command: 'systemctl --user daemon-reload', limit: 10_000 }]);
    expect(files(here)).toEqual(before);
  });

  test('is asked once when the service is removed, and its definition goes all the same', async () => {
    let hangs = false;
    const here = machine(() => hangs);
    const before = files(here);
    await installUnit(here.session, here.unit);
    hangs = true;
    here.told.length = 0;
    const hung = await removeUnit(here.host, here.unit);
    expect(hung?.said).toBe('systemctl has not ended within 10 s');
    expect(here.told).toEqual([{ command: 'systemctl --user disable dgmo-updater.service', limit: 10_000 }]);
    expect(files(here)).toEqual(before);
  });

  test('but a service that ends has time to finish a swap', async () => {
    const here = machine((command) => command.includes(' stop '));
    await installUnit(here.session, here.unit);
    here.told.length = 0;
    expect((await removeUnit(here.host, here.unit))?.said).toBe('systemctl has not ended within 60 s');
    expect(here.told.map(({ limit }) => limit)).toEqual([10_000, 60_000]);
  });
});

describe('the folders of its definition', () => {
  test('go with it, if they were made for it, also after a second installation', async () => {
    const here = machine(() => false);
    const before = files(here);
    await installUnit(here.session, here.unit);
    await installUnit(here.session, here.unit);
    await removeUnit(here.host, here.unit);
    expect(files(here)).toEqual(before);
  });

  test('stay, if they were there before, however empty they are', async () => {
    const here = machine(() => false);
    for (const path of ['/home/me/.config', '/home/me/.config/systemd', UNITS])
      here.disk.createDirectory(path, 0o755);
    const before = files(here);
    await installUnit(here.session, here.unit);
    here.disk.createDirectory(`${UNITS}/default.target.wants`, 0o755);
    await removeUnit(here.host, here.unit);
    expect(files(here)).toEqual(before);
    // Nothing was installed here.
    await removeUnit(here.host, here.unit);
    expect(files(here)).toEqual(before);
  });

  test('stay, if something else is in them by now', async () => {
    const here = machine(() => false);
    await installUnit(here.session, here.unit);
    here.disk.place(`${UNITS}/other.service`, new Uint8Array(1));
    await removeUnit(here.host, here.unit);
    expect(files(here)).toContain(`${UNITS}/other.service`);
  });
});

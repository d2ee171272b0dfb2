/** DGMO goes on as what is installed: where a process can become another one, where it can't, and where nothing can be started. */
import { describe, expect, test } from 'bun:test';
import { UpdateManager } from '../../lib/api/update-manager.ts';
import { MachineError } from '../../lib/errors.ts';
import type { Host, Processes } from '../../lib/platform/host.ts';
import { SimulatedDisk } from '../host/disk.ts';
import { simulatedHost } from '../host/host.ts';
import { SETTINGS } from '../update/stage.ts';

const DGMO = '/opt/dgmo/dgmo';
const CONTENT = new TextEncoder().encode('2.0.0');

function machine(processes: Partial<Processes> = {}) {
  const disk = new SimulatedDisk();
  disk.place(DGMO, CONTENT, 0o755);
  const simulated = simulatedHost({ disk, versionOf: () => '2.0.0' });
  const host: Host = {
    ...simulated,
    environment: { HOME: '/home/ada', BUN_OPTIONS: '--preload x.js' },
    processes: { ...simulated.processes, ...processes },
  };
  const manager = new UpdateManager({
    installDir: '/opt/dgmo',
    home: '/home/ada/.dgmo',
    host,
    settings: SETTINGS,
  });
  return { manager, started: simulated.started };
}

describe('restartNow', () => {
  test('becomes the program, with the arguments, and without what would make another one of it', async () => {
    const asked: unknown[] = [];
    const { manager, started } = machine({
      become: async (...all): Promise<never> => {
        asked.push(...all);
        throw new Error('EAGAIN');
      },
    });
    const failure = await manager.restartNow(['--session', 'a b']).catch((error: unknown) => error);
    expect(asked).toEqual([
      DGMO,
      ['--session', 'a b'],
      { environment: { HOME: '/home/ada' }, workingDirectory: expect.any(String) },
    ]);
    expect(failure).toBeInstanceOf(MachineError);
    expect((failure as MachineError).advice).toBe(`Start it by hand: ${DGMO} --session 'a b'`);
    expect(started).toEqual([]);
  });

  test('where a process can not, starts it, and returns when this one has to end', async () => {
    const { manager, started } = machine();
    await manager.restartNow();
    expect(started).toEqual([CONTENT]);
  });

  test('waits for it where a shell waits for this process', async () => {
    const ended = Promise.withResolvers<void>();
    const { manager } = machine({ start: async () => ({ pid: 7, ended: ended.promise }) });
    let returned = false;
    const restarted = manager.restartNow().then(() => {
      returned = true;
    });
    // Whatever needs nothing but itself is done then.
    await new Promise((resolve) => setImmediate(resolve));
    expect(returned).toBe(false);
    ended.resolve();
    await restarted;
  });
});

/** `applyPatch` over a path, with every fault at every effect: the path names the whole old or the whole new file. */
import { describe, expect, test } from 'bun:test';
import { MachineError, UpdaterError } from '../../lib/errors.ts';
import { DifferentialUpdater } from '../../lib/index.ts';
import type { Platform } from '../../lib/platform/host.ts';
import { codeLike, randomBytes } from '../delta/pairs.ts';
import { SimulatedDisk } from '../host/disk.ts';
import { exhaust } from '../host/exhaust.ts';
import { ERRORS, type Fault, FaultInjector } from '../host/faults.ts';
import { type SimulatedHost, simulatedHost } from '../host/host.ts';

const FOLDER = '/opt/tools';
const old = codeLike(3000, 1);
// More than one chunk, so that there is a half-written file to stop at.
const fresh = Uint8Array.from(Buffer.concat([codeLike(2000, 1, 0x40), randomBytes(1_200_000, 2)]));
const patch = await new DifferentialUpdater().generatePatch(old, fresh, { from: '1.0.0', to: '1.0.1' });

function start(): SimulatedDisk {
  const disk = new SimulatedDisk();
  disk.place(`${FOLDER}/dgmo`, old, 0o751);
  for (const folder of ['/', '/opt', FOLDER]) disk.flushDirectory(folder);
  return disk;
}

async function applyOn(host: SimulatedHost, output?: string): Promise<void> {
  const updater = new DifferentialUpdater({ host });
  await updater.applyPatch(`${FOLDER}/dgmo`, patch, output === undefined ? {} : { output });
}

const holds = (disk: SimulatedDisk, path: string, bytes: Uint8Array) => {
  const content = disk.contentOf(path);
  return content !== null && Buffer.compare(content, bytes) === 0;
};

const PLATFORMS: Platform[] = ['linux', 'win32'];
const TARGETS: [name: string, output: string | undefined][] = [
  ['in place', undefined],
  ['to another file', `${FOLDER}/new`],
];

describe.each(PLATFORMS)('%s', (platform) => {
  test.each(TARGETS)('%s: stopped or failed at every effect', async (_, output) => {
    const target = output ?? `${FOLDER}/dgmo`;
    const tally = await exhaust({
      host: { platform, versionOf: () => null },
      prepare: start,
      async work(host) {
        await applyOn(host, output).catch(expectUpdaterError);
      },
      async recover(host) {
        // Where the new file is in place already, the patch does not apply to it.
        await applyOn(host, output).catch(expectUpdaterError);
      },
      always(disk) {
        if (holds(disk, target, fresh)) return;
        if (output === undefined ? holds(disk, target, old) : disk.contentOf(target) === null) return;
        throw new Error(`${target} is neither what it was nor the new file`);
      },
      afterwards(disk) {
        if (output !== undefined && !holds(disk, `${FOLDER}/dgmo`, old)) throw new Error('dgmo was changed');
        if (!holds(disk, target, fresh)) throw new Error('the new file is not in place');
        if (disk.status(target)?.mode !== 0o751) throw new Error('it has other permissions');
        expect(disk.list(FOLDER).sort()).toEqual(output === undefined ? ['dgmo'] : ['dgmo', 'new']);
      },
    });
    console.log(
      `  ${tally.effects} effects, ${tally.points} faults, ${tally.recoveryPoints} stops in the recoveries`,
    );
    expect(tally.points).toBeGreaterThan(40);
    expect(tally.recoveryPoints).toBeGreaterThan(10);
  });

  test('once it returns, a power cut takes nothing back', async () => {
    const disk = start();
    await applyOn(simulatedHost({ platform, versionOf: () => null, disk }));
    expect(holds(disk.after('lost'), `${FOLDER}/dgmo`, fresh)).toBe(true);
  });

  test('an error at any effect leaves nothing behind', async () => {
    const clean = new FaultInjector();
    await applyOn(simulatedHost({ platform, versionOf: () => null, disk: start(), faults: clean }));
    let failures = 0;
    for (const [at, name] of clean.seen.entries()) {
      const faults: Fault[] = (ERRORS[name] ?? []).map((code) => ({ kind: 'error', code, forGood: true }));
      if (name === 'write') faults.push({ kind: 'short' });
      for (const fault of faults) {
        const disk = start();
        const faulty = new FaultInjector({ at, fault });
        const host = simulatedHost({ platform, versionOf: () => null, disk, faults: faulty });
        await applyOn(host).catch((error) => {
          expect(error).toBeInstanceOf(MachineError);
          failures++;
        });
        expect(disk.list(FOLDER)).toEqual(['dgmo']);
        expect(disk.openHandles()).toBe(0);
      }
    }
    expect(failures).toBeGreaterThan(20);
  });
});

function expectUpdaterError(error: unknown): void {
  if (!(error instanceof UpdaterError)) throw error;
}

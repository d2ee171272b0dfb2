/**
 * The proof: whatever stops the replacement of the updater, and the recovery after it, the path of the updater names a complete
 * one at every instant, and in the end one that works.
 */
import { describe, expect, test } from 'bun:test';
import type { Platform } from '../../../lib/platform/host.ts';
import type { SimulatedDisk } from '../../host/disk.ts';
import type { Scenario } from '../../host/exhaust.ts';
import { OWN_PID, type SimulatedHost, simulatedHost } from '../../host/host.ts';
import { type Executable, versionOf } from '../../host/install.ts';
import { everyFault, exitCode } from '../transaction/every-fault.ts';
import {
  BROKEN,
  finishOn,
  NEW,
  OLD,
  putBackOn,
  recoverOn,
  replaceOn,
  stage,
  updaterOn,
  updaterPath,
} from './stage.ts';

interface Trial extends Scenario {
  run(host: SimulatedHost): Promise<number>;
  platform: Platform;
  clean: Executable;
}

function trialOf(platform: Platform, fresh: Executable, clean: Executable): Trial {
  const run = (host: SimulatedHost) => exitCode(replaceOn(host, fresh));
  return {
    ...{ platform, clean, run },
    prepare: () => stage(platform, fresh),
    host: { versionOf, platform },
    work: async (host) => void (await run(host)),
    recover: async (host) => void (await recoverOn(host)),
    always: (disk) => void updaterOn(disk, platform, [OLD, fresh]),
    afterwards: (disk) => void updaterOn(disk, platform, fresh === BROKEN ? [OLD] : [OLD, fresh]),
  };
}

/** The updater runs: it starts the new one from where that was staged, and leaves the rest to it. */
async function leftOpen(): Promise<SimulatedDisk> {
  const disk = await stage('win32', NEW);
  const file = updaterPath('win32').replaceAll('/', '\\');
  const host = simulatedHost({
    ...{ disk, versionOf, platform: 'win32', running: [updaterPath('win32')] },
    processes: [{ pid: OWN_PID, file }],
  });
  expect(await replaceOn(host, NEW)).toBeNull();
  expect(host.started).toEqual([NEW.bytes]);
  expect(updaterOn(disk, 'win32', [OLD])).toBe(OLD);
  return disk;
}

const DAMAGED = { ...OLD, bytes: OLD.bytes.slice(0, 100) };

const TRIALS: [name: string, trial: Trial][] = [
  ['a new updater on Linux', trialOf('linux', NEW, NEW)],
  ['a broken one on Linux', trialOf('linux', BROKEN, OLD)],
  ['a new updater on Windows, where DGMO replaces it', trialOf('win32', NEW, NEW)],
  [
    'one that is damaged, and is put back',
    {
      ...trialOf('linux', OLD, OLD),
      prepare: () => stage('linux', OLD, DAMAGED),
      run: (host) => exitCode(putBackOn(host, OLD)),
      work: async (host) => void (await exitCode(putBackOn(host, OLD))),
      always: (disk) => void updaterOn(disk, 'linux', [OLD, DAMAGED]),
      afterwards: (disk) => void updaterOn(disk, 'linux', [OLD, DAMAGED]),
    },
  ],
  [
    'one on Windows that takes the place of the one that has started it',
    {
      ...trialOf('win32', NEW, NEW),
      prepare: leftOpen,
      run: (host) => exitCode(finishOn(host)),
      work: async (host) => void (await exitCode(finishOn(host))),
    },
  ],
];

describe('with no fault', () => {
  test.each(TRIALS)('%s', async (_, trial) => {
    const disk = await trial.prepare();
    expect(await trial.run(simulatedHost({ ...trial.host, disk }))).toBe(0);
    expect(updaterOn(disk, trial.platform, [OLD, NEW, BROKEN])).toBe(trial.clean);
  });
});

/** There was none, and the one that is brought does not work: there is none again, and nothing is left open. */
const BROUGHT_IN_VAIN: Trial = {
  ...trialOf('linux', BROKEN, BROKEN),
  prepare: () => stage('linux', BROKEN, null),
  run: (host) => exitCode(putBackOn(host, BROKEN)),
  work: async (host) => void (await exitCode(putBackOn(host, BROKEN))),
  always: (disk) => {
    if (disk.contentOf(updaterPath('linux')) !== null) updaterOn(disk, 'linux', [BROKEN]);
  },
  afterwards: (disk) => expect(disk.contentOf(updaterPath('linux'))).toBeNull(),
};

test('an updater that is brought where none was, and does not work, is no obstacle to the next', async () => {
  const disk = await BROUGHT_IN_VAIN.prepare();
  expect(await putBackOn(simulatedHost({ disk, versionOf, platform: 'linux' }), BROKEN)).toMatchObject({
    outcome: 'reverted',
  });
  expect(disk.contentOf(updaterPath('linux'))).toBeNull();
  expect(await recoverOn(simulatedHost({ disk, versionOf, platform: 'linux' }))).toBeNull();
});

everyFault([...TRIALS, ['one that is brought where none was, and does not work', BROUGHT_IN_VAIN]], {
  faults: 150,
  stops: 100,
});

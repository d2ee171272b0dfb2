/**
 * The proof of an update that installs an evolution: every fault at every effect, and a stop at every effect of the recovery
 * after it. Afterwards either the old version is installed without the evolution, or the new one with all of it.
 */
import { describe, expect, test } from 'bun:test';
import type { SimulatedDisk } from '../../host/disk.ts';
import type { Scenario } from '../../host/exhaust.ts';
import { type SimulatedHost, simulatedHost } from '../../host/host.ts';
import { type Executable, executable, installedDisk, versionOf } from '../../host/install.ts';
import { applyOn } from '../../host/operations.ts';
import { packageFor } from '../../host/package.ts';
import { testRoot } from '../../trust/keys.ts';
import { everyFault, exitCode } from './every-fault.ts';
import {
  checkEnded,
  checkStore,
  filesOn,
  installedOn,
  placeFiles,
  recoverAll,
  sessionOn,
} from './folders-stage.ts';

const OLD = executable('1.0.0');
const NEW = executable('2.0.0');
const BROKEN = executable('2.0.0', 'broken');
const PACKAGE = '/downloads/dgmo.dgmopkg';
const EVOLUTION = { id: 'faster-search', files: { 'index.js': 'export {}', 'bin/run': '#!/bin/sh' } };
const NAMES = [
  ...Object.keys(EVOLUTION.files).map((name) => `faster-search/${name}`),
  'installed.json',
].sort();
const root = testRoot();

interface Trial extends Scenario {
  run(host: SimulatedHost): Promise<number>;
  clean: { code: number; installed: Executable };
}

function updateTrial(fresh: Executable, clean: Trial['clean']): Trial {
  const run = (on: SimulatedHost) =>
    exitCode(
      applyOn(sessionOn(on), [PACKAGE], {
        root,
        waitFor: 0,
        noWait: false,
        relaunch: true,
        evolutions: 'all',
      }),
    );
  return {
    async prepare() {
      const disk = installedDisk('linux', OLD);
      placeFiles(disk, 'data', { 'session.json': 'old' });
      disk.place(PACKAGE, await packageFor('linux', [OLD, fresh], 'full', [EVOLUTION]));
      return disk;
    },
    host: { versionOf },
    run,
    work: async (on) => void (await run(on)),
    recover: recoverAll,
    clean,
    always: (disk) => void installedOn(disk, [OLD, fresh]),
    afterwards(disk: SimulatedDisk) {
      const installed = installedOn(disk, fresh === BROKEN ? [OLD] : [OLD, fresh]);
      const found = Object.keys(filesOn(disk, 'evolutions')).sort();
      const wanted = installed === OLD ? [] : NAMES;
      if (JSON.stringify(found) !== JSON.stringify(wanted))
        throw new Error(`${installed.version} is installed with the files ${found.join(', ') || '(none)'}`);
      checkEnded(disk, installed);
    },
  };
}

const TRIALS: [name: string, trial: Trial][] = [
  ['an update', updateTrial(NEW, { code: 0, installed: NEW })],
  ['an update to a version that crashes', updateTrial(BROKEN, { code: 15, installed: OLD })],
];

describe('with no fault', () => {
  test.each(TRIALS)('%s', async (_, trial) => {
    const disk = await trial.prepare();
    const code = await trial.run(simulatedHost({ ...trial.host, disk }));
    expect({ code, installed: installedOn(disk, [OLD, NEW, BROKEN]) }).toEqual(trial.clean);
    expect(disk.openHandles()).toBe(0);
    // The snapshot of a failed update is removed: it would push out a useful one. What was in the folders is kept.
    expect((await checkStore(disk)).map(({ kind }) => kind)).toEqual(code === 0 ? ['update'] : ['recovery']);
    trial.afterwards(disk);
  });
});

everyFault(TRIALS, { faults: 500, stops: 500 });

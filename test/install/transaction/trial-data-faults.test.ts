/**
 * The proof for versions that write into data and config when they are tried: whatever stops the run, the old version is never
 * left with the data of a failed one, or with one of the folders of it.
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
  type Files,
  filesOn,
  HOME,
  installedOn,
  placeFiles,
  recoverAll,
  sameFiles,
  sessionOn,
} from './folders-stage.ts';

const OLD = executable('1.0.0');
const NEW = executable('2.0.0');
const BROKEN = executable('2.0.0', 'broken');
const PACKAGE = '/downloads/dgmo.dgmopkg';
const OLD_DATA: Files = { 'data/session.json': 'old, version 1', 'config/theme': 'old' };
const NEW_DATA: Files = { 'data/session.json': 'migrated, version 2', 'data/only-new': 'new' };
const root = testRoot();

/** Migrates the data, file by file. */
function migrate(disk: SimulatedDisk, content: Uint8Array): void {
  if (!new TextDecoder().decode(content).startsWith('#!dgmo 2.0.0')) return;
  if (disk.contentOf(`${HOME}/config/theme`) !== null) disk.remove(`${HOME}/config/theme`);
  place(disk, NEW_DATA);
}

function place(disk: SimulatedDisk, files: Files): void {
  for (const [path, content] of Object.entries(files)) {
    const [folder = '', name = ''] = path.split('/');
    placeFiles(disk, folder, { [name]: content });
  }
}

function foldersOn(disk: SimulatedDisk): Files {
  return Object.fromEntries(
    ['data', 'config'].flatMap((folder) =>
      Object.entries(filesOn(disk, folder)).map(([name, content]) => [`${folder}/${name}`, content]),
    ),
  );
}

interface Trial extends Scenario {
  run(host: SimulatedHost): Promise<number>;
  clean: { code: number; version: string; data: Files };
}

function trialOf(fresh: Executable, clean: Trial['clean']): Trial {
  const go = async (on: SimulatedHost) =>
    applyOn(sessionOn(on), [PACKAGE], { root, waitFor: 0, noWait: false, relaunch: true });
  const run = (on: SimulatedHost) => exitCode(go(on));
  return {
    async prepare() {
      const disk = installedDisk('linux', OLD);
      place(disk, OLD_DATA);
      disk.place(PACKAGE, await packageFor('linux', [OLD, fresh], 'full'));
      return disk;
    },
    host: { versionOf, onTrial: migrate },
    run,
    work: async (on) => void (await run(on)),
    recover: recoverAll,
    clean,
    // Unreadable data is in no snapshot, which the user is told: it can't be restored.
    isLeftOut: (effect, fault) => effect === 'open read itself' && fault.kind === 'error',
    always: (disk) => void installedOn(disk, [OLD, fresh]),
    afterwards(disk) {
      const installed = installedOn(disk, fresh === BROKEN ? [OLD] : [OLD, fresh]);
      const data = foldersOn(disk);
      if (!sameFiles(data, installed === OLD ? OLD_DATA : NEW_DATA))
        throw new Error(`${installed.version} is installed with the data ${JSON.stringify(data)}`);
      checkEnded(disk, installed);
    },
  };
}

const TRIALS: [name: string, trial: Trial][] = [
  [
    'a version that migrates the data, and works',
    trialOf(NEW, { code: 0, version: '2.0.0', data: NEW_DATA }),
  ],
  [
    'a version that migrates the data, and crashes',
    trialOf(BROKEN, { code: 15, version: '1.0.0', data: OLD_DATA }),
  ],
];

describe('with no fault', () => {
  test.each(TRIALS)('%s', async (_, trial) => {
    const disk = await trial.prepare();
    const code = await trial.run(simulatedHost({ ...trial.host, disk }));
    const { version } = installedOn(disk, [OLD, NEW, BROKEN]);
    expect({ code, version, data: foldersOn(disk) }).toEqual(trial.clean);
    trial.afterwards(disk);
  });
});

everyFault(TRIALS, { faults: 300, stops: 300 });

/**
 * A machine that can't start the new version to try it: for want of processes, memory or descriptors, or since the folder
 * is mounted noexec. That says nothing about the version: 12, the old one back, and nothing is remembered against it.
 */
import { describe, expect, test } from 'bun:test';
import { errorMessage, UpdaterError } from '../../../lib/errors.ts';
import { choicesFile } from '../../../lib/home/choices.ts';
import type { Scenario } from '../../host/exhaust.ts';
import { type SimulatedHost, simulatedHost } from '../../host/host.ts';
import { type Executable, executable, installedDisk, versionOf } from '../../host/install.ts';
import { applyOn } from '../../host/operations.ts';
import { packageFor } from '../../host/package.ts';
import { testRoot } from '../../trust/keys.ts';
import { everyFault, exitCode } from './every-fault.ts';
import { checkEnded, HOME, installedOn, recoverAll, sessionOn } from './folders-stage.ts';

const OLD = executable('1.0.0');
const NEW = executable('2.0.0');
const BROKEN = executable('2.0.0', 'broken');
const PACKAGE = '/downloads/dgmo.dgmopkg';
const root = testRoot();

interface Trial extends Scenario {
  go(host: SimulatedHost): Promise<unknown>;
  clean: { code: number; version: string; quarantined: string[] };
}

function trialOf(fresh: Executable, host: Partial<Trial['host']>, clean: Trial['clean']): Trial {
  const go = (on: SimulatedHost) =>
    applyOn(sessionOn(on), [PACKAGE], { root, waitFor: 0, noWait: false, relaunch: true });
  return {
    async prepare() {
      const disk = installedDisk('linux', OLD);
      disk.place(PACKAGE, await packageFor('linux', [OLD, fresh], 'full'));
      return disk;
    },
    host: { versionOf, ...host },
    go,
    work: async (on) => void (await exitCode(go(on))),
    recover: async (on) => {
      // As long as the machine has no room, recovery tells of that and leaves the old version in place.
      if ((await exitCode(recoverAll(on))) !== 0) await exitCode(recoverAll(on));
    },
    clean,
    always: (disk) => void installedOn(disk, [OLD, fresh]),
    afterwards: (disk) => checkEnded(disk, installedOn(disk, fresh === BROKEN ? [OLD] : [OLD, fresh])),
  };
}

const isNew = (content: Uint8Array) => new TextDecoder().decode(content).startsWith('#!dgmo 2.0.0');
const refused = { code: 12, version: '1.0.0', quarantined: [] };

const TRIALS: [name: string, trial: Trial][] = [
  [
    'no process can be created, once',
    trialOf(
      NEW,
      { refusal: (_, attempt) => (attempt === 0 ? 'EAGAIN' : null) },
      { code: 0, version: '2.0.0', quarantined: [] },
    ),
  ],
  ['no process can be created', trialOf(NEW, { refusal: () => 'EAGAIN' }, refused)],
  [
    'no memory is left for the new version',
    trialOf(NEW, { refusal: (content) => (isNew(content) ? 'ENOMEM' : null) }, refused),
  ],
  ['no descriptor is left', trialOf(NEW, { refusal: () => 'EMFILE' }, refused)],
  ['the folder is mounted noexec', trialOf(NEW, { refusal: () => 'EACCES' }, refused)],
  [
    'the new version is no program for this machine',
    trialOf(
      NEW,
      { refusal: (content) => (isNew(content) ? 'ENOEXEC' : null) },
      { code: 15, version: '1.0.0', quarantined: ['2.0.0'] },
    ),
  ],
  [
    'the new version crashes, and then there is no room to start the old one',
    trialOf(
      BROKEN,
      { refusal: (content) => (isNew(content) ? null : 'EAGAIN') },
      { code: 15, version: '1.0.0', quarantined: ['2.0.0'] },
    ),
  ],
  [
    'a signal ends the new version alone',
    trialOf(
      NEW,
      { signalOf: (content) => (isNew(content) ? 'SIGABRT' : null) },
      { code: 15, version: '1.0.0', quarantined: ['2.0.0'] },
    ),
  ],
  [
    'the Ctrl-C that a terminal sends to all ends the new version before it has a group of its own',
    trialOf(
      NEW,
      { signalOf: (_, attempt) => (attempt === 0 ? 'SIGINT' : null) },
      { code: 0, version: '2.0.0', quarantined: [] },
    ),
  ],
  [
    'the new version ends itself as a Ctrl-C would',
    trialOf(
      NEW,
      { signalOf: (content) => (isNew(content) ? 'SIGINT' : null) },
      { code: 15, version: '1.0.0', quarantined: ['2.0.0'] },
    ),
  ],
  ['a signal ends both versions', trialOf(NEW, { signalOf: () => 'SIGABRT' }, refused)],
  [
    'a signal ends the new version, and then no memory is left to start the old one',
    trialOf(
      NEW,
      {
        signalOf: (content) => (isNew(content) ? 'SIGKILL' : null),
        refusal: (content) => (isNew(content) ? null : 'ENOMEM'),
      },
      refused,
    ),
  ],
  [
    'both versions crash by themselves',
    trialOf(BROKEN, { versionOf: () => null }, { code: 16, version: '1.0.0', quarantined: [] }),
  ],
  ['both versions are too slow', trialOf(NEW, { startTakes: () => 31_000 }, refused)],
  [
    'the new version is slow, but not too slow',
    trialOf(NEW, { startTakes: () => 29_000 }, { code: 0, version: '2.0.0', quarantined: [] }),
  ],
  [
    'the new version is too slow',
    trialOf(
      NEW,
      { startTakes: (content) => (isNew(content) ? 31_000 : 1) },
      { code: 15, version: '1.0.0', quarantined: ['2.0.0'] },
    ),
  ],
];

describe('with no fault', () => {
  test.each(TRIALS)('%s', async (_, trial) => {
    const disk = await trial.prepare();
    const host = simulatedHost({ ...trial.host, disk });
    const code = await exitCode(trial.go(host));
    const { version } = installedOn(disk, [OLD, NEW, BROKEN]);
    const quarantined = choicesFile.load(host, HOME).quarantined.map((each) => each.version);
    expect({ code, version, quarantined }).toEqual(trial.clean);
    trial.afterwards(disk);
  });

  test('what ends both versions is told as a fault of the machine, whose limits are named', async () => {
    const trial = trialOf(NEW, { signalOf: () => 'SIGTRAP' }, refused);
    const host = simulatedHost({ ...trial.host, disk: await trial.prepare() });
    const error = await trial.go(host).catch((thrown) => thrown);
    expect(errorMessage(error)).toBe(
      "2.0.0 could not be tried: it was ended by SIGTRAP; 1.0.0 can't be started either: it was ended by SIGTRAP; 1.0.0 is installed as before",
    );
    expect(error instanceof UpdaterError ? error.advice : '').toContain('raise the limits of processes');
  });

  test('the sentence names the reason, the state and the next step', async () => {
    const trial = trialOf(NEW, { refusal: () => 'EAGAIN' }, refused);
    const host = simulatedHost({ ...trial.host, disk: await trial.prepare() });
    const error = await trial.go(host).catch((thrown) => thrown);
    expect(errorMessage(error)).toContain('2.0.0 could not be tried: it could not be started: EAGAIN');
    expect(errorMessage(error)).toContain('1.0.0 is installed as before');
    expect(error instanceof UpdaterError ? error.advice : '').toContain('Then try again.');
  });
});

everyFault(TRIALS.slice(0, 2), { faults: 200, stops: 200 });

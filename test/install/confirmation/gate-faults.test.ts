/**
 * The proof of the health gate: a stop at every effect, and failures of writes, flushes and renames, while a version that was
 * installed, has corrupted its data and does not confirm is started and left; and a stop at every effect of the recovery after
 * it. Afterwards the old version is installed with its data, or the new one with what it made of it, and never as one that has
 * confirmed. (The update itself has its own proofs.)
 */
import { describe, expect, test } from 'bun:test';
import { startDgmo } from '../../../lib/api/steps/health-gate.ts';
import type { SimulatedDisk } from '../../host/disk.ts';
import type { Scenario } from '../../host/exhaust.ts';
import { type SimulatedHost, simulatedHost } from '../../host/host.ts';
import { versionOf } from '../../host/install.ts';
import { applyOn } from '../../host/operations.ts';
import { testRoot } from '../../trust/keys.ts';
import { everyFault, exitCode } from '../transaction/every-fault.ts';
import {
  checkEnded,
  type Files,
  filesOn,
  installedOn,
  recoverAll,
  sameFiles,
  sessionOn,
} from '../transaction/folders-stage.ts';
import {
  corrupt,
  endsAtOnce,
  hangs,
  NEW,
  NEW_DATA,
  OLD,
  OLD_DATA,
  type OnStart,
  PACKAGE,
  receiptOn,
  stage,
} from './stage.ts';

const root = testRoot();

interface Trial extends Scenario {
  run(host: SimulatedHost): Promise<number>;
  clean: { code: number; version: string; data: Files };
}

/** 2.0.0 is installed, and was started once by hand: it has corrupted the data. */
async function updatedDisk(): Promise<SimulatedDisk> {
  const disk = await stage({ seconds: 1 });
  await applyOn(sessionOn(simulatedHost({ disk, versionOf })), [PACKAGE], { root });
  corrupt(disk, NEW.bytes);
  return disk;
}

const FAILURES = new Set(['write', 'flush', 'rename']);

function trialOf(onStart: OnStart): Trial {
  const run = (on: SimulatedHost) => exitCode(startDgmo(sessionOn(on), { args: [], outputToError: false }));
  return {
    prepare: updatedDisk,
    host: { versionOf, onStart },
    run,
    work: async (on) => void (await run(on)),
    recover: recoverAll,
    clean: { code: 15, version: '1.0.0', data: OLD_DATA },
    isLeftOut: (effect, fault) => fault.kind !== 'stop' && !FAILURES.has(effect),
    always: (disk) => void installedOn(disk, [OLD, NEW]),
    afterwards(disk) {
      const installed = installedOn(disk, [OLD, NEW]);
      const data = filesOn(disk, 'data');
      if (!sameFiles(data, installed === OLD ? OLD_DATA : NEW_DATA))
        throw new Error(`${installed.version} is installed with the data ${JSON.stringify(data)}`);
      checkEnded(disk, installed);
      const isOwed = receiptOn(disk).confirmation !== undefined;
      if (isOwed !== (installed === NEW))
        throw new Error(`${installed.version} ${isOwed ? 'owes' : 'does not owe'} a confirmation`);
    },
  };
}

const TRIALS: [name: string, trial: Trial][] = [
  ['a version that hangs', trialOf(hangs)],
  ['a version that ends at once', trialOf(endsAtOnce)],
];

describe('with no fault', () => {
  test.each(TRIALS)('%s', async (_, trial) => {
    const disk: SimulatedDisk = await trial.prepare();
    const code = await trial.run(simulatedHost({ ...trial.host, disk }));
    const { version } = installedOn(disk, [OLD, NEW]);
    expect({ code, version, data: filesOn(disk, 'data') }).toEqual(trial.clean);
    trial.afterwards(disk);
  });
});

everyFault(TRIALS.slice(1), { faults: 300, stops: 300 });

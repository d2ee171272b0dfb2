/** The public API called with values of other types, as a program in JavaScript may: a UsageError that names what was wanted. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { UpdaterError, UsageError } from '../../lib/errors.ts';
import * as library from '../../lib/index.ts';
import { openStage, SETTINGS, type Stage } from '../update/stage.ts';

const posixOnly = process.platform === 'win32' ? describe.skip : describe;

/** `undefined` is left out: most of what there is may be left out. */
const STRANGE = [
  null,
  5,
  Number.NaN,
  'x',
  'a\0b',
  true,
  [],
  [5],
  {},
  () => 'x',
  Symbol('x'),
  10n,
  new Date(0),
  new Uint8Array(3),
];

/** What is called with fewer arguments than it wants gets `undefined` for the others. */
const METHODS = {
  UpdateManager: {
    ...{ check: 1, checkForUpdates: 1, downloadUpdate: 2, applyUpdate: 2, completeUpdater: 1 },
    ...{ applyPackage: 2, scheduleRestart: 2, handOver: 2, skipVersion: 1, unskipVersion: 1, remindLater: 1 },
    ...{ preferences: 0, settings: 0, setPreferences: 1, setPreferenceText: 2, resetPreference: 1 },
    // Where its arguments are right, the process of this test becomes the program.
    restartNow: 0,
  },
  SnapshotManager: {
    ...{ createSnapshot: 2, listSnapshots: 0, getSnapshot: 1, verifySnapshots: 1, verifySnapshot: 1 },
    ...{ planRollback: 1, previewRollback: 1, rollback: 2, planCleanup: 1, cleanupOldSnapshots: 1 },
    ...{ compactSnapshots: 0, removeSnapshot: 1, pinSnapshot: 2 },
  },
  SelfHealingSystem: {
    ...{
      verify: 1,
      repair: 1,
      situation: 0,
      diagnose: 1,
      watch: 1,
      executableDamage: 0,
      repairExecutable: 1,
    },
  },
  Installation: {
    ...{ status: 0, overview: 0, knownWords: 0, history: 0, takeNotices: 0, allowUpdate: 1, recover: 0 },
    ...{ beginStart: 1, confirmHealthy: 1, watchStart: 1, finishUpdater: 1, adopt: 1 },
  },
  UpdateUI: { promptForUpdate: 2, showProgress: 1 },
  DifferentialUpdater: { generatePatch: 3, applyPatch: 3, readPatch: 1, writePatch: 2 },
  /** They take nothing, and work on the machine. */
  BackgroundUpdateService: {
    ...{ start: 0, finished: 0, stop: 0, checkAndNotify: 0, status: 0, install: 0, uninstall: 0 },
  },
} as const;

const { UpdateManager, SnapshotManager, SelfHealingSystem, Installation, DifferentialUpdater } = library;
const { BackgroundUpdateService, UpdateUI } = library;
const CLASSES = {
  ...{ UpdateManager, SnapshotManager, SelfHealingSystem, Installation, DifferentialUpdater },
  ...{ UpdateUI, BackgroundUpdateService },
};

type ClassName = keyof typeof METHODS;
const NAMES = Object.keys(METHODS) as ClassName[];

test('all classes of the library and all their methods are here', () => {
  const isClass = (value: unknown) => typeof value === 'function' && /^class/.test(`${value}`);
  const classes = Object.entries(library).filter(
    ([name, value]) => isClass(value) && !name.endsWith('Error'),
  );
  expect(classes.map(([name]) => name).sort()).toEqual([...NAMES].sort());
  for (const name of NAMES) {
    const methods = Object.getOwnPropertyNames(CLASSES[name].prototype).filter(
      (one) => one !== 'constructor',
    );
    expect(methods.sort()).toEqual(Object.keys(METHODS[name]).sort());
  }
});

/** Milliseconds. Nothing here is worth waiting for, such as a process of that number. */
const LIMITS = { exit: 10, held: 10, probe: 5000, start: 10 };

/** Somebody who says no to everything. */
const SCREEN: library.UpdateScreen = { choose: async () => 'later', chooseSome: async () => [] };

posixOnly('values of other types', () => {
  let stage: Stage;
  let packages: string;
  beforeAll(async () => {
    stage = await openStage();
    await stage.release('1.1.0');
    packages = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-inputs-'));
    process.chdir(packages);
  });
  afterAll(async () => {
    process.chdir(path.resolve(import.meta.dir, '../..'));
    fs.rmSync(packages, { recursive: true });
    await stage[Symbol.asyncDispose]();
  });
  const options = () => ({ installDir: stage.dir, home: stage.home, settings: SETTINGS, limits: LIMITS });
  const optionsOf = (name: ClassName): object => {
    if (name === 'DifferentialUpdater') return {};
    if (name === 'UpdateUI') return { manager: new UpdateManager(options()), screen: SCREEN };
    return options();
  };

  /** What the call has thrown or rejected with; undefined: nothing. */
  async function failureOf(call: () => unknown): Promise<unknown> {
    try {
      await call();
      return undefined;
    } catch (error) {
      return error;
    }
  }

  const requireOurs = (failure: unknown, call: string) => {
    if (failure === undefined || failure instanceof UpdaterError) return;
    throw new Error(`${call} failed with ${failure}`, { cause: failure });
  };

  test.each(NAMES)('for the options of %s', async (name) => {
    const Class = CLASSES[name] as new (options: unknown) => unknown;
    for (const strange of STRANGE) {
      requireOurs(await failureOf(() => new Class(strange)), `${name}(${Bun.inspect(strange)})`);
      for (const option of [
        'installDir',
        'home',
        'app',
        'limits',
        'signal',
        'onEvent',
        'feed',
        'caFile',
        'allowPlainHttp',
        'key',
        'trustedKeys',
        'onProgress',
        'manager',
        'screen',
      ]) {
        const given = { ...optionsOf(name), [option]: strange };
        requireOurs(await failureOf(() => new Class(given)), `${name}({${option}: ${Bun.inspect(strange)}})`);
      }
    }
  });

  const withArguments = NAMES.flatMap((name) =>
    Object.entries(METHODS[name]).flatMap(([method, count]) =>
      count === 0 ? [] : [[name, method, count] as const],
    ),
  );

  test.each(withArguments)('for the arguments of %s.%s', async (name, method, count) => {
    const Class = CLASSES[name] as unknown as new (
      options: unknown,
    ) => Record<string, (...args: unknown[]) => unknown>;
    for (let position = 0; position < count; position++) {
      for (const strange of STRANGE) {
        const made = new Class(optionsOf(name));
        const args = Array.from({ length: count }, (_, index) => (index === position ? strange : undefined));
        const failure = await failureOf(() => made[method]?.(...args));
        requireOurs(failure, `${name}.${method}(${args.map((one) => Bun.inspect(one)).join(', ')})`);
      }
    }
  });

  test('of options within options, and of what another method returned', async () => {
    const manager = stage.manager();
    const update = await manager.checkForUpdates();
    if (update === null) throw new Error('the update is not offered');
    const downloaded = await manager.downloadUpdate(update);
    const system = new library.SelfHealingSystem(options());
    const snapshots = new library.SnapshotManager(options());
    const said = await Promise.all(
      [
        () => new library.Installation({ ...options(), limits: { exit: 'soon' } } as never),
        () => new library.Installation({ ...options(), signal: 5 } as never),
        () => manager.check({ version: 2 } as never),
        () => manager.check({ for: 'me' } as never),
        () => manager.downloadUpdate({ ...update, routes: null } as never),
        () => manager.downloadUpdate(update, { limits: { attempts: -1 } }),
        () => manager.applyUpdate({ ...downloaded, files: 'x' } as never),
        () => manager.applyUpdate(downloaded, { args: 'x' } as never),
        () => manager.applyPackage('dgmo.dgmopkg' as never),
        () => manager.handOver(downloaded, { evolutions: 5 } as never),
        () => manager.scheduleRestart('ask' as never),
        () => manager.restartNow('--resume' as never),
        () => system.verify({ full: 'yes' } as never),
        () => snapshots.rollback('2026', { kill: 'at once' } as never),
        () => snapshots.rollback({} as never),
        () => snapshots.pinSnapshot('2026', 'yes' as never),
        () => library.publicKey('x' as never),
        () => library.signingKey(new Uint8Array(5)),
        () => new library.DifferentialUpdater({ trustedKeys: [null] } as never),
      ].map(failureOf),
    );
    expect(said.every((failure) => failure instanceof UsageError)).toBe(true);
    expect(said.map((failure) => (failure as Error).message)).toEqual([
      'options.limits.exit: wanted a number of milliseconds from 0, found "soon"',
      'options.signal: wanted an AbortSignal, found 5',
      'options.version: wanted text without null characters, found 2',
      'options.for: wanted "user" or "notice" or "unattended", found "me"',
      'update.routes: wanted a list of 0 to 1000, found null',
      'options.limits.attempts: wanted a number of attempts from 0, found -1',
      'downloaded.files: wanted a list of 0 to 10000, found "x"',
      'options.args: wanted a list of 0 to 10000, found "x"',
      'packages: wanted a list of 0 to 10000, found "dgmo.dgmopkg"',
      'options.evolutions: wanted ids, all, none, or auto, found 5',
      'notify: wanted a function, found "ask"',
      'args: wanted a list of 0 to 10000, found "--resume"',
      'options.full: wanted true or false, found "yes"',
      'options.kill: wanted true, false or now, found "at once"',
      'to: wanted what `planRollback` returned, or the id of a snapshot, found an object',
      'pinned: wanted true or false, found "yes"',
      'a public key: wanted a Uint8Array, found a value of type string',
      'the seed of a key: wanted a Uint8Array of 32 bytes, found 5 bytes',
      'options.trustedKeys[0]: wanted a key, found null',
    ]);
  });
});

/** Where a rollback goes, for everything that may have been kept. */
import { describe, expect, test } from 'bun:test';
import { BusyError, DamagedError, PolicyError, UsageError } from '../../../lib/errors.ts';
import { snapshotInstall } from '../../../lib/install/folders/snapshots.ts';
import { ABSENT, encodeReceipt, type Receipt, type RollbackRule } from '../../../lib/install/receipt.ts';
import { planRollbackChange } from '../../../lib/install/rollback/change.ts';
import {
  dataFormatChange,
  findSnapshot,
  type RollbackWish,
  rollbackTarget,
} from '../../../lib/install/rollback/target.ts';
import {
  decodeSnapshot,
  documentPath,
  encodeSnapshot,
  type Snapshot,
} from '../../../lib/snapshot/document.ts';
import { binaryPath } from '../../../lib/snapshot/index.ts';
import { type SimulatedHost, simulatedHost } from '../../host/host.ts';
import {
  type Executable,
  executable,
  INSTALL_DIR,
  installedDisk,
  receiptOf,
  targetPath,
  versionOf,
} from '../../host/install.ts';
import { placeFiles, sessionOn } from '../transaction/folders-stage.ts';

const ONE = executable('1.0.0');
const TWO = executable('2.0.0');
const THREE = executable('3.0.0');
const rule = (dataVersion: number, more: Partial<RollbackRule> = {}): RollbackRule => ({
  supported: true,
  minVersion: '0.1.0',
  dataVersion,
  ...more,
});

interface Machine {
  host: SimulatedHost;
  /** Makes this the installed version, with this rollback rule. */
  install(installed: Executable, rollback?: RollbackRule | null, previous?: Executable): void;
  snapshot(changes?: Partial<Receipt>): Promise<Snapshot>;
  /** The file of the data can't be read until it is told otherwise. */
  close(path: string | null): void;
  target(wish?: RollbackWish): ReturnType<typeof rollbackTarget>;
  edit(snapshot: Snapshot, change: (found: Snapshot) => unknown): void;
}

function machine(): Machine {
  const disk = installedDisk('linux', ONE);
  placeFiles(disk, 'data', { file: 'data' });
  let unreadable: string | null = null;
  const simulated = simulatedHost({ disk, versionOf });
  const open: SimulatedHost['disk']['open'] = (path, ...how) => {
    if (unreadable !== null && path.endsWith(unreadable))
      throw Object.assign(new Error('EACCES'), { code: 'EACCES', path });
    return simulated.disk.open(path, ...how);
  };
  const host = { ...simulated, disk: { ...simulated.disk, open } };
  let receipt = receiptOf(ONE, null);
  const work = `${INSTALL_DIR}/.dgmo-updater`;
  const setup = () => {
    const session = sessionOn(host);
    if (session.snapshots === null) throw new Error('no home');
    return { session, snapshots: session.snapshots };
  };
  return {
    host,
    install(installed, rollback = null, previous) {
      receipt = { ...receiptOf(installed, previous ?? null), rollback };
      disk.place(targetPath('linux'), installed.bytes);
      disk.place(`${work}/installed.json`, encodeReceipt(receipt), 0o600);
      if (previous) disk.place(`${work}/kept-${previous.sha256.slice(0, 32)}`, previous.bytes);
    },
    async snapshot(changes = {}) {
      await host.clock.sleep(1000);
      const { session, snapshots } = setup();
      const wish = { kind: 'manual' as const, reason: 'test' };
      return snapshotInstall(session, snapshots, { ...receipt, ...changes }, wish);
    },
    close: (path) => {
      unreadable = path;
    },
    target: (wish) => rollbackTarget(setup().session, wish),
    edit({ id }, change) {
      const path = documentPath(setup().snapshots.layout, id);
      const found = decodeSnapshot(disk.contentOf(path) ?? new Uint8Array(0), path);
      disk.place(path, encodeSnapshot(change(found) as Snapshot), 0o600);
    },
  };
}

/** 1.0.0 with a snapshot, then 2.0.0. */
async function updated(rollback: RollbackRule | null = rule(1), then: RollbackRule | null = rule(1)) {
  const here = machine();
  here.install(ONE, then);
  const before = await here.snapshot();
  here.install(TWO, rollback, ONE);
  return { here, before };
}

describe('without arguments a rollback goes', () => {
  test('to the newest snapshot of the version before', async () => {
    const { here } = await updated();
    here.install(ONE, rule(1));
    const newer = await here.snapshot();
    here.install(TWO, rule(1), ONE);
    await here.snapshot();
    const { snapshot, to, components } = here.target();
    expect(snapshot?.id).toBe(newer.id);
    expect(to).toEqual({ version: '1.0.0', sha256: ONE.sha256, size: ONE.size });
    expect(components).toHaveLength(5);
  });

  test('to the kept binary alone, if there is no snapshot of it', () => {
    const here = machine();
    here.install(TWO, null, ONE);
    expect(here.target()).toMatchObject({ snapshot: null, components: ['binary'], to: { version: '1.0.0' } });
    expect(() => here.target({ only: ['data'] })).toThrow(PolicyError);
  });

  test('not to a snapshot that was taken while the executable was missing', async () => {
    const here = machine();
    here.host.disk.remove(targetPath('linux'));
    expect((await here.snapshot()).components.binary).toBeNull();
    here.install(ONE);
    expect(() => here.target()).toThrow('there is no version before 1.0.0');
  });

  test('to the last other version, if no binary was kept, and nowhere if there is none', async () => {
    const here = machine();
    expect(() => here.target()).toThrow('there is no version before 1.0.0');
    const before = await here.snapshot();
    expect(() => here.target()).toThrow('there is no version before 1.0.0');
    here.install(TWO);
    expect(here.target().snapshot?.id).toBe(before.id);
  });

  test('to the same version, if the installed binary is missing', async () => {
    const here = machine();
    const sound = await here.snapshot();
    here.host.disk.remove(targetPath('linux'));
    expect(here.target()).toMatchObject({ snapshot: { id: sound.id }, to: { version: '1.0.0' } });
  });

  test('never to a snapshot of another installation', async () => {
    const here = machine();
    const theirs = await here.snapshot({ installId: 'ffffffffffffffffffffffffffffffff' });
    here.install(TWO);
    expect(() => here.target()).toThrow(PolicyError);
    expect(() => here.target({ version: '1.0.0' })).toThrow('there is no snapshot of 1.0.0 here');
    expect(() => here.target({ snapshot: theirs.id })).toThrow('of another installation (dgmo 1.0.0)');
  });
});

describe('the user may name', () => {
  test('a snapshot by the beginning of its id, if that is unique', async () => {
    const { here, before } = await updated();
    const second = await here.snapshot();
    expect(here.target({ snapshot: before.id.slice(0, -2) }).snapshot?.id).toBe(before.id);
    for (const name of ['20', '', 'nonsense', `${second.id}0`])
      expect(() => here.target({ snapshot: name })).toThrow(UsageError);
  });

  test('a version, for its newest snapshot, else the kept binary', async () => {
    const { here } = await updated();
    here.install(THREE, rule(1), TWO);
    expect(here.target({ version: '1.0.0' }).to.version).toBe('1.0.0');
    expect(here.target({ version: '2.0.0' }).snapshot).toBeNull();
    const two = await here.snapshot({ binary: receiptOf(TWO, null).binary });
    expect(here.target({ version: '2.0.0', only: ['data'] }).snapshot?.id).toBe(two.id);
  });

  test('components; without the binary the installed one stays', async () => {
    const { here } = await updated();
    const { components, to } = here.target({ only: ['config', 'data'] });
    expect(components).toEqual(['data', 'config']);
    expect(to.version).toBe('2.0.0');
  });

  test('no snapshot of another platform', async () => {
    const { here, before } = await updated();
    here.edit(before, (it) => ({ ...it, metadata: { ...it.metadata, arch: 'arm64' } }));
    expect(() => here.target({ snapshot: before.id })).toThrow('taken on linux-arm64, this is linux-x64');
  });
});

describe('the rollback rule of the release', () => {
  test.each([
    [rule(1, { supported: false }), /2\.0\.0 can't be rolled back/],
    [rule(1, { minVersion: '1.5.0' }), /to 1\.5\.0 or newer, wanted 1\.0\.0/],
  ])('%p', async (said, why) => {
    const { here } = await updated(said);
    for (const only of [undefined, ['binary'], ['binary', 'data']] as const)
      expect(() => here.target(only === undefined ? {} : { only })).toThrow(why);
    expect(here.target({ only: ['data'] }).to.version).toBe('2.0.0');
    expect(here.target({ force: true }).to.version).toBe('1.0.0');
  });

  test('a kept binary does not go back alone across a format, as by sudo, whose home has no snapshots of the user', () => {
    const { install, target } = machine();
    install(TWO, rule(2), ONE);
    expect(() => target()).toThrow(PolicyError);
    expect(() => target()).toThrow('the executable would go back without the data');
    expect(target({ force: true }).to.version).toBe('1.0.0');
    install(TWO, rule(1), ONE);
    expect(target().to.version).toBe('1.0.0');
  });

  test('does not prevent going to a newer version', async () => {
    const { here } = await updated(rule(1, { supported: false }));
    const two = await here.snapshot();
    here.install(ONE, rule(1, { supported: false }), TWO);
    expect(here.target().snapshot?.id).toBe(two.id);
  });

  test('is refused across a format, if the snapshot lacks data that could not be read then', async () => {
    const to = async (format: number) => {
      const here = machine();
      here.install(ONE, rule(1));
      here.close('/data/file');
      const { warnings } = await here.snapshot();
      expect(warnings).toHaveLength(1);
      here.close(null);
      here.install(TWO, rule(format), ONE);
      return here;
    };
    const here = await to(2);
    expect(() => here.target()).toThrow(PolicyError);
    expect(() => here.target()).toThrow(/does not have .*data\/file .*format 2 now and format 1 in it/);
    expect(here.target({ force: true }).to.version).toBe('1.0.0');
    expect(here.target({ only: ['config'] }).components).toEqual(['config']);
    expect((await to(1)).target().to.version).toBe('1.0.0');
  });

  const FORMATS = [undefined, 1, 2] as const;
  test.each(FORMATS.flatMap((now) => FORMATS.map((then) => [now, then] as const)))(
    'requires binary and data to go back together if the format changes: %p now, %p then',
    async (now, then) => {
      const said = (format: number | undefined) => (format === undefined ? null : rule(format));
      const { here } = await updated(said(now), said(then));
      expect(here.target().components).toHaveLength(5);
      expect(here.target({ only: ['config'] }).components).toEqual(['config']);
      expect(here.target({ only: ['binary', 'data'] }).components).toEqual(['data', 'binary']);
      for (const only of [['binary'], ['data'], ['binary', 'config']] as const) {
        // An unknown format counts as the first one.
        if ((now ?? 1) === (then ?? 1)) expect(here.target({ only }).components).toHaveLength(only.length);
        else expect(() => here.target({ only })).toThrow('have to go back together');
        expect(here.target({ only, force: true }).components).toHaveLength(only.length);
      }
      const [from, to] = [now ?? 1, then ?? 1];
      const moved = from === to ? null : { from, to };
      expect(dataFormatChange(here.target())).toEqual(moved);
    },
  );
});

test('no id is the beginning of none, also where there is only one snapshot', () => {
  for (const listed of [[], [{ id: '20261129-120232-7f25' }]])
    expect(() => findSnapshot(listed, '')).toThrow('wanted the id of a snapshot, found ""');
  expect(findSnapshot([{ id: '20261129-120232-7f25' }], '2').id).toBe('20261129-120232-7f25');
});

describe('damage', () => {
  test('a damaged document is refused, and the error names the next snapshot', async () => {
    const { here, before } = await updated();
    const other = await here.snapshot();
    here.edit(before, (it) => ({ ...it, timestamp: 'soon' }));
    let thrown: unknown;
    try {
      here.target({ snapshot: before.id });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(DamagedError);
    expect((thrown as DamagedError).advice).toContain(`The next one is ${other.id} (2.0.0)`);
    // The kept binary needs no document.
    expect(here.target()).toMatchObject({ snapshot: null, to: { version: '1.0.0' } });
  });

  test('the next snapshot to try is never one of another installation', async () => {
    const { here, before } = await updated();
    const other = await here.snapshot();
    const { disk } = here.host;
    disk.remove(binaryPath(sessionOn(here.host).snapshots?.layout ?? fail(), ONE.sha256));
    disk.remove(`${INSTALL_DIR}/.dgmo-updater/kept-${ONE.sha256.slice(0, 32)}`);
    const advice = () => {
      try {
        return here.target({ snapshot: before.id });
      } catch (error) {
        return (error as DamagedError).advice;
      }
    };
    expect(advice()).toContain(`The next one is ${other.id}`);
    here.edit(other, (it) => ({ ...it, installId: '0'.repeat(32) }));
    expect(advice()).toBe('There is no other snapshot.');
  });

  test('if the binary in the store is missing, another intact copy is used, and without one it is refused', async () => {
    const { here, before } = await updated();
    const { disk } = here.host;
    disk.remove(binaryPath(sessionOn(here.host).snapshots?.layout ?? fail(), ONE.sha256));
    expect(here.target().snapshot?.id).toBe(before.id);
    disk.remove(`${INSTALL_DIR}/.dgmo-updater/kept-${ONE.sha256.slice(0, 32)}`);
    expect(() => here.target()).toThrow('is damaged or missing');
    expect(here.target({ only: ['data', 'config'] }).snapshot?.id).toBe(before.id);
  });

  test('a binary that was already damaged when the snapshot was taken is not restored', async () => {
    const { here, before } = await updated();
    here.edit(before, (it) => ({
      ...it,
      components: { ...it.components, binary: { ...it.components.binary, sound: false } },
    }));
    expect(() => here.target()).toThrow('changed or damaged when it was taken');
  });
});

function fail(): never {
  throw new Error('no home');
}

test('what was chosen before something else was installed is not carried out', () => {
  const { host, install, target } = machine();
  install(TWO, null, ONE);
  const chosen = target();
  expect(planRollbackChange(sessionOn(host), chosen).to.version).toBe('1.0.0');
  install(THREE, null, TWO);
  const plan = () => planRollbackChange(sessionOn(host), chosen);
  expect(plan).toThrow(BusyError);
  expect(plan).toThrow('2.0.0 was installed, 3.0.0 is now; nothing was changed');
});

test('something else than a file at the path of the executable: it counts as missing, and is refused if only folders go back', async () => {
  const { host, install, target } = machine();
  install(TWO, null, ONE);
  const session = sessionOn(host);
  const chosen = target();
  host.disk.remove(targetPath('linux'));
  host.disk.createDirectory(targetPath('linux'), 0o755);
  expect(planRollbackChange(session, chosen)).toMatchObject({
    from: { sha256: ABSENT },
    to: { version: '1.0.0' },
  });
  expect(() => planRollbackChange(session, { ...chosen, components: ['config'] })).toThrow(
    /is no executable, but a folder; nothing was changed/,
  );
});

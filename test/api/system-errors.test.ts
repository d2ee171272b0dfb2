/** Whatever call of the system fails, a method of the API throws an UpdaterError: which exit code, and what to do. */
import { describe, expect, test } from 'bun:test';
import { Installation, SelfHealingSystem, SnapshotManager, UpdateManager } from '../../lib/api/index.ts';
import { UpdaterError } from '../../lib/errors.ts';
import { snapshotInstall } from '../../lib/install/folders/snapshots.ts';
import type { SimulatedDisk } from '../host/disk.ts';
import { ERRORS, FaultInjector, HELD } from '../host/faults.ts';
import { type SimulatedHost, simulatedHost } from '../host/host.ts';
import { executable, INSTALL_DIR, installedDisk, receiptOf, versionOf } from '../host/install.ts';
import { HOME, placeFiles, sessionOn } from '../install/transaction/folders-stage.ts';

const OLD = executable('1.0.0');
const NEW = executable('2.0.0');

const optionsOn = (host: SimulatedHost) => ({ host, installDir: INSTALL_DIR, home: HOME });
const snapshotsOn = (host: SimulatedHost) => new SnapshotManager(optionsOn(host));
const updatesOn = (host: SimulatedHost) => new UpdateManager(optionsOn(host));
const installationOn = (host: SimulatedHost) => new Installation(optionsOn(host));

const METHODS: Record<string, (host: SimulatedHost) => unknown> = {
  listSnapshots: (host) => snapshotsOn(host).listSnapshots(),
  verifySnapshots: (host) => snapshotsOn(host).verifySnapshots(),
  planCleanup: (host) => snapshotsOn(host).planCleanup(1),
  cleanupOldSnapshots: (host) => snapshotsOn(host).cleanupOldSnapshots(1),
  createSnapshot: (host) => snapshotsOn(host).createSnapshot('by hand'),
  planRollback: (host) => snapshotsOn(host).planRollback(),
  'planRollback and previewRollback': async (host) => {
    const snapshots = snapshotsOn(host);
    await snapshots.previewRollback(await snapshots.planRollback());
  },
  preferences: (host) => updatesOn(host).preferences(),
  settings: (host) => updatesOn(host).settings(),
  setPreferences: (host) => updatesOn(host).setPreferences({ channel: 'beta' }),
  skipVersion: (host) => updatesOn(host).skipVersion('3.0.0'),
  unskipVersion: (host) => updatesOn(host).unskipVersion('3.0.0'),
  remindLater: (host) => updatesOn(host).remindLater(1000),
  status: (host) => installationOn(host).status(),
  overview: (host) => installationOn(host).overview(),
  knownWords: (host) => installationOn(host).knownWords(),
  history: (host) => installationOn(host).history(),
  takeNotices: (host) => installationOn(host).takeNotices(),
  recover: (host) => installationOn(host).recover(),
  confirmHealthy: (host) => installationOn(host).confirmHealthy(),
  verify: (host) => new SelfHealingSystem(optionsOn(host)).verify(),
  situation: (host) => new SelfHealingSystem(optionsOn(host)).situation(),
  executableDamage: (host) => new SelfHealingSystem(optionsOn(host)).executableDamage(),
};

async function disk(): Promise<SimulatedDisk> {
  const before = installedDisk('linux', NEW, OLD);
  placeFiles(before, 'data', { 'session.json': 'old' });
  const session = sessionOn(simulatedHost({ disk: before, versionOf }));
  if (session.snapshots === null) throw new Error('no store');
  for (const reason of ['first', 'second'])
    await snapshotInstall(session, session.snapshots, receiptOf(NEW, OLD), { kind: 'manual', reason });
  return before;
}

/** The effects of the method on a machine without a fault. */
async function effectsOf(method: (host: SimulatedHost) => unknown, start: SimulatedDisk): Promise<string[]> {
  const faults = new FaultInjector();
  await method(simulatedHost({ disk: start.clone(), faults, versionOf }));
  return faults.seen;
}

describe('what fails at any call of the system is an UpdaterError', () => {
  test.each(Object.entries(METHODS))('%s', async (_, method) => {
    const start = await disk();
    const effects = await effectsOf(method, start);
    const raw = new Set<string>();
    for (const [at, effect] of effects.entries()) {
      for (const code of effect === 'lock' ? [HELD, 'EMFILE'] : (ERRORS[effect] ?? [])) {
        for (const forGood of [false, true]) {
          const faults = new FaultInjector({ at, fault: { kind: 'error', code, forGood } });
          try {
            await method(simulatedHost({ disk: start.clone(), faults, versionOf }));
          } catch (error) {
            if (!(error instanceof UpdaterError)) raw.add(`${effect} ${code}: ${(error as Error).stack}`);
          }
        }
      }
    }
    expect([...raw]).toEqual([]);
    expect(effects.length).toBeGreaterThan(0);
  });
});

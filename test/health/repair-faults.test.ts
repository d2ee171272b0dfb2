/**
 * The proof for repairs: whatever fails or stops one, the executable is at every instant the damaged or the good one, what the
 * user wrote is never lost, and the next `repair` ends with a healthy installation.
 */
import { describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { keepTrustedRoot } from '../../lib/home/trusted-root.ts';
import { type RepairResult, SelfHealingSystem } from '../../lib/index.ts';
import { snapshotInstall } from '../../lib/install/index.ts';
import { removeIfThere } from '../../lib/platform/files.ts';
import type { SimulatedDisk } from '../host/disk.ts';
import type { Scenario } from '../host/exhaust.ts';
import { HARMLESS } from '../host/faults.ts';
import { type SimulatedHost, simulatedHost } from '../host/host.ts';
import { executable, INSTALL_DIR, installedDisk, receiptOf, targetPath, versionOf } from '../host/install.ts';
import { everyFault, exitCode } from '../install/transaction/every-fault.ts';
import { checkEnded, checkStore, HOME, placeFiles, sessionOn } from '../install/transaction/folders-stage.ts';

const GOOD = executable('2.0.0');
const TARGET = targetPath('linux');
const CONFIG = `${HOME}/config/dgmo.json`;
const READ = `${INSTALL_DIR}/.dgmo-updater/read.json`;
const SETTINGS = '{"theme":"dark"}';
const BROKEN = '{"theme":"dark", "model":';

const ROOT = fs.readFileSync(path.join(import.meta.dir, '../vectors/package-v2/root.json'));

/** Which of the faults are tried: some of them take seconds, all (`DGMO_EVERY=1`) take minutes. */
const EVERY = Number(process.env.DGMO_EVERY ?? 31);

/** One byte is another. */
const DAMAGED = GOOD.bytes.slice();
DAMAGED[200] = (DAMAGED[200] ?? 0) ^ 1;

/** With the executable alone, as an update and the service do it, it takes a tenth of the effects of a repair of everything. */
async function repairOn(host: SimulatedHost, what: Damage['what']): Promise<RepairResult | null> {
  const health = new SelfHealingSystem({ host, installDir: INSTALL_DIR, home: HOME, app: 'dgmo' });
  return what === 'executable'
    ? health.repairExecutable({ offline: true })
    : health.repair({ offline: true });
}

interface Damage {
  what: 'executable' | 'everything';
  inflict(disk: SimulatedDisk): void;
  /** What may be at the path of the executable, besides the good one; null: nothing. */
  before: Uint8Array | null;
  /** What has to be somewhere in the folder of the config. */
  kept: string;
}

/** An installation with a snapshot of the good executable and config, which then suffers the damage. */
async function prepare({ inflict }: Damage): Promise<SimulatedDisk> {
  const disk = installedDisk('linux', GOOD);
  placeFiles(disk, 'config', { 'dgmo.json': SETTINGS });
  const session = sessionOn(simulatedHost({ disk, versionOf }));
  keepTrustedRoot(session.host, HOME, ROOT, null);
  const { snapshots } = session;
  if (snapshots === null) throw new Error('no home');
  await snapshotInstall(session, snapshots, receiptOf(GOOD, null), { kind: 'manual', reason: 'all is well' });
  inflict(disk);
  for (const folder of [INSTALL_DIR, `${HOME}/config`, `${INSTALL_DIR}/.dgmo-updater`])
    disk.flushDirectory(folder);
  return disk;
}

const isSame = (found: Uint8Array | null, wanted: Uint8Array | null) =>
  found === null || wanted === null ? found === wanted : Buffer.compare(found, wanted) === 0;

function isKept(disk: SimulatedDisk, content: string): boolean {
  const wanted = Buffer.from(content).toString('base64');
  return Object.entries(disk.picture()).some(
    ([file, found]) => file.startsWith(`${HOME}/config/`) && found === wanted,
  );
}

function trialOf(damage: Damage): Scenario {
  let faults = 0;
  return {
    prepare: () => prepare(damage),
    host: { versionOf },
    work: async (host) => void (await exitCode(repairOn(host, damage.what))),
    recover: async (host) => {
      const result = await repairOn(host, damage.what);
      if (result?.success === false) throw new Error(result.failed.map(({ error }) => error).join('; '));
      // When which file was read is only a cache, and no part of the state.
      removeIfThere(host.disk, READ);
    },
    // A check that can't read a file says so, and changes nothing; what a repair writes is what matters here.
    isLeftOut: (effect, fault) => (fault.kind === 'error' && HARMLESS.has(effect)) || ++faults % EVERY !== 0,
    always(disk) {
      const found = disk.contentOf(TARGET);
      if (!isSame(found, GOOD.bytes) && !isSame(found, damage.before))
        throw new Error('the executable is neither what it was nor the good one');
      if (!isKept(disk, damage.kept)) throw new Error('the config of the user is lost');
    },
    afterwards(disk) {
      if (!isSame(disk.contentOf(TARGET), GOOD.bytes)) throw new Error('the executable is not put back');
      if (!isKept(disk, damage.kept)) throw new Error('the config of the user is lost');
      JSON.parse(new TextDecoder().decode(disk.contentOf(CONFIG) ?? new Uint8Array(0)));
      checkEnded(disk, GOOD);
    },
  };
}

const TRIALS: [name: string, damage: Damage][] = [
  [
    'a flipped byte in the executable',
    { what: 'executable', inflict: (disk) => disk.place(TARGET, DAMAGED), before: DAMAGED, kept: SETTINGS },
  ],
  [
    'no executable',
    { what: 'executable', inflict: (disk) => disk.remove(TARGET), before: null, kept: SETTINGS },
  ],
  [
    'a config that is cut off',
    {
      what: 'everything',
      inflict: (disk) => placeFiles(disk, 'config', { 'dgmo.json': BROKEN }),
      before: GOOD.bytes,
      kept: BROKEN,
    },
  ],
];

describe('with no fault', () => {
  test.each(TRIALS)('%s', async (_, damage) => {
    const disk = await prepare(damage);
    const result = await repairOn(simulatedHost({ disk, versionOf }), damage.what);
    expect(result?.success).toBe(true);
    expect(result?.repaired.length).toBeGreaterThan(0);
    trialOf(damage).afterwards(disk);
    expect((await checkStore(disk)).length).toBeGreaterThan(0);
  });
});

everyFault(
  TRIALS.map(([name, damage]) => [name, trialOf(damage)]),
  { faults: 9, stops: 100 },
);

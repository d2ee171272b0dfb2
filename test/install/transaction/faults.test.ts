/**
 * The proof of the transaction: every fault at every effect of an update, a failed update and a rollback, on POSIX and on
 * Windows, and a stop at every effect of the recovery after it.
 */
import { describe, expect, test } from 'bun:test';
import { withLock } from '../../../lib/install/lock.ts';
import { openSession } from '../../../lib/install/open.ts';
import { decodeReceipt } from '../../../lib/install/receipt.ts';
import type { Session } from '../../../lib/install/session.ts';
import { recoverInstall } from '../../../lib/install/transaction/recover.ts';
import type { Platform } from '../../../lib/platform/host.ts';
import type { SimulatedDisk } from '../../host/disk.ts';
import type { Scenario } from '../../host/exhaust.ts';
import { type SimulatedHost, simulatedHost } from '../../host/host.ts';
import {
  type Executable,
  executable,
  INSTALL_DIR,
  installedDisk,
  targetPath,
  versionOf,
} from '../../host/install.ts';
import { applyOn, rollBackOn } from '../../host/operations.ts';
import { packageFor } from '../../host/package.ts';
import { testRoot } from '../../trust/keys.ts';
import { everyFault, exitCode } from './every-fault.ts';

const OLD = executable('1.0.0');
const NEW = executable('2.0.0');

function sessionOn(host: SimulatedHost): Session {
  return openSession(host, { installDir: INSTALL_DIR, app: 'dgmo' });
}

async function recoverAll(host: SimulatedHost): Promise<void> {
  const session = sessionOn(host);
  await withLock(host, session.layout, () => recoverInstall(session));
}

/** What is true at every instant and after every recovery, for a change from `old` to `fresh`. */
function rules(
  platform: Platform,
  old: Executable,
  fresh: Executable,
  mayStay: Executable[],
): Pick<Scenario, 'always' | 'afterwards'> {
  const target = targetPath(platform);
  const same = (content: Uint8Array | null, wanted: Executable) =>
    content !== null && Buffer.compare(content, wanted.bytes) === 0;
  const isGap = (disk: SimulatedDisk) => {
    const journal = new TextDecoder().decode(
      disk.contentOf(`${INSTALL_DIR}/.dgmo-updater/journal`) ?? new Uint8Array(0),
    );
    return platform === 'win32' && (journal.trim().split('\n').at(-1) ?? '').includes('"type":"gap"');
  };
  return {
    always(disk) {
      const content = disk.contentOf(target);
      if (content === null && isGap(disk)) return;
      if (!same(content, old) && !same(content, fresh))
        throw new Error('the target is neither the old nor the new executable');
    },
    afterwards(disk) {
      const content = disk.contentOf(target);
      const installed = mayStay.find((candidate) => same(content, candidate));
      if (installed === undefined) throw new Error('the target is neither the old nor the new executable');
      const bytes = disk.contentOf(`${INSTALL_DIR}/.dgmo-updater/installed.json`);
      if (bytes === null) throw new Error('there is no receipt');
      const receipt = decodeReceipt(bytes, 'installed.json');
      if (receipt.binary.sha256 !== installed.sha256) {
        throw new Error(`the receipt says ${receipt.binary.version}, but ${installed.version} is installed`);
      }
      const work = disk.list(`${INSTALL_DIR}/.dgmo-updater`);
      const kept = receipt.previous === null ? [] : [`kept-${receipt.previous.sha256.slice(0, 32)}`];
      const expected = ['installed.json', 'journal', 'lock', ...kept].sort();
      const lists = [receipt.binary, receipt.previous].map(
        (binary) => `blocks-${binary?.sha256.slice(0, 32)}`,
      );
      // What can be made again need not be there.
      const mayBe = [...lists, 'read.json'];
      const found = work
        .map((name) => name.replace(/\.exe$/, ''))
        .filter((name) => !mayBe.includes(name))
        .sort();
      if (JSON.stringify(found) !== JSON.stringify(expected))
        throw new Error(`left behind: ${found.join(', ')}`);
    },
  };
}

const PACKAGE = '/downloads/dgmo.dgmopkg';
const FULL = '/downloads/full.dgmopkg';
const root = testRoot();

interface Update {
  platform: Platform;
  fresh: Executable;
  kind?: 'patch' | 'full';
  /** Versions between the old and the new one, for a chain of patches. */
  through?: Executable[];
  /** `each`: one package for each patch; `damaged`: the patch is damaged, and a fallback package has the full binary. */
  packages?: 'one' | 'each' | 'damaged';
  host?: Partial<Scenario['host']>;
}

interface Trial extends Scenario {
  /** Without a fault: the exit code, what is installed afterwards, and what was started in the end. */
  clean: { code: number; installed: Executable; started: Executable | null };
  run(host: SimulatedHost): Promise<number>;
}

function update(
  { platform, fresh, kind = 'patch', through = [], packages = 'one', host = {} }: Update,
  clean: Trial['clean'],
): Trial {
  const chain = [OLD, ...through, fresh];
  const files = packages === 'each' ? chain.slice(1).map((_, index) => `${PACKAGE}.${index}`) : [PACKAGE];
  const run = (on: SimulatedHost) =>
    exitCode(
      applyOn(sessionOn(on), files, {
        fallback: packages === 'damaged' ? { packages: [FULL] } : null,
        root,
        waitFor: 0,
        noWait: false,
        relaunch: true,
      }),
    );
  return {
    async prepare() {
      const disk = installedDisk(platform, OLD);
      if (packages === 'each') {
        for (const [index, file] of files.entries())
          disk.place(file, await packageFor(platform, chain.slice(index, index + 2), kind));
        return disk;
      }
      const content = await packageFor(platform, chain, kind);
      disk.place(PACKAGE, packages === 'damaged' ? content.subarray(0, content.length - 9) : content);
      if (packages === 'damaged') disk.place(FULL, await packageFor(platform, chain, 'full'));
      return disk;
    },
    host: { platform, versionOf, ...host },
    run,
    work: async (on) => void (await run(on)),
    recover: recoverAll,
    clean,
    // A broken version is never kept, whatever happens.
    ...rules(platform, OLD, fresh, fresh === BROKEN ? [OLD] : [OLD, fresh]),
  };
}

function rollbackTrial(platform: Platform): Trial {
  const go = async (on: SimulatedHost) => rollBackOn(sessionOn(on));
  const run = (on: SimulatedHost) => exitCode(go(on));
  return {
    prepare: () => installedDisk(platform, NEW, OLD),
    host: { platform, versionOf, running: platform === 'win32' ? [targetPath(platform)] : [] },
    run,
    work: async (on) => void (await run(on)),
    recover: recoverAll,
    clean: { code: 0, installed: OLD, started: null },
    ...rules(platform, OLD, NEW, [OLD, NEW]),
  };
}

const BROKEN = executable('2.0.0', 'broken');
const target = targetPath('win32');
const committed: Trial['clean'] = { code: 0, installed: NEW, started: NEW };
const reverted: Trial['clean'] = { code: 15, installed: OLD, started: OLD };
const never = Number.POSITIVE_INFINITY;

const TRIALS: [name: string, trial: Trial][] = [
  ['an update by patch', update({ platform: 'linux', fresh: NEW }, committed)],
  [
    'an update by a chain of patches',
    update({ platform: 'linux', fresh: NEW, through: [executable('1.5.0')] }, committed),
  ],
  [
    'an update by a chain of patches, each in its own package',
    update({ platform: 'linux', fresh: NEW, through: [executable('1.5.0')], packages: 'each' }, committed),
  ],
  [
    'an update by full binary after a damaged patch',
    update({ platform: 'linux', fresh: NEW, packages: 'damaged' }, committed),
  ],
  ['an update by full binary', update({ platform: 'linux', fresh: NEW, kind: 'full' }, committed)],
  ['an update to a version that crashes', update({ platform: 'linux', fresh: BROKEN }, reverted)],
  ['a rollback', rollbackTrial('linux')],
  ['an update on Windows', update({ platform: 'win32', fresh: NEW }, committed)],
  [
    'an update on Windows while the old one runs',
    update({ platform: 'win32', fresh: NEW, host: { running: [target] } }, committed),
  ],
  [
    'an update on Windows while the old one is held for 2 s',
    update({ platform: 'win32', fresh: NEW, host: { held: [{ path: target, until: 2000 }] } }, committed),
  ],
  [
    'an update on Windows while the old one is never released',
    update(
      { platform: 'win32', fresh: NEW, host: { held: [{ path: target, until: never }] } },
      { code: 12, installed: OLD, started: null },
    ),
  ],
  [
    'an update on Windows to a version that crashes, while the old one runs',
    update({ platform: 'win32', fresh: BROKEN, host: { running: [target] } }, reverted),
  ],
  ['a rollback on Windows while the new one runs', rollbackTrial('win32')],
];

describe('with no fault', () => {
  test.each(TRIALS)('%s', async (_, trial) => {
    const disk = await trial.prepare();
    const host = simulatedHost({ ...trial.host, disk });
    const code = await trial.run(host);
    const installed = versionOf(
      disk.contentOf(targetPath(trial.host.platform ?? 'linux')) ?? new Uint8Array(0),
    );
    const started = host.started.map((content) => versionOf(content));
    const { clean } = trial;
    expect({ code, installed, started }).toEqual({
      code: clean.code,
      installed: clean.installed.version,
      started: clean.started === null ? [] : [clean.started.version],
    });
    expect(disk.openHandles()).toBe(0);
  });
});

everyFault(TRIALS, { faults: 100, stops: 50 });

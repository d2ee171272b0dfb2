/**
 * Check and download on a machine that fails: every fault at every effect. What they leave behind is never believed, and
 * never in the way: the next run, on a machine that is well again, gets there.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { UpdateManager } from '../../lib/api/index.ts';
import { UpdaterError } from '../../lib/errors.ts';
import type { Network } from '../../lib/platform/network/network.ts';
import { LOSSES, type SimulatedDisk } from '../host/disk.ts';
import { ERRORS, type Fault, FaultInjector, HARMLESS, Stopped } from '../host/faults.ts';
import { simulatedHost } from '../host/host.ts';
import { executable, INSTALL_DIR, installedDisk, versionOf } from '../host/install.ts';
import { makeFeed, type TestFeed } from '../release/feed.ts';
import { digest } from '../trust/feed/repository.ts';
import { SETTINGS } from './stage.ts';

const OLD = executable('1.0.0');
const NEW = executable('2.0.0');
const HOME = '/home/person/.dgmo';
const FEED = 'https://feed.test/';

let feed: TestFeed;
beforeAll(async () => {
  feed = await makeFeed();
  await feed.add('1.0.0', { 'linux-x64': OLD.bytes });
  await feed.add('2.0.0', { 'linux-x64': NEW.bytes });
});
afterAll(() => feed[Symbol.dispose]());

/** The feed without a network between. */
function networkOf(folder: string): Network {
  return {
    async request({ url, headers = {} }) {
      const file = path.join(folder, url.slice(FEED.length));
      const there = fs.existsSync(file);
      const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
      const bytes = there ? new Uint8Array(fs.readFileSync(file)) : new Uint8Array();
      const partial = from > 0 && there;
      return {
        url,
        status: there ? (partial ? 206 : 200) : 404,
        headers: partial ? { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` } : {},
        // Two pieces, so that there is something between them.
        body: (async function* () {
          const half = from + ((bytes.length - from) >> 1);
          yield bytes.subarray(from, half);
          yield bytes.subarray(half);
        })(),
        close: () => undefined,
      };
    },
  };
}

/** The digest of what was downloaded; as long as the feed has it. */
async function fetchUpdate(disk: SimulatedDisk, faults: FaultInjector): Promise<string> {
  const host = simulatedHost({ disk, faults, platform: 'linux', versionOf });
  const manager = new UpdateManager({
    installDir: INSTALL_DIR,
    home: HOME,
    feed: FEED,
    settings: { ...SETTINGS, root: feed.rootJson },
    host,
    network: () => networkOf(feed.folder),
  });
  const update = await manager.checkForUpdates();
  if (update === null) throw new Error('nothing is offered');
  const { files } = await manager.downloadUpdate(update);
  const content = disk.contentOf(files.at(-1) ?? '') ?? new Uint8Array();
  const wanted = update.routes[0]?.packages.at(-1)?.sha256;
  if (digest(content) !== wanted) throw new Error('what was downloaded is not what was signed');
  return digest(content);
}

function faultsOf(name: string): Fault[] {
  const stop: Fault[] = HARMLESS.has(name) ? [] : [{ kind: 'stop' }];
  const short: Fault[] = name === 'write' ? [{ kind: 'short' }] : [];
  const errors = (ERRORS[name] ?? []).flatMap((code): Fault[] => [
    { kind: 'error', code, forGood: false },
    { kind: 'error', code, forGood: true },
  ]);
  return [...stop, ...short, ...errors];
}

describe('a first contact', () => {
  test('with every fault at every effect, and a run on a healthy machine after it', async () => {
    const start = installedDisk('linux', OLD);
    const clean = new FaultInjector();
    const wanted = await fetchUpdate(start.clone(), clean);
    let points = 0;
    for (const [at, name] of clean.seen.entries()) {
      for (const fault of faultsOf(name)) {
        const disk = start.clone();
        const what = `effect ${at} (${name}), ${JSON.stringify(fault)}`;
        await fetchUpdate(disk, new FaultInjector({ at, fault })).catch((error) => {
          if (error instanceof UpdaterError || error instanceof Stopped) return;
          throw new Error(`${what}: ${error}`, { cause: error });
        });
        for (const loss of fault.kind === 'stop' ? LOSSES : (['kept'] as const)) {
          points++;
          const left = disk.after(loss);
          const after = await fetchUpdate(left, new FaultInjector()).catch((error) => {
            throw new Error(`${what}, unflushed ${loss}: ${error}`, { cause: error });
          });
          if (after !== wanted) throw new Error(`${what}: another file`);
          const rest = left.list(`${HOME}/cache`).filter((one) => /partial|\.tmp$|\.json/.test(one));
          if (rest.length > 0) throw new Error(`${what}: left behind ${rest.join(', ')}`);
        }
      }
    }
    console.log(`  ${clean.seen.length} effects, ${points} faults`);
    expect(points).toBeGreaterThan(300);
  });
});

describe('damage on the disk between two runs', () => {
  test('every file of the home, cut, emptied or scrambled: the next run gets there', async () => {
    const start = installedDisk('linux', OLD);
    const wanted = await fetchUpdate(start, new FaultInjector());
    const files = allFiles(start, HOME).filter((file) => !file.endsWith('lock') && !/lock-.$/.test(file));
    expect(files.length).toBeGreaterThan(4);
    const DAMAGE: Record<string, (bytes: Uint8Array) => Uint8Array> = {
      cut: (bytes) => bytes.subarray(0, bytes.length >> 1),
      emptied: () => new Uint8Array(),
      scrambled: (bytes) => bytes.map((byte, index) => (index % 7 === 0 ? byte ^ 0x55 : byte)),
    };
    for (const file of files) {
      for (const [how, damage] of Object.entries(DAMAGE)) {
        const disk = start.clone();
        disk.place(file, damage(disk.contentOf(file) ?? new Uint8Array()).slice());
        const found = await fetchUpdate(disk, new FaultInjector()).catch((error) => {
          throw new Error(`${file}, ${how}: ${error}`, { cause: error });
        });
        expect(found).toBe(wanted);
      }
    }
  });
});

function allFiles(disk: SimulatedDisk, folder: string): string[] {
  return disk.list(folder).flatMap((name) => {
    const file = `${folder}/${name}`;
    return disk.status(file)?.kind === 'directory' ? allFiles(disk, file) : [file];
  });
}

/** What is listed, and how: pages, rollout, revocation, renewal, and what may be removed. */
import { describe, expect, test } from 'bun:test';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PolicyError, TrustError, UsageError } from '../../../lib/errors.ts';
import { decodeRoot, makeRoot } from '../../../lib/trust/index.ts';
import { withSigning } from '../../../release/commands/signing.ts';
import { initialize } from '../../../release/repository/initialize.ts';
import { readPublished } from '../../../release/repository/published.ts';
import { addRelease } from '../../../release/repository/releases/add-release.ts';
import { revoke, setRollout } from '../../../release/repository/releases/change-listing.ts';
import { paginate } from '../../../release/repository/releases/pages.ts';
import { prune } from '../../../release/repository/remove-unnamed.ts';
import { refresh } from '../../../release/repository/signing/renew.ts';
import { SimulatedDisk } from '../../host/disk.ts';
import { EXPIRES, ROOT_KEYS, SNAPSHOT_KEY, TARGETS_KEYS, TIMESTAMP_KEY, testKey } from '../../trust/keys.ts';
import { makeFeed } from '../feed.ts';
import { noise, PASSPHRASE } from '../run.ts';
import { hostOn, look, meansOf, REPO, ROOT, requestFor, SIGNERS, signersWith } from './simulated.ts';

const STABLE: [string, string][] = [['stable', 'linux-x64']];
const FIRST = noise(1, 3000);
const build = (number: number) => {
  const bytes = FIRST.slice();
  bytes.set(noise(number + 1, 20), 24 * number);
  return bytes;
};

async function repository(versions: string[]): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  await initialize(hostOn(disk), REPO, { app: 'dgmo', root: ROOT }, SIGNERS);
  for (const [number, version] of versions.entries()) {
    const request = requestFor(disk, version, { 'linux-x64': build(number) }, { deltas: 1, rollout: 10 });
    await addRelease(hostOn(disk), REPO, request, SIGNERS, meansOf(hostOn(disk)));
  }
  return disk;
}

async function seen(disk: SimulatedDisk) {
  const sight = await look(disk, new SimulatedDisk(), STABLE);
  return { ...sight, list: sight.releases['stable linux-x64'] ?? [] };
}

describe('pages', () => {
  test('hold everything once, in order, the index the newest 6 to 10', () => {
    for (let count = 0; count <= 130; count++) {
      const items = Array.from({ length: count }, (_, index) => count - index);
      const { index, pages } = paginate(items);
      expect([...index, ...pages.toReversed().flat()]).toEqual(items);
      expect(index.length).toBeLessThanOrEqual(10);
      if (count > 10) expect(index.length).toBeGreaterThanOrEqual(6);
      for (const page of pages.slice(0, -1)) expect(page).toHaveLength(20);
      expect((pages.at(-1)?.length ?? 5) % 5).toBe(0);
    }
  });

  test('stay as they are when a release is added', () => {
    for (let count = 1; count <= 130; count++) {
      const before = paginate(Array.from({ length: count }, (_, index) => count - index)).pages;
      const after = paginate(Array.from({ length: count + 1 }, (_, index) => count + 1 - index)).pages;
      expect(after.slice(0, Math.max(before.length - 1, 0))).toEqual(before.slice(0, -1));
    }
  });

  test('are found by a client, however many there are', async () => {
    const versions = Array.from({ length: 33 }, (_, number) => `1.${number}.0`);
    const disk = await repository(versions);
    expect((await seen(disk)).list.map(({ version }) => version)).toEqual(versions.toReversed());
    await setRollout(
      hostOn(disk),
      REPO,
      { version: '1.2.0', percent: 60, channel: 'stable', lower: false },
      SIGNERS,
    );
    const oldest = (await seen(disk)).list.at(-3);
    expect([oldest?.version, oldest?.rollout]).toEqual(['1.2.0', 60]);
  });
});

describe('rollout', () => {
  const set = (disk: SimulatedDisk, percent: number, lower = false) =>
    setRollout(hostOn(disk), REPO, { version: '1.0.0', percent, channel: 'stable', lower }, SIGNERS);

  test('is raised, and lowered only when that is said', async () => {
    const disk = await repository(['1.0.0']);
    expect(await set(disk, 30)).toEqual(['stable linux-x64']);
    expect((await seen(disk)).list[0]?.rollout).toBe(30);
    await expect(set(disk, 20)).rejects.toBeInstanceOf(PolicyError);
    expect((await seen(disk)).list[0]?.rollout).toBe(30);
    await set(disk, 20, true);
    expect((await seen(disk)).list[0]?.rollout).toBe(20);
    expect(await set(disk, 20)).toEqual([]);
  });

  test('of what is not there is refused', async () => {
    const disk = await repository(['1.0.0']);
    const change = { version: '3.0.0', percent: 1, channel: 'stable', lower: false };
    await expect(setRollout(hostOn(disk), REPO, change, SIGNERS)).rejects.toBeInstanceOf(UsageError);
  });
});

describe('a revoked release', () => {
  test('is listed as such, once, and is not added again', async () => {
    const disk = await repository(['1.0.0', '1.1.0']);
    const change = { version: '1.1.0', reason: 'it lost data', channel: null };
    expect(await revoke(hostOn(disk), REPO, change, SIGNERS)).toEqual(['stable linux-x64']);
    expect(await revoke(hostOn(disk), REPO, change, SIGNERS)).toEqual([]);
    expect((await seen(disk)).revoked).toEqual(['stable 1.1.0']);
    const request = requestFor(disk, '1.1.0', { 'linux-x64': build(1) });
    const again = addRelease(hostOn(disk), REPO, request, SIGNERS, meansOf(hostOn(disk)));
    await expect(again).rejects.toBeInstanceOf(PolicyError);
  });

  test('takes with it a minimum that nothing else reaches', async () => {
    using feed = await makeFeed();
    await feed.add('1.0.0', { 'linux-x64': build(0) });
    await feed.add('1.1.0', { 'linux-x64': build(1) }, { minimum: '1.1.0' });
    await feed.revoke('1.1.0');
    const index = await feed.index('stable', 'linux-x64');
    expect(index?.minimum).toBeNull();
    expect(index?.revoked.map(({ version }) => version)).toEqual(['1.1.0']);
  });
});

describe('refresh', () => {
  const DAY = 86_400_000;
  const atDay = (disk: SimulatedDisk, days: number) => {
    const host = hostOn(disk);
    const { now } = host.clock;
    return { ...host, clock: { ...host.clock, now: () => now() + days * DAY } };
  };
  const online = signersWith([SNAPSHOT_KEY, TIMESTAMP_KEY]);

  test('signs what is past half of its life, with the two keys of a machine alone', async () => {
    const disk = await repository(['1.0.0']);
    expect((await refresh(atDay(disk, 3), REPO, online)).renewed).toEqual([]);
    expect((await refresh(atDay(disk, 4), REPO, online)).renewed).toEqual(['timestamp']);
    expect((await refresh(atDay(disk, 16), REPO, online)).renewed).toEqual(['snapshot', 'timestamp']);
    const { expires } = await refresh(atDay(disk, 16), REPO, online);
    expect(expires).toBe(hostOn(disk).clock.now() + (16 + 7) * DAY);
  });

  test('tells in time of what it can not sign', async () => {
    const disk = await repository(['1.0.0']);
    const { due, renewed } = await refresh(atDay(disk, 310), REPO, online);
    expect(renewed).toEqual(['snapshot', 'timestamp']);
    expect(due.map(({ document }) => document)).toEqual(['targets']);
    const all = await refresh(
      atDay(disk, 311),
      REPO,
      signersWith([...TARGETS_KEYS, SNAPSHOT_KEY, TIMESTAMP_KEY]),
    );
    expect(all.renewed).toEqual(['targets', 'snapshot', 'timestamp']);
    expect(all.due).toEqual([]);
  });

  test('renews the root where its keys are', async () => {
    const disk = await repository(['1.0.0']);
    const days = Math.floor((Date.UTC(2035, 0, 1) - hostOn(disk).clock.now()) / DAY) - 30;
    const some = signersWith([...ROOT_KEYS.slice(0, 2), ...TARGETS_KEYS, SNAPSHOT_KEY, TIMESTAMP_KEY]);
    const { renewed } = await refresh(atDay(disk, days), REPO, some);
    expect(renewed).toContain('root');
    expect(readPublished(hostOn(disk), REPO).root.version).toBe(2);
    expect((await refresh(atDay(disk, days), REPO, some)).renewed).toEqual([]);
  });
});

describe('prune', () => {
  test('removes what was unnamed for a day, and nothing that a client comes to', async () => {
    const disk = await repository(['1.0.0', '1.1.0', '1.2.0']);
    const before = await seen(disk);
    const first = await prune(hostOn(disk), REPO, { keep: null, grace: 86_400_000 }, SIGNERS);
    expect(first.removed.files).toBe(0);
    expect(first.waiting.files).toBeGreaterThan(5);
    const second = await prune(hostOn(disk), REPO, { keep: null, grace: 0 }, SIGNERS);
    expect(second.removed).toEqual(first.waiting);
    expect((await seen(disk)).list).toEqual(before.list);
  });

  test('leaves old releases listed, first without the full binary, then without patches', async () => {
    const disk = await repository(['1.0.0', '1.1.0', '1.2.0', '1.3.0']);
    const keep = { packages: 2, patches: 3 };
    const { thinned } = await prune(hostOn(disk), REPO, { keep, grace: 0 }, SIGNERS);
    expect(thinned).toEqual(['1.1.0', '1.0.0']);
    const { list } = await seen(disk);
    expect(list.map(({ version, packages }) => [version, ...packages.map(({ kind }) => kind)])).toEqual([
      ['1.3.0', 'full', 'patch'],
      ['1.2.0', 'full', 'patch'],
      ['1.1.0', 'patch'],
      ['1.0.0'],
    ]);
    expect((await prune(hostOn(disk), REPO, { keep, grace: 0 }, SIGNERS)).thinned).toEqual([]);
    expect(Object.keys(disk.picture()).filter((name) => name.includes('/releases/1.0.0/linux-x64/'))).toEqual(
      [],
    );
  });
});

describe('a repository', () => {
  test('is not made in a folder that holds anything else', async () => {
    const disk = await repository([]);
    const again = initialize(hostOn(disk), REPO, { app: 'dgmo', root: ROOT }, SIGNERS);
    await expect(again).rejects.toThrow('wanted an empty folder, found a repository');
    disk.place('/other/file', new Uint8Array(1));
    const other = initialize(hostOn(disk), '/other', { app: 'dgmo', root: ROOT }, SIGNERS);
    await expect(other).rejects.toThrow('/other: wanted an empty folder, found file in it');
  });

  test('that somebody else wrote to is not signed again', async () => {
    using feed = await makeFeed();
    await feed.add('1.0.0', { 'linux-x64': build(0) });
    const metadata = path.join(feed.folder, 'metadata');
    const role = readdirSync(metadata).find((name) => name.endsWith('.linux-x64.json')) ?? '';
    const file = path.join(metadata, role);
    writeFileSync(file, (await Bun.file(file).text()).replace('"length":', '"length":1'));
    await expect(feed.refresh({ all: true })).rejects.toBeInstanceOf(TrustError);
    rmSync(file);
    await expect(feed.rollout('1.0.0', 100)).rejects.toBeInstanceOf(TrustError);
  });

  test('whose timestamp was made by somebody else is not signed again', async () => {
    using feed = await makeFeed();
    await feed.add('1.0.0', { 'linux-x64': build(0) });
    const file = path.join(feed.folder, 'metadata', 'timestamp.json');
    const genuine = await Bun.file(file).text();
    writeFileSync(file, genuine.replace(/"expires":"\d{4}/, '"expires":"2099'));
    const error = await feed.refresh({ all: true }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TrustError);
    expect(String(error)).toContain('timestamp.json signed by the keys of this repository');
    writeFileSync(file, genuine);
    await feed.refresh({ all: true });
  });

  test('that somebody else put a root of their own into is not signed again', async () => {
    const disk = new SimulatedDisk();
    await initialize(hostOn(disk), REPO, { app: 'dgmo', root: ROOT }, SIGNERS);
    await refresh(hostOn(disk), REPO, SIGNERS, { all: true });
    const { roles } = decodeRoot(ROOT);
    const stranger = [testKey(91), testKey(92)];
    const forged = { ...roles, root: { keys: stranger, threshold: 2 } };
    for (const [version, name] of [
      [2, '2.root.json'],
      [3, '3.root.json'],
      [2, '3.root.json'],
    ] as const) {
      const copy = disk.clone();
      const bytes = makeRoot({ version, expires: EXPIRES, roles: forged }, stranger);
      copy.place(`${REPO}/metadata/${name}`, bytes);
      const before = copy.picture();
      const refused = refresh(hostOn(copy), REPO, SIGNERS, { all: true });
      await expect(refused).rejects.toThrow(TrustError);
      await expect(refused).rejects.toThrow(`${name}: wanted root version 2, signed by version 1`);
      // Its lock and nothing else.
      expect({ ...copy.picture(), [`${REPO}/.work/lock`]: '' }).toEqual({
        ...before,
        [`${REPO}/.work/lock`]: '',
      });
    }
  });

  test('whose whole chain somebody else replaced is not signed, if the keys have the publisher’s root', async () => {
    using feed = await makeFeed();
    const { roles } = decodeRoot(feed.root);
    const keys = path.join(feed.folder, '..', 'keys-with-root');
    mkdirSync(keys, { recursive: true });
    const values = { repo: feed.folder, keys: [keys], signatures: [], without: [] };
    const sign = async () => {
      let ran = false;
      try {
        await withSigning(['refresh'], values, async () => {
          ran = true;
        });
      } catch (error) {
        return error;
      }
      return ran;
    };
    const passphrase = process.env.DGMO_KEY_PASSPHRASE;
    process.env.DGMO_KEY_PASSPHRASE = PASSPHRASE;
    try {
      writeFileSync(path.join(keys, 'root.json'), feed.root);
      expect(await sign()).toBe(true);
      const stranger = [testKey(91), testKey(92)];
      const forged = { ...roles, root: { keys: stranger, threshold: 2 } };
      const file = path.join(feed.folder, 'metadata', '1.root.json');
      writeFileSync(file, makeRoot({ version: 1, expires: EXPIRES, roles: forged }, stranger));
      expect(await sign()).toBeInstanceOf(TrustError);
      rmSync(file);
      expect(String(await sign())).toContain('found nothing; nothing was signed');
    } finally {
      if (passphrase === undefined) delete process.env.DGMO_KEY_PASSPHRASE;
      else process.env.DGMO_KEY_PASSPHRASE = passphrase;
    }
  });

  test('holds no private key', async () => {
    using feed = await makeFeed();
    await feed.add('1.0.0', { 'linux-x64': build(0) });
    for (const name of readdirSync(feed.folder, { recursive: true }).map(String)) {
      expect(name).not.toEndWith('.key');
    }
  });
});

/** Which releases patches are made from, and that an installation far behind comes forward over them. */
import { describe, expect, test } from 'bun:test';
import path from 'node:path';
import { compressFramed } from '../../../lib/delta/index.ts';
import { replaceDurably } from '../../../lib/platform/files.ts';
import { MAX_CHAIN, planDownload } from '../../../lib/update/index.ts';
import { isNewer, type ListedRelease } from '../../../lib/version/index.ts';
import { initialize } from '../../../release/repository/initialize.ts';
import { readPublished } from '../../../release/repository/published.ts';
import { addRelease } from '../../../release/repository/releases/add-release.ts';
import { revoke } from '../../../release/repository/releases/change-listing.ts';
import { readChannels } from '../../../release/repository/releases/channel.ts';
import { DEFAULT_PATCHES, spacedPlaces } from '../../../release/repository/releases/spacing.ts';
import type { Workers } from '../../../release/work/workers.ts';
import { SimulatedDisk } from '../../host/disk.ts';
import { hostOn, meansOf, REPO, ROOT, requestFor, SIGNERS } from '../repository/simulated.ts';
import { noise } from '../run.ts';

/** As far back as patches are to reach. */
const REACH = 100;

const backs = (count: number, patches: number) => spacedPlaces(count, patches).map((place) => place + 1);

test('the distances double', () => {
  expect(backs(1000, DEFAULT_PATCHES)).toEqual([1, 2, 4, 8, 16, 32]);
  expect(backs(1000, 3)).toEqual([1, 2, 4]);
  expect(backs(32, DEFAULT_PATCHES)).toEqual([1, 2, 4, 8, 16, 32]);
});

test('where there are not enough releases for that, the nearest ones get the patches that are left over', () => {
  expect(backs(0, DEFAULT_PATCHES)).toEqual([]);
  expect(backs(4, DEFAULT_PATCHES)).toEqual([1, 2, 3, 4]);
  expect(backs(10, DEFAULT_PATCHES)).toEqual([1, 2, 3, 4, 5, 8]);
  expect(backs(31, DEFAULT_PATCHES)).toEqual([1, 2, 3, 4, 8, 16]);
  expect(backs(10, 0)).toEqual([]);
});

/**
 * The most patches that the shortest way takes from any of the last hundred releases to the newest of `count`. The
 * release `missing` has no packages: no patch leads to it and none was made from it.
 */
function mostPatches(count: number, patches: number, missing = -1): number {
  const steps = Array.from({ length: count }, () => Number.POSITIVE_INFINITY);
  steps[count - 1] = 0;
  for (let to = count - 1; to > 0; to--) {
    if (to === missing) continue;
    const before = Array.from({ length: to }, (_, index) => to - 1 - index).filter((at) => at !== missing);
    for (const place of spacedPlaces(before.length, patches)) {
      const from = before[place] ?? 0;
      steps[from] = Math.min(steps[from] ?? 0, (steps[to] ?? 0) + 1);
    }
  }
  const wanted = steps.slice(-REACH - 1).filter((_, index, { length }) => count - length + index !== missing);
  return Math.max(...wanted);
}

describe('from any of the last hundred releases to the newest', () => {
  const counts = Array.from({ length: 150 }, (_, index) => index + 1);

  test('it takes at most seven patches, however many releases there are', () => {
    const most = counts.map((count) => mostPatches(count, DEFAULT_PATCHES));
    expect(Math.max(...most)).toBe(7);
    expect(Math.max(...most)).toBeLessThanOrEqual(MAX_CHAIN);
  });

  test('also where any one release on the way has no packages', () => {
    const most = counts.slice(0, -1).map((count) => mostPatches(150, DEFAULT_PATCHES, count - 1));
    expect(Math.max(...most)).toBe(7);
  });

  test('with one patch less for each release it would take more than a client does', () => {
    expect(mostPatches(150, DEFAULT_PATCHES - 1)).toBe(MAX_CHAIN + 1);
  });
});

/** Bytes of each binary. */
const SIZE = 64;

test('a repository with several channels, revoked releases and repairs of old versions has these patches', async () => {
  const disk = new SimulatedDisk();
  await initialize(hostOn(disk), REPO, { app: 'dgmo', root: ROOT }, SIGNERS);
  // Which patches there are is the question, not what is in them. Of a full binary the index is read.
  const full = await compressFramed(noise(3, SIZE));
  const workers: Workers = {
    run: async ({ kind }, output) => {
      replaceDurably(disk, output, path.dirname(output), kind === 'full' ? full : noise(3, 10), 0o644);
      return 0;
    },
  };
  const add = async (version: string, channel: string, number: number) => {
    const request = requestFor(
      disk,
      version,
      { 'linux-x64': noise(number + 1, SIZE) },
      { channel, deltas: DEFAULT_PATCHES },
    );
    const host = hostOn(disk);
    await addRelease(host, REPO, request, SIGNERS, { ...meansOf(host), workers });
  };
  for (let number = 0; number < REACH + 5; number++) {
    const version = `1.${number}.0`;
    await add(version, 'beta', number);
    // Two of three reach the stable channel, some of them twice as one binary under two versions.
    if (number % 3 !== 0) await add(version, 'stable', number);
    if (number % 17 === 5) await add(`1.${number}.1`, 'stable', number);
    if (number % 10 === 7)
      await revoke(hostOn(disk), REPO, { version, reason: 'bad', channel: null }, SIGNERS);
    // A repair of an older version, which no release after that one has patches from.
    if (number === 60) await add('1.50.1', 'stable', 1000);
  }
  const channels = readChannels(readPublished(hostOn(disk), REPO));
  expect(channels.map(({ name }) => name).toSorted()).toEqual(['beta', 'stable']);
  for (const { name, releases, revoked } of channels) {
    const isRevoked = ({ version }: ListedRelease) => revoked.some((entry) => entry.version === version);
    const newest = releases.find((release) => !isRevoked(release)) as ListedRelease;
    const behind = releases
      .filter((release) => isNewer(newest.version, release.version))
      .filter(({ binary }) => binary.sha256 !== newest.binary.sha256);
    for (const { version, binary } of behind.slice(0, REACH)) {
      const ways = planDownload({ from: binary.sha256, to: newest, releases, cached: () => 0 });
      const chain = ways.find(({ kind }) => kind !== 'full');
      expect([name, version, chain?.kind]).toEqual([name, version, expect.stringMatching(/patch|chain/)]);
      expect(chain?.packages.length).toBeLessThanOrEqual(MAX_CHAIN);
    }
  }
});

import { describe, expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PolicyError, UsageError } from '../../../lib/errors.ts';
import { decodeManifest, type ListedPackage } from '../../../lib/version/index.ts';
import { initialize } from '../../../release/repository/initialize.ts';
import { addRelease } from '../../../release/repository/releases/add-release.ts';
import { SimulatedDisk } from '../../host/disk.ts';
import { makeFeed, type TestFeed } from '../feed.ts';
import { hostOn, meansOf, REPO, ROOT, requestFor, SIGNERS } from '../repository/simulated.ts';
import { noise } from '../run.ts';

const FIRST = noise(1, 20_000);

/** The first binary with so many small changes that each version differs from every other. */
function build(number: number): Uint8Array {
  const bytes = FIRST.slice();
  bytes.set(noise(number + 100, 60), 64 * number);
  return bytes;
}

const kinds = (packages: ListedPackage[] = []) =>
  packages.map((entry) => (entry.kind === 'full' ? 'full' : entry.from));

async function listed(feed: TestFeed, version: string, channel = 'stable', target = 'linux-x64') {
  const index = await feed.index(channel, target);
  return index?.releases.find((release) => release.version === version);
}

function manifestOf(feed: TestFeed, release: { manifest: { path: string } } | undefined) {
  return decodeManifest(readFileSync(path.join(feed.folder, 'targets', release?.manifest.path ?? '')));
}

describe('release add', () => {
  test('describes a release as it was told to', async () => {
    using feed = await makeFeed();
    await feed.add('1.0.0', { 'linux-x64': build(0) });
    await feed.add(
      '1.1.0',
      { 'linux-x64': build(1), 'win32-arm64': build(2) },
      {
        rollout: 10,
        notes: '# 1.1.0\n\n### Fixed\n\n- Starts again\n',
        type: 'security',
        risk: 'high',
        evolutions: [{ id: 'search', description: 'Searches', autoApply: true }],
        dataVersion: 4,
        rollbackMin: '1.0.0',
        minimumFrom: '0.9.0',
        minimum: '1.1.0',
      },
    );
    const release = await listed(feed, '1.1.0');
    expect(release).toMatchObject({ type: 'security', riskLevel: 'high', rollout: 10, minimumFrom: '0.9.0' });
    expect((await feed.index('stable', 'linux-x64'))?.minimum).toBe('1.1.0');
    const manifest = manifestOf(feed, release);
    expect(manifest.updates).toMatchObject({
      from: '1.0.0',
      changes: { entries: [{ kind: 'fixed', text: 'Starts again' }] },
    });
    expect(manifest.evolutions.map(({ id }) => id)).toEqual(['search']);
    expect(manifest.rollback).toEqual({ supported: true, minVersion: '1.0.0', dataVersion: 4 });
    expect(manifest.binaries.map(({ downloadUrl }) => downloadUrl)).toEqual([
      'releases/1.1.0/linux-x64/full.dgmopkg',
      'releases/1.1.0/win32-arm64/full.dgmopkg',
    ]);
  });

  test('keeps the format of the data that an earlier release has raised, on whatever channel, and never lowers it', async () => {
    using feed = await makeFeed();
    const format = async (version: string, channel?: string) =>
      manifestOf(feed, await listed(feed, version, channel)).rollback.dataVersion;
    await feed.add('1.0.0', { 'linux-x64': build(0) });
    expect(await format('1.0.0')).toBe(1);
    await feed.add('2.0.0-beta.1', { 'linux-x64': build(1) }, { channel: 'beta', dataVersion: 3 });
    await feed.add('2.0.0', { 'linux-x64': build(2) });
    expect(await format('2.0.0')).toBe(3);
    const lower = feed.add('2.1.0', { 'linux-x64': build(3) }, { dataVersion: 2 });
    await expect(lower).rejects.toThrow(
      '--data-version: wanted at least 3, the format that 2.0.0 writes, found 2',
    );
    expect(await listed(feed, '2.1.0')).toBeUndefined();
    // One that is older than those that write another format.
    await feed.add('1.0.1', { 'linux-x64': build(4) });
    expect(await format('1.0.1')).toBe(1);
    // Another target is described by the first one.
    await feed.add('2.0.0', { 'linux-arm64': build(5) });
    expect(manifestOf(feed, await listed(feed, '2.0.0', 'stable', 'linux-arm64')).rollback.dataVersion).toBe(
      3,
    );
  });

  test('makes patches from the last releases of the channel, and from those that are named', async () => {
    using feed = await makeFeed();
    for (const number of [0, 1, 2, 3]) await feed.add(`1.${number}.0`, { 'linux-x64': build(number) });
    await feed.add('1.9.0', { 'linux-x64': build(9) }, { channel: 'beta' });
    await feed.add('2.0.0', { 'linux-x64': build(4) }, { deltas: 2, from: ['1.0.0', '1.9.0'] });
    expect(kinds((await listed(feed, '2.0.0'))?.packages)).toEqual([
      'full',
      '1.9.0',
      '1.3.0',
      '1.2.0',
      '1.0.0',
    ]);
    await expect(feed.add('2.1.0', { 'linux-x64': build(5) }, { from: ['0.1.0'] })).rejects.toThrow(
      '--from: wanted a release before 2.1.0',
    );
  });

  test('makes six patches unless told otherwise, from releases at growing distances', async () => {
    using feed = await makeFeed();
    for (const number of [0, 1, 2, 3, 4, 5, 6, 7, 8]) {
      await feed.add(`1.${number}.0`, { 'linux-x64': build(number) });
    }
    expect(kinds((await listed(feed, '1.8.0'))?.packages)).toEqual(
      'full 1.7.0 1.6.0 1.5.0 1.4.0 1.3.0 1.0.0'.split(' '),
    );
  });

  test('leaves out a patch that is hardly smaller than the full binary, and says so', async () => {
    const disk = new SimulatedDisk();
    await initialize(hostOn(disk), REPO, { app: 'dgmo', root: ROOT }, SIGNERS);
    const said: string[] = [];
    const means = meansOf(hostOn(disk));
    means.report.say = (line) => said.push(line);
    const add = (version: string, content: Uint8Array, from: string[] = []) =>
      addRelease(
        hostOn(disk),
        REPO,
        requestFor(disk, version, { 'linux-x64': content }, { from }),
        SIGNERS,
        means,
      );
    await add('1.0.0', noise(1, 8000));
    const { added } = await add('1.1.0', noise(2, 8000));
    expect(kinds(added[0]?.release.packages)).toEqual(['full']);
    expect(said).toEqual([expect.stringContaining('linux-x64: patch from 1.0.0: left out, it has ')]);
    await add('1.1.0', noise(2, 8000), ['1.0.0']);
    expect(said.at(-1)).toBe('linux-x64: patch from 1.0.0: left out, as before');
  });

  test('has nothing to do when it is said again', async () => {
    using feed = await makeFeed();
    await feed.add('1.0.0', { 'linux-x64': build(0) });
    const before = tree(feed.folder);
    expect(await feed.add('1.0.0', { 'linux-x64': build(0) })).toEqual([]);
    expect(tree(feed.folder)).toEqual(before);
  });

  test('never gives a version another binary, on whatever channel', async () => {
    using feed = await makeFeed();
    await feed.add('1.0.0', { 'linux-x64': build(0) }, { channel: 'beta' });
    const before = tree(feed.folder);
    for (const channel of ['beta', 'stable']) {
      const again = feed.add('1.0.0', { 'linux-x64': build(1) }, { channel });
      expect(await again.catch((error: unknown) => error)).toBeInstanceOf(PolicyError);
    }
    expect(tree(feed.folder)).toEqual(before);
  });

  test('takes a further target later, and leaves the others as they are', async () => {
    using feed = await makeFeed();
    await feed.add('1.0.0', { 'linux-x64': build(0), 'win32-x64': build(20) });
    await feed.add('1.1.0', { 'linux-x64': build(1) }, { rollout: 5, notes: 'Better.' });
    const before = await listed(feed, '1.1.0');
    await feed.add('1.1.0', { 'linux-x64': build(1), 'win32-x64': build(21) });
    expect(await listed(feed, '1.1.0')).toEqual(before);
    const later = await listed(feed, '1.1.0', 'stable', 'win32-x64');
    expect(later?.rollout).toBe(5);
    expect(kinds(later?.packages)).toEqual(['full', '1.0.0']);
    const manifest = manifestOf(feed, later);
    expect(manifest.binaries.map(({ platform }) => platform)).toEqual(['linux', 'win32']);
    expect(manifest.updates.changes.notes).toBe('Better.');
    const described = feed.add('1.1.0', { 'darwin-x64': build(30) }, { notes: 'Other.' });
    expect(await described.catch((error: unknown) => error)).toBeInstanceOf(UsageError);
  });

  test('brings to another channel the packages that are there', async () => {
    using feed = await makeFeed();
    await feed.add('1.0.0', { 'linux-x64': build(0) });
    await feed.add('1.1.0', { 'linux-x64': build(1) }, { channel: 'beta', from: ['1.0.0'] });
    const [added] = await feed.add('1.1.0', { 'linux-x64': build(1) });
    expect(added?.made).toEqual([]);
    const [beta, stable] = [await listed(feed, '1.1.0', 'beta'), await listed(feed, '1.1.0')];
    expect(stable?.packages).toEqual(beta?.packages ?? []);
    expect(stable?.manifest).toEqual(beta?.manifest as never);
  });

  test('makes a further patch for what is there', async () => {
    using feed = await makeFeed();
    for (const number of [0, 1]) await feed.add(`1.${number}.0`, { 'linux-x64': build(number) });
    await feed.add('1.2.0', { 'linux-x64': build(2) }, { deltas: 0, rollout: 7 });
    const [added] = await feed.add('1.2.0', { 'linux-x64': build(2) }, { from: ['1.0.0'] });
    expect(kinds(added?.made)).toEqual(['1.0.0']);
    const release = await listed(feed, '1.2.0');
    expect([kinds(release?.packages), release?.rollout]).toEqual([['full', '1.0.0'], 7]);
  });

  test('puts an older version in its place', async () => {
    using feed = await makeFeed();
    await feed.add('2.0.0', { 'linux-x64': build(0) });
    await feed.add('1.9.5', { 'linux-x64': build(1) });
    const index = await feed.index('stable', 'linux-x64');
    expect(index?.releases.map(({ version }) => version)).toEqual(['2.0.0', '1.9.5']);
    expect(kinds(index?.releases[1]?.packages)).toEqual(['full']);
  });

  test('refuses a minimum that nothing reaches, and changes nothing', async () => {
    using feed = await makeFeed();
    await feed.add('1.0.0', { 'linux-x64': build(0) });
    await expect(feed.add('1.1.0', { 'linux-x64': build(1) }, { minimum: '1.2.0' })).rejects.toThrow(
      '--minimum: wanted at most 1.1.0',
    );
    expect(await listed(feed, '1.1.0')).toBeUndefined();
  });
});

function tree(folder: string): string[] {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => !name.startsWith('.work'))
    .sort();
}

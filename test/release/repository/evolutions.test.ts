/** Evolutions from their folder, through bundles and a feed, to what an updater has downloaded. */
import { describe, expect, test } from 'bun:test';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { InterruptedError, UsageError } from '../../../lib/errors.ts';
import { readPackage, verifyPayloads } from '../../../lib/package/index.ts';
import { digestBytes, memorySource } from '../../../lib/platform/files.ts';
import { decodeRoot, type TrustedRoot } from '../../../lib/trust/index.ts';
import { decodeManifest, type ListedPackage, type ListedRelease } from '../../../lib/version/index.ts';
import { describeMessage } from '../../../release/keys/describe-message.ts';
import { readEvolution } from '../../../release/manifest/evolution.ts';
import { type Description, readDescription } from '../../../release/manifest/options.ts';
import { initialize } from '../../../release/repository/initialize.ts';
import { readPublished } from '../../../release/repository/published.ts';
import { addRelease } from '../../../release/repository/releases/add-release.ts';
import type { AddTools } from '../../../release/repository/releases/add-request.ts';
import { readChannel } from '../../../release/repository/releases/channel.ts';
import { prune } from '../../../release/repository/remove-unnamed.ts';
import { rotate } from '../../../release/repository/signing/replace-key.ts';
import { SimulatedDisk } from '../../host/disk.ts';
import type { SimulatedHost } from '../../host/host.ts';
import { evolutionPayload, fullPayload, pack, testArchive, testDraft } from '../../package/fixture.ts';
import { testKey } from '../../trust/keys.ts';
import { makeFeed, type TestEvolution, type TestFeed } from '../feed.ts';
import { CHEAP, freshFolder, noise } from '../run.ts';
import { hostOn, KEYS, meansOf, REPO, ROOT, requestFor, SIGNERS, signersWith } from './simulated.ts';

const SEARCH: TestEvolution = {
  id: 'faster-search',
  description: 'Searches faster',
  autoApply: true,
  files: { 'index.js': 'export const search = 1;\n', 'bin/search': '#!/bin/sh\n', 'lib/deep/a.txt': 'ä' },
};
const ALONE: TestEvolution = { id: 'alone', description: 'Nothing beside its description', autoApply: false };

const FIRST = noise(1, 20_000);
function build(number: number): Uint8Array {
  const bytes = FIRST.slice();
  bytes.set(noise(number + 100, 60), 64 * number);
  return bytes;
}

async function listed(feed: TestFeed, version: string, target = 'linux-x64', channel = 'stable') {
  const release = (await feed.index(channel, target))?.releases.find((found) => found.version === version);
  if (release === undefined) throw new Error(`no ${version}`);
  return release;
}

function open(feed: TestFeed, { path: at }: ListedPackage) {
  return readPackage(
    memorySource(readFileSync(path.join(feed.folder, 'targets', at))),
    decodeRoot(feed.root),
  );
}

/** What each package of the release carries: ids, with the paths of their files. */
async function carried(feed: TestFeed, release: ListedRelease) {
  const all: Record<string, string[]>[] = [];
  for (const entry of release.packages) {
    const contents = open(feed, entry);
    await verifyPayloads(contents);
    const found: Record<string, string[]> = {};
    for (const { id } of contents.evolutions()) {
      found[id] = (await contents.evolution(id)).files.map((file) => file.path);
    }
    all.push(found);
  }
  return all;
}

const BOTH = {
  'faster-search': ['bin/search', 'evolution.json', 'index.js', 'lib/deep/a.txt'],
  alone: ['evolution.json'],
};

describe('release add', () => {
  test('puts the evolutions into every package of the release, and their bytes into its size', async () => {
    using feed = await makeFeed();
    await feed.add('1.0.0', { 'linux-x64': build(0) });
    await feed.add(
      '1.1.0',
      { 'linux-x64': build(1), 'win32-x64': build(2) },
      { evolutions: [SEARCH, ALONE] },
    );
    const release = await listed(feed, '1.1.0');
    expect(release.packages.map(({ kind }) => kind)).toEqual(['full', 'patch']);
    expect(await carried(feed, release)).toEqual([BOTH, BOTH]);
    expect(await carried(feed, await listed(feed, '1.1.0', 'win32-x64'))).toEqual([BOTH]);
    expect(await carried(feed, await listed(feed, '1.0.0'))).toEqual([{}]);

    for (const entry of release.packages) {
      const file = readFileSync(path.join(feed.folder, 'targets', entry.path));
      const contents = open(feed, entry);
      expect([entry.length, contents.size]).toEqual([file.length, file.length]);
    }
    const patch = release.packages[1] as ListedPackage;
    const payloads = open(feed, patch).payloads.reduce((sum, { length }) => sum + length, 0);
    const manifest = decodeManifest(readFileSync(path.join(feed.folder, 'targets', release.manifest.path)));
    // For win32-x64 there is the full binary alone, and that is what most people fetch there.
    const full = (await listed(feed, '1.1.0', 'win32-x64')).packages[0] as ListedPackage;
    const most = open(feed, full).payloads.reduce((sum, { length }) => sum + length, 0);
    expect(payloads).toBeLessThan(most);
    expect(manifest.updates.size).toBe(most);
  });

  test('gives what comes later to a release what its packages carry: a target, a patch, a channel', async () => {
    using feed = await makeFeed();
    await feed.add('1.0.0', { 'linux-x64': build(0) });
    await feed.add('1.1.0', { 'linux-x64': build(1) }, { evolutions: [SEARCH, ALONE], deltas: 0 });
    await feed.add('1.1.0', { 'linux-x64': build(1) }, { from: ['1.0.0'] });
    await feed.add('1.1.0', { 'darwin-arm64': build(3) });
    await feed.add('1.1.0', { 'linux-x64': build(1) }, { channel: 'beta' });
    expect(await carried(feed, await listed(feed, '1.1.0'))).toEqual([BOTH, BOTH]);
    expect(await carried(feed, await listed(feed, '1.1.0', 'darwin-arm64'))).toEqual([BOTH]);
    expect(await carried(feed, await listed(feed, '1.1.0', 'linux-x64', 'beta'))).toEqual([BOTH, BOTH]);
    const digests = new Set(
      [...(await listed(feed, '1.1.0')).packages, ...(await listed(feed, '1.1.0', 'darwin-arm64')).packages]
        .flatMap((entry) => open(feed, entry).evolutions())
        .map(({ id, sha256 }) => `${id} ${sha256}`),
    );
    expect(digests.size).toBe(2);
  });

  test('has nothing to do when it is said again', async () => {
    using feed = await makeFeed();
    const options = { evolutions: [SEARCH, ALONE] };
    await feed.add('1.0.0', { 'linux-x64': build(0) }, options);
    const before = tree(feed.folder);
    expect(await feed.add('1.0.0', { 'linux-x64': build(0) }, options)).toEqual([]);
    expect(await feed.add('1.0.0', { 'linux-x64': build(0) })).toEqual([]);
    expect(tree(feed.folder)).toEqual(before);
  });
});

describe('in a repository whose', () => {
  async function repository(): Promise<SimulatedDisk> {
    const disk = new SimulatedDisk();
    await initialize(hostOn(disk), REPO, { app: 'dgmo', root: ROOT }, SIGNERS);
    const folder = evolutionFolder({ 'index.js': 'export {};\n' });
    await add(
      disk,
      '1.0.0',
      'linux-x64',
      readDescription('1.0.0', { evolution: [folder], 'no-rollback': false }),
    );
    rmSync(folder, { recursive: true });
    return disk;
  }

  function add(disk: SimulatedDisk, version: string, target: string, words?: Description) {
    const binaries = { [target]: build(target.length + Number(version[2])) };
    const request = requestFor(disk, version, binaries, words && { description: words });
    return addRelease(hostOn(disk), REPO, request, SIGNERS, meansOf(hostOn(disk)));
  }

  const packagesOf = (disk: SimulatedDisk, root: TrustedRoot) => {
    const published = readPublished(hostOn(disk), REPO);
    const channel = readChannel(published, 'stable', { platform: 'linux', arch: 'x64' });
    return channel.releases.flatMap(({ packages }) =>
      packages.map((entry) =>
        readPackage(memorySource(disk.contentOf(`${REPO}/targets/${entry.path}`) ?? new Uint8Array()), root),
      ),
    );
  };

  test('targets key was rotated, packages carry the same archives', async () => {
    const disk = await repository();
    const [before] = packagesOf(disk, decodeRoot(ROOT));
    const fresh = testKey(77);
    const change = { role: 'targets', replaced: [testKey(11).id], added: [fresh] } as const;
    await rotate(hostOn(disk), REPO, change, signersWith([...KEYS, fresh]));
    const { root } = readPublished(hostOn(disk), REPO);
    const [after] = packagesOf(disk, root);
    expect(after?.signedBy).toEqual([fresh.id]);
    expect(after?.payloads.map(({ kind }) => kind)).toEqual(['evolution', 'full']);
    expect(after?.payloads).toEqual(before?.payloads as never);
    expect((await after?.evolution('search'))?.files.map((file) => file.path)).toEqual([
      'evolution.json',
      'index.js',
    ]);
  });

  test('packages were pruned, nothing is published without the evolutions of its release', async () => {
    const disk = await repository();
    await add(disk, '1.1.0', 'linux-x64');
    await prune(hostOn(disk), REPO, { keep: { packages: 1, patches: 1 }, grace: 0 }, SIGNERS);
    const later = await add(disk, '1.0.0', 'win32-x64').catch((error: unknown) => error);
    expect(later).toBeInstanceOf(UsageError);
    expect((later as Error).message).toBe(
      '1.0.0 has evolutions: wanted a package that carries them, found that all were pruned',
    );
    expect((await add(disk, '1.0.0', 'linux-x64')).changed).toBe(false);
  });
});

describe('an add that was interrupted', () => {
  const date = async (second: string) => {
    const disk = new SimulatedDisk();
    await initialize(hostOn(disk), REPO, { app: 'dgmo', root: ROOT }, SIGNERS);
    const run = (content: string, host: SimulatedHost, means: AddTools) => {
      const folder = evolutionFolder({ 'index.js': content });
      const words = readDescription('1.0.0', { evolution: [folder], 'no-rollback': false });
      rmSync(folder, { recursive: true });
      return addRelease(
        host,
        REPO,
        requestFor(disk, '1.0.0', { 'linux-x64': build(0) }, { description: words }),
        SIGNERS,
        means,
      );
    };
    const host = hostOn(disk);
    const began = host.clock.now();
    const stopped = { run: () => Promise.reject(new InterruptedError('stopped')) };
    await expect(run('first', host, { ...meansOf(host), workers: stopped })).rejects.toThrow('stopped');
    const later = hostOn(disk);
    await later.clock.sleep(5000);
    const { added } = await run(second, later, meansOf(later));
    return (added[0]?.release.releaseDate ?? 0) - began;
  };

  test('goes on where the files of its evolutions are the same', async () => {
    expect(await date('first')).toBe(0);
  });

  test('is another one where a file of an evolution changed', async () => {
    expect(await date('second')).toBe(5000);
  });
});

test('who signs a package on another machine is told which evolutions are in it', async () => {
  const messages: Uint8Array[] = [];
  const key = testKey(11);
  const listening = {
    ...key,
    sign(message: Uint8Array) {
      messages.push(message);
      return key.sign(message);
    },
  };
  const archive = await testArchive();
  pack(testDraft({ payloads: [fullPayload(), evolutionPayload(archive)] }), [listening]);
  const { sha256 } = digestBytes(archive);
  const { lines } = describeMessage(messages[0] ?? new Uint8Array(), null);
  expect(lines[0]).toBe('package of dgmo 1.2.0 for linux-x64');
  expect(lines.find((line) => line.includes('evolution faster-search'))).toEndWith(`, SHA-256 ${sha256}`);
});

function tree(folder: string): string[] {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => !name.startsWith('.work'))
    .sort();
}

/** In a folder of its own, which the caller may remove. */
function evolutionFolder(files: Record<string, string | Uint8Array>): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'dgmo-evolution-'));
  const described = { id: 'search', description: 'Searches', autoApply: true };
  const all = { 'evolution.json': JSON.stringify(described), ...files };
  for (const [name, content] of Object.entries(all)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), content);
  }
  return folder;
}

describe('an evolution folder', () => {
  function inFolder<Result>(
    files: Record<string, string | Uint8Array>,
    use: (folder: string) => Result,
  ): Result {
    const folder = evolutionFolder(files);
    try {
      return use(folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  test('is read with all its files, also where it stands behind a symlink', () => {
    inFolder({ 'a.js': 'a', 'b/c.js': 'c', '.hidden': '', 'run.sh': 'r' }, (folder) => {
      chmodSync(path.join(folder, 'run.sh'), 0o744);
      chmodSync(path.join(folder, 'a.js'), 0o600);
      mkdirSync(path.join(folder, 'nothing'));
      const link = `${folder}-link`;
      symlinkSync(folder, link);
      const read = readEvolution(link);
      rmSync(link);
      expect(read.entry).toEqual({ id: 'search', description: 'Searches', autoApply: true });
      expect(read.files.map(({ path: at, mode }) => `${at} ${mode.toString(8)}`).toSorted()).toEqual([
        '.hidden 644',
        'a.js 644',
        'b/c.js 644',
        'evolution.json 644',
        'run.sh 755',
      ]);
    });
  });

  const refused: [
    what: string,
    files: Record<string, string | Uint8Array>,
    change: (folder: string) => void,
    message: string,
  ][] = [
    [
      'with a symlink out of it',
      {},
      (folder) => symlinkSync('/etc/passwd', path.join(folder, 'x')),
      'wanted files and folders only, found a symlink at "x"',
    ],
    [
      'with a symlink inside it',
      { a: '' },
      (folder) => symlinkSync('a', path.join(folder, 'b')),
      'wanted files and folders only, found a symlink at "b"',
    ],
    [
      'with a symlink to a folder',
      { 'd/a': '' },
      (folder) => symlinkSync('.', path.join(folder, 'd', 'b')),
      'wanted files and folders only, found a symlink at "d/b"',
    ],
    [
      'with a pipe',
      {},
      (folder) => Bun.spawnSync(['mkfifo', path.join(folder, 'pipe')]),
      'wanted files and folders only, found a special file at "pipe"',
    ],
    [
      'with a device of Windows',
      { 'lib/aux.js': '' },
      () => undefined,
      'wanted names that every system takes, found "lib/aux.js"',
    ],
    [
      'with a backslash',
      { 'a\\b': '' },
      () => undefined,
      'wanted names that every system takes, found "a\\\\b"',
    ],
    [
      'with a folder that ends in a dot',
      { 'a./b': '' },
      () => undefined,
      'wanted names that every system takes, found "a."',
    ],
    [
      'with two names that differ in case',
      { 'Read.me': '', 'read.me': '' },
      () => undefined,
      'found "Read.me" and "read.me"',
    ],
    [
      'without a description',
      {},
      (folder) => rmSync(path.join(folder, 'evolution.json')),
      'evolution.json: wanted a file to read, found nothing there',
    ],
    [
      'that is too large',
      { a: new Uint8Array(33 << 20), b: new Uint8Array(32 << 20) },
      () => undefined,
      'wanted at most 67108864 bytes in all, found more',
    ],
    [
      'with too many files',
      Object.fromEntries(Array.from({ length: 4096 }, (_, at) => [`f${at}`, ''])),
      () => undefined,
      'wanted at most 4096 files, found more',
    ],
  ];
  for (const [what, files, change, message] of refused) {
    test(`${what} is refused`, () => {
      inFolder(files, (folder) => {
        change(folder);
        expect(() => readEvolution(folder)).toThrow(UsageError);
        expect(() => readEvolution(folder)).toThrow(message);
      });
    });
  }
});

test('the command line: bundle, inspect, add twice, and a symlink told in words', async () => {
  using folder = freshFolder();
  writeFileSync(folder.at('old'), build(1));
  writeFileSync(folder.at('new'), build(2));
  mkdirSync(folder.at('evolution', 'bin'), { recursive: true });
  const described = { id: 'search', description: 'Searches', autoApply: true };
  writeFileSync(folder.at('evolution', 'evolution.json'), JSON.stringify(described));
  writeFileSync(folder.at('evolution', 'bin', 'run'), '#!/bin/sh\n', { mode: 0o755 });
  await folder.release(['keys', 'init', '--dir', 'keys', ...CHEAP]);

  const args = [
    'bundle',
    '1.1.0',
    '--platform',
    'linux-x64',
    '--keys',
    'keys',
    '--new',
    'new',
    '-o',
    'p.dgmopkg',
  ];
  const evolution = ['--evolution', 'evolution'];
  const bundled = await folder.release([
    ...args,
    ...evolution,
    '--old',
    'old',
    '--from',
    '1.0.0',
    '--with-full',
    '--level',
    '1',
  ]);
  expect(bundled.code).toBe(0);
  expect(bundled.stderr).toMatch(
    /^patch [\d,]+ bytes, full [\d,]+ bytes, evolution search [\d,]+ bytes, signed by 1/m,
  );
  const { stdout } = await folder.release(['inspect', '--json', 'p.dgmopkg', '--root', 'keys/root.json']);
  const facts = JSON.parse(stdout);
  expect(facts.sound).toBe(true);
  expect(facts.payloads.map(({ kind }: { kind: string }) => kind)).toEqual(['patch', 'evolution', 'full']);
  expect(Object.keys(facts['evolution search'])).toEqual(['bin/run', 'evolution.json']);
  expect(facts['evolution search']['bin/run']).toMatch(/^executable, 10 bytes, SHA-256 [0-9a-f]{64}$/);
  const contents = readPackage(
    memorySource(readFileSync(folder.at('p.dgmopkg'))),
    decodeRoot(readFileSync(folder.at('keys', 'root.json'))),
  );
  const lengths = contents.payloads.map(({ length }) => length);
  expect(contents.manifest.updates.size).toBe((lengths[0] ?? 0) + (lengths[1] ?? 0));

  const repo = ['--repo', 'repo', '--keys', 'keys'];
  await folder.release(['init', ...repo]);
  const add = [
    'add',
    '1.1.0',
    ...repo,
    '--binary',
    'linux-x64=new',
    '--no-trial',
    '--level',
    '1',
    ...evolution,
  ];
  expect((await folder.release(add)).code).toBe(0);
  expect((await folder.release(add)).stdout).toBe('1.1.0 is on stable already: nothing to do\n');

  const twice = await folder.release([...add, ...evolution]);
  expect([twice.code, twice.stderr]).toEqual([
    2,
    expect.stringContaining('--evolution: wanted each id once, found search twice'),
  ]);
  symlinkSync('/etc/passwd', folder.at('evolution', 'passwords'));
  const refused = await folder.release([...args, ...evolution]);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain(
    '--evolution evolution: wanted files and folders only, found a symlink at "passwords"',
  );
});

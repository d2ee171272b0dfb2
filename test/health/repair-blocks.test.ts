/**
 * `repair` of an executable of several megabytes, from a feed behind `release serve`, with every byte on the wire counted: only
 * what is damaged is fetched, and nothing at all if this machine has what it takes.
 */
import { afterAll, beforeEach, expect, test } from 'bun:test';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type RepairResult, SelfHealingSystem, UpdateManager } from '../../lib/api/index.ts';
import { digestBytes } from '../../lib/platform/files.ts';
import { makeFeed } from '../release/feed.ts';
import { content } from '../support/servers/content.ts';
import { startRelay } from '../support/servers/relay.ts';
import { serving } from '../support/servers/serve.ts';
import { NATIVE_PLATFORM } from '../support/workshop.ts';
import { adoptAt, SETTINGS } from '../update/stage.ts';

const BLOCK = 1 << 16;
const BLOCKS = 64;
/** Metadata, index of the channel and manifest, headers included, for a client that kept nothing. */
const DOCUMENTS = 30_000;
/** Headers of a request and of its answer. */
const HEADERS = 1000;

/** 4 MiB, half of which hardly compresses: a shell script that prints its version. */
function executable(version: string): Uint8Array {
  const start = new TextEncoder().encode(`#!/bin/sh\necho ${version}\nexit 0\n`);
  const bytes = content(7, BLOCKS * BLOCK);
  for (let at = bytes.length / 2; at < bytes.length; at++) bytes[at] = (bytes[at] ?? 0) & 0x3f;
  bytes.set(start);
  bytes.set(content(version.length + 1, 4096), 20 * BLOCK);
  return bytes;
}

const GOOD = executable('1.1.0');
const onPosix = process.platform === 'win32' ? test.skip : test;
const feed = await makeFeed();
await feed.add('1.0.0', { [NATIVE_PLATFORM]: executable('1.0.0') }, { level: 1 });
const [added] = await feed.add('1.1.0', { [NATIVE_PLATFORM]: GOOD }, { level: 1 });
const full = added?.release.packages.find(({ kind }) => kind === 'full')?.length ?? 0;
const server = await serving(feed.folder);
const relay = await startRelay(Number(new URL(server.url).port));
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-repair-blocks-'));
const pristine = path.join(folder, 'pristine');
const here = path.join(folder, 'here');
const dir = path.join(here, 'bin');
const home = path.join(here, 'home');
const dgmo = path.join(dir, 'dgmo');
fs.mkdirSync(here);
await adoptAt(dir, home, {
  ...{ version: '1.0.0', content: executable('1.0.0') },
  ...{ url: relay.url, root: feed.root },
});
const manager = new UpdateManager({ installDir: dir, home, settings: SETTINGS });
const update = await manager.checkForUpdates();
if (update === null) throw new Error('the update is not offered');
await manager.applyUpdate(await manager.downloadUpdate(update));
/** What is kept of the blocks of 1.1.0: the list of their digests, and spare blocks, which the tests have only where they say so. */
const blocksFile = path.join(dir, '.dgmo-updater', `blocks-${digestBytes(GOOD).sha256.slice(0, 32)}`);
const withSpareBlocks = fs.readFileSync(blocksFile);
fs.writeFileSync(blocksFile, withSpareBlocks.subarray(0, 32 * BLOCKS + 32));
fs.cpSync(here, pristine, { recursive: true });

beforeEach(() => {
  fs.rmSync(here, { recursive: true, force: true });
  fs.cpSync(pristine, here, { recursive: true, preserveTimestamps: true });
});
afterAll(async () => {
  relay.close();
  await server[Symbol.asyncDispose]();
  feed[Symbol.dispose]();
  fs.rmSync(folder, { recursive: true, force: true });
});

/** Of the version in block 0: the byte that the two versions do not have in common. */
const NEW_BYTE = 17;

/** Flips one byte in each of these blocks. */
function damage(...blocks: number[]): void {
  const bytes = fs.readFileSync(dgmo);
  for (const block of blocks) {
    const at = block * BLOCK + (block === 0 ? NEW_BYTE : 4711);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
  }
  fs.writeFileSync(dgmo, bytes);
}

/** No older executable, no package, no snapshot, and no metadata from before. */
function forget(): void {
  const workDir = path.join(dir, '.dgmo-updater');
  for (const name of fs.readdirSync(workDir).filter((one) => one.startsWith('kept-')))
    fs.rmSync(path.join(workDir, name));
  for (const name of ['cache', '.snapshots', 'trust/feed'])
    fs.rmSync(path.join(home, name), { recursive: true, force: true });
}

async function repair(offline = false): Promise<RepairResult & { wire: number }> {
  const before = relay.bytes();
  const health = new SelfHealingSystem({ installDir: dir, home, settings: SETTINGS });
  const result = await health.repair({ offline });
  return { ...result, wire: relay.bytes() - before };
}

function expectHealed(result: RepairResult): void {
  expect(result.failed.filter(({ issue }) => issue.severity === 'damage')).toEqual([]);
  expect(result.success).toBe(true);
  expect(Buffer.compare(fs.readFileSync(dgmo), GOOD)).toBe(0);
}

const sourceOf = ({ sources }: RepairResult) => sources.find(({ where }) => where === dgmo)?.how;

onPosix.each([
  ['which hardly compresses', 3],
  ['which compresses', 50],
])('one flipped byte, in a part %s: at most 120 KB, metadata and all', async (_, block) => {
  damage(block);
  forget();
  const result = await repair();
  expectHealed(result);
  expect(sourceOf(result)).toBe(`1 damaged block of ${BLOCKS}, from the feed`);
  expect(result.wire).toBeLessThanOrEqual(120_000);
  // What was put back has been read back: the check after the repair does not read it once more.
  expect(result.health.bytesRead).toBeLessThan(GOOD.length);
  expect(result.wire).toBeLessThanOrEqual(result.bytesFetched + DOCUMENTS + 2 * HEADERS);
});

onPosix.each([3, 50, 63])(
  'block %d from the spare blocks: nothing on the wire, and nothing else here',
  async (block) => {
    fs.writeFileSync(blocksFile, withSpareBlocks);
    damage(block);
    forget();
    const result = await repair(true);
    expectHealed(result);
    expect(sourceOf(result)).toBe(`1 damaged block of ${BLOCKS}, from spare blocks that are kept here`);
    expect(result).toMatchObject({ bytesFetched: 0, wire: 0 });
  },
);

onPosix('one that the older executable has not, from the spare blocks once it has the others', async () => {
  fs.writeFileSync(blocksFile, withSpareBlocks);
  for (const name of ['cache', '.snapshots']) fs.rmSync(path.join(home, name), { recursive: true });
  damage(0, 34);
  const result = await repair(true);
  expectHealed(result);
  const from = 'from spare blocks that are kept here and the older version that is kept here';
  expect(sourceOf(result)).toBe(`2 damaged blocks of ${BLOCKS}, ${from}`);
});

onPosix('ten damaged blocks: their frames, at most 1.2 MB, and not the whole', async () => {
  const damaged = [0, 3, 7, 10, 17, 24, 35, 41, 52, 63];
  damage(...damaged);
  forget();
  const result = await repair();
  expectHealed(result);
  expect(sourceOf(result)).toBe(`10 damaged blocks of ${BLOCKS}, from the feed`);
  expect(result.bytesFetched).toBeLessThanOrEqual(1_200_000);
  expect(result.wire).toBeLessThanOrEqual(result.bytesFetched + DOCUMENTS + 11 * HEADERS);
  expect(result.wire).toBeLessThan(full / 2);
});

onPosix('the list of blocks that was kept with the install is not fetched again', async () => {
  damage(3);
  forget();
  const withKept = await repair();
  expectHealed(withKept);
  damage(3);
  forget();
  const workDir = path.join(dir, '.dgmo-updater');
  for (const name of fs.readdirSync(workDir).filter((one) => one.startsWith('blocks-')))
    fs.rmSync(path.join(workDir, name));
  const withoutKept = await repair();
  expectHealed(withoutKept);
  expect(withoutKept.wire - withKept.wire).toBeGreaterThanOrEqual(32 * BLOCKS);
});

onPosix.each([true, false])(
  'the older executable and the patch in the cache: nothing on the wire (offline: %p)',
  async (offline) => {
    damage(0, 34);
    const result = await repair(offline);
    expectHealed(result);
    expect(sourceOf(result)).toContain('the patch');
    expect(result).toMatchObject({ bytesFetched: 0, wire: 0 });
  },
);

onPosix(
  'what the older executable has, at another place as well, is taken from it without the patch',
  async () => {
    for (const name of ['cache', '.snapshots']) fs.rmSync(path.join(home, name), { recursive: true });
    damage(30, 31, 34, 63);
    const result = await repair(true);
    expectHealed(result);
    expect(sourceOf(result)).toBe(`4 damaged blocks of ${BLOCKS}, from the older version that is kept here`);
    expect(result).toMatchObject({ bytesFetched: 0, wire: 0 });
  },
);

onPosix('what it has not is fetched, and nothing else', async () => {
  fs.rmSync(path.join(home, 'cache'), { recursive: true });
  damage(0, 34);
  const result = await repair();
  expectHealed(result);
  const from = 'from the feed and the older version that is kept here';
  expect(sourceOf(result)).toBe(`2 damaged blocks of ${BLOCKS}, ${from}`);
  expect(result.bytesFetched).toBeLessThan(2 * BLOCK);
});

onPosix.each(['.blocks', '.json'])(
  'without the file %s of the release in the feed: the whole',
  async (end) => {
    damage(3);
    forget();
    const workDir = path.join(dir, '.dgmo-updater');
    for (const name of fs.readdirSync(workDir).filter((one) => one.startsWith('blocks-')))
      fs.rmSync(path.join(workDir, name));
    const releases = path.join(feed.folder, 'targets');
    const gone = fs
      .readdirSync(releases, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.includes('1.1.0') && name.endsWith(end))
      .map((name) => path.join(releases, name));
    expect(gone).toHaveLength(1);
    for (const file of gone) fs.renameSync(file, `${file}.away`);
    try {
      const result = await repair();
      expectHealed(result);
      expect(sourceOf(result)).toBe('the full binary from the feed');
    } finally {
      for (const file of gone) fs.renameSync(`${file}.away`, file);
    }
  },
);

onPosix('bytes after the end are cut off', async () => {
  fs.appendFileSync(dgmo, 'more');
  const result = await repair(true);
  expectHealed(result);
  expect(sourceOf(result)).toBe('the end of it is cut off');
});

/** Releases that bring an updater: their file is published, shared, and held against its digest. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { nativeDisk } from '../../lib/platform/native-disk.ts';
import { decodeManifest } from '../../lib/version/index.ts';
import { folderDestination } from '../../release/publish/folder.ts';
import { planPublish } from '../../release/publish/plan.ts';
import { send } from '../../release/publish/send.ts';
import { readPublished } from '../../release/repository/published.ts';
import { makeFeed, type TestFeed } from '../release/feed.ts';
import { noise } from '../release/run.ts';
import { sha256 } from '../support/servers/content.ts';
import { filesOf, host, publishOn, scratch } from './support.ts';

const UPDATER = noise(3, 30_000);
const bring = (version: string, content: Uint8Array, level = 3) => ({
  updaters: { 'linux-x64': { version, content } },
  level,
});

let feed: TestFeed;
beforeAll(async () => {
  feed = await makeFeed();
  await feed.add('1.0.0', { 'linux-x64': noise(1, 10_000) }, bring('0.1.0', UPDATER));
});
afterAll(() => feed[Symbol.dispose]());

const updaterFiles = (folder: string) =>
  [...filesOf(folder).keys()].filter((name) => name.includes('/updaters/'));

test('is published', async () => {
  using place = scratch();
  await publishOn(nativeDisk, feed.folder, place.at('to'));
  expect(updaterFiles(place.at('to'))).toHaveLength(1);
  expect(filesOf(place.at('to'))).toEqual(filesOf(feed.folder));
});

test('shared by releases with the same one; a damaged file is made again', async () => {
  await feed.add('1.1.0', { 'linux-x64': noise(2, 10_000) }, bring('0.1.0', UPDATER, 1));
  const [name = '', ...others] = updaterFiles(feed.folder);
  expect(others).toEqual([]);
  expect(path.basename(name)).toStartWith(`${sha256(readFileSync(path.join(feed.folder, name)))}.`);

  const file = path.join(feed.folder, name);
  writeFileSync(file, readFileSync(file).fill(0, 100, 110));
  await feed.add('1.2.0', { 'linux-x64': noise(4, 10_000) }, bring('0.1.0', UPDATER, 1));
  const [manifest = ''] = [...filesOf(feed.folder).keys()].filter((one) => /1\.2\.0\/.*manifest/.test(one));
  const [entry] = decodeManifest(readFileSync(path.join(feed.folder, manifest))).updaters ?? [];
  expect(sha256(readFileSync(path.join(feed.folder, 'targets', entry?.file.path ?? '')))).toBe(
    entry?.file.sha256 ?? '',
  );
});

test('a file named by the digest of the executable, as it used to be, is held against the one in the manifest', async () => {
  using place = scratch();
  const old = `targets/updaters/linux-x64/${sha256(UPDATER)}.frames`;
  const content = new TextEncoder().encode('frames');
  nativeDisk.createDirectory(place.at('repo'), 0o755);
  cpSync(feed.folder, place.at('repo'), { recursive: true });
  writeFileSync(place.at('repo', old), content);
  const published = readPublished(host, place.at('repo'));
  const publish = (digest: string | null) => {
    const destination = folderDestination(nativeDisk, place.at('to'));
    const local = [{ path: old, size: content.length }];
    const plan = planPublish({
      ...{ local, remote: new Map(), same: new Set<string>() },
      ...{ switchAt: 1, remove: false, timestampBefore: null },
    });
    const named = new Map(digest === null ? [] : [[old, digest]]);
    const stop = new AbortController().signal;
    return send(plan, { published, destination, named, report: () => undefined, stop });
  };
  await expect(publish(sha256(UPDATER))).rejects.toThrow(`found ${sha256(content)}`);
  await publish(sha256(content));
  // Left by an `add` that was interrupted: nothing names it.
  await publish(null);
  expect(updaterFiles(place.at('to'))).toEqual([old]);
});

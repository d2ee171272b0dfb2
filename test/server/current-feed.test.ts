/** What the server reads from the repository, in this process: nothing that has another digest, and nothing twice. */
import { afterEach, beforeEach, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { DamagedError, MachineError } from '../../lib/errors.ts';
import { CurrentFeed } from '../../release/server/current-feed.ts';
import { feedFolder, TARGET } from '../support/servers/feed-folder.ts';

let folder: ReturnType<typeof feedFolder>;
let now: number;
let feed: CurrentFeed;

beforeEach(() => {
  folder = feedFolder({ releases: ['1.1.0', '1.0.0'] });
  now = 0;
  feed = new CurrentFeed(folder.folder, () => now);
});
afterEach(() => folder[Symbol.dispose]());

const newest = (channel = 'stable') => feed.index(channel, TARGET)?.releases[0]?.version;

/** The file of the only index. */
function indexFile(): string {
  const channel = folder.at('targets', 'channels/stable');
  return path.join(channel, fs.readdirSync(channel).at(-1) ?? '');
}

test('the index of a target, and null for a channel or a target that is not there', () => {
  expect(newest()).toBe('1.1.0');
  expect(feed.index('nightly', TARGET)).toBeNull();
  expect(feed.index('stable', { platform: 'darwin', arch: 'arm64' })).toBeNull();
});

test('an index of another digest is damaged, one that is missing is the machine', () => {
  const file = indexFile();
  const text = fs.readFileSync(file, 'utf8');
  fs.writeFileSync(file, text.replace('1.1.0', '1.9.0'));
  expect(() => newest()).toThrow(DamagedError);
  expect(() => newest()).toThrow(/wanted SHA-256 \w{64}, found \w{64}/);
  fs.rmSync(file);
  expect(() => newest()).toThrow(MachineError);
  fs.writeFileSync(file, text);
  expect(newest()).toBe('1.1.0');
});

test('what was read is not read again as long as the timestamp is the same', () => {
  expect(newest()).toBe('1.1.0');
  fs.rmSync(indexFile());
  for (now of [0, 249, 250, 10_000]) expect(newest()).toBe('1.1.0');
});

test('a new timestamp is seen a quarter of a second later, and not before', () => {
  expect(newest()).toBe('1.1.0');
  folder.publish({ revoked: [{ version: '1.1.0', reason: 'bad' }] });
  const revoked = () => feed.index('stable', TARGET)?.revoked.length;
  now = 249;
  expect(revoked()).toBe(0);
  now = 250;
  expect(revoked()).toBe(1);
});

test('a repository that can’t be read any more is answered for as before, and counted', () => {
  expect(newest()).toBe('1.1.0');
  fs.writeFileSync(folder.at('metadata', 'timestamp.json'), 'half');
  now = 250;
  expect(newest()).toBe('1.1.0');
  expect(feed.failures).toBe(1);
  expect(() => new CurrentFeed(folder.folder, () => 0).index('stable', TARGET)).toThrow(DamagedError);
});

/** What a release engineer can look up, and a release that goes from one channel to another. */
import { describe, expect, test } from 'bun:test';
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { nativeHost } from '../../../lib/platform/native.ts';
import { bytesText } from '../../../lib/ui/text/sizes.ts';
import { decodeManifest } from '../../../lib/version/index.ts';
import { describeOverview } from '../../../release/commands/status.ts';
import { overviewOf } from '../../../release/repository/overview.ts';
import { readPublished } from '../../../release/repository/published.ts';
import { readChannels, readListed } from '../../../release/repository/releases/channel.ts';
import { makeFeed, type TestFeed } from '../feed.ts';
import { freshFolder, noise } from '../run.ts';

const FIRST = noise(1, 20_000);

function build(number: number): Uint8Array {
  const bytes = FIRST.slice();
  bytes.set(noise(number + 100, 60), 64 * number);
  return bytes;
}

const overview = (feed: TestFeed) => overviewOf(readPublished(nativeHost(), feed.folder));
const DAY = 86_400_000;

describe('release status', () => {
  test('has room for the longest name of a target', async () => {
    using feed = await makeFeed();
    await feed.add('1.0.0', { 'linux-x64': build(0), 'linux-x64-musl-baseline': build(1) });
    const text = describeOverview(overview(feed), { now: Date.now(), all: false });
    expect(text).toMatch(/^ {2}linux-x64 {15}1\.0\.0 100 %/m);
    expect(text).toMatch(/^ {2}linux-x64-musl-baseline 1\.0\.0 100 %/m);
  });

  test('tells what is live on each channel, its sizes, and what is not needed', async () => {
    using feed = await makeFeed();
    await feed.add('1.0.0', { 'linux-x64': build(0), 'win32-x64': build(10) });
    await feed.add('1.1.0', { 'linux-x64': build(1) }, { minimum: '1.0.0' });
    await feed.add('1.2.0', { 'linux-x64': build(2) }, { rollout: 20 });
    await feed.add('1.3.0', { 'linux-x64': build(3) });
    await feed.revoke('1.3.0', 'It lost data.');
    await feed.add('2.0.0', { 'linux-x64': build(4) }, { channel: 'beta', rollout: 0 });
    const found = overview(feed);
    const live = found.channels.map(({ channel, target, releases }) => [
      `${channel} ${target}`,
      releases.filter((release) => release.live).map(({ version, rollout }) => [version, rollout]),
    ]);
    expect(live).toEqual([
      ['beta linux-x64', []],
      [
        'stable linux-x64',
        [
          ['1.2.0', 20],
          ['1.1.0', 100],
        ],
      ],
      ['stable win32-x64', [['1.0.0', 100]]],
    ]);
    expect(found.unneeded.files).toBeGreaterThan(0);
    expect(found.published.bytes).toBeGreaterThan(found.unneeded.bytes);
    const now = Date.now();
    const text = describeOverview(found, { now, all: false });
    expect(text).toMatch(/^beta\n {2}linux-x64 {9}2\.0\.0 {3}0 % .* {2}offered to nobody$/m);
    expect(text).toMatch(
      /^stable\n {2}linux-x64 {9}1\.2\.0 {2}20 % {2}\d{4}-\d\d-\d\d {2}full 22\.\d KB {2}2 patches, [\d.]+ KB$/m,
    );
    expect(text).toContain('before 1.0.0 must update\n');
    expect(text).toMatch(/^ +revoked \d{4}-\d\d-\d\d: 1\.3\.0 \(It lost data\.\)$/m);
    expect(text).toContain('no client needs: ');
    expect(text).toMatch(/^ {2}root {7}\d{4}-\d\d-\d\d, in 365 days; 2 of 3 keys must sign$/m);
    expect(describeOverview(found, { now: now + 8 * DAY, all: true })).toMatch(
      /^ {2}timestamp {2}[\d-]+, EXPIRED: clients refuse the feed; 1 of 1 key must sign$/m,
    );
    expect(describeOverview(found, { now, all: true })).toContain('REVOKED');
  });

  test('by the command line, also as JSON, and of an empty repository', async () => {
    using feed = await makeFeed({ app: 'other' });
    using folder = freshFolder();
    const empty = await folder.release(['status', '--repo', feed.folder]);
    expect([empty.code, empty.stderr]).toEqual([0, '']);
    expect(empty.stdout).toContain('no release yet');
    await feed.add('1.0.0', { 'linux-x64': build(0) });
    const json = await folder.release(['status', '--repo', feed.folder, '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ app: 'other', channels: [{ channel: 'stable' }] });
  });
});

describe('the first release of another channel', () => {
  test('follows those of the others: its kind, and patches from them', async () => {
    using feed = await makeFeed();
    await feed.add('1.0.0', { 'linux-x64': build(0) });
    await feed.add('1.1.0', { 'linux-x64': build(1) });
    await feed.add('1.1.1', { 'linux-x64': build(2) }, { channel: 'beta' });
    const release = (await feed.index('beta', 'linux-x64'))?.releases[0];
    expect(release?.type).toBe('patch');
    const from = release?.packages.map((entry) => (entry.kind === 'full' ? 'full' : entry.from));
    expect(from).toEqual(['full', '1.1.0', '1.0.0']);
  });
});

describe('release promote', () => {
  test('lists a release of beta on stable for every target, with patches from the releases there', async () => {
    using feed = await makeFeed();
    using folder = freshFolder();
    await feed.add('1.0.0', { 'linux-x64': build(0), 'win32-x64': build(10) });
    await feed.add('1.1.0', { 'linux-x64': build(1) });
    const notes = { channel: 'beta', notes: '# 1.2.0\n\nTested.\n', minimumFrom: '1.0.0' };
    await feed.add('1.2.0', { 'linux-x64': build(2), 'win32-x64': build(12) }, notes);
    const beta = await feed.index('beta', 'linux-x64');
    const where = ['--repo', feed.folder, '--keys', feed.keys];
    const promote = ['promote', '1.2.0', '--from', 'beta', '--to', 'stable', ...where, '--rollout', '5'];
    const before = readdirSync(path.join(feed.folder, 'metadata'));
    expect(await folder.release([...promote, '--dry-run'])).toMatchObject({
      code: 0,
      stdout:
        'would list the packages of linux-x64 that exist\nwould list the packages of win32-x64 that exist\n1.2.0 could be published on stable; nothing was changed\n',
    });
    expect(readdirSync(path.join(feed.folder, 'metadata'))).toEqual(before);
    const { code, stdout, stderr } = await folder.release(promote);
    expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
    expect(stdout).toContain('1.2.0 is on stable, for 5 % of the installations\n');
    for (const target of ['linux-x64', 'win32-x64']) {
      const release = (await feed.index('stable', target))?.releases[0];
      expect([target, release?.version, release?.rollout]).toEqual([target, '1.2.0', 5]);
      expect(release?.minimumFrom).toBe('1.0.0');
      const from = release?.packages.map((entry) => (entry.kind === 'full' ? 'full' : entry.from));
      expect(from).toEqual(target === 'linux-x64' ? ['full', '1.1.0', '1.0.0'] : ['full', '1.0.0']);
    }
    const full = (await feed.index('stable', 'linux-x64'))?.releases[0]?.packages[0];
    expect(full?.sha256).toBe(beta?.releases[0]?.packages[0]?.sha256 ?? '');
    const again = await folder.release(promote);
    expect(again).toMatchObject({ code: 0, stdout: '1.2.0 is on stable already: nothing to do\n' });
    const nothing = await folder.release(['promote', '9.9.9', '--from', 'beta', '--to', 'stable', ...where]);
    expect(nothing).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /wanted a release 9\.9\.9 on beta, found none\n`release status .* --all`/,
      ),
    });
    await feed.revoke('1.2.0');
    const revoked = await folder.release(promote.with(5, 'nightly'));
    expect(revoked).toMatchObject({
      code: 17,
      stderr: expect.stringContaining('1.2.0 was revoked on beta: it is not listed on nightly'),
    });
    expect(await feed.index('nightly', 'linux-x64')).toBeNull();
  });
});

describe('release notes', () => {
  const MARKDOWN = '# What is new\n\n- **Faster** start\n\n### Fixed\n\n- It `works`\n';

  test('shows them as a person sees them, whole, and what is told beside them', async () => {
    using feed = await makeFeed();
    using folder = freshFolder();
    const evolutions = [{ id: 'search', description: 'Searches', autoApply: true }];
    await feed.add('1.0.0', { 'linux-x64': build(0) }, { notes: MARKDOWN, risk: 'high', evolutions });
    const { code, stdout, stderr } = await folder.release(['notes', '1.0.0', '--repo', feed.folder]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^1\.0\.0 of \d{4}-\d\d-\d\d; major, risk high; can be rolled back; /);
    expect(stdout).toContain('What is new');
    expect(stdout).toContain('Faster');
    expect(stdout).toContain('evolution search: Searches (installed by itself)');
    expect(stderr).toBe('fixed: It `works`\n');
    const raw = await folder.release(['notes', '1.0.0', '--repo', feed.folder, '--markdown']);
    expect(raw.stdout).toBe(MARKDOWN);
  });

  test('shows those of the releases in between, to who has an older one', async () => {
    using folder = freshFolder();
    using feed = await makeFeed();
    for (const [version, notes] of [
      ['1.0.0', 'First.'],
      ['1.1.0', 'Back up before.'],
      ['1.2.0', 'More.'],
      ['1.3.0', 'Last.'],
    ] as const)
      await feed.add(version, { 'linux-x64': build(Number(version[2])) }, { notes, deltas: 0 });
    const shown = async (...args: string[]) =>
      folder.release(['notes', ...args, '--repo', feed.folder]).then(({ code, stdout, stderr }) => ({
        code,
        stderr,
        lines: stdout
          .split('\n')
          .filter((line) => /^ *([A-Z]|1\.\d\.\d$)/.test(line))
          .map((line) => line.trim()),
      }));
    expect((await shown('1.3.0', '--from', '1.0.0')).lines).toEqual([
      ...['1.3.0', 'Last.', '1.2.0', 'More.', '1.1.0', 'Back up before.'],
    ]);
    expect((await shown('1.3.0', '--from', '1.2.0')).lines).toEqual(['Last.']);
    expect(await shown('1.0.0', '--from', '1.3.0')).toMatchObject({
      code: 2,
      stderr:
        'release: --from: wanted a version before 1.0.0, found 1.3.0\n`release help notes` says what it takes.\n',
    });
  });

  test('shows what is downloaded for each target as an update does: the package with its evolutions, the updater', async () => {
    using folder = freshFolder();
    using feed = await makeFeed();
    const targets = (number: number) => ({ 'linux-x64': build(number), 'win32-x64': build(number + 10) });
    const updater = { version: '0.2.0', content: noise(9, 5000) };
    await feed.add('1.0.0', targets(0), { updaters: { 'win32-x64': updater } });
    await feed.add('1.1.0', targets(1), { type: 'security' });
    const files = { 'a.bin': noise(3, 300_000) };
    await feed.add('1.2.0', targets(2), {
      updaters: { 'linux-x64': updater, 'win32-x64': updater },
      evolutions: [{ id: 'search', description: 'Searches', autoApply: true, files }],
    });
    const downloads = async (...args: string[]) => {
      const { stdout } = await folder.release(['notes', '1.2.0', '--repo', feed.folder, ...args]);
      return stdout.split('\n').filter((line) => /download|risk/.test(line));
    };
    const size = async (target: string, kind: 'full' | '1.0.0') => {
      const [release] = (await feed.index('stable', target))?.releases ?? [];
      const found = release?.packages.find((entry) => (entry.kind === 'full' ? 'full' : entry.from) === kind);
      return found?.length ?? Number.NaN;
    };
    const published = readPublished(nativeHost(), feed.folder);
    const [manifest] = readChannels(published).map(({ releases }) => releases[0]?.manifest);
    if (manifest === undefined) throw new Error('nothing is listed');
    const [brought] = decodeManifest(readListed(published, manifest)).updaters ?? [];
    const packed = brought?.file.length ?? Number.NaN;
    const [patch, other] = [await size('linux-x64', '1.0.0'), await size('win32-x64', '1.0.0')];
    expect(patch).toBeGreaterThan(300_000);
    const [about, ...lines] = await downloads('--from', '1.0.0');
    // What is passed over comes along.
    expect(about).toContain('; security, risk low; ');
    expect(lines).toEqual([
      `  download for linux-x64: ${bytesText(patch + packed)} (a patch, and ${bytesText(packed)} of a new updater)`,
      `  download for win32-x64: ${bytesText(other)} (a patch)`,
    ]);
    const [own, full] = await downloads();
    expect(own).toContain('; minor, risk low; ');
    expect(full).toBe(
      `  download for linux-x64: ${bytesText((await size('linux-x64', 'full')) + packed)} (the full binary, and ${bytesText(packed)} of a new updater)`,
    );
    await feed.add('1.2.0', { 'linux-x64': build(2) }, { channel: 'beta', deltas: 0 });
    expect((await downloads('--from', '1.0.0')).join('\n')).toMatch(
      /for linux-x64 on stable: .* \(a patch, .*\n.* for linux-x64 on beta: .* \(the full binary, /,
    );
  });

  test('shows a file before it is published, if it can be', async () => {
    using folder = freshFolder();
    writeFileSync(path.join(folder.at(), 'notes.md'), `${MARKDOWN}\ngone\n`);
    const { code, stdout } = await folder.release(['notes', '1.0.0', '--notes', 'notes.md']);
    expect(code).toBe(0);
    expect(stdout).toContain('gone');
    writeFileSync(path.join(folder.at(), 'notes.md'), '## [v1.1.0] - 2026-11-27\n\n- New\n');
    const said = async (version: string) =>
      (await folder.release(['notes', version, '--notes', 'notes.md'])).stderr;
    expect(await said('1.0.0')).toBe('the notes begin with 1.1.0, and this is 1.0.0\n');
    expect(await said('1.1.0')).toBe('');
    writeFileSync(path.join(folder.at(), 'notes.md'), `${MARKDOWN}\n\u001b[2Jgone\n`);
    const refused = await folder.release(['notes', '1.0.0', '--notes', 'notes.md']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('wanted text without control characters, found U+001B');
    expect(refused.stdout).toBe('');
  });
});

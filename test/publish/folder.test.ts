import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { nativeDisk } from '../../lib/platform/native-disk.ts';
import { FaultInjector, Stopped } from '../host/faults.ts';
import { makeFeed, type TestFeed } from '../release/feed.ts';
import { freshFolder, noise } from '../release/run.ts';
import { clientOf, filesOf, fromFolder, publishOn, scratch, stoppable, versionsSeen } from './support.ts';

const BINARY = noise(1, 40_000);
const NEXT = Uint8Array.from(BINARY);
NEXT.fill(7, 100, 200);

let feed: TestFeed;
let one: ReturnType<typeof scratch>;
beforeAll(async () => {
  one = scratch();
  feed = await makeFeed();
  await feed.add('1.0.0', { 'linux-x64': BINARY });
  cpSync(feed.folder, one.at('with-one'), { recursive: true });
  await feed.add('1.1.0', { 'linux-x64': NEXT });
});
afterAll(() => {
  feed[Symbol.dispose]();
  one[Symbol.dispose]();
});

const cli = freshFolder();
afterAll(() => cli[Symbol.dispose]());
const publish = (repo: string, to: string, ...more: string[]) =>
  cli.release(['publish', '--repo', repo, '--to', to, ...more]);

describe('release publish to a folder', () => {
  test('copies the feed and nothing else, readable by a web server', async () => {
    using place = scratch();
    const to = place.at('srv', 'feed');
    const { code, stdout, stderr } = await publish(feed.folder, to);
    expect([code, stderr]).toEqual([0, `${feed.folder} is whole: 1 channel index, 2 releases in it\n`]);
    expect(stdout).toMatch(/^\/.*: \d+ files sent, [\d,]+ bytes; 0 were there; 0 removed\n$/);
    expect(filesOf(to)).toEqual(filesOf(feed.folder));
    expect(existsSync(path.join(to, '.work'))).toBe(false);
    expect(existsSync(path.join(to, 'repository.json'))).toBe(false);
    expect(statSync(path.join(to, 'targets')).mode & 0o777).toBe(0o755);
    expect(statSync(path.join(to, 'metadata', 'timestamp.json')).mode & 0o777).toBe(0o644);
    const seen = await versionsSeen(clientOf(feed, to, place.at('memory')), fromFolder(to));
    expect(seen).toEqual(['1.1.0', '1.0.0']);
  });

  test('sends only what is new, and nothing the second time', async () => {
    using place = scratch();
    const to = place.at('feed');
    await publish(one.at('with-one'), to);
    const before = filesOf(to);
    const fresh = [...filesOf(feed.folder).keys()].filter((name) => !before.has(name)).length;
    const inode = (name: string) => statSync(path.join(to, name)).ino;
    const inodes = new Map([...before.keys()].map((name) => [name, inode(name)]));
    const { stdout } = await publish(feed.folder, to);
    // And the timestamp.
    expect(stdout).toContain(`: ${fresh + 1} files sent, `);
    for (const [name, was] of inodes) {
      if (name !== 'metadata/timestamp.json') expect([name, inode(name)]).toEqual([name, was]);
    }
    expect((await publish(feed.folder, to)).stdout).toContain(': 0 files sent, 0 bytes; ');
  });

  test('mends metadata that is damaged there, and packages that were cut off', async () => {
    using place = scratch();
    const to = place.at('feed');
    await publish(feed.folder, to);
    const names = [...filesOf(to).keys()];
    const damaged = path.join(to, names.find((name) => name.endsWith('.snapshot.json')) ?? '');
    writeFileSync(damaged, readFileSync(damaged).fill(65, 10, 20));
    truncateSync(path.join(to, names.find((name) => name.endsWith('.full.dgmopkg')) ?? ''), 100);
    expect((await publish(feed.folder, to)).stdout).toContain(': 2 files sent, ');
    expect(filesOf(to)).toEqual(filesOf(feed.folder));
  });

  test('--dry-run says what would be, and does nothing', async () => {
    using place = scratch();
    const to = place.at('feed');
    const { code, stdout } = await publish(feed.folder, to, '--dry-run');
    expect(code).toBe(0);
    const lines = stdout.trim().split('\n');
    expect(lines.filter((line) => line.startsWith('send '))).toHaveLength(filesOf(feed.folder).size);
    expect(lines.at(-2)).toMatch(/^send metadata\/timestamp\.json /);
    expect(existsSync(to)).toBe(false);
  });

  test('--delete removes what is no longer in the repository, and only then', async () => {
    using place = scratch();
    const to = place.at('feed');
    await publish(feed.folder, to);
    mkdirSync(path.join(to, 'targets', 'releases', '0.9.0'), { recursive: true });
    writeFileSync(path.join(to, 'targets', 'releases', '0.9.0', 'old'), 'old');
    writeFileSync(path.join(to, 'metadata', 'timestamp.json.123.tmp'), 'half');
    writeFileSync(path.join(to, 'index.html'), 'not of the feed');
    await publish(feed.folder, to);
    expect(existsSync(path.join(to, 'targets/releases/0.9.0/old'))).toBe(true);
    const dry = await publish(feed.folder, to, '--delete', '--dry-run');
    expect(dry.stdout).toContain('remove targets/releases/0.9.0/old\n');
    const { stdout } = await publish(feed.folder, to, '--delete');
    expect(stdout).toContain('2 removed');
    expect(filesOf(to)).toEqual(filesOf(feed.folder));
    expect(existsSync(path.join(to, 'index.html'))).toBe(true);
  });
});

describe('release publish changes nothing, and says why, where', () => {
  const damaged = (name: string, harm: (file: string) => void) => {
    const place = scratch();
    cpSync(feed.folder, place.at('repo'), { recursive: true });
    const found = [...filesOf(feed.folder).keys()].find((file) => file.includes(name)) ?? '';
    harm(place.at('repo', found));
    return place;
  };
  const cut = (file: string) => truncateSync(file, 100);
  test.each([
    ['a package is missing', 'full.dgmopkg', (file: string) => rmSync(file), 'found nothing there'],
    ['a package was cut off', 'full.dgmopkg', cut, 'found a file of 100 bytes'],
    ['a manifest is missing', 'manifest.json', (file: string) => rmSync(file), 'found nothing there'],
    ['a list of blocks is missing', '.blocks', (file: string) => rmSync(file), 'found nothing there'],
  ])('%s', async (_, name, harm, message) => {
    using place = damaged(name, harm);
    const { code, stderr } = await publish(place.at('repo'), place.at('to'));
    expect([code, stderr.includes(message) ? message : stderr]).toEqual([11, message]);
    expect(existsSync(place.at('to'))).toBe(false);
  });

  test('a package has another content: clients see the old feed', async () => {
    using place = damaged('full.dgmopkg', (file) => writeFileSync(file, readFileSync(file).fill(0, 50, 60)));
    const { code, stderr } = await publish(place.at('repo'), place.at('to'));
    expect(code).toBe(11);
    expect(stderr).toContain('wanted a file with SHA-256');
    expect(existsSync(place.at('to', 'metadata', 'timestamp.json'))).toBe(false);
  });

  test('another feed is published there', async () => {
    using place = scratch();
    using other = await makeFeed();
    await publish(other.folder, place.at('to'));
    const before = filesOf(place.at('to'));
    const { code, stderr } = await publish(feed.folder, place.at('to'));
    expect(code).toBe(17);
    expect(stderr).toContain('wanted this feed, found one with another root');
    expect(filesOf(place.at('to'))).toEqual(before);
  });

  test('a newer state of the feed is published there', async () => {
    using place = scratch();
    await publish(feed.folder, place.at('to'));
    const { code, stderr } = await publish(one.at('with-one'), place.at('to'));
    expect(code).toBe(17);
    expect(stderr).toMatch(/wanted a timestamp before version \d+, found version \d+/);
    expect(filesOf(place.at('to'))).toEqual(filesOf(feed.folder));
  });

  test.each([
    ['there is no repository', ['--repo', 'nowhere', '--to', 'to'], 2],
    ['it is told no place', ['--repo', 'REPO'], 2],
    ['the place is the repository', ['--repo', 'REPO', '--to', 'REPO'], 2],
    ['the place is inside the repository', ['--repo', 'REPO', '--to', 'REPO/targets/x'], 2],
    ['the place is of another kind', ['--repo', 'REPO', '--to', 'ftp://feed'], 2],
  ])('%s', async (_, args, wanted) => {
    const given = args.map((arg) => arg.replace('REPO', feed.folder));
    const { code, stderr } = await cli.release(['publish', ...given]);
    expect({ code, stderr }).toEqual({ code: wanted, stderr: expect.stringContaining('wanted') });
  });
});

const stopped = 'release publish stopped at any effect leaves clients the old feed or the new one';
test(`${stopped}, and goes on when it is run again`, async () => {
  using place = scratch();
  const start = place.at('start');
  await publish(one.at('with-one'), start);
  const old = place.at('old-client');
  await clientOf(feed, start, old).refresh();
  const counter = new FaultInjector();
  cpSync(start, place.at('counted'), { recursive: true });
  await publishOn(stoppable(counter), feed.folder, place.at('counted'));
  const effects = counter.seen.length;
  expect(effects).toBeGreaterThan(30);
  const outcomes: string[] = [];
  for (let at = 0; at < effects; at++) {
    const to = place.at(`to-${at}`);
    cpSync(start, to, { recursive: true });
    const injector = new FaultInjector({ at, fault: { kind: 'stop' } });
    await expect(publishOn(stoppable(injector), feed.folder, to)).rejects.toThrow(Stopped);
    cpSync(old, place.at(`memory-${at}`), { recursive: true });
    for (const memory of [place.at(`memory-${at}`), place.at(`new-${at}`)]) {
      outcomes.push((await versionsSeen(clientOf(feed, to, memory), fromFolder(to))).join());
    }
    await publishOn(nativeDisk, feed.folder, to);
    expect(filesOf(to)).toEqual(filesOf(feed.folder));
  }
  expect(new Set(outcomes)).toEqual(new Set(['1.0.0', '1.1.0,1.0.0']));
  // Once the new feed is there it stays.
  expect(outcomes.lastIndexOf('1.0.0')).toBeLessThan(outcomes.indexOf('1.1.0,1.0.0'));
});

test.skipIf(process.platform === 'win32')(
  'release publish that is interrupted says so with 130, and goes on later',
  async () => {
    using place = scratch();
    using large = await makeFeed();
    await large.add('1.0.0', { 'linux-x64': noise(3, 6 << 20), 'linux-arm64': noise(5, 6 << 20) });
    const to = place.at('feed');
    const child = Bun.spawn(
      [
        process.execPath,
        path.join(import.meta.dir, '../../release/cli.ts'),
        'publish',
        '--repo',
        large.folder,
        '--to',
        to,
      ],
      { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' },
    );
    while (!existsSync(path.join(to, 'targets'))) await new Promise((resolve) => setImmediate(resolve));
    child.kill('SIGINT');
    const [code, stderr] = [await child.exited, await new Response(child.stderr).text()];
    // It may have been done already: then it says nothing of the kind.
    if (code !== 0) expect([code, stderr]).toEqual([130, expect.stringContaining('interrupted: ')]);
    expect((await publish(large.folder, to)).code).toBe(0);
    expect(filesOf(to)).toEqual(filesOf(large.folder));
  },
);

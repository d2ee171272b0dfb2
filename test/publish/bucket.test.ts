/**
 * A feed in S3-compatible storage: OpenStack Swift, which is a real one, with nginx before it as a CDN would be, read by
 * the project's own client.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bucketDestination } from '../../release/publish/bucket.ts';
import { makeFeed, type TestFeed } from '../release/feed.ts';
import { freshFolder, noise } from '../release/run.ts';
import { NGINX, startNginx } from '../support/servers/nginx.ts';
import { startServer } from '../support/servers/start.ts';
import { hasSwift, type Swift, startSwift } from '../support/servers/swift.ts';
import { fromUrl, host, httpClientOf, scratch, versionsSeen } from './support.ts';

const needed = process.env.CI === 'true';
if (!hasSwift && !needed) {
  console.warn(
    'skipped: OpenStack Swift is not installed (Debian: swift-proxy swift-account swift-container swift-object)',
  );
}

const place = scratch();
const cli = freshFolder();
let feed: TestFeed;
beforeAll(async () => {
  feed = await makeFeed();
  await feed.add('1.0.0', { 'linux-x64': noise(1, 60_000) });
});
afterAll(() => {
  feed[Symbol.dispose]();
  place[Symbol.dispose]();
  cli[Symbol.dispose]();
});

describe.skipIf(!hasSwift && !needed)('S3-compatible storage', () => {
  let swift: Swift;
  beforeAll(async () => {
    swift = await startSwift(place.at('swift'));
    await swift.makeBucket('feed');
  });
  afterAll(async () => {
    await swift?.[Symbol.asyncDispose]();
  });
  const publish = (to: string, environment: Record<string, string | undefined>, ...more: string[]) =>
    cli.release(['publish', '--repo', feed.folder, '--to', to, ...more], environment);
  const TO = 's3://feed/dgmo/v1';
  const client = () => new Bun.S3Client({ ...swift.account, bucket: 'feed' });
  const keys = async () => ((await client().list()).contents ?? []).map(({ key }) => key).toSorted();

  test('takes the feed, with types, and the second time nothing', async () => {
    const first = await publish(TO, swift.environment);
    expect([first.code, first.stderr]).toEqual([0, expect.stringContaining('is whole')]);
    expect((await keys()).every((key) => /^dgmo\/v1\/(metadata|targets)\//.test(key))).toBe(true);
    const url = `${swift.publicUrl('feed')}dgmo/v1/`;
    const timestamp = await fetch(`${url}metadata/timestamp.json`);
    expect(timestamp.headers.get('content-type')).toStartWith('application/json');
    expect(timestamp.headers.get('cache-control')).toBe('public, max-age=60');
    for (const name of [
      'metadata/1.root.json',
      ...(await keys()).filter((key) => key.endsWith('.dgmopkg')),
    ]) {
      const { headers } = await fetch(`${url}${name.replace('dgmo/v1/', '')}`);
      expect([name, headers.get('cache-control')]).toEqual([name, 'public, max-age=31536000, immutable']);
    }
    const again = await publish(TO, swift.environment);
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining(': 0 files sent, 0 bytes; ')]);
    const seen = await versionsSeen(httpClientOf(feed, url, place.at('client-s3')), fromUrl(url));
    expect(seen).toContain('1.0.0');
  });

  test.skipIf(NGINX === null && !needed)('is a feed behind nginx, before and after a change', async () => {
    await publish(TO, swift.environment);
    const server = `location / { proxy_pass ${swift.publicUrl('feed')}dgmo/v1/; }`;
    await using nginx = await startNginx({ root: place.at('empty'), home: place.at('nginx-s3'), server });
    const memory = place.at('client-nginx-s3');
    const seen = () => versionsSeen(httpClientOf(feed, nginx.url, memory), fromUrl(nginx.url));
    const before = await seen();
    const version = `2.${before.length}.0`;
    await feed.add(version, { 'linux-x64': noise(9, 50_000) });
    const { stdout } = await publish(TO, swift.environment);
    expect(Number(/: (\d+) files sent/.exec(stdout)?.[1])).toBeLessThan(12);
    expect(await seen()).toEqual([version, ...before]);
  });

  test('takes the page after the feed, each file as what it is, and an updater once', async () => {
    mkdirSync(place.at('page/download/d'), { recursive: true });
    for (const name of ['index.html', 'releases.atom', 'install.sh', 'download/d/updater.gz']) {
      writeFileSync(path.join(place.at('page'), name), name);
    }
    writeFileSync(place.at('page/notes.txt'), 'nobody asked for this');
    const page = ['--page', place.at('page')];
    const first = await publish(TO, swift.environment, ...page);
    expect([first.code, first.stdout]).toEqual([0, expect.stringContaining('the page, 4 files, ')]);
    const again = await publish(TO, swift.environment, ...page);
    expect(again.stdout).toContain('the page, 3 files, ');
    expect(await keys()).not.toContain('dgmo/v1/notes.txt');
    const headers = async (name: string) => {
      const answer = await fetch(`${swift.publicUrl('feed')}dgmo/v1/${name}`);
      expect(await answer.text()).toBe(name);
      return [answer.headers.get('content-type'), answer.headers.get('cache-control')];
    };
    expect(await headers('index.html')).toEqual(['text/html; charset=utf-8', 'public, max-age=60']);
    expect(await headers('install.sh')).toEqual(['text/plain; charset=utf-8', 'public, max-age=60']);
    expect(await headers('download/d/updater.gz')).toEqual([
      'application/gzip',
      'public, max-age=31536000, immutable',
    ]);
    const none = await publish(TO, swift.environment, '--page', place.at('swift'));
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('found no index.html')]);
  });

  test('is listed page by page', async () => {
    const objects = new Bun.S3Client({ ...swift.account, bucket: 'feed' });
    const names = ['metadata/1.root.json', 'targets/a', 'targets/b', 'targets/c/d', 'targets/e'];
    for (const name of [...names, 'other']) await objects.write(`pages/${name}`, name);
    const destination = bucketDestination({ bucket: 'feed', prefix: 'pages/' }, host, objects, 2);
    const found = await destination.list();
    expect([...found.keys()]).toEqual(names);
    expect(found.get('targets/c/d')).toEqual({
      size: 'targets/c/d'.length,
      md5: new Bun.CryptoHasher('md5').update('targets/c/d').digest('hex'),
    });
    expect(await destination.read('metadata/2.root.json')).toBeNull();
  });

  test('takes a large file', async () => {
    using large = await makeFeed();
    await large.add('1.0.0', { 'linux-x64': noise(3, 20 << 20) }, { level: 1 });
    const to = 's3://feed/large';
    const sent = await cli.release(['publish', '--repo', large.folder, '--to', to], swift.environment);
    expect([sent.code, sent.stderr]).toEqual([0, expect.stringContaining('is whole')]);
    const url = `${swift.publicUrl('feed')}large/`;
    expect(await versionsSeen(httpClientOf(large, url, place.at('client-large')), fromUrl(url))).toEqual([
      '1.0.0',
    ]);
    const again = await cli.release(['publish', '--repo', large.folder, '--to', to], swift.environment);
    expect(again.stdout).toContain(': 0 files sent, ');
  });

  test('loses with --delete what is no longer in the repository', async () => {
    await publish(TO, swift.environment);
    await client().write('dgmo/v1/targets/old', 'old');
    await client().write('elsewhere', 'of somebody else');
    const { stdout } = await publish(TO, swift.environment, '--delete');
    expect(stdout).toContain('; 1 removed');
    expect(await keys()).not.toContain('dgmo/v1/targets/old');
    expect(await keys()).toContain('elsewhere');
  });

  test('refuses wrong keys and unknown buckets at once, and says what is wanted where there are no keys', async () => {
    const wrong = await publish(TO, { ...swift.environment, S3_SECRET_ACCESS_KEY: 'wrong' });
    expect([wrong.code, wrong.stderr]).toEqual([13, expect.stringMatching(/listing it failed/)]);
    const unknown = await publish('s3://nothing', swift.environment);
    expect([unknown.code, unknown.stderr]).toEqual([13, expect.stringMatching(/NoSuchBucket/)]);
    const none = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]));
    const missing = await publish(TO, { ...none, PATH: process.env.PATH });
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('no credentials are set')]);
  });

  test('that fails leaves clients the feed as it was', async () => {
    await publish(TO, swift.environment);
    const before = await client().file('dgmo/v1/metadata/timestamp.json').bytes();
    await feed.add('9.0.0', { 'linux-x64': noise(11, 50_000) });
    // The road to the storage ends at a server that answers 500 to everything.
    const broken = await startServer('origin');
    const { code, stderr } = await publish(TO, {
      ...swift.environment,
      S3_ENDPOINT: `http://127.0.0.1:${broken.port}/broken`,
    });
    await broken.stop();
    expect([code, stderr]).toEqual([13, expect.stringContaining('Clients see the feed as it was')]);
    expect(await client().file('dgmo/v1/metadata/timestamp.json').bytes()).toEqual(before);
    expect((await publish(TO, swift.environment)).code).toBe(0);
  });

  test('ends a publication that it cannot keep, with the old feed in place', async () => {
    await publish(TO, swift.environment);
    await feed.add('9.1.0', { 'linux-x64': noise(13, 50_000) });
    await swift.breakStorage();
    const { code, stderr } = await publish(TO, swift.environment);
    expect([code, stderr]).toEqual([13, expect.stringContaining('Run it again')]);
    // The list is kept by another server than the content: nothing new is named there.
    expect((await keys()).some((key) => path.basename(path.dirname(path.dirname(key))) === '9.1.0')).toBe(
      false,
    );
  });
});

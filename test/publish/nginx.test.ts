/** A published feed read through the real nginx by the project's own client. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { makeFeed, type TestFeed } from '../release/feed.ts';
import { freshFolder, noise } from '../release/run.ts';
import { NGINX, startNginx } from '../support/servers/nginx.ts';
import { fromUrl, httpClientOf, scratch, versionsSeen } from './support.ts';

const needed = process.env.CI === 'true';
if (NGINX === null && !needed) console.warn('skipped: nginx is not installed (Debian: nginx-light)');

const BINARY = noise(1, 60_000);
const NEXT = Uint8Array.from(BINARY);
NEXT.fill(7, 100, 200);
const place = scratch();
const cli = freshFolder();
let feed: TestFeed;
beforeAll(async () => {
  feed = await makeFeed();
  await feed.add('1.0.0', { 'linux-x64': BINARY });
});
afterAll(() => {
  feed[Symbol.dispose]();
  place[Symbol.dispose]();
  cli[Symbol.dispose]();
});

describe.skipIf(NGINX === null && !needed)('a folder behind nginx', () => {
  test('is a feed, before and after the next release', async () => {
    const root = place.at('srv');
    await cli.release(['publish', '--repo', feed.folder, '--to', root]);
    await using nginx = await startNginx({ root, home: place.at('nginx-folder') });
    const memory = place.at('client-folder');
    const seen = () => versionsSeen(httpClientOf(feed, nginx.url, memory), fromUrl(nginx.url));
    expect(await seen()).toEqual(['1.0.0']);
    await feed.add('1.1.0', { 'linux-x64': NEXT });
    expect(await seen()).toEqual(['1.0.0']);
    await cli.release(['publish', '--repo', feed.folder, '--to', root]);
    expect(await seen()).toEqual(['1.1.0', '1.0.0']);
  });
});

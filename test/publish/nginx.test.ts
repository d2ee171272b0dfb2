/** A published feed read through the real nginx by the project's own client. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
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

/** The lines for nginx in the playbook. */
function playbookLines(): string {
  const readme = readFileSync(path.join(import.meta.dir, '../../release/README.md'), 'utf8');
  const [, lines = ''] = /^```nginx\n([\s\S]*?)^```$/m.exec(readme) ?? [];
  return lines;
}

describe.skipIf(NGINX === null && !needed)('a folder behind nginx', () => {
  test('with the lines of the playbook sends each file as what it is, and lets it be kept as long as it may be', async () => {
    const root = place.at('with-page');
    await cli.release(['publish', '--repo', feed.folder, '--to', root]);
    const page = await cli.release([
      'page',
      '--repo',
      feed.folder,
      '--url',
      'https://example.org/',
      '-o',
      root,
    ]);
    expect(page.code).toBe(0);
    mkdirSync(path.join(root, 'download/d'), { recursive: true });
    writeFileSync(path.join(root, 'download/d/updater.gz'), 'x');
    writeFileSync(path.join(root, 'install.sh'), 'x');
    await using nginx = await startNginx({ root, home: place.at('nginx-lines'), server: playbookLines() });
    const full = (await feed.index('stable', 'linux-x64'))?.releases[0]?.packages[0]?.path;
    const [year, minute] = ['public, max-age=31536000, immutable', 'public, max-age=60'];
    for (const [name, type, cache] of [
      ['metadata/timestamp.json', 'application/json', minute],
      ['metadata/1.root.json', 'application/json', year],
      [`targets/${full}`, 'application/octet-stream', year],
      ['download/d/updater.gz', 'application/octet-stream', year],
      ['', 'text/html', minute],
      ['releases.atom', 'application/atom+xml', minute],
      ['install.sh', 'text/plain', minute],
    ] as const) {
      const { status, headers } = await fetch(`${nginx.url}${name}`);
      expect([name, status, headers.get('content-type'), headers.get('cache-control')]).toEqual([
        name,
        200,
        type,
        cache,
      ]);
    }
    const next = await fetch(`${nginx.url}metadata/99.root.json`);
    expect([next.status, next.headers.get('cache-control')]).toEqual([404, null]);
    const memory = place.at('client-lines');
    expect(await versionsSeen(httpClientOf(feed, nginx.url, memory), fromUrl(nginx.url))).toEqual(['1.0.0']);
  });

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

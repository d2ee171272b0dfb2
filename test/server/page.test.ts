/** `release serve` serves the page of `release page`, beside the feed. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freshFolder } from '../release/run.ts';
import { feedFolder } from '../support/servers/feed-folder.ts';
import { serving } from '../support/servers/serve.ts';

const feed = feedFolder();
const www = freshFolder();
const DIGEST = 'a'.repeat(64);
const FILES: Record<string, string> = {
  'index.html': '<!doctype html>',
  'releases.atom': '<feed/>',
  'install.sh': 'exit 0\n',
  [`download/${DIGEST}/dgmo-updater-linux-x64.gz`]: 'an updater',
};

beforeAll(() => {
  for (const [name, content] of Object.entries(FILES)) {
    mkdirSync(path.dirname(www.at(name)), { recursive: true });
    writeFileSync(www.at(name), content);
  }
  writeFileSync(www.at('notes.html'), 'secret');
  symlinkSync('/etc/passwd', www.at('install.ps1'));
  // As `release publish --to` leaves it: the feed and the page in one folder.
  for (const name of ['metadata', 'targets']) cpSync(feed.at(name), www.at(name), { recursive: true });
});
afterAll(() => {
  feed[Symbol.dispose]();
  www[Symbol.dispose]();
});

test.each([
  ['a folder with both', () => [www.at()]],
  ['the folder of --page', () => [feed.folder, '--page', www.at()]],
  ['--page, by several processes', () => [feed.folder, '--page', www.at(), '--processes', '2']],
] as const)('%s', async (_, given) => {
  const [repository = '', ...options] = given();
  if (options.includes('--processes') && process.platform !== 'linux') return;
  await using server = await serving(repository, '--access-log', 'off', ...options);
  const get = async (name: string) => {
    const answer = await fetch(`${server.url}${name}`);
    const [type, cache] = ['content-type', 'cache-control'].map((header) => answer.headers.get(header));
    return [answer.status, await answer.text(), type, cache];
  };
  const minute = 'public, max-age=60';
  const html = [200, FILES['index.html'], 'text/html; charset=utf-8', minute];
  expect(await get('')).toEqual(html);
  expect(await get('index.html')).toEqual(html);
  expect(await get('releases.atom')).toEqual([200, '<feed/>', 'application/atom+xml', minute]);
  expect(await get('install.sh')).toEqual([200, 'exit 0\n', 'text/plain; charset=utf-8', minute]);
  expect(await get(`download/${DIGEST}/dgmo-updater-linux-x64.gz`)).toEqual([
    ...[200, 'an updater', 'application/gzip', 'public, max-age=31536000, immutable'],
  ]);
  for (const name of ['notes.html', 'install.ps1', 'download/', `download/${DIGEST}/none.gz`])
    expect((await get(name))[0]).toBe(404);
  expect((await get('metadata/timestamp.json'))[0]).toBe(200);
});

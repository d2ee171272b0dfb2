/** What a server spends on clients that take and do not give, and whom it tells its numbers. */
import { expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { listen } from '../../release/platform/listener.ts';
import { serveFile } from '../../release/server/static.ts';
import { feedFolder } from '../support/servers/feed-folder.ts';
import { serving } from '../support/servers/serve.ts';

test('requests above the limit are refused at once, and served again once there is room', async () => {
  const waiting: (() => void)[] = [];
  let begun: () => void = () => undefined;
  const handle = () =>
    new Promise<Response>((resolve) => {
      waiting.push(() => resolve(new Response('served')));
      begun();
    });
  const listener = listen({ host: '127.0.0.1', port: 0, tls: null, shared: false }, handle, 2);
  const ask = () => fetch(listener.url, { headers: { connection: 'close' } });
  const both = new Promise<void>((resolve) => {
    begun = () => (waiting.length === 2 ? resolve() : undefined);
  });
  const first = [ask(), ask()];
  await both;
  const refused = await ask();
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '10']);
  for (const go of waiting.splice(0)) go();
  expect(await Promise.all(first.map(async (answer) => (await answer).text()))).toEqual(['served', 'served']);
  begun = () => waiting.pop()?.();
  expect(await (await ask()).text()).toBe('served');
  await listener.stop(0);
});

test('metrics are for programs on this machine, and not for those that it forwards', async () => {
  using feed = feedFolder();
  const status = async (url: string, headers: Record<string, string>) =>
    (await fetch(`${url}metrics`, { headers })).status;
  await using server = await serving(feed.folder, '--access-log', 'off');
  await using open = await serving(feed.folder, '--access-log', 'off', '--public-metrics');
  const forwarded = { 'X-Forwarded-For': '192.0.2.1' };
  expect(await status(server.url, {})).toBe(200);
  expect(await status(server.url, forwarded)).toBe(404);
  expect(await status(open.url, forwarded)).toBe(200);
});

test('a large file is sent from the disk, since its bytes would stay in memory for a client that does not read', async () => {
  using feed = feedFolder();
  const sent = async (name: string, size: number) => {
    const file = path.join(feed.folder, name);
    fs.writeFileSync(file, 'x'.repeat(size));
    const { response } = serveFile(feed.folder, new Request('http://localhost/'), name);
    fs.writeFileSync(file, 'y'.repeat(size));
    const text = await response.text();
    expect(text).toHaveLength(size);
    return text.startsWith('x') ? 'memory' : 'disk';
  };
  expect(await sent('metadata/7.large.json', 1_000_000)).toBe('disk');
  expect(await sent('metadata/7.small.json', 10_000)).toBe('memory');
  // May be replaced at any time, and is sent as it was when its digest was taken.
  expect(await sent('metadata/timestamp.json', 100_000)).toBe('memory');
});

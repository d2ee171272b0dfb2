import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { feedFolder } from '../support/servers/feed-folder.ts';
import { type Serving, serving } from '../support/servers/serve.ts';

const feed = feedFolder();
const full = feed.index.releases[0]?.packages.find(({ kind }) => kind === 'full');
if (full === undefined) throw new Error('the feed has no full package');
const PACKAGE = `targets/${full.path}`;
const bytes = readFileSync(feed.at(PACKAGE));
const ETAG = `"${full.sha256}"`;

let server: Serving;
beforeAll(async () => {
  server = await serving(feed.folder, '--access-log', 'off');
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  feed[Symbol.dispose]();
});

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(`${server.url}${path}`, { method, headers });

describe('release serve: files', () => {
  test('an immutable one, kept for a year under its digest', async () => {
    const answer = await get(PACKAGE);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('etag')).toBe(ETAG);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(answer.headers.get('content-type')).toBe('application/octet-stream');
    expect(answer.headers.get('accept-ranges')).toBe('bytes');
    expect(Buffer.from(await answer.bytes()).equals(bytes)).toBe(true);
  });

  test('numbered metadata the same, the timestamp and the probe for a next root for a minute', async () => {
    const lasting = await get('metadata/1.root.json');
    expect(lasting.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(lasting.headers.get('content-type')).toBe('application/json');
    for (const [path, status] of [
      ['metadata/timestamp.json', 200],
      ['metadata/2.root.json', 404],
    ] as const) {
      const answer = await get(path);
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([status, 'public, max-age=60']);
    }
    expect((await get('targets/nothing')).headers.get('cache-control')).toBe('no-cache');
  });

  test('HEAD says what GET would, without the body', async () => {
    for (const path of [PACKAGE, 'metadata/timestamp.json']) {
      const [head, whole] = [await get(path, {}, 'HEAD'), await get(path)];
      expect(head.status).toBe(200);
      expect(head.headers.get('content-length')).toBe(String((await whole.bytes()).length));
      expect(head.headers.get('etag')).toBe(whole.headers.get('etag'));
      expect((await head.bytes()).length).toBe(0);
    }
  });

  test('304 to who has it', async () => {
    const answer = await get(PACKAGE, { 'if-none-match': ETAG });
    expect([answer.status, (await answer.bytes()).length]).toEqual([304, 0]);
    const timestamp = (await get('metadata/timestamp.json')).headers.get('etag') ?? '';
    expect((await get('metadata/timestamp.json', { 'if-none-match': timestamp })).status).toBe(304);
  });

  test('the timestamp has another ETag when it is another', async () => {
    using other = feedFolder();
    await using server = await serving(other.folder, '--access-log', 'off');
    const etag = async () => (await fetch(`${server.url}metadata/timestamp.json`)).headers.get('etag');
    const before = await etag();
    other.publish({ minimum: '1.0.0' });
    expect(await etag()).not.toBe(before);
  });

  /** Of a file of `size` bytes: what is asked for, the status, the first byte sent and the one after the last. */
  const ranges = (size: number): [range: string, status: number, from: number, to: number][] => [
    ['bytes=100-199', 206, 100, 200],
    [`bytes=${size - 96}-`, 206, size - 96, size],
    ['bytes=-96', 206, size - 96, size],
    [`bytes=${size - 96}-${size + 999}`, 206, size - 96, size],
    [`bytes=${size}-`, 416, 0, 0],
    ['bytes=0-1,5-6', 200, 0, size],
    ['bytes=9-5', 200, 0, size],
    ['lines=1-2', 200, 0, size],
  ];
  for (const [kind, path] of [
    ['a package', PACKAGE],
    ['metadata', 'metadata/timestamp.json'],
  ] as const) {
    const whole = readFileSync(feed.at(path));
    for (const [range, status, from, to] of ranges(whole.length)) {
      test(`${range} of ${kind}: ${status}`, async () => {
        const answer = await get(path, { range });
        expect(answer.status).toBe(status);
        const said = {
          200: null,
          206: `bytes ${from}-${to - 1}/${whole.length}`,
          416: `bytes */${whole.length}`,
        };
        expect(answer.headers.get('content-range')).toBe(said[status as 200 | 206 | 416]);
        if (status === 416) return;
        expect(Buffer.from(await answer.bytes()).equals(whole.subarray(from, to))).toBe(true);
      });
    }
  }

  test('a range is of the content that If-Range names, else the whole', async () => {
    const same = await get(PACKAGE, { range: 'bytes=10-', 'if-range': ETAG });
    expect([same.status, (await same.bytes()).length]).toEqual([206, 4086]);
    const other = await get(PACKAGE, { range: 'bytes=10-', 'if-range': '"another"' });
    expect([other.status, (await other.bytes()).length]).toEqual([200, 4096]);
  });

  test('405 to every other method, and which it takes', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const answer = await get(PACKAGE, {}, method);
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    }
  });
});

describe('release serve gives nothing but the feed:', () => {
  mkdirSync(feed.at('.work'));
  writeFileSync(feed.at('.work', 'secret'), 'secret');
  writeFileSync(feed.at('repository.json'), 'secret');
  mkdirSync(feed.at('targets', '.hidden'));
  writeFileSync(feed.at('targets', '.hidden', 'secret'), 'secret');
  symlinkSync(feed.at('.work'), feed.at('targets', 'way-out'));
  symlinkSync(feed.at('repository.json'), feed.at('metadata', 'out.json'));
  symlinkSync('timestamp.json', feed.at('metadata', 'inside.json'));
  symlinkSync('/etc/passwd', feed.at('targets', 'passwd'));
  symlinkSync('loop', feed.at('targets', 'loop'));

  // As they are written, past a client that tidies addresses up.
  const paths = [
    '/',
    '/.work/secret',
    '/repository.json',
    '/targets',
    '/targets/',
    '/targets/releases',
    '/targets/.hidden/secret',
    '/targets/../repository.json',
    '/targets/..%2frepository.json',
    '/targets/%2e%2e/repository.json',
    '/targets/%2e%2e%2frepository.json',
    '/targets/..%5crepository.json',
    '/targets/%00',
    '/targets/%zz',
    '//etc/passwd',
    '/targets//etc/passwd',
    '/metadata/../.work/secret',
    '/metadata/%252e%252e/repository.json',
    '/targets/way-out/secret',
    '/metadata/out.json',
    '/targets/passwd',
    '/targets/loop',
    `/targets/${'a'.repeat(300)}`,
  ];
  for (const path of paths) {
    test(path.slice(0, 60), async () => {
      const answer = await raw(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 404 /);
      expect(answer).not.toContain('secret');
      expect(answer).not.toContain('root:');
    });
  }

  test('a symlink that stays inside is a file like others', async () => {
    expect((await get('metadata/inside.json')).status).toBe(200);
  });
});

/** Everything that comes back over a connection of its own. */
function raw(request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(server.url);
    const socket = net.connect(Number(port), hostname, () => socket.write(request));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}

/** Two publishers at once: the older feed never replaces the newer one. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { BusyError, NetworkError, UsageError } from '../../lib/errors.ts';
import { nativeDisk } from '../../lib/platform/native-disk.ts';
import { bucketDestination } from '../../release/publish/bucket.ts';
import { compare } from '../../release/publish/compare.ts';
import { requireComplete } from '../../release/publish/complete.ts';
import { folderDestination } from '../../release/publish/folder.ts';
import { planPublish } from '../../release/publish/plan.ts';
import { send } from '../../release/publish/send.ts';
import { readPublished } from '../../release/repository/published.ts';
import { makeFeed, type TestFeed } from '../release/feed.ts';
import { noise } from '../release/run.ts';
import { makeCertificates } from '../support/servers/certificates.ts';
import { filesOf, host, publishOn, scratch } from './support.ts';

const place = scratch();
let feed: TestFeed;
beforeAll(async () => {
  feed = await makeFeed();
  await feed.add('1.0.0', { 'linux-x64': noise(1, 10_000) });
  cpSync(feed.folder, place.at('first'), { recursive: true });
  await feed.add('1.1.0', { 'linux-x64': noise(2, 10_000) });
});
afterAll(() => {
  feed[Symbol.dispose]();
  place[Symbol.dispose]();
});

test('a folder to which another published meanwhile keeps the newer timestamp', async () => {
  const to = place.at('to');
  const destination = folderDestination(nativeDisk, to);
  const published = readPublished(host, place.at('first'));
  const plan = planPublish(await compare(published, destination, false));
  await publishOn(nativeDisk, feed.folder, to);
  const stop = new AbortController().signal;
  const { named } = requireComplete(published);
  const late = send(plan, { published, destination, named, report: () => undefined, stop });
  await expect(late).rejects.toThrow(BusyError);
  const name = 'metadata/timestamp.json';
  expect(filesOf(to).get(name)).toEqual(readFileSync(`${feed.folder}/${name}`));
});

/** One object. `between` runs after it was read, before it is written. */
function store(before: string | null, { conditions, between }: { conditions: boolean; between?: string }) {
  let content = before;
  const etag = () => `"${new Bun.CryptoHasher('md5').update(content ?? '').digest('hex')}"`;
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      if (request.method !== 'PUT') {
        const answer =
          content === null
            ? new Response('<Error><Code>NoSuchKey</Code></Error>', { status: 404 })
            : new Response(content, { headers: { ETag: etag() } });
        if (request.method === 'GET') content = between ?? content;
        return answer;
      }
      const [match, none] = [request.headers.get('if-match'), request.headers.get('if-none-match')];
      if (!conditions && (match !== null || none !== null)) return new Response('', { status: 501 });
      const fits = match === null ? content === null : match === etag();
      if (conditions && !fits) return new Response('', { status: 412 });
      content = await request.text();
      return new Response('');
    },
  });
  const account = { endpoint: server.url.href, accessKeyId: 'a', secretAccessKey: 'b', bucket: 'feed' };
  const clock = { ...host.clock, sleep: async () => undefined };
  const client = new Bun.S3Client(account);
  const destination = bucketDestination({ bucket: 'feed', prefix: '' }, { ...host, clock }, client);
  return { destination, content: () => content, [Symbol.dispose]: () => void server.stop(true) };
}

describe('an object of a bucket', () => {
  const bytes = (text: string | null) => (text === null ? null : new TextEncoder().encode(text));
  const replace = ({ destination }: ReturnType<typeof store>, before: string | null) =>
    destination.replace('metadata/timestamp.json', new TextEncoder().encode('new'), bytes(before));

  test.each([
    ['old', true],
    [null, true],
    ['old', false],
    [null, false],
  ])('is replaced if it is what was read (%p, conditions: %p)', async (before, conditions) => {
    using bucket = store(before, { conditions });
    await replace(bucket, before);
    expect(bucket.content()).toBe('new');
    // As after an attempt whose answer was lost.
    await replace(bucket, before);
  });

  test.each([true, false])('that changed before is left alone (conditions: %p)', async (conditions) => {
    using bucket = store('newer', { conditions });
    await expect(replace(bucket, 'old')).rejects.toThrow(BusyError);
    await expect(replace(bucket, null)).rejects.toThrow(BusyError);
    expect(bucket.content()).toBe('newer');
  });

  test.each(['old', null])(
    'that changes between the look and the write is left alone (%p)',
    async (before) => {
      using bucket = store(before, { conditions: true, between: 'newer' });
      await expect(replace(bucket, before)).rejects.toThrow(BusyError);
      expect(bucket.content()).toBe('newer');
    },
  );
});

describe('a storage is not used', () => {
  const at = (endpoint: string) => {
    const client = new Bun.S3Client({ endpoint, accessKeyId: 'a', secretAccessKey: 'b', bucket: 'feed' });
    const clock = { ...host.clock, sleep: async () => undefined };
    return bucketDestination({ bucket: 'feed', prefix: '' }, { ...host, clock }, client).list();
  };

  test('that is not encrypted, unless it is on this machine', async () => {
    await expect(at('http://storage.test')).rejects.toThrow(UsageError);
  });

  test('that speaks TLS 1.2 at most', async () => {
    mkdirSync(place.at('tls'));
    const { cert, key } = makeCertificates(place.at('tls')).good;
    const server = https.createServer(
      { cert: readFileSync(cert), key: readFileSync(key), maxVersion: 'TLSv1.2' },
      (_, response) => response.end('<ListBucketResult></ListBucketResult>'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const list = at(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await expect(list).rejects.toThrow(NetworkError);
    await expect(list).rejects.toThrow(/reaching it failed: EPROTO/);
    server.close();
  });
});

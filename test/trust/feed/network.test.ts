/** A feed over the real network, from a real server that misbehaves at each file in turn. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { InterruptedError, NetworkError, TrustError } from '../../../lib/errors.ts';
import { nativeHost } from '../../../lib/platform/native.ts';
import { nativeNetwork } from '../../../lib/platform/network/native.ts';
import { type Feed, networkSource, openFeed, type SourceLimits } from '../../../lib/trust/index.ts';
import { refused } from './client.ts';
import { NOW, Repository } from './repository.ts';
import { type Serving, serve } from './serving.ts';

const NAMES = ['2.root.json', 'timestamp.json', '1.snapshot.json', '1.targets.json'];
/** For servers that answer at once, and for those that never do. */
const USUAL: SourceLimits = { idleTimeout: 5000, totalTime: 20_000 };
const SHORT: SourceLimits = { idleTimeout: 1000, totalTime: 20_000 };

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'dgmo-feed-'));
const repository = new Repository();
let server: Serving;

beforeAll(async () => {
  server = await serve(path.join(folder, 'served'), repository);
});

afterAll(async () => {
  await server.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

let homes = 0;

function feed(limits = USUAL, signal?: AbortSignal): Feed {
  const { disk, locks, platform, clock } = nativeHost();
  const network = nativeNetwork({ environment: {} });
  return openFeed({
    disk,
    locks,
    platform,
    folder: path.join(folder, `home-${homes++}`),
    source: networkSource({ network, clock, limits, ...(signal && { signal }) }),
    baseUrl: `http://127.0.0.1:${server.port}`,
    compiledInRoot: repository.trustedRoot,
    now: () => NOW,
  });
}

test('a server that is well', async () => {
  await server.behave({});
  expect((await feed().target('dgmo.json'))?.length).toBe(3);
});

describe('at each file', () => {
  const endings: [string, new (message: string) => Error, RegExp, SourceLimits?][] = [
    ['endless', TrustError, /wanted at most \d+ bytes, found more/],
    ['announced', TrustError, /wanted at most \d+ bytes, found more/],
    ['endless-header', NetworkError, /too many headers/],
    ['drip', NetworkError, /did not send all of .*json within 0\.2 s/, { ...USUAL, totalTime: 200 }],
    ['stall', NetworkError, /sent nothing more within 1 s/, SHORT],
    ['silent', NetworkError, /sent no answer within 1 s/, SHORT],
    ['cut', NetworkError, /closed the connection/],
    ['reset', NetworkError, /closed the connection/],
    ['html', NetworkError, /a web page came/],
    ['html-as-json', NetworkError, /wanted JSON/],
    ['empty', NetworkError, /wanted JSON/],
    ['packed', NetworkError, /encoded \(gzip\)/],
    ['loop', NetworkError, /redirect/],
    ['206', NetworkError, /answered 206/],
    ['429', NetworkError, /answered 429/],
    ['500', NetworkError, /answered 500/],
    ['503', NetworkError, /answered 503/],
  ];
  test.each(endings)('%s', async (behaviour, kind, message, limits = USUAL) => {
    for (const name of NAMES) {
      await server.behave({ [name]: behaviour });
      await refused(feed(limits).refresh(), kind, message);
      // What is in the sockets' buffers of both sides, and no more.
      expect(await server.behave({})).toBeLessThan(16 << 20);
    }
  });

  test.each([
    ['404', /the feed has no such file/],
    ['403', /the server does not give it \(403: it does not allow that\)/],
  ])('%s is "not there": the end of the roots, and a fault for all others', async (status, told) => {
    await server.behave({ '2.root.json': status });
    await feed().refresh();
    for (const name of NAMES.slice(1)) {
      await server.behave({ [name]: status });
      await refused(feed().refresh(), NetworkError, told);
    }
  });
});

test('an interruption ends a refresh that waits', async () => {
  await server.behave({ 'timestamp.json': 'silent' });
  const stop = new AbortController();
  const refreshing = feed(USUAL, stop.signal).refresh();
  stop.abort();
  await refused(refreshing, InterruptedError, /interrupted/);
});

test('where a redirect has led to a signed address, its signature is not told', async () => {
  const answer = {
    url: 'https://bucket.test/1.root.json?X-Amz-Signature=secret',
    status: 200,
    headers: { 'content-length': '100' },
    body: new ReadableStream<Uint8Array>(),
    close: () => undefined,
  };
  const network = { request: async () => answer };
  const source = networkSource({ network, clock: nativeHost().clock });
  await expect(source.get('https://feed.test/1.root.json', 10)).rejects.toThrow(
    new TrustError('not trusted: https://bucket.test/1.root.json: wanted at most 10 bytes, found more'),
  );
});

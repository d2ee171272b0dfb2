/** A feed made by `release add` and served by `release serve`, as the updater reads it: trust, advice and bytes. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { nativeNetwork } from '../../lib/platform/network/native.ts';
import { askApi } from '../../lib/update/check/advice.ts';
import { fromUrl, host, httpClientOf, scratch, TARGET, versionsSeen } from '../publish/support.ts';
import { makeFeed, type TestFeed } from '../release/feed.ts';
import { noise } from '../release/run.ts';
import { type Serving, serving } from '../support/servers/serve.ts';

const BINARY = noise(1, 60_000);
const NEXT = Uint8Array.from(BINARY);
NEXT.fill(7, 100, 200);

describe('release serve over a feed of release add', () => {
  const place = scratch();
  let feed: TestFeed;
  let server: Serving;
  beforeAll(async () => {
    feed = await makeFeed();
    await feed.add('1.0.0', { 'linux-x64': BINARY });
    await feed.add('1.1.0', { 'linux-x64': NEXT }, { rollout: 25, risk: 'high', type: 'security' });
    server = await serving(feed.folder, '--access-log', 'off');
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    feed[Symbol.dispose]();
    place[Symbol.dispose]();
  });
  const ask = (version: string) =>
    askApi({
      network: nativeNetwork({ environment: {} }),
      clock: host.clock,
      address: server.url,
      request: () => ({ version, target: TARGET, evolutions: [] }),
    });

  test('the client verifies all of it', async () => {
    const client = httpClientOf(feed, server.url, place.at('memory'));
    expect(await versionsSeen(client, fromUrl(server.url))).toEqual(['1.1.0', '1.0.0']);
  });

  test('the API advises what the signed index says, the size of the patch among it', async () => {
    const [newest] = (await feed.index('stable', 'linux-x64'))?.releases ?? [];
    const patch = newest?.packages.find(({ kind }) => kind === 'patch');
    expect(patch).toBeDefined();
    expect(await ask('1.0.0')).toEqual({
      answer: {
        schema: 1,
        update: {
          ...{ version: '1.1.0', type: 'security', riskLevel: 'high', mandatory: false, rollout: 25 },
          ...{ size: patch?.length ?? 0, releaseDate: newest?.releaseDate ?? 0 },
        },
      },
      failure: null,
    });
    expect(await ask('1.1.0')).toEqual({ answer: { schema: 1, update: null }, failure: null });
  });

  test('a release that is revoked is advised no more', async () => {
    await feed.revoke('1.1.0', 'it loses data');
    for (;;) {
      const { answer, failure } = await ask('1.0.0');
      expect(failure).toBeNull();
      if (answer?.update === null) break;
    }
    const client = httpClientOf(feed, server.url, place.at('memory'));
    await versionsSeen(client, fromUrl(server.url));
  });
});

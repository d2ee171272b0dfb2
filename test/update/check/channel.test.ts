/** What the feed lists, read over signed documents: everything is what it was asked for, and comes in order. */
import { describe, expect, test } from 'bun:test';
import { DamagedError, NetworkError, PolicyError, TrustError } from '../../../lib/errors.ts';
import { digestBytes } from '../../../lib/platform/files.ts';
import type { Feed } from '../../../lib/trust/index.ts';
import {
  findRelease,
  MAX_PAGES,
  readChannels,
  readManifest,
  readReleases,
} from '../../../lib/update/check/channel.ts';
import { type DocumentContext, readDocument } from '../../../lib/update/check/documents.ts';
import { locateFeed } from '../../../lib/update/check/feed-location.ts';
import {
  type ChannelIndex,
  decodeIndex,
  encodeIndex,
  encodeManifest,
  encodePage,
  type ListedFile,
} from '../../../lib/version/index.ts';
import { SimulatedDisk, systemError } from '../../host/disk.ts';
import { simulatedHost } from '../../host/host.ts';
import { testManifest } from '../../version/release.ts';
import { listed, patch } from '../listed.ts';

const FEED = 'https://feed.test/';
const TARGET = { platform: 'linux', arch: 'x64' } as const;

interface Stage {
  context: DocumentContext;
  disk: SimulatedDisk;
  /** Addresses asked for, below the targets. */
  asked: string[];
  publish(path: string, bytes: Uint8Array): ListedFile;
  feed: Feed;
}

function stage(): Stage {
  const files = new Map<string, Uint8Array>();
  const asked: string[] = [];
  const disk = new SimulatedDisk();
  const host = simulatedHost({ disk, versionOf: () => null });
  const location = locateFeed(FEED, '/home/.dgmo', host.platform);
  const source = {
    get: async (url: string) => {
      const path = url.slice(location.targetUrl('').length);
      asked.push(path);
      return files.get(path) ?? null;
    },
  };
  const publish = (path: string, bytes: Uint8Array) => {
    files.set(path, bytes);
    return { path, length: bytes.length, sha256: digestBytes(bytes).sha256 };
  };
  const feed: Feed = {
    refresh: async () => undefined,
    target: async (path) => {
      const bytes = files.get(path);
      if (bytes === undefined) return null;
      const hashes = { sha256: digestBytes(bytes).sha256 };
      return { path, length: bytes.length, hashes, location: path, custom: {} };
    },
  };
  return { context: { disk: host.disk, locks: host.locks, source, location }, disk, asked, publish, feed };
}

const indexOf = (more: Partial<ChannelIndex> = {}): ChannelIndex => ({
  schema: 1,
  app: 'dgmo',
  channel: 'stable',
  ...TARGET,
  minimum: null,
  revoked: [],
  releases: [listed('3.0.0')],
  older: null,
  ...more,
});

const question = { app: 'dgmo', channel: 'stable', targets: [TARGET] };
const path = 'channels/stable/linux-x64.json';

async function first(...asked: Parameters<typeof readChannels>): Promise<ChannelIndex> {
  for await (const index of readChannels(...asked)) return index;
  return expect.unreachable('neither an index nor an error');
}

describe('the index', () => {
  test('is the one that was asked for', async () => {
    const { context, feed, publish } = stage();
    publish(path, encodeIndex(indexOf()));
    expect(await first(context, feed, question)).toEqual(indexOf());
    for (const other of [
      { app: 'other' },
      { channel: 'beta' },
      { arch: 'arm64' as const },
      { platform: 'darwin' as const },
    ]) {
      publish(path, encodeIndex(indexOf(other)));
      const read = first(context, feed, question);
      await expect(read).rejects.toThrow(TrustError);
      await expect(read).rejects.toThrow(
        'not trusted: wanted the index of dgmo stable linux-x64, found that of',
      );
    }
  });

  test('of the first target that the feed has is read, and no other is asked for', async () => {
    const { context, feed, publish, asked } = stage();
    const baseline = { ...TARGET, arch: 'x64-baseline' } as const;
    publish(path, encodeIndex(indexOf()));
    expect(await first(context, feed, { ...question, targets: [baseline, TARGET] })).toEqual(indexOf());
    publish('channels/stable/linux-x64-baseline.json', encodeIndex(indexOf(baseline)));
    asked.length = 0;
    expect(await first(context, feed, { ...question, targets: [baseline, TARGET] })).toMatchObject(baseline);
    expect(asked).toEqual(['channels/stable/linux-x64-baseline.json']);
    expect(await first(context, feed, question)).toMatchObject(TARGET);
  });

  test('of each target is read by whoever goes on, and one that is missing is no fault', async () => {
    const { context, feed, publish } = stage();
    publish(path, encodeIndex(indexOf()));
    const targets = [{ ...TARGET, arch: 'x64-baseline' } as const, TARGET];
    const all = await Array.fromAsync(readChannels(context, feed, { ...question, targets }));
    expect(all).toEqual([indexOf()]);
  });

  test('that the feed does not have is no matter of trust', async () => {
    const { context, feed } = stage();
    await expect(first(context, feed, question)).rejects.toThrow(PolicyError);
    const without: Feed = {
      ...feed,
      target: async () => ({
        path,
        length: 1,
        hashes: { sha512: 'ab'.repeat(64) },
        location: path,
        custom: {},
      }),
    };
    await expect(first(context, without, question)).rejects.toThrow(PolicyError);
  });
});

describe('an index is damaged', () => {
  const refused = (index: ChannelIndex, message: string) => {
    const bytes = new TextEncoder().encode(JSON.stringify(index));
    expect(() => decodeIndex(bytes)).toThrow(DamagedError);
    expect(() => decodeIndex(bytes)).toThrow(message);
  };
  const read = (index: ChannelIndex) => decodeIndex(encodeIndex(index));

  test.each(['3.0.0', '3.0.1'])('whose releases go on with %s after 3.0.0', (version) => {
    refused(indexOf({ releases: [listed('3.0.0'), listed(version)] }), 'wanted a version before 3.0.0');
  });

  test('whose minimum nobody can reach', () => {
    refused(indexOf({ minimum: '3.0.1' }), 'minimum: wanted at most 3.0.0');
    expect(read(indexOf({ minimum: '3.0.0' })).minimum).toBe('3.0.0');
    expect(read(indexOf({ minimum: '9.0.0', releases: [] })).minimum).toBe('9.0.0');
  });

  test('with a patch from a binary to itself', () => {
    const { binary } = listed('3.0.0');
    const from = { ...patch('2.0.0', '3.0.0', 5), fromChecksum: binary.sha256 };
    refused(indexOf({ releases: [listed('3.0.0', { packages: [from] })] }), 'wanted another binary');
    const right = indexOf({ releases: [listed('3.0.0', { packages: [patch('2.0.0', '3.0.0', 5)] })] });
    expect(read(right)).toEqual(right);
  });
});

describe('older pages', () => {
  const all = () => false;

  test('are read up to what is enough', async () => {
    const { context, publish, asked } = stage();
    const last = publish('last', encodePage({ schema: 1, releases: [listed('1.0.0')], older: null }));
    const older = publish('first', encodePage({ schema: 1, releases: [listed('2.0.0')], older: last }));
    const index = indexOf({ older });
    const versions = async (enough: Parameters<typeof readReleases>[2]) =>
      (await readReleases(context, index, enough)).map(({ version }) => version);
    expect(await versions(() => true)).toEqual(['3.0.0']);
    expect(asked).toEqual([]);
    expect(await versions((read) => read.length > 1)).toEqual(['3.0.0', '2.0.0']);
    expect(await versions(all)).toEqual(['3.0.0', '2.0.0', '1.0.0']);
    expect((await findRelease(context, index, '2.0.0'))?.version).toBe('2.0.0');
    expect(await findRelease(context, index, '2.5.0')).toBeNull();
    expect(await findRelease(context, index, '0.5.0')).toBeNull();
  });

  test.each(['3.0.0', '3.0.1', '4.0.0'])(
    'that go on with %s after 3.0.0 are not trusted',
    async (version) => {
      const { context, publish } = stage();
      const older = publish('first', encodePage({ schema: 1, releases: [listed(version)], older: null }));
      const read = readReleases(context, indexOf({ older }), all);
      await expect(read).rejects.toThrow(TrustError);
      await expect(read).rejects.toThrow(`first: wanted releases before 3.0.0, found ${version}`);
    },
  );

  test('come to an end, however many there are', async () => {
    const { context, publish, asked } = stage();
    let older: ListedFile | null = null;
    for (let page = 1; page <= MAX_PAGES + 1; page++)
      older = publish(`page-${page}`, encodePage({ schema: 1, releases: [listed(`2.0.${page}`)], older }));
    expect(await readReleases(context, indexOf({ older }), all)).toHaveLength(MAX_PAGES + 1);
    expect(asked).toHaveLength(MAX_PAGES);
  });
});

test('a manifest is of the release that names it', async () => {
  const { context, publish } = stage();
  const manifest = publish('manifest', encodeManifest(testManifest()));
  expect((await readManifest(context, listed('1.2.0', { manifest }))).version).toBe('1.2.0');
  const read = readManifest(context, listed('1.3.0', { manifest }));
  await expect(read).rejects.toThrow(TrustError);
  await expect(read).rejects.toThrow('wanted the manifest of 1.3.0, found that of 1.2.0');
});

describe('a document', () => {
  const bytes = new TextEncoder().encode('document');

  test('is asked for once, and again if the cache has something else under its name', async () => {
    const { context, disk, publish, asked } = stage();
    const wanted = publish('document', bytes);
    for (let round = 0; round < 2; round++) expect(await readDocument(context, wanted)).toEqual(bytes);
    expect(asked).toEqual(['document']);
    const cached = `${context.location.cacheFolder}/${wanted.sha256}`;
    for (const damage of [bytes.map((byte) => byte ^ 1), bytes.subarray(1), new Uint8Array(100)]) {
      asked.length = 0;
      disk.place(cached, damage);
      expect(await readDocument(context, wanted)).toEqual(bytes);
      expect(asked).toEqual(['document']);
    }
  });

  test('is asked for again if the drive can’t read it', async () => {
    const { context, publish, asked } = stage();
    const wanted = publish('document', bytes);
    await readDocument(context, wanted);
    const read = () => {
      throw systemError('EIO', 'read');
    };
    const disk = { ...context.disk, read };
    expect(await readDocument({ ...context, disk }, wanted)).toEqual(bytes);
    expect(asked).toEqual(['document', 'document']);
  });

  test('of another content than was signed is damaged, and not kept', async () => {
    const { context, disk, publish } = stage();
    const wanted = publish('document', bytes);
    for (const other of [bytes.map((byte) => byte ^ 1), bytes.subarray(1)]) {
      publish('document', other);
      await expect(readDocument(context, wanted)).rejects.toThrow(DamagedError);
      await expect(readDocument(context, wanted)).rejects.toThrow('wanted the signed 8 bytes');
    }
    expect(disk.contentOf(`${context.location.cacheFolder}/${wanted.sha256}`)).toBeNull();
  });

  test('that is missing, or larger than any', async () => {
    const { context, asked } = stage();
    const wanted = { path: 'document', length: 8, sha256: 'ab'.repeat(32) };
    await expect(readDocument(context, wanted)).rejects.toThrow(NetworkError);
    asked.length = 0;
    await expect(readDocument(context, { ...wanted, length: 2 ** 40 })).rejects.toThrow(DamagedError);
    expect(asked).toEqual([]);
  });
});

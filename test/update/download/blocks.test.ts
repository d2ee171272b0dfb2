/** Single blocks of a published binary: from real servers, from servers that misbehave, and never a byte that is not signed. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { type BlockList, readBlockList } from '../../../lib/delta/index.ts';
import { DamagedError, NetworkError } from '../../../lib/errors.ts';
import { digestBytes } from '../../../lib/platform/files.ts';
import { nativeNetwork } from '../../../lib/platform/network/native.ts';
import type { PartSource } from '../../../lib/update/blocks/fetch-parts.ts';
import { PartCollector } from '../../../lib/update/blocks/part-collector.ts';
import { planRanges } from '../../../lib/update/blocks/ranges.ts';
import { readBlocks } from '../../../lib/update/index.ts';
import { blockListPath } from '../../../lib/version/binary.ts';
import { type Binary, decodeManifest, type ListedPackage } from '../../../lib/version/index.ts';
import { makeFeed, type TestFeed } from '../../release/feed.ts';
import { content } from '../../support/servers/content.ts';
import { NGINX, startNginx } from '../../support/servers/nginx.ts';
import { serving } from '../../support/servers/serve.ts';
import { host, LIMITS, quickClock } from '../support.ts';

const BLOCK = 1 << 16;
/** 16 blocks that do not compress, in a frame each, and 15 and a half that do, in frames of four blocks and 64 KiB. */
const BINARY = content(9, 31 * BLOCK + BLOCK / 2).map((byte, at) => (at < 16 * BLOCK ? byte : byte & 3));

let feed: TestFeed;
let listed: ListedPackage;
let binary: Binary;
let list: BlockList;
let bytes: Uint8Array;

beforeAll(async () => {
  feed = await makeFeed();
  const [added] = await feed.add('1.0.0', { 'linux-x64': BINARY }, { level: 1 });
  const release = added?.release;
  const [found] = release?.packages ?? [];
  if (release === undefined || found === undefined) throw new Error('there is no package');
  listed = found;
  const inFeed = (name: string) => new Uint8Array(readFileSync(path.join(feed.folder, 'targets', name)));
  const manifest = decodeManifest(inFeed(release.manifest.path));
  const [first] = manifest.binaries;
  if (first?.blocks === undefined) throw new Error('the manifest has no list of blocks');
  binary = first;
  bytes = inFeed(listed.path);
  list = readBlockList(inFeed(blockListPath('1.0.0', binary, first.blocks.sha256)), {
    size: binary.size,
    blocks: first.blocks,
  });
});
afterAll(() => feed[Symbol.dispose]());

interface Reading {
  blocks: Map<number, Uint8Array>;
  requests: number;
  bytes: number;
}

/** The blocks, each held against the binary. */
async function read(
  urls: string[],
  wanted: readonly number[],
  more: Partial<PartSource> = {},
): Promise<Reading> {
  const blocks = new Map<number, Uint8Array>();
  const source: PartSource = {
    network: nativeNetwork({ environment: {} }),
    clock: quickClock(),
    random: host.random,
    urls,
    length: listed.length,
    limits: LIMITS,
    ...more,
  };
  const onBlock = (block: number, found: Uint8Array) => {
    expect(Buffer.compare(found, BINARY.subarray(block * BLOCK, (block + 1) * BLOCK))).toBe(0);
    blocks.set(block, found);
  };
  return { blocks, ...(await readBlocks({ source, binary, list, wanted, onBlock })) };
}

const refusal = (reading: Promise<unknown>): Promise<Error> =>
  reading.then(
    () => {
      throw new Error('it should have failed');
    },
    (error: Error) => error,
  );

describe('from a server that knows ranges', () => {
  async function expectFewBytes(url: string): Promise<void> {
    const one = await read([url], [13]);
    expect([...one.blocks.keys()]).toEqual([13]);
    expect(one.requests).toBe(2);
    expect(one.bytes).toBeLessThan(BLOCK + 3000);
    const several = await read([url], [31, 4, 5, 8, 4, 20]);
    expect([...several.blocks.keys()]).toEqual([4, 5, 8, 20, 31]);
    // The index, 4 and 5 together, 8, 20, and 31.
    expect(several.requests).toBe(5);
    expect(several.bytes).toBeLessThan(6 * BLOCK);
    expect(await read([url], [])).toEqual({ blocks: new Map(), requests: 0, bytes: 0 });
  }

  test('release serve', async () => {
    await using server = await serving(feed.folder, '--access-log', 'off');
    await expectFewBytes(`${server.url}targets/${listed.path}`);
  });

  test.skipIf(NGINX === null)('nginx', async () => {
    await using nginx = await startNginx({
      root: feed.folder,
      home: path.join(feed.folder, '..', 'nginx'),
    });
    await expectFewBytes(`${nginx.url}targets/${listed.path}`);
  });
});

type Answer = (range: { first: number; last: number }, count: number) => Response;

/** A server that answers as it likes. */
async function withServer<T>(answer: Answer, use: (url: string, asked: string[]) => Promise<T>): Promise<T> {
  const asked: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch(request) {
      const range = request.headers.get('range') ?? '';
      asked.push(range);
      const [first = '0', last = '0'] = range.replace('bytes=', '').split('-');
      return answer({ first: Number(first), last: Number(last) }, asked.length);
    },
  });
  try {
    return await use(`http://127.0.0.1:${server.port}/package`, asked);
  } finally {
    await server.stop(true);
  }
}

function part(first: number, last: number, of = bytes): Response {
  const headers = { 'content-range': `bytes ${first}-${last}/${of.length}` };
  return new Response(of.slice(first, last + 1), { status: 206, headers });
}

describe('from a server that', () => {
  test('ignores ranges, the file is read up to the last block', async () => {
    await withServer(
      () => new Response(bytes.slice()),
      async (url, asked) => {
        const { blocks, bytes: count } = await read([url], [2, 9, 14]);
        expect([...blocks.keys()]).toEqual([2, 9, 14]);
        expect(asked.length).toBe(2);
        expect(count).toBeGreaterThan(14 * BLOCK);
      },
    );
  });

  test('breaks off, what has come is not asked for again', async () => {
    const breaking: Answer = ({ first, last }, count) =>
      count === 2 ? brokenOff(first, first + BLOCK + 9000, last) : part(first, last);
    await withServer(breaking, async (url, asked) => {
      expect([...(await read([url], [4, 5, 6])).blocks.keys()]).toEqual([4, 5, 6]);
      const [, second, third] = asked.map((range) => Number(/\d+/.exec(range)?.[0]));
      expect(third).toBeGreaterThan((second ?? 0) + BLOCK - 1);
      expect(asked.length).toBe(3);
    });
  });

  test('is busy for a moment, it is asked again', async () => {
    const busy: Answer = ({ first, last }, count) =>
      count % 2 === 1 ? new Response('', { status: 503 }) : part(first, last);
    await withServer(busy, async (url) => {
      expect([...(await read([url], [0])).blocks.keys()]).toEqual([0]);
    });
  });

  test.each<[what: string, answer: Answer, error: typeof DamagedError | typeof NetworkError]>([
    [
      'has other bytes',
      ({ first, last }) =>
        part(
          first,
          last,
          bytes.map((byte) => byte ^ 1),
        ),
      DamagedError,
    ],
    [
      'has other bytes in the frames alone',
      ({ first, last }, count) => part(first, last, count === 1 ? bytes : bytes.map((byte) => byte ^ 1)),
      DamagedError,
    ],
    ['has a shorter file', ({ first, last }) => part(first, last, bytes.slice(0, -1)), NetworkError],
    [
      'has a longer file, and ignores ranges',
      () => new Response(Buffer.concat([bytes, Buffer.of(1)])),
      DamagedError,
    ],
    ['sends another range', ({ first, last }) => part(first + 1, last + 1), NetworkError],
    ['sends less than it says', ({ first, last }) => brokenOff(first, first + 10, last), NetworkError],
    ['has nothing', () => new Response('', { status: 404 }), NetworkError],
    [
      'sends a page',
      () => new Response('<html>', { headers: { 'content-type': 'text/html' } }),
      NetworkError,
    ],
  ])('%s, nothing comes out; another server is asked', async (_, answer, error) => {
    await withServer(answer, async (bad) => {
      expect(await refusal(read([bad], [3, 17]))).toBeInstanceOf(error);
      const good: Answer = ({ first, last }) => part(first, last);
      await withServer(good, async (url) => {
        expect([...(await read([bad, url], [3, 17])).blocks.keys()]).toEqual([3, 17]);
      });
    });
  });

  test('stops in the middle of an answer, when the caller stops', async () => {
    const stop = new AbortController();
    const hanging: Answer = ({ first, last }, count) => {
      if (count === 1) return part(first, last);
      stop.abort();
      return part(first, last);
    };
    await withServer(hanging, async (url) => {
      expect(await refusal(read([url], [3], { signal: stop.signal }))).toMatchObject({ exitCode: 130 });
    });
  });
});

/** Ends at `end`, although it says that it goes to `last`. */
function brokenOff(first: number, end: number, last: number): Response {
  return new Response(bytes.slice(first, end), {
    status: 206,
    headers: { 'content-range': `bytes ${first}-${last}/${bytes.length}` },
  });
}

test('a block that the binary has not, and a release without frames, are refused before anything is asked', async () => {
  await withServer(
    () => new Response(''),
    async (url, asked) => {
      for (const block of [32, -1, 0.5])
        expect(await refusal(read([url], [block]))).toBeInstanceOf(RangeError);
      const { frames: _, ...old } = binary;
      const source = {
        network: nativeNetwork({ environment: {} }),
        clock: quickClock(),
        random: host.random,
      };
      const request = { source: { ...source, urls: [url], length: listed.length }, list, wanted: [1] };
      expect(await refusal(readBlocks({ ...request, binary: old, onBlock: () => undefined }))).toBeInstanceOf(
        DamagedError,
      );
      expect(asked).toEqual([]);
    },
  );
});

const someParts = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 100_000 }), fc.integer({ min: 1, max: 50_000 })), {
    maxLength: 12,
  })
  .map((gaps) => {
    let offset = 0;
    return gaps.map(([gap, length]) => {
      const one = { offset: offset + gap, length };
      offset = one.offset + length;
      return one;
    });
  });

test('ranges hold every part, in order, and join only parts that are near each other', () => {
  fc.assert(
    fc.property(someParts, (parts) => {
      const ranges = planRanges(parts);
      for (const { offset, length } of parts) {
        const holding = ranges.filter(({ first, last }) => first <= offset && offset + length - 1 <= last);
        expect(holding.length).toBe(1);
      }
      for (const [index, { first }] of ranges.entries()) {
        const before = ranges[index - 1];
        if (before !== undefined) expect(first - before.last - 1).toBeGreaterThan(1 << 15);
      }
      const between = ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
      const wanted = parts.reduce((sum, { length }) => sum + length, 0);
      expect(between - wanted).toBeLessThanOrEqual((1 << 15) * Math.max(0, parts.length - 1));
    }),
  );
});

test('parts come out whole, whatever pieces an answer comes in, and wherever it begins', async () => {
  await fc.assert(
    fc.asyncProperty(
      someParts,
      fc.array(fc.integer({ min: 1, max: 90_000 }), { minLength: 1, maxLength: 30 }),
      fc.nat(60_000),
      async (places, pieces, start) => {
        const file = content(3, 1_900_000);
        const parts = places.map((place) => ({ ...place, ...digestOf(file, place) }));
        const taken: number[] = [];
        const collector = new PartCollector(parts, (one, found) => {
          expect(Buffer.compare(found, file.subarray(one.offset, one.offset + one.length))).toBe(0);
          taken.push(one.offset);
        });
        collector.begin(start);
        let at = start;
        for (const size of pieces) {
          await collector.take(file.subarray(at, at + size));
          at += size;
        }
        const whole = parts.filter(({ offset, length }) => offset >= start && offset + length <= at);
        expect(taken).toEqual(whole.map(({ offset }) => offset));
        expect(collector.missing.length).toBe(parts.length - taken.length);
      },
    ),
    { numRuns: 50 },
  );
});

function digestOf(file: Uint8Array, { offset, length }: { offset: number; length: number }) {
  return { sha256: digestBytes(file.subarray(offset, offset + length)).sha256 };
}

/** One request of a download, with a network and a clock that the test moves: when it is given up, and what it leaves. */
import { describe, expect, test } from 'bun:test';
import { DamagedError } from '../../../lib/errors.ts';
import type { Network } from '../../../lib/platform/network/network.ts';
import { cachePaths } from '../../../lib/update/cache/layout.ts';
import { fetchOnce, rangeFault } from '../../../lib/update/download/fetch-once.ts';
import { DEFAULT_LIMITS, type DownloadLimits } from '../../../lib/update/download/limits.ts';
import { PartialFile } from '../../../lib/update/download/partial-file.ts';
import { Meter } from '../../../lib/update/download/progress.ts';
import { SimulatedDisk } from '../../host/disk.ts';
import { simulatedHost } from '../../host/host.ts';

const FOLDER = '/cache';
const LENGTH = 10;

interface Served {
  status?: number;
  headers?: Record<string, string>;
  /** Bytes of each piece, and the milliseconds that pass before it. */
  pieces?: [bytes: number, wait: number][];
}

function stage(limits: Partial<DownloadLimits> = {}, slept: number[] = []) {
  const disk = new SimulatedDisk();
  disk.place(`${FOLDER}/other`, new Uint8Array());
  const host = simulatedHost({ disk, versionOf: () => null });
  let now = 0;
  const clock = {
    ...host.clock,
    monotonic: () => now,
    sleep: async (milliseconds: number) => {
      slept.push(milliseconds);
      now += milliseconds;
    },
  };
  const partial = new PartialFile(host.disk, cachePaths(FOLDER, 'ab'.repeat(32)), FOLDER, LENGTH);
  const asked: Record<string, string>[] = [];
  const fetch = ({ status = 200, headers = {}, pieces = [[LENGTH, 0]] }: Served, deadline = 1000) => {
    const network: Network = {
      request: async (request) => {
        asked.push({ ...request.headers });
        return {
          status,
          headers,
          url: request.url,
          body: (async function* () {
            for (const [bytes, wait] of pieces) {
              now += wait;
              yield new Uint8Array(bytes);
            }
          })(),
          close: () => undefined,
        };
      },
    };
    return fetchOnce({
      network,
      clock,
      url: 'https://feed.test/file',
      partial,
      meter: new Meter(clock, LENGTH, undefined),
      limits: { ...DEFAULT_LIMITS, ...limits },
      deadline,
      headers: {},
      signal: undefined,
    });
  };
  return { partial, fetch, asked };
}

describe('the time for all attempts', () => {
  test('ends a request that goes on, with what has come', async () => {
    const { partial, fetch } = stage();
    const pieces: [number, number][] = Array.from({ length: LENGTH }, () => [1, 400]);
    await expect(fetch({ pieces })).rejects.toMatchObject({ reason: 'timeout' });
    expect(partial.received).toBe(3);
  });

  test('does not refuse a file that is whole at that moment', async () => {
    const { partial, fetch } = stage();
    await fetch({ pieces: [[LENGTH, 2000]] });
    expect(partial.received).toBe(LENGTH);
  });

  test('may be used up to its last millisecond', async () => {
    const { partial, fetch } = stage();
    await fetch({
      pieces: [
        [1, 1000],
        [LENGTH - 1, 0],
      ],
    });
    expect(partial.received).toBe(LENGTH);
  });
});

test('a download that is limited takes as long as its bytes take at that speed, and is no slower server for it', async () => {
  const slept: number[] = [];
  const { partial, fetch } = stage({ maximumSpeed: 100, minimumSpeed: 90, speedWindow: 50 }, slept);
  await fetch({ pieces: Array.from({ length: LENGTH }, () => [1, 0]) });
  expect(partial.received).toBe(LENGTH);
  expect(slept.reduce((sum, one) => sum + one, 0)).toBe(100);
});

test('a server that is slower than the slowest is given up after a whole window, and not before', async () => {
  const limits = { minimumSpeed: 10, speedWindow: 500 };
  const slow = stage(limits);
  await expect(
    slow.fetch(
      {
        pieces: [
          [1, 499],
          [1, 1],
        ],
      },
      1e6,
    ),
  ).rejects.toMatchObject({ reason: 'slow' });
  expect(slow.partial.received).toBe(2);
  const enough = stage(limits);
  await enough.fetch(
    {
      pieces: [
        [5, 500],
        [5, 500],
      ],
    },
    1e6,
  );
  expect(enough.partial.received).toBe(LENGTH);
});

test('an end that comes too early is a lost connection, and the rest is asked for by range', async () => {
  const { partial, fetch, asked } = stage();
  const headers = { etag: '"one"' };
  await expect(fetch({ headers, pieces: [[4, 0]] })).rejects.toMatchObject({ reason: 'lost' });
  await fetch({ status: 206, headers: { ...headers, 'content-range': 'bytes 4-9/10' }, pieces: [[6, 0]] });
  expect(partial.received).toBe(LENGTH);
  expect(asked).toEqual([{}, { range: 'bytes=4-', 'if-range': '"one"' }]);
});

test('a byte too many is never written', async () => {
  const { partial, fetch } = stage();
  await expect(
    fetch({
      pieces: [
        [LENGTH - 1, 0],
        [2, 0],
      ],
    }),
  ).rejects.toThrow(DamagedError);
  expect(partial.received).toBe(LENGTH - 1);
});

describe('an answer is refused', () => {
  test.each([
    [
      'that announces another length',
      { headers: { 'content-length': '11' } },
      'has 11 bytes, wanted the signed 10',
    ],
    ['that is a page', { headers: { 'content-type': 'text/html' } }, ''],
    ['that is encoded', { headers: { 'content-encoding': 'gzip' } }, 'sent the file encoded (gzip)'],
    ['that is a part nobody asked for', { status: 206 }, 'a part of the file that was not asked for'],
    ['with an error', { status: 500 }, '500'],
    ['that says there is nothing', { status: 204 }, '204'],
  ])('%s', async (_, served, message) => {
    const { partial, fetch } = stage();
    const refused = fetch(served).catch((error: unknown) => error);
    expect(await refused).toMatchObject({
      message: expect.stringContaining(message),
      advice: expect.stringMatching(/\.$/),
    });
    expect(partial.received).toBe(0);
  });
});

test('a file that is another one now is begun again', async () => {
  const { partial, fetch } = stage();
  await expect(fetch({ headers: { etag: '"one"' }, pieces: [[4, 0]] })).rejects.toThrow();
  const other = { status: 206, headers: { etag: '"two"', 'content-range': 'bytes 4-9/10' } };
  await expect(fetch(other)).rejects.toMatchObject({ reason: 'changed' });
  expect(partial.received).toBe(0);
});

/** Four bytes have come with these headers. */
async function begun(headers: Record<string, string>) {
  const here = stage();
  await expect(here.fetch({ headers, pieces: [[4, 0]] })).rejects.toMatchObject({ reason: 'lost' });
  return here;
}

const rest = { status: 206, pieces: [[6, 0]] as [number, number][] };
const range = { 'content-range': 'bytes 4-9/10' };
const date = { 'last-modified': 'Thu, 26 Nov 2026 10:00:00 GMT' };

describe('the rest', () => {
  test.each([
    ['by a strong ETag', { etag: '"one"', ...date }, '"one"'],
    ['by its date, if the ETag is weak', { etag: 'W/"one"', ...date }, date['last-modified']],
    ['by its date, if the ETag is none', { etag: 'one two', ...date }, date['last-modified']],
    ['by nothing', {}, undefined],
  ])('is asked for %s', async (_, headers, validator) => {
    const { partial, fetch, asked } = await begun(headers);
    await fetch({ ...rest, headers: { ...headers, ...range } });
    expect(partial.received).toBe(LENGTH);
    expect(asked[1]).toEqual({ range: 'bytes=4-', ...(validator && { 'if-range': validator }) });
  });

  test.each([
    ['another ETag', { etag: '"one"' }, { etag: '"two"' }],
    ['another date', date, { 'last-modified': 'Fri, 27 Nov 2026 10:00:00 GMT' }],
  ])('of a file with %s is refused, whole or in part', async (_, before, now) => {
    for (const answer of [{ ...rest, headers: { ...now, ...range } }, { headers: now }]) {
      const { partial, fetch } = await begun(before);
      await expect(fetch(answer)).rejects.toMatchObject({ reason: 'changed' });
      expect(partial.received).toBe(0);
    }
  });

  test('of a file that says nothing more of itself is taken: the digest decides', async () => {
    const { partial, fetch } = await begun({ etag: '"one"', ...date });
    await fetch({ ...rest, headers: range });
    expect(partial.received).toBe(LENGTH);
  });

  test('answered with the whole file is begun again', async () => {
    const { partial, fetch } = await begun({ etag: '"one"' });
    await fetch({ headers: { etag: '"one"', 'content-length': '10' } });
    expect(partial.received).toBe(LENGTH);
  });

  test('that the server does not have (416) is begun again; without a range it is an error like others', async () => {
    const { partial, fetch } = await begun({ etag: '"one"' });
    await expect(fetch({ status: 416 })).rejects.toMatchObject({ reason: 'changed' });
    expect(partial.received).toBe(0);
    await expect(fetch({ status: 416 })).rejects.toThrow('416');
  });

  test('of another place is refused, and all of it is asked for the next time', async () => {
    const { partial, fetch } = await begun({ etag: '"one"' });
    const wrong = { ...rest, headers: { etag: '"one"', 'content-range': 'bytes 3-9/10' } };
    await expect(fetch(wrong)).rejects.toMatchObject({ reason: 'protocol' });
    expect(partial.received).toBe(0);
  });
});

test.each([
  ['bytes 4-9/10', null],
  ['bytes 4-9/*', null],
  [' bytes 4-4/10 ', null],
  [undefined, 'no Content-Range'],
  ['bytes */10', 'the Content-Range "bytes */10"'],
  ['bits 4-9/10', 'the Content-Range "bits 4-9/10"'],
  ['bytes 4-9/11', 'a range of 11 bytes instead of 10'],
  ['bytes 5-9/10', 'a range from byte 5 instead of 4'],
  ['bytes 4-3/10', 'a range up to byte 3 of 10'],
  ['bytes 4-10/10', 'a range up to byte 10 of 10'],
])('the range %j is %j', (value, fault) => {
  expect(rangeFault(value, 4, 10)).toBe(fault);
});

test('what is whole is not asked for', async () => {
  const { fetch, asked } = stage();
  await fetch({});
  await fetch({});
  expect(asked).toHaveLength(1);
});

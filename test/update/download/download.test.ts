/** Downloads from a real server that misbehaves in every way it can. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { type DownloadProgress, download } from '../../../lib/update/index.ts';
import { content, sha256 } from '../../support/servers/content.ts';
import { type ServerProcess, startServer } from '../../support/servers/start.ts';
import {
  askedFor,
  brokenOff,
  type Fixture,
  failure,
  fixture,
  HALF,
  LIMITS,
  leaping,
  quickClock,
} from '../support.ts';

let server: ServerProcess;
let cache: Fixture;
let seed = 100;

beforeAll(async () => {
  server = await startServer('origin');
});
afterAll(() => server.stop());
beforeEach(() => {
  cache = fixture();
  seed++;
});
afterEach(() => cache.remove());

/** It arrived whole, and nothing else is left. */
function expectWhole(file: string): void {
  expect(Buffer.from(fs.readFileSync(file)).equals(content(seed))).toBe(true);
  expect(cache.cached()).toEqual([sha256(content(seed))]);
}

describe('a server that is well', () => {
  test('brings the file, and the second time nothing is asked of it', async () => {
    const seen: DownloadProgress[] = [];
    const request = cache.request(server, 'good', seed, { onProgress: (progress) => seen.push(progress) });
    expectWhole(await download(request));
    expectWhole(await download(request));
    expect((await askedFor(server, `good/${seed}`)).length).toBe(1);
    expect(seen[0]).toMatchObject({ state: 'receiving', received: 0, length: 1 << 20, resumed: 0 });
    expect(seen.at(-1)).toMatchObject({ state: 'done', received: 1 << 20 });
  });

  test('a damaged file in the cache is fetched again', async () => {
    fs.writeFileSync(path.join(cache.folder, sha256(content(seed))), 'damaged');
    expectWhole(await download(cache.request(server, 'good', seed)));
  });

  test('an empty file', async () => {
    const empty = { length: 0, sha256: sha256(new Uint8Array()) };
    const file = await download(cache.request(server, 'good', seed, empty));
    expect(fs.readFileSync(file).length).toBe(0);
  });

  test('a redirect on the way', async () => {
    expectWhole(await download(cache.request(server, 'moved', seed)));
  });
});

describe('never a byte more than is signed', () => {
  test.each(['endless', 'short', 'wrong-digest'])('%s', async (behaviour) => {
    let largest = 0;
    const request = cache.request(server, behaviour, seed);
    const { disk } = request;
    request.disk = {
      ...disk,
      write(handle, bytes, position) {
        largest = Math.max(largest, position + bytes.length);
        return disk.write(handle, bytes, position);
      },
    };
    const error = await failure(request);
    expect([error.exitCode, error.name]).toEqual([11, 'DamagedError']);
    expect(largest).toBeLessThanOrEqual(request.length);
    expect(cache.cached()).toEqual([]);
    expect((await askedFor(server, `${behaviour}/${seed}`)).length).toBe(1);
  });
});

describe('answers that are no file', () => {
  test.each([
    ['not-found', 1, /answered 404 for \/not-found/],
    ['broken', 3, /answered 500/],
    ['loop', 1, /circle/],
    ['html', 1, /a web page came instead/],
    ['junk', 3, /not valid HTTP/],
  ])('%s', async (behaviour, asked, message) => {
    const error = await failure(cache.request(server, behaviour, seed));
    expect(error.exitCode).toBe(13);
    expect(error.message).toMatch(message);
    expect((await askedFor(server, `${behaviour}/${seed}`)).length).toBe(asked);
    expect(cache.cached()).toEqual([]);
  });

  test('a 503 that passes is waited for, with jitter', async () => {
    const clock = quickClock();
    expectWhole(await download(cache.request(server, 'broken-once', seed, { clock })));
    const waited = clock.slept.reduce((sum, one) => sum + one, 0);
    expect(waited).toBeGreaterThanOrEqual(250);
    expect(waited).toBeLessThanOrEqual(501);
  });

  test('the next address takes over', async () => {
    const [missing, damaged, good] = ['not-found', 'wrong-digest', 'good'].map(
      (behaviour) => `http://127.0.0.1:${server.port}/${behaviour}/${seed}`,
    );
    const urls = [missing ?? '', damaged ?? '', good ?? ''];
    expectWhole(await download(cache.request(server, 'good', seed, { urls })));
  });
});

describe('connections that break', () => {
  test('in the middle: the rest is asked for, nothing twice', async () => {
    expectWhole(await download(brokenOff(server, cache.request(server, 'reset-once', seed))));
    const asked = await askedFor(server, `reset-once/${seed}`);
    expect(asked.map(({ range }) => range)).toEqual([null, `bytes=${HALF}-`]);
    expect(asked.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(1 << 20);
  });

  test('again and again, as long as there is progress', async () => {
    const limits = { ...LIMITS, attempts: 2, progressBytes: 1000 };
    expectWhole(await download(cache.request(server, 'cut', seed, { limits })));
  });

  test('a server that is gone: what has come stays, and a later run goes on', async () => {
    const gone = await startServer('origin');
    const request = cache.request(gone, 'reset-once', seed, { limits: { ...LIMITS, attempts: 1 } });
    expect((await failure(brokenOff(gone, request))).exitCode).toBe(13);
    await gone.stop();
    const refused = await failure({ ...request, limits: { ...LIMITS, attempts: 2 } });
    expect(refused.message).toMatch(/refused the connection/);
    const back = await startServer('origin', { port: gone.port });
    const seen: DownloadProgress[] = [];
    const urls = [`http://127.0.0.1:${back.port}/good/${seed}`];
    expectWhole(await download({ ...request, urls, onProgress: (progress) => seen.push(progress) }));
    expect(seen[0]?.resumed).toBe(HALF);
    expect(await askedFor(back, `good/${seed}`)).toMatchObject([{ range: `bytes=${HALF}-`, bytes: HALF }]);
    await back.stop();
  });

  test('a server that comes back between two attempts', async () => {
    const first = await startServer('origin');
    const request = cache.request(first, 'good', seed);
    await first.stop();
    let back: ServerProcess | undefined;
    const clock = quickClock();
    const comesBack = {
      ...clock,
      async sleep(milliseconds: number) {
        back ??= await startServer('origin', { port: first.port });
        await clock.sleep(milliseconds);
      },
    };
    expectWhole(await download({ ...request, clock: comesBack }));
    await back?.stop();
  });
});

describe('ranges', () => {
  test('answered with the whole file: from the start, correctly', async () => {
    expectWhole(await download(brokenOff(server, cache.request(server, 'range-ignored', seed))));
    const asked = await askedFor(server, `range-ignored/${seed}`);
    expect(asked.map(({ range }) => range)).toEqual([null, `bytes=${HALF}-`]);
  });

  test('answered with another range: refused, then all of it', async () => {
    const reasons: string[] = [];
    const onProgress = ({ reason }: DownloadProgress) => void (reason !== undefined && reasons.push(reason));
    const request = cache.request(server, 'range-wrong', seed, { onProgress });
    expectWhole(await download(brokenOff(server, request)));
    expect(reasons.at(-1)).toMatch(new RegExp(`a range from byte ${HALF - 100} instead of ${HALF}`));
  });

  test('of a file that changed: noticed by its ETag, once more from the start', async () => {
    expectWhole(await download(brokenOff(server, cache.request(server, 'changing', seed))));
    // The second one is told that it is another file, and the third asks for all of that.
    expect((await askedFor(server, `changing/${seed}`)).map(({ range }) => range)).toEqual([
      null,
      `bytes=${HALF}-`,
      null,
    ]);
  });

  test('of a file that changed and has no ETag: noticed by its digest, once more from the start', async () => {
    expectWhole(await download(brokenOff(server, cache.request(server, 'changing-unnoticed', seed))));
    const asked = await askedFor(server, `changing-unnoticed/${seed}`);
    expect(asked.map(({ range }) => range)).toEqual([null, `bytes=${HALF}-`, null]);
  });

  test('of a file that never stops changing: given up', async () => {
    const error = await failure(brokenOff(server, cache.request(server, 'changing-always', seed)));
    expect(error.exitCode).toBe(13);
    expect(error.message).toMatch(/changed while it was downloaded/);
  });

  test('a partial that is longer than the file, or has a damaged record', async () => {
    const partial = path.join(cache.folder, `${sha256(content(seed))}.partial`);
    fs.writeFileSync(partial, new Uint8Array((1 << 20) + 1));
    expectWhole(await download(cache.request(server, 'good', seed)));
    for (const record of ['', '{"length":1048576,"url":7}', '{"length":3}', '[]', 'x'.repeat(20_000)]) {
      fs.rmSync(path.join(cache.folder, sha256(content(seed))));
      fs.writeFileSync(partial, content(seed).subarray(0, 1000));
      fs.writeFileSync(partial.replace('.partial', '.json'), record);
      expectWhole(await download(cache.request(server, 'good', seed)));
    }
  });

  test('a partial that is whole already is only checked; one that is whole and wrong is fetched again', async () => {
    const partial = path.join(cache.folder, `${sha256(content(seed))}.partial`);
    fs.writeFileSync(partial, content(seed));
    expectWhole(await download(cache.request(server, 'good', seed)));
    expect(await askedFor(server, `good/${seed}`)).toEqual([]);
    fs.rmSync(path.join(cache.folder, sha256(content(seed))));
    fs.writeFileSync(partial, content(1));
    expectWhole(await download(cache.request(server, 'good', seed)));
  });
});

describe('time', () => {
  test('a connection that stalls', async () => {
    const limits = { ...LIMITS, idleTimeout: 2000, attempts: 1 };
    const error = await failure(cache.request(server, 'stall', seed, { limits }));
    expect([error.exitCode, error.message]).toEqual([
      13,
      `127.0.0.1:${server.port} sent nothing more within 2 s`,
    ]);
    expect(cache.cached().some((name) => name.endsWith('.partial'))).toBe(true);
  });

  test('a server that sends one byte at a time', async () => {
    const limits = { ...LIMITS, speedWindow: 60, minimumSpeed: 10_000, attempts: 2 };
    const error = await failure(cache.request(server, 'drip', seed, { limits }));
    expect([error.exitCode, error.message]).toEqual([
      13,
      `127.0.0.1:${server.port} sent less than 10000 bytes a second for 0.06 s`,
    ]);
  });

  test('the whole of it', async () => {
    const error = await failure(
      cache.request(server, 'drip', seed, { limits: { ...LIMITS, totalTime: 100 } }),
    );
    expect(error).toMatchObject({
      exitCode: 13,
      // Of all addresses and routes, not of this file.
      reason: 'timeout',
      message: `the download from 127.0.0.1:${server.port} was not done within 0.1 s`,
    });
    const pausing = await failure(
      cache.request(server, 'broken', seed, { limits: { ...LIMITS, totalTime: 50 } }),
    );
    expect(pausing.message).toMatch(/not done within 0.05 s/);
  });
});

describe('another process that downloads the same file', () => {
  const held = { locks: { acquire: () => null } };

  test('and never ends: busy, in bounded time, with nothing written', async () => {
    const seen: DownloadProgress[] = [];
    const limits = { ...LIMITS, totalTime: 10_000 };
    const onProgress = (progress: DownloadProgress) => void seen.push(progress);
    const error = await failure(cache.request(server, 'good', seed, { ...held, limits, onProgress }));
    expect([error.exitCode, error.message]).toEqual([14, 'another process is still downloading this file']);
    expect(new Set(seen.map(({ state }) => state))).toEqual(new Set(['waiting']));
    expect(await askedFor(server, `good/${seed}`)).toEqual([]);
    expect(cache.cached()).toEqual([]);
  });

  test('is waited for until the person stops it', async () => {
    const person = new AbortController();
    const onProgress = () => person.abort();
    const error = await failure(
      cache.request(server, 'good', seed, { ...held, signal: person.signal, onProgress }),
    );
    expect(error.exitCode).toBe(130);
  });
});

describe('the person', () => {
  test('stops it, and what has come stays', async () => {
    const person = new AbortController();
    const onProgress = ({ received }: DownloadProgress) => {
      if (received === HALF) person.abort();
    };
    const clock = { ...quickClock(), monotonic: leaping() };
    const request = cache.request(server, 'gate', seed, { clock, signal: person.signal, onProgress });
    const error = await failure(request);
    expect([error.exitCode, error.message]).toEqual([
      130,
      'the download was interrupted: nothing was installed',
    ]);
    expect(fs.statSync(path.join(cache.folder, `${request.sha256}.partial`)).size).toBe(HALF);
    expectWhole(await download(cache.request(server, 'gate', seed)));
    const asked = await askedFor(server, `gate/${seed}`);
    expect(asked.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(1 << 20);
  });

  test('stops it in a pause', async () => {
    const person = new AbortController();
    const onProgress = ({ state }: DownloadProgress) => void (state === 'pausing' && person.abort());
    const error = await failure(cache.request(server, 'broken', seed, { signal: person.signal, onProgress }));
    expect(error.exitCode).toBe(130);
  });
});

test('what is no digest or no length is refused before anything happens', async () => {
  await expect(download(cache.request(server, 'good', seed, { sha256: '../x' }))).rejects.toThrow(/sha256/);
  await expect(download(cache.request(server, 'good', seed, { length: -1 }))).rejects.toThrow(/length/);
});

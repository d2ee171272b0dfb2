/** Downloads by processes of their own: killed in the middle, two at once, one that dies while another waits. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'bun:test';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { DownloadRequest } from '../../lib/update/index.ts';
import { content, LARGE, sha256 } from '../support/servers/content.ts';
import { type ServerProcess, startServer } from '../support/servers/start.ts';
import { askedFor, type DownloadProgress, type Fixture, fixture } from './support.ts';

const HALF = 1 << 19;
const CHILD = path.join(import.meta.dir, '../support/servers/download-child.ts');
let server: ServerProcess;
let cache: Fixture;
let seed = 500;

beforeAll(async () => {
  server = await startServer('origin');
});
afterAll(() => server.stop());
beforeEach(() => {
  cache = fixture();
  seed++;
});
afterEach(() => cache.remove());

type Line = Omit<DownloadProgress, 'state'> & {
  state: string;
  file: string;
  error: string;
  peak: number | null;
};

interface Child {
  process: ChildProcess;
  /** Reads on until a line is as wanted. */
  until(wanted: (line: Line) => boolean): Promise<Line>;
}

function startDownload(more: Partial<DownloadRequest> = {}): Child {
  const { urls, length, sha256: digest, cacheFolder } = cache.request(server, 'gate', seed, more);
  const child = spawn(
    process.execPath,
    [CHILD, JSON.stringify({ urls, length, sha256: digest, cacheFolder })],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    process: child,
    async until(wanted) {
      for (;;) {
        const { value, done } = await lines.next();
        if (done === true) throw new Error('the child ended');
        const line = JSON.parse(String(value)) as Line;
        if (wanted(line)) return line;
      }
    },
  };
}

/** Until the half that the server lets go is on the disk. */
async function halfWay(): Promise<void> {
  const partial = path.join(cache.folder, `${sha256(content(seed))}.partial`);
  while (!fs.existsSync(partial) || fs.statSync(partial).size < HALF) await server.served();
}

async function kill({ process: child }: Child): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

async function expectServedOnce(requests: number): Promise<void> {
  const asked = await askedFor(server, `gate/${seed}`);
  expect(asked.length).toBe(requests);
  expect(asked.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(1 << 20);
  expect(cache.cached()).toEqual([sha256(content(seed))]);
}

test('killed in the middle: the next run fetches the rest and nothing twice', async () => {
  const first = startDownload();
  await halfWay();
  await kill(first);
  const second = startDownload();
  const { file } = await second.until(({ state }) => state === 'file');
  expect(Buffer.from(fs.readFileSync(file)).equals(content(seed))).toBe(true);
  expect((await askedFor(server, `gate/${seed}`))[1]?.range).toBe(`bytes=${HALF}-`);
  await expectServedOnce(2);
});

test('two at once: one downloads, both have it', async () => {
  const first = startDownload();
  await halfWay();
  const second = startDownload();
  const { received } = await second.until(({ state }) => state === 'waiting');
  expect(received).toBe(HALF);
  await server.open();
  const files = await Promise.all(
    [first, second].map((child) => child.until(({ state }) => state === 'file')),
  );
  expect(files[0]?.file).toBe(files[1]?.file ?? '');
  await expectServedOnce(1);
});

test('one dies while another waits: that one goes on where it stopped', async () => {
  const first = startDownload();
  await halfWay();
  const second = startDownload();
  await second.until(({ state }) => state === 'waiting');
  await kill(first);
  await second.until(({ state }) => state === 'file');
  await expectServedOnce(2);
});

test.skipIf(process.platform !== 'linux')('the memory of it does not grow with the file', async () => {
  const large = await startServer('origin', { mode: 'large' });
  const urls = [`http://127.0.0.1:${large.port}/large/7`];
  const child = startDownload({ urls, length: LARGE, sha256: sha256(content(7, LARGE)) });
  const { peak } = await child.until(({ state }) => state === 'file');
  await large.stop();
  expect(peak).toBeGreaterThan(0);
  expect((peak ?? 0) * 1024).toBeLessThan(0.85 * LARGE);
});

import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { nativeNetwork } from '../../lib/platform/network/native.ts';
import {
  CHECK_PATH,
  decodeCheckAnswer,
  encodeCheckRequest,
  MAX_CHECK_REQUEST,
} from '../../lib/update/check/check-api.ts';
import { feedFolder, TARGET } from '../support/servers/feed-folder.ts';
import { type Serving, serving } from '../support/servers/serve.ts';

const feed = feedFolder({ releases: ['1.1.0', '1.0.0'] });
let server: Serving;
beforeAll(async () => {
  server = await serving(feed.folder, '--access-log', 'off');
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  feed[Symbol.dispose]();
});

interface Asked {
  version?: string;
  channel?: string;
  server?: Serving;
}

function ask({ version = '1.0.0', channel, server: to = server }: Asked = {}): Promise<Response> {
  const { headers, body } = encodeCheckRequest({ version, target: TARGET, evolutions: [], channel });
  return fetch(`${to.url.slice(0, -1)}${CHECK_PATH}`, { method: 'POST', headers, body: Buffer.from(body) });
}

const offered = async (asked: Asked = {}) => {
  const answer = await ask(asked);
  expect(answer.status).toBe(200);
  return decodeCheckAnswer(await answer.bytes(), asked.version ?? '1.0.0').update?.version ?? null;
};

describe('the check API', () => {
  test("answers the updater's own network, and may not be kept by a cache", async () => {
    const { headers, body } = encodeCheckRequest({ version: '1.0.0', target: TARGET, evolutions: ['a'] });
    const response = await nativeNetwork({ environment: {} }).request({
      ...{ url: `${server.url.slice(0, -1)}${CHECK_PATH}`, method: 'POST', headers, body },
      ...{ idleTimeout: 5000 },
    });
    const chunks: Uint8Array[] = [];
    for await (const chunk of response.body) chunks.push(chunk);
    expect([response.status, response.headers['cache-control']]).toEqual([200, 'no-store']);
    expect(decodeCheckAnswer(Buffer.concat(chunks), '1.0.0').update).toMatchObject({
      version: '1.1.0',
      mandatory: false,
      rollout: 100,
    });
  });

  test('knows nothing newer than the newest', async () => {
    expect(await offered({ version: '1.1.0' })).toBeNull();
  });

  test('404 for a channel that there is not', async () => {
    expect((await ask({ channel: 'beta' })).status).toBe(404);
    expect((await ask({ channel: 'constructor' })).status).toBe(404);
  });

  test('400 to what is no question, and says why', async () => {
    const answer = await fetch(`${server.url.slice(0, -1)}${CHECK_PATH}`, { method: 'POST', body: '{}' });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({
      error: expect.stringMatching(/^Content-Type: wanted application\/json/),
    });
  });

  test('405 to GET, and that it takes POST', async () => {
    const answer = await fetch(`${server.url.slice(0, -1)}${CHECK_PATH}`);
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
  });

  const large = 'x'.repeat(MAX_CHECK_REQUEST + 1);
  const head = `POST ${CHECK_PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n`;
  test('413 to a body that announces too much, before it is sent', async () => {
    expect(await raw(`${head}Content-Length: ${large.length}\r\n\r\n`)).toStartWith('HTTP/1.1 413 ');
    expect(await raw(`${head}Content-Length: 99999999999\r\n\r\n`)).toStartWith('HTTP/1.1 413 ');
  });

  test('413 to a body that announces nothing and is too much', async () => {
    const chunk = `${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`;
    expect(await raw(`${head}Transfer-Encoding: chunked\r\n\r\n${chunk}`)).toStartWith('HTTP/1.1 413 ');
  });

  // The server's own limits, of 10 s each: together.
  test.concurrent('408 to a body that does not come', async () => {
    expect(await raw(`${head}Content-Length: 100\r\n\r\n{`)).toStartWith('HTTP/1.1 408 ');
  });

  test.concurrent('closes a connection that sends no whole head', async () => {
    expect(await raw(`POST ${CHECK_PATH} HTTP/1.1\r\nHost: x\r\n`)).not.toContain('200');
  });
});

describe('the check API and a repository that changes', () => {
  test('sees what is published, at once for a release that was revoked', async () => {
    using feed = feedFolder({ releases: ['1.2.0', '1.1.0', '1.0.0'] });
    await using server = await serving(feed.folder, '--access-log', 'off');
    expect(await offered({ server })).toBe('1.2.0');
    feed.publish({ revoked: [{ version: '1.2.0', reason: 'it eats files' }] });
    await until(async () => (await offered({ server })) === '1.1.0');
  });

  test('goes on with what was published before, where the new one is not whole', async () => {
    using feed = feedFolder();
    await using server = await serving(feed.folder, '--access-log', 'off');
    expect(await offered({ server })).toBe('1.1.0');
    writeFileSync(feed.at('metadata', 'timestamp.json'), 'half');
    const failures = async () =>
      (await (await fetch(`${server.url}metrics`)).text()).match(/failures\{.*\} (\d+)/)?.[1];
    await until(async () => {
      expect(await offered({ server })).toBe('1.1.0');
      return Number(await failures()) > 0;
    });
    feed.publish({ revoked: [{ version: '1.1.0', reason: 'bad' }] });
    await until(async () => (await offered({ server })) === null);
  });

  test('503 where it cannot be read from the start, and well when it can', async () => {
    using feed = feedFolder();
    rmSync(feed.at('metadata', 'timestamp.json'));
    await using server = await serving(feed.folder, '--access-log', 'off');
    const answer = await ask({ server });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '30']);
    feed.publish({});
    await until(async () => (await ask({ server })).status === 200);
  });
});

/** Asks until it is so; the test's own time limit ends it otherwise. */
async function until(so: () => Promise<boolean>): Promise<void> {
  while (!(await so()));
}

/** Everything that comes back, until the server closes the connection. */
function raw(request: string): Promise<string> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(server.url);
    const socket = net.connect(Number(port), hostname, () => socket.write(request));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    // A server that refuses a body may reset the connection on which the rest of it still comes.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
  });
}

/** What is asked, which answers are refused, and that nothing is left of a request. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { getEventListeners } from 'node:events';
import type { Socket } from 'node:net';
import { nativeNetwork } from '../../../lib/platform/network/native.ts';
import { content } from '../../support/servers/content.ts';
import { bytesOf, openRawServer, type RawServer, send } from './raw-server.ts';

/** Answers that are not valid HTTP/1.1. */
const malformed: Record<string, string> = {
  'another version': 'HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nhi',
  'a header without a colon': 'HTTP/1.1 200 OK\r\nContent\r\n\r\n',
  'two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi!',
  'a length that is no number': 'HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nhi',
  'a piece whose size is no number': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxy\r\nhi\r\n',
  'a coding that nobody knows': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: x\r\n\r\nhi',
  'another protocol': 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
  'too many headers': `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(1000)}\r\n`,
  'a header of 8 MB': `HTTP/1.1 200 OK\r\nX: ${'y'.repeat(8 << 20)}\r\n\r\n`,
};

const body = content(1, 8 << 20);
const length = `Content-Length: ${body.length}`;

const answers: Record<string, (socket: Socket) => void> = {
  ...Object.fromEntries(
    Object.entries(malformed).map(([what, answer]) => [what, (socket: Socket) => void socket.write(answer)]),
  ),
  length: (socket) => send(socket, ['200 OK', length], body),
  nothing: (socket) => send(socket, ['200 OK', 'Content-Length: 0']),
  silent: () => undefined,
  stall: (socket) => send(socket, ['200 OK', length], 'x'),
};

let server: RawServer;
const ask: RawServer['ask'] = (...args) => server.ask(...args);
beforeAll(async () => {
  server = await openRawServer(answers);
});
afterAll(() => server?.close());

test('what is asked: unpacked, without the credentials of the address, without a word about the runtime', async () => {
  const { port } = server;
  const request = { url: `http://user:secret@127.0.0.1:${port}/nothing`, idleTimeout: 5000 };
  const response = await nativeNetwork({ environment: {} }).request(request);
  response.close();
  expect(response.url).toBe(`http://127.0.0.1:${port}/nothing`);
  const lines = server.lastAsked().trimEnd().split('\r\n');
  expect(lines.shift()).toBe('GET /nothing HTTP/1.1');
  expect(lines.sort()).toEqual([
    'Accept-Encoding: identity',
    'Accept: */*',
    'Connection: close',
    `Host: 127.0.0.1:${port}`,
    'User-Agent: dgmo-updater',
  ]);
});

test.each(Object.keys(malformed))('an answer with %s is refused', async (what) => {
  const answer = (async () => bytesOf(await ask(encodeURIComponent(what))))();
  await expect(answer).rejects.toThrow(/sent something that is not valid HTTP, or too many headers$/);
});

describe('nothing is left of a request', () => {
  const person = new AbortController();
  const { signal } = person;
  const closed = async (): Promise<void> => {
    while (server.open.size > 0) await new Promise((resolve) => setImmediate(resolve));
  };
  const leave = async () => {
    for await (const _ of (await ask('length', { signal })).body) return;
  };
  const late = async (where: string) => {
    const got = ask(where, { idleTimeout: 20, signal }).then(bytesOf);
    await expect(got).rejects.toThrow('within 0.02 s');
  };
  const interrupt = async (where: string, begun: () => boolean) => {
    const other = new AbortController();
    let count = 0;
    const read = async () => {
      for await (const chunk of (await ask(where, { signal: other.signal })).body) count += chunk.length;
    };
    const reading = read();
    while (!begun() && count === 0) await new Promise((resolve) => setImmediate(resolve));
    other.abort();
    await expect(reading).rejects.toThrow('interrupted');
    expect(getEventListeners(other.signal, 'abort')).toEqual([]);
  };
  test.each<[how: string, act: () => Promise<unknown>]>([
    ['whose body was read', async () => bytesOf(await ask('length', { signal }))],
    ['that had no body', async () => bytesOf(await ask('nothing', { signal }))],
    ['that was closed unread', async () => (await ask('length', { signal })).close()],
    ['whose body was left', leave],
    ['that was never answered', () => late('silent')],
    ['whose body stopped', () => late('stall')],
    ['that was interrupted before its answer', () => interrupt('silent', () => server.open.size > 0)],
    ['that was interrupted within its body', () => interrupt('stall', () => false)],
  ])('%s', async (_, act) => {
    await closed();
    await act();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    await closed();
  });
});

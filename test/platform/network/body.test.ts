/** Where a body ends, and what becomes of its chunks. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { Socket } from 'node:net';
import { content } from '../../support/servers/content.ts';
import { bytesOf, openRawServer, type RawServer, send } from './raw-server.ts';

const SIZE = 3 << 20;
const body = content(1, SIZE);
const HUGE = 64 << 20;
const length = `Content-Length: ${SIZE}`;

/** What is sent, by the path that is asked for. */
const answers: Record<string, (socket: Socket) => void> = {
  length: (socket) => send(socket, ['200 OK', length], body),
  pieces(socket) {
    send(socket, ['200 OK', 'Transfer-Encoding: chunked']);
    for (let at = 0; at < SIZE; at += 1 << 19) {
      socket.write(`${(1 << 19).toString(16)}\r\n`);
      socket.write(body.subarray(at, at + (1 << 19)));
      socket.write('\r\n');
    }
    socket.end('0\r\n\r\n');
  },
  close: (socket) => send(socket, ['200 OK'], body).end(),
  more: (socket) => send(socket, ['200 OK', length], Buffer.concat([body, body])),
  range: (socket) => send(socket, ['206 Partial Content', length], body),
  nothing: (socket) => send(socket, ['200 OK', 'Content-Length: 0']),
  head: (socket) => send(socket, ['200 OK', length]).end(),
  'no-content': (socket) => send(socket, ['204 No Content']).end(),
  // RFC 9110, section 8.6: the length that the file has.
  'not-modified': (socket) => send(socket, ['304 Not Modified', length]).end(),
  packed: (socket) => send(socket, ['200 OK', 'Content-Encoding: gzip', 'Content-Length: 2'], 'hi'),
  error: (socket) => send(socket, ['404 Not Found', 'Content-Length: 3'], Buffer.from('not')),
  interim(socket) {
    send(socket, ['103 Early Hints', 'Link: </style>']);
    send(socket, ['200 OK', length], body);
  },
  crumbs(socket) {
    socket.setNoDelay(true);
    const header = `HTTP/1.1 200 OK\r\n${length}\r\n\r\n`;
    const drop = (at: number) => {
      if (at < header.length) socket.write(header.charAt(at), () => drop(at + 1));
      else socket.write(body);
    };
    drop(0);
  },
  'less-by-end': (socket) => send(socket, ['200 OK', length], body.subarray(1)).end(),
  'pieces-by-end': (socket) => send(socket, ['200 OK', 'Transfer-Encoding: chunked'], '5\r\nabc').end(),
  slow(socket) {
    send(socket, ['200 OK', `Content-Length: ${SLOW}`]);
    let left = SLOW;
    const timer = setInterval(() => {
      socket.write('x');
      if (--left === 0) clearInterval(timer);
    }, 10);
  },
  huge(socket) {
    send(socket, ['200 OK', `Content-Length: ${HUGE}`]);
    poured = 0;
    const pour = () => {
      while (poured < HUGE && !socket.destroyed) {
        poured += SIZE;
        if (!socket.write(body)) return;
      }
    };
    socket.on('drain', pour);
    pour();
  },
};

/** Bytes of `slow`, one every 10 ms. */
const SLOW = 150;

/** Bytes of `huge` that the system took. */
let poured = 0;

let server: RawServer;
const ask: RawServer['ask'] = (...args) => server.ask(...args);
beforeAll(async () => {
  server = await openRawServer(answers);
});
afterAll(() => server?.close());

/** Lets the loop turn, a request each, so that whatever could come has come. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await bytesOf(await ask('error'));
}

describe('where it ends', () => {
  test.each(['length', 'pieces', 'close', 'more', 'range', 'interim', 'crumbs'])('%s', async (where) => {
    const found = await bytesOf(await ask(where));
    expect(found.length).toBe(SIZE);
    expect(found.equals(body)).toBe(true);
  });

  test('where there is none', async () => {
    expect((await bytesOf(await ask('nothing'))).length).toBe(0);
    expect((await bytesOf(await ask('no-content'))).length).toBe(0);
    expect((await bytesOf(await ask('not-modified'))).length).toBe(0);
    expect((await bytesOf(await ask('head', { method: 'HEAD' }))).length).toBe(0);
  });

  test('of an answer that is no success', async () => {
    const response = await ask('error');
    expect(response.status).toBe(404);
    expect((await bytesOf(response)).toString()).toBe('not');
  });

  test('of an answer that is packed: as it was sent', async () => {
    const response = await ask('packed');
    expect(response.headers['content-encoding']).toBe('gzip');
    expect((await bytesOf(response)).toString()).toBe('hi');
  });

  test.each([
    ['less-by-end', SIZE - 1],
    ['pieces-by-end', 3],
  ])('too early (%s)', async (where, came) => {
    let found = 0;
    const read = async () => {
      for await (const chunk of (await ask(where)).body) found += chunk.length;
    };
    await expect(read()).rejects.toThrow(/closed the connection before it was done/);
    // Not always all of it: fetch drops what nobody had asked for when the connection ended.
    expect(found).toBeLessThanOrEqual(came);
  });
});

describe('its chunks', () => {
  test('stay what they were', async () => {
    const given: Uint8Array[] = [];
    for await (const chunk of (await ask('length')).body) given.push(chunk);
    expect(Buffer.concat(given).equals(body)).toBe(true);
  });

  test('are not handed out any more once the person has enough', async () => {
    const person = new AbortController();
    const { body } = await ask('huge', { signal: person.signal });
    let count = 0;
    const read = async () => {
      for await (const { length } of body) {
        expect(person.signal.aborted).toBe(false);
        expect(length).toBeGreaterThan(0);
        if (++count < 3) continue;
        // Long enough for the next ones to be there.
        await turns(30);
        person.abort();
      }
    };
    await expect(read()).rejects.toThrow('interrupted');
  });

  test('may come for longer than the peer may be silent, and take the caller as long', async () => {
    const idleTimeout = 500;
    let count = 0;
    for await (const { length } of (await ask('slow', { idleTimeout })).body) {
      count += length;
      if (count !== 3) continue;
      const begun = performance.now();
      while (performance.now() - begun < 1.5 * idleTimeout) await turns(1);
    }
    expect(count).toBe(SLOW);
  });

  test('do not pile up where the caller is slower than the peer', async () => {
    const response = await ask('huge');
    let found = 0;
    for await (const chunk of response.body) {
      found += chunk.length;
      if (found > SIZE) break;
      // As many turns of the loop as would let all of it come.
      await turns(30);
    }
    expect(poured).toBeLessThan(HUGE / 2);
  });
});

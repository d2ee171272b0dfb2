/**
 * A server that misbehaves by the path that is asked for: /<behaviour>/<seed>. The body is `content(seed)`. Plain http,
 * or https where it is given a certificate. Speaks HTTP by itself, so that nothing sets right what is to be wrong.
 */
import fs from 'node:fs';
import net, { type AddressInfo, type Socket } from 'node:net';
import tls from 'node:tls';
import { options, serveQuestions } from './answer.ts';
import { content, LARGE } from './content.ts';
import type { Served } from './start.ts';

interface Ask {
  socket: Socket;
  served: Served;
  seed: number;
  /** First byte asked for, null without a range. */
  from: number | null;
  ifRange: string | null;
  body: Uint8Array;
  /** How often this path was asked for before. */
  before: number;
}

const served: Served[] = [];
const waiting: (() => void)[] = [];
const drips = new Set<ReturnType<typeof setInterval>>();

function send(ask: Ask, head: string[], body: Uint8Array | string, end = true): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  ask.served.bytes += bytes.length;
  if (head.length > 0) ask.socket.write(`HTTP/1.1 ${head.join('\r\n')}\r\n\r\n`);
  ask.socket.write(bytes);
  if (end) ask.socket.end();
}

const reply = (ask: Ask, status: string, ...headers: string[]) =>
  send(ask, [status, ...headers, 'Content-Length: 0'], '');

/** The head of an honest answer, and the bytes that belong to it. */
function honest({ from, body, ifRange }: Ask, etag: string): { head: string[]; rest: Uint8Array } {
  const start = from !== null && (ifRange === null || ifRange === etag) ? from : 0;
  const rest = body.subarray(start);
  const head = [
    start > 0 ? '206 Partial Content' : '200 OK',
    `Content-Length: ${rest.length}`,
    `ETag: ${etag}`,
  ];
  if (start > 0) head.push(`Content-Range: bytes ${start}-${body.length - 1}/${body.length}`);
  return { head, rest };
}

/** Sends a part, then does the worst. */
function part(ask: Ask, bytes: number, then: (rest: Uint8Array) => void, etag = '"one"'): void {
  const { head, rest } = honest(ask, etag);
  send(ask, head, rest.subarray(0, bytes), false);
  then(rest.subarray(bytes));
}

const HALF = 1 << 19;
const reset = (ask: Ask) => () => void setTimeout(() => ask.socket.resetAndDestroy(), 20);
// A reset throws away what the other side has not read yet. Where that matters, it comes when the test says so.
const resetWhenOpened = (ask: Ask) => () => void waiting.push(() => void ask.socket.resetAndDestroy());
const whole = (ask: Ask, etag = '"one"') => part(ask, ask.body.length, () => ask.socket.end(), etag);

const behaviours: Record<string, (ask: Ask) => void> = {
  good: (ask) => whole(ask),
  endless(ask) {
    ask.socket.write('HTTP/1.1 200 OK\r\n\r\n');
    const block = content(1, 65_536);
    const pour = () => {
      while (!ask.socket.destroyed && ask.socket.write(block)) ask.served.bytes += block.length;
    };
    ask.socket.on('drain', pour);
    pour();
  },
  'endless-header'(ask) {
    ask.socket.write('HTTP/1.1 200 OK\r\n');
    const pour = () => {
      while (!ask.socket.destroyed && ask.socket.write('X-More: and more\r\n'));
    };
    ask.socket.on('drain', pour);
    pour();
  },
  drip(ask) {
    const timer = setInterval(() => ask.socket.write('x'), 10);
    drips.add(timer);
    ask.socket.on('close', () => clearInterval(timer));
    ask.socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${ask.body.length}\r\n\r\n`);
  },
  stall: (ask) => part(ask, HALF, () => undefined),
  silent: () => undefined,
  short: (ask) => send(ask, ['200 OK', 'Content-Length: 1000'], ask.body.subarray(0, 1000)),
  'wrong-digest': (ask) => send(ask, ['200 OK', `Content-Length: ${ask.body.length}`], content(999)),
  'not-found': (ask) => reply(ask, '404 Not Found'),
  broken: (ask) => reply(ask, '500 Internal Server Error'),
  'broken-once': (ask) => (ask.before === 0 ? reply(ask, '503 Busy') : whole(ask)),
  loop: (ask) => reply(ask, '302 Found', `Location: /loop-back/${ask.seed}`),
  'loop-back': (ask) => reply(ask, '302 Found', `Location: /loop/${ask.seed}`),
  further: (ask) => reply(ask, '302 Found', `Location: /further/${ask.seed + 1}`),
  moved: (ask) => reply(ask, '302 Found', `Location: /good/${ask.seed}`),
  'to-port': (ask) => reply(ask, '302 Found', `Location: http://localhost:${ask.seed}/good/1`),
  'to-http': (ask) => reply(ask, '302 Found', 'Location: http://feed.test/good/1'),
  html: (ask) =>
    send(ask, ['200 OK', 'Content-Type: text/html; charset=utf-8'], '<html>please log in</html>'),
  junk: (ask) => ask.socket.end('this is not HTTP\r\n\r\n'),
  reset: (ask) => part(ask, HALF, reset(ask)),
  'reset-once': (ask) => (ask.before === 0 ? part(ask, HALF, resetWhenOpened(ask)) : whole(ask)),
  cut: (ask) => part(ask, HALF, () => ask.socket.end()),
  'range-ignored': (ask) =>
    ask.before === 0 ? part(ask, HALF, resetWhenOpened(ask)) : whole({ ...ask, from: null }),
  'range-wrong'(ask) {
    if (ask.from === null) return ask.before === 0 ? part(ask, HALF, resetWhenOpened(ask)) : whole(ask);
    const from = ask.from - 100;
    const rest = ask.body.subarray(from);
    const range = `Content-Range: bytes ${from}-${ask.body.length - 1}/${ask.body.length}`;
    return send(ask, ['206 Partial Content', range, `Content-Length: ${rest.length}`], rest);
  },
  // The first half is of another file, by its ETag.
  changing(ask) {
    if (ask.before > 0) return whole(ask, '"two"');
    return part({ ...ask, body: content(999) }, HALF, resetWhenOpened(ask));
  },
  // The same, by a server that knows no validators.
  'changing-unnoticed'(ask) {
    const { head, rest } = honest({ ...ask, body: ask.before === 0 ? content(999) : ask.body }, '');
    const bare = head.filter((line) => !line.startsWith('ETag'));
    send(ask, bare, ask.before === 0 ? rest.subarray(0, HALF) : rest, ask.before > 0);
    if (ask.before === 0) resetWhenOpened(ask)();
  },
  'changing-always': (ask) => part(ask, HALF, resetWhenOpened(ask), `"${ask.before}"`),
  // Half of it, and the rest when the test says so.
  gate: (ask) =>
    part(ask, ask.before === 0 ? HALF : ask.body.length, (rest) => {
      if (rest.length === 0) return void ask.socket.end();
      return void waiting.push(() => send(ask, [], rest));
    }),
  large: (ask) => whole({ ...ask, body: large }),
  echo: (ask) =>
    send(
      ask,
      ['200 OK', `Content-Length: ${(ask.served.authorization ?? '').length}`],
      ask.served.authorization ?? '',
    ),
};

const large = options.mode === 'large' ? content(7, LARGE) : new Uint8Array();
const times = new Map<string, number>();

function handle(socket: Socket): void {
  socket.on('error', () => socket.destroy());
  let text = '';
  const read = (chunk: Buffer) => {
    text += chunk.toString('latin1');
    if (!text.includes('\r\n\r\n')) return;
    socket.off('data', read);
    socket.resume();
    const header = (name: string) => new RegExp(`^${name}: *(.*)\r$`, 'im').exec(text)?.[1] ?? null;
    const url = text.split(' ')[1] ?? '/';
    const [, behaviour = '', seed = '0'] = url.split('/');
    const range = header('range');
    const one: Served = { url, range, authorization: header('authorization'), bytes: 0 };
    served.push(one);
    const before = times.get(url) ?? 0;
    times.set(url, before + 1);
    const from = range === null ? null : Number(/^bytes=(\d+)-$/.exec(range)?.[1]);
    const act = behaviours[behaviour] ?? behaviours['not-found'];
    act?.({
      socket,
      served: one,
      seed: Number(seed),
      from,
      ifRange: header('if-range'),
      body: content(Number(seed)),
      before,
    });
  };
  socket.on('data', read);
}

const server =
  options.cert === undefined || options.key === undefined
    ? net.createServer(handle)
    : tls.createServer(
        {
          cert: fs.readFileSync(options.cert),
          key: fs.readFileSync(options.key),
          ...(options.maxVersion === undefined
            ? {}
            : { maxVersion: options.maxVersion as tls.SecureVersion }),
        },
        handle,
      );
server.on('tlsClientError', () => undefined);

server.listen(options.port ?? 0, '127.0.0.1', () =>
  serveQuestions((server.address() as AddressInfo).port, {
    served: () => served,
    open: () => waiting.splice(0).map((go) => go()).length,
  }),
);

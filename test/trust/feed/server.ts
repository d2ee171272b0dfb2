/**
 * A process that serves the files of a folder, and misbehaves at the one that it is told. Speaks HTTP by itself, so that
 * nothing sets right what is to be wrong. A line on standard input, `{"<name>": "<behaviour>"}`, sets what it does from
 * then on; the answer is how many bytes of body it wrote until then. A line `"<name>"` is answered as soon as that file
 * has been asked for since.
 *
 * A whole feed, its metadata and its targets, stands once more below `/<behaviour>/<kind>/`, where it misbehaves at that
 * kind of file alone: so that many clients can each be given a trouble of their own at once.
 */
import fs from 'node:fs';
import net, { type AddressInfo, type Socket } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';

interface Answer {
  socket: Socket;
  /** As it was asked for, without the leading slash. */
  name: string;
  content: Uint8Array;
  /** First byte asked for; null without a range. */
  from: number | null;
}

const KINDS: Record<string, RegExp> = {
  root: /^metadata\/\d+\.root\.json$/,
  timestamp: /^metadata\/timestamp\.json$/,
  snapshot: /^metadata\/\d+\.snapshot\.json$/,
  targets: /^metadata\/\d+\.targets\.json$/,
  delegated: /^metadata\/\d+\.(linux|darwin|win32)-[a-z0-9-]+\.json$/,
  index: /^targets\/channels\//,
  manifest: /^targets\/releases\/.*manifest\.json$/,
  package: /^targets\/releases\/.*\.dgmopkg$/,
};

let misbehaving: Record<string, string> = {};
let written = 0;
const asked = new Set<string>();
const waiting = new Map<string, () => void>();

function send(socket: Socket, status: string, body: Uint8Array | string, ...headers: string[]): void {
  const bytes = Buffer.from(body);
  written += bytes.length;
  const head = [`HTTP/1.1 ${status}`, `Content-Length: ${bytes.length}`, ...headers];
  socket.end(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), bytes]));
}

/** Writes until the other side has had enough. */
function pour(socket: Socket, block: string, count: boolean): void {
  const more = () => {
    while (!socket.destroyed && socket.write(block)) if (count) written += block.length;
  };
  socket.on('drain', more);
  more();
}

/** The rest of it from a byte on, whatever was asked for. */
function range({ socket, content }: Answer, from: number, ...headers: string[]): void {
  const where = `Content-Range: bytes ${from}-${content.length - 1}/${content.length}`;
  send(socket, '206 Partial Content', content.subarray(from), where, ...headers);
}

let changes = 0;

const BEHAVIOURS: Record<string, (answer: Answer) => void> = {
  good: ({ socket, content }) => send(socket, '200 OK', content),
  endless({ socket }) {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    pour(socket, ' '.repeat(65_536), true);
  },
  'endless-header'({ socket }) {
    socket.write('HTTP/1.1 200 OK\r\n');
    pour(socket, 'X-More: and more\r\n', false);
  },
  // Enough never to be idle.
  drip({ socket, content }) {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${content.length}\r\n\r\n`);
    const timer = setInterval(() => socket.write(' '), 5);
    socket.on('close', () => clearInterval(timer));
  },
  stall: ({ socket, content }) =>
    void socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${content.length}\r\n\r\n{`),
  silent: () => undefined,
  announced: ({ socket }) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n'),
  cut: ({ socket, content }) =>
    void socket.end(
      Buffer.concat([
        Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${content.length}\r\n\r\n`),
        content.subarray(0, 10),
      ]),
    ),
  reset({ socket }) {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{', () => socket.resetAndDestroy());
  },
  html: ({ socket }) => send(socket, '200 OK', '<html>Sign in</html>', 'Content-Type: text/html'),
  'html-as-json': ({ socket }) =>
    send(socket, '200 OK', '<html>Sign in</html>', 'Content-Type: application/json'),
  // The last digit is another one: JSON stays JSON.
  forged({ socket, content }) {
    const bytes = Buffer.from(content);
    const last = bytes.findLastIndex((byte) => byte >= 0x30 && byte < 0x39);
    bytes[last] = (bytes[last] ?? 0) + 1;
    send(socket, '200 OK', bytes);
  },
  short: ({ socket, content }) => send(socket, '200 OK', content.subarray(0, -1)),
  elsewhere: ({ socket }) => send(socket, '302 Found', '', 'Location: http://feed.test/'),
  'range-wrong': (answer) =>
    answer.from === null ? send(answer.socket, '200 OK', answer.content) : range(answer, answer.from - 100),
  'range-unvalidated': (answer) =>
    answer.from === null ? send(answer.socket, '200 OK', answer.content) : range(answer, answer.from),
  'range-changed': (answer) =>
    answer.from === null
      ? send(answer.socket, '200 OK', answer.content, 'ETag: "two"')
      : range(answer, answer.from, 'ETag: "two"'),
  // Another file each time, and never all of one.
  'range-changing'(answer) {
    const { socket, content, from } = answer;
    const etag = `ETag: "${changes++}"`;
    if (from !== null) return range(answer, from, etag);
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${content.length}\r\n${etag}\r\n\r\n`);
    socket.write(content.subarray(0, content.length >> 1));
    // Not at once: fetch drops bytes that come together with the end of the connection.
    return void setTimeout(() => socket.end(), 100);
  },
  empty: ({ socket }) => send(socket, '200 OK', ''),
  packed: ({ socket, content }) =>
    send(socket, '200 OK', Bun.gzipSync(Buffer.from(content)), 'Content-Encoding: gzip'),
  loop: ({ socket, name }) => send(socket, '302 Found', '', `Location: /${name}`),
  '206': ({ socket, content }) => send(socket, '206 Partial Content', content),
  '404': ({ socket }) => send(socket, '404 Not Found', ''),
  '403': ({ socket }) => send(socket, '403 Forbidden', ''),
  '429': ({ socket }) => send(socket, '429 Too Many Requests', ''),
  '500': ({ socket }) => send(socket, '500 Internal Server Error', '{"signed":{}}'),
  '503': ({ socket }) => send(socket, '503 Service Unavailable', ''),
};

const folder = process.argv[2] ?? '.';

function handle(socket: Socket): void {
  socket.on('error', () => socket.destroy());
  let text = '';
  const read = (chunk: Buffer) => {
    text += chunk.toString('latin1');
    if (!text.includes('\r\n\r\n')) return;
    socket.off('data', read);
    socket.resume();
    const name = (text.split(' ')[1] ?? '').slice(1);
    const [, trouble = '', kind = '', below] =
      /^([^/]+)\/([^/]+)\/((?:metadata|targets)\/.*)$/.exec(name) ?? [];
    const file = path.join(folder, below ?? name);
    const usual = fs.existsSync(file) ? 'good' : '404';
    const behaviour =
      below !== undefined && KINDS[kind]?.test(below) === true ? trouble : (misbehaving[name] ?? usual);
    const content = fs.existsSync(file) ? fs.readFileSync(file) : new Uint8Array(1000);
    const from = /^range: *bytes=(\d+)-\r$/im.exec(text)?.[1];
    BEHAVIOURS[behaviour]?.({ socket, name, content, from: from === undefined ? null : Number(from) });
    asked.add(name);
    waiting.get(name)?.();
    waiting.delete(name);
  };
  socket.on('data', read);
}

const server = net.createServer(handle);
server.listen(0, '127.0.0.1', () => {
  console.log((server.address() as AddressInfo).port);
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    const question: string | Record<string, string> = JSON.parse(line);
    if (typeof question === 'string') {
      if (asked.has(question)) console.log(1);
      else waiting.set(question, () => console.log(1));
      return;
    }
    misbehaving = question;
    console.log(written);
    written = 0;
    asked.clear();
  });
  lines.on('close', () => process.exit());
});

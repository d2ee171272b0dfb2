/**
 * A process that serves the metadata files of a folder, and misbehaves at the one that it is told. Speaks HTTP by itself,
 * so that nothing sets right what is to be wrong. A line on standard input, `{"<name>": "<behaviour>"}`, sets what it
 * does from then on; the answer is how many bytes of body it wrote until then. A line `"<name>"` is answered as soon as
 * that file has been asked for since.
 */
import fs from 'node:fs';
import net, { type AddressInfo, type Socket } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';

interface Answer {
  socket: Socket;
  name: string;
  content: Uint8Array;
}

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
  stall: ({ socket }) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{'),
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
    const file = path.join(folder, name);
    const behaviour = misbehaving[name] ?? (fs.existsSync(file) ? 'good' : '404');
    const content = fs.existsSync(file) ? fs.readFileSync(file) : new Uint8Array(1000);
    BEHAVIOURS[behaviour]?.({ socket, name, content });
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

/** A proxy. Every host is 127.0.0.1. By `mode`: honest, html, auth (user:secret), refuse, stall, junk. */
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { options, serveQuestions } from './answer.ts';
import type { Served } from './start.ts';

const served: Served[] = [];
const WANTED = `Basic ${Buffer.from('user:secret').toString('base64')}`;
const HTML = 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>please log in</html>';

function note(request: http.IncomingMessage): void {
  const authorization = request.headers['proxy-authorization'] ?? null;
  served.push({ url: request.url ?? '', range: null, authorization, bytes: 0 });
}

const server = http.createServer((request, response) => {
  note(request);
  if (options.mode === 'html') {
    response.setHeader('content-type', 'text/html');
    return response.end('<html>please log in</html>');
  }
  if (options.mode === 'auth' && request.headers['proxy-authorization'] !== WANTED) {
    response.statusCode = 407;
    return response.end();
  }
  const url = new URL(request.url ?? '');
  const { 'proxy-authorization': _, ...headers } = request.headers;
  const onward = { host: '127.0.0.1', port: url.port, path: url.pathname, headers };
  return http.get(onward, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
});

server.on('connect', (request: http.IncomingMessage, client: net.Socket) => {
  note(request);
  client.on('error', () => client.destroy());
  if (options.mode === 'stall') return;
  if (options.mode === 'html') return void client.write(HTML);
  if (options.mode === 'junk') return void client.end('what?\r\n\r\n');
  if (options.mode === 'refuse') return void client.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  if (options.mode === 'auth' && request.headers['proxy-authorization'] !== WANTED) {
    return void client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
  }
  const port = Number((request.url ?? '').split(':').pop());
  const target = net.connect(port, '127.0.0.1', () => {
    client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
    target.pipe(client);
    client.pipe(target);
  });
  target.on('error', () => client.destroy());
  target.on('close', () => client.destroy());
  client.on('close', () => target.destroy());
});

server.listen(options.port ?? 0, '127.0.0.1', () =>
  serveQuestions((server.address() as AddressInfo).port, { served: () => served }),
);

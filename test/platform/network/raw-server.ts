/** A server that answers as a test says, byte by byte, and the real network asking it. */
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { nativeNetwork } from '../../../lib/platform/network/native.ts';
import type { NetworkRequest, NetworkResponse } from '../../../lib/platform/network/network.ts';

export interface RawServer {
  port: number;
  /** Connections. */
  open: ReadonlySet<Socket>;
  /** The head of the last request. */
  lastAsked(): string;
  ask(where: string, more?: Partial<NetworkRequest>): Promise<NetworkResponse>;
  close(): void;
}

/** @param answers what is sent, by the path that is asked for, without its slash */
export async function openRawServer(answers: Record<string, (socket: Socket) => void>): Promise<RawServer> {
  const open = new Set<Socket>();
  let lastAsked = '';
  const server = net.createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => undefined);
    socket.once('data', (asked) => {
      lastAsked = asked.toString('latin1');
      answers[decodeURIComponent(/^\w+ \/(\S+)/.exec(lastAsked)?.[1] ?? '')]?.(socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const network = nativeNetwork({ environment: {} });
  return {
    ...{ port, open },
    lastAsked: () => lastAsked,
    ask: (where, more = {}) =>
      network.request({ url: `http://127.0.0.1:${port}/${where}`, idleTimeout: 5000, ...more }),
    close: () => void server.close(),
  };
}

export function send(socket: Socket, head: string[], bytes: Uint8Array | string = ''): Socket {
  socket.write(`HTTP/1.1 ${head.join('\r\n')}\r\n\r\n`);
  socket.write(bytes);
  return socket;
}

export async function bytesOf(response: NetworkResponse): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}

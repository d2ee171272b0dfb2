/** A relay before a server on this machine, which counts the bytes on the wire. */
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';

export interface Relay extends Disposable {
  /** Ends with a slash. */
  url: string;
  /** Passed on so far, both ways, headers and all. */
  bytes(): number;
  close(): void;
}

/** Passes bytes on, both ways, and counts them. */
export async function startRelay(to: number): Promise<Relay> {
  let bytes = 0;
  const relay = net.createServer((client) => {
    const server = net.connect(to, '127.0.0.1');
    for (const [from, into] of [
      [client, server],
      [server, client],
    ] as const) {
      from.on('data', (chunk) => {
        bytes += chunk.length;
      });
      from.on('error', () => into.destroy());
      from.pipe(into);
    }
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  const close = () => void relay.close();
  return {
    url: `http://127.0.0.1:${(relay.address() as AddressInfo).port}/`,
    bytes: () => bytes,
    close,
    [Symbol.dispose]: close,
  };
}

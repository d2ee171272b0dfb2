/** For programs that cannot say which port they took: one that was free a moment ago, and whether they listen there. */
import net, { type AddressInfo } from 'node:net';

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

/** Tries to connect until somebody listens; false where `alive` says no before. */
export async function answers(port: number, alive: () => boolean): Promise<boolean> {
  while (alive()) {
    const connected = await new Promise<boolean>((resolve) => {
      const socket = net.connect(port, '127.0.0.1');
      socket.on('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
    if (connected) return alive();
    await new Promise<void>((resolve) => setTimeout(resolve, 10));
  }
  return false;
}

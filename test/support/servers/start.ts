/** Starts a server program of this folder as a process of its own. Its first line is its port, each further one an event. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

export interface Served {
  url: string;
  range: string | null;
  authorization: string | null;
  /** Bytes of body written. */
  bytes: number;
}

export interface ServerProcess {
  port: number;
  /** Of everything served so far, by the server's own count. */
  served(): Promise<Served[]>;
  /** Lets go what waits at a gate. */
  open(): Promise<void>;
  stop(): Promise<void>;
}

export interface ServerOptions {
  port?: number;
  cert?: string;
  key?: string;
  /** As node:tls names them. */
  maxVersion?: string;
  /** For the proxy: how it behaves. */
  mode?: string;
}

export async function startServer(
  program: 'origin' | 'proxy',
  options: ServerOptions = {},
): Promise<ServerProcess> {
  const child = spawn(
    process.execPath,
    [path.join(import.meta.dir, `${program}.ts`), JSON.stringify(options)],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`${program} ended`);
    return String(value);
  };
  const ask = async (question: string) => {
    child.stdin.write(`${question}\n`);
    return next();
  };
  const port = Number(await next());
  return {
    port,
    served: async () => JSON.parse(await ask('served')),
    open: async () => void (await ask('open')),
    stop: () => stop(child),
  };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

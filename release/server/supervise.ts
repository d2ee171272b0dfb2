/**
 * Several serving processes on one port: the kernel deals connections out among them (SO_REUSEPORT, as Linux has it).
 * One that dies is started again, a bounded number of times; a signal to stop is handed on, and waited for.
 */
import type { Subprocess } from 'bun';
import { MachineError } from '../../lib/errors.ts';

/** Deaths within so many milliseconds that are taken for bad luck; more are a fault that starting again won't mend. */
const MAX_DEATHS = 5;
const DEATHS_WITHIN = 60_000;
/** Milliseconds beyond the grace before a process that does not stop is killed. */
const PATIENCE = 5_000;

export interface SupervisorOptions {
  processes: number;
  port: number;
  /** The command of one of them. */
  command(worker: number, port: number): string[];
  grace: number;
  /** For people. */
  tell(line: string): void;
}

/** What a worker sends when it listens. */
export interface Ready {
  url: string;
  port: number;
}

/** Runs until a signal. MachineError where the processes die too often, or the first one never listens. */
export async function supervise(options: SupervisorOptions, ready: (url: string) => void): Promise<void> {
  const children = new Map<number, Subprocess>();
  let deaths: number[] = [];
  let stopping = false;
  let end: (error: MachineError | null) => void = () => undefined;
  const ended = new Promise<MachineError | null>((resolve) => {
    end = resolve;
  });
  let port = options.port;

  const begin = (worker: number): Promise<Ready | null> =>
    new Promise((resolve) => {
      const child = Bun.spawn(options.command(worker, port), {
        stdio: ['ignore', 'inherit', 'inherit'],
        ipc: (message: Ready) => resolve(message),
        onExit: (_, code, signal) => {
          children.delete(worker);
          resolve(null);
          if (stopping) return;
          died(worker, signal ?? `exit code ${code}`);
        },
      });
      children.set(worker, child);
    });

  const died = (worker: number, how: number | string) => {
    const now = performance.now();
    deaths = [...deaths.filter((time) => now - time < DEATHS_WITHIN), now];
    if (port === 0) return;
    if (deaths.length > MAX_DEATHS) {
      const within = `${deaths.length} times within ${DEATHS_WITHIN / 1000} s`;
      end(new MachineError(`the serving processes died ${within}, the last by ${how}`));
      return;
    }
    options.tell(`worker ${worker} ended (${how}) and is started again`);
    void begin(worker);
  };

  const stop = () => {
    stopping = true;
    end(null);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  const reopen = () => {
    for (const child of children.values()) child.kill('SIGHUP');
  };
  process.on('SIGHUP', reopen);
  try {
    // The first one finds the port where any will do.
    const first = await begin(1);
    if (first === null) throw new MachineError('the first serving process ended before it listened');
    port = first.port;
    const others = Array.from({ length: options.processes - 1 }, (_, index) => begin(index + 2));
    await Promise.all(others);
    ready(first.url);
    const error = await ended;
    if (error !== null) throw error;
  } finally {
    stopping = true;
    await stopAll([...children.values()], options.grace);
    process.off('SIGTERM', stop);
    process.off('SIGINT', stop);
    process.off('SIGHUP', reopen);
  }
}

async function stopAll(children: Subprocess[], grace: number): Promise<void> {
  for (const child of children) child.kill('SIGTERM');
  const timer = setTimeout(() => {
    for (const child of children) child.kill('SIGKILL');
  }, grace + PATIENCE);
  await Promise.all(children.map(({ exited }) => exited));
  clearTimeout(timer);
}

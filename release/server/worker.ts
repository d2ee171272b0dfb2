/** One process that serves. Alone, or one of several under supervise.ts, which it tells when it listens. */
import { AccessLog } from './access-log.ts';
import { makeHandler } from './handler.ts';
import { type Address, listen } from './listen.ts';
import { Metrics } from './metrics.ts';

export interface WorkerOptions extends Address {
  repository: string;
  /** 1, 2, ... */
  worker: number;
  accessLog: string | null;
  /** Milliseconds for requests under way after the signal to stop. */
  grace: number;
}

/** Milliseconds for the body of a request. */
const BODY_TIME = 10_000;

/** Serves until a signal, or until its supervisor is gone; `ready` hears of the address. */
export async function work(
  options: WorkerOptions,
  ready: (url: string, port: number) => void,
): Promise<void> {
  const log = new AccessLog(options.accessLog, options.worker);
  const handle = makeHandler({
    repository: options.repository,
    metrics: new Metrics({ worker: options.worker, pid: process.pid }),
    log,
    bodyTime: BODY_TIME,
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
  });
  const listener = listen(options, handle);
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'disconnect'] as const) process.on(signal, () => resolve());
  });
  const reopen = () => log.reopen();
  process.on('SIGHUP', reopen);
  ready(listener.url, listener.port);
  await stopped;
  await listener.stop(options.grace);
  process.off('SIGHUP', reopen);
  log.flush();
  // The line to a supervisor would keep this process alive.
  if (process.connected) process.disconnect?.();
}

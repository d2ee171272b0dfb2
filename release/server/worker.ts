/** One process that serves. Alone, or one of several under supervise.ts, which it tells when it listens. */
import { nativeHost } from '../../lib/platform/native.ts';
import { supervisor } from '../platform/children.ts';
import { type Address, listen } from '../platform/listener.ts';
import { aborted, onHangup, withStopSignal } from '../platform/signals.ts';
import { AccessLog } from './access-log.ts';
import { makeHandler } from './handler.ts';
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
  const { clock, processes } = nativeHost();
  const log = new AccessLog(options.accessLog, options.worker, clock);
  const handle = makeHandler({
    repository: options.repository,
    metrics: new Metrics({ worker: options.worker, pid: processes.pid }),
    log,
    bodyTime: BODY_TIME,
    clock,
  });
  const listener = listen(options, handle);
  const end = onHangup(() => log.reopen());
  await withStopSignal(async (stop) => {
    ready(listener.url, listener.port);
    await Promise.race([aborted(stop), supervisor.gone()]);
    await listener.stop(options.grace);
  });
  end();
  log.flush();
  supervisor.leave();
}

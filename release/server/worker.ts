/** A serving process: the only one, or one of several under supervise.ts, which it tells that it listens. */
import { nativeHost } from '../../lib/platform/native.ts';
import { supervisor } from '../platform/children.ts';
import { type Address, listen } from '../platform/listener.ts';
import { aborted, onHangup, whileServing } from '../platform/signals.ts';
import { AccessLog } from './access-log.ts';
import { makeHandler } from './handler.ts';
import { Metrics } from './metrics.ts';

export interface WorkerOptions extends Address {
  repository: string;
  /** Folder of `release page`; it need not have a page. */
  page: string;
  /** 1, 2, ... */
  worker: number;
  accessLog: string | null;
  /** Whether /metrics answers everybody, and not only programs on this machine. */
  publicMetrics: boolean;
  /** Milliseconds for current requests to finish after a signal to stop. */
  grace: number;
}

/** Milliseconds within which the body of a request must arrive. */
const BODY_TIME = 10_000;

/** Serves until a signal, or until its supervisor is gone. Calls `ready` once it listens. */
export async function runWorker(
  options: WorkerOptions,
  ready: (url: string, port: number) => void,
): Promise<void> {
  const { clock, processes } = nativeHost();
  const log = new AccessLog(options.accessLog, options.worker, clock);
  const handle = makeHandler({
    repository: options.repository,
    page: options.page,
    metrics: new Metrics({ worker: options.worker, pid: processes.pid }),
    log,
    bodyTime: BODY_TIME,
    publicMetrics: options.publicMetrics,
    clock,
  });
  const listener = listen(options, handle);
  const end = onHangup(() => log.reopen());
  await whileServing(async (stop) => {
    ready(listener.url, listener.port);
    await Promise.race([aborted(stop), supervisor.gone()]);
    await listener.stop(options.grace);
  });
  end();
  log.flush();
  supervisor.leave();
}

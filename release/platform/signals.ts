/** Requests of the operating system and of the supervisor to end this process, or to open its log file again. */
import { ignoresHangup } from '../../lib/platform/posix/system.ts';

type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** Of a process that serves: SIGHUP is for its log file. */
const STOP_SERVING: readonly StopSignal[] = ['SIGINT', 'SIGTERM'];

let outlives: boolean | undefined;

/** Whether the work goes on when the terminal is closed, as under nohup: SIGHUP is no signal to stop then. */
export function outlivesTerminal(): boolean {
  outlives ??= ignoresHangup();
  return outlives;
}

/**
 * Runs `work`. Meanwhile Ctrl-C, SIGTERM and a terminal that is closed do not end this process but abort `stop`, so that `work`
 * can clean up.
 */
export async function withStopSignal<Result>(work: (stop: AbortSignal) => Promise<Result>): Promise<Result> {
  return await abortedBy(outlivesTerminal() ? STOP_SERVING : [...STOP_SERVING, 'SIGHUP'], work);
}

/** The same for `work` that serves. */
export async function whileServing<Result>(work: (stop: AbortSignal) => Promise<Result>): Promise<Result> {
  return await abortedBy(STOP_SERVING, work);
}

/** Whether a signal that ended a child is one of those: it may have come to it alone, or before it comes to this process. */
export function isStopSignal(signal: string | null): boolean {
  return signal === 'SIGINT' || signal === 'SIGTERM' || signal === 'SIGHUP';
}

async function abortedBy<Result>(
  signals: readonly StopSignal[],
  work: (stop: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const abort = () => controller.abort();
  for (const signal of signals) process.on(signal, abort);
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of signals) process.off(signal, abort);
  }
}

/** Resolves once `stop` is aborted. */
export function aborted(stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stop.aborted) resolve();
    else stop.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Calls `reopen` on each SIGHUP. Returns a function that ends this. */
export function onHangup(reopen: () => void): () => void {
  process.on('SIGHUP', reopen);
  return () => {
    process.off('SIGHUP', reopen);
  };
}

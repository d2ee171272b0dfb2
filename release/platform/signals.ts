/** Requests of the operating system and of the supervisor to end this process, or to open its log file again. */

const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Runs `work`. Meanwhile Ctrl-C and SIGTERM do not end this process but abort `stop`, so that `work` can clean up.
 */
export async function withStopSignal<Result>(work: (stop: AbortSignal) => Promise<Result>): Promise<Result> {
  const controller = new AbortController();
  const abort = () => controller.abort();
  for (const signal of STOP_SIGNALS) process.on(signal, abort);
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of STOP_SIGNALS) process.off(signal, abort);
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

/** Runs as many jobs at once as there are cores and as memory allows. */

export interface Limits {
  /** Jobs at once. */
  slots: number;
  /** Bytes that all jobs together may take. A job that needs more runs alone. */
  memory: number;
}

export interface Task {
  /** Bytes. */
  memory: number;
  run(signal: AbortSignal): Promise<void>;
}

/** Runs all tasks, in order as far as they fit. The first failure stops the others and is thrown. */
export async function schedule(tasks: readonly Task[], limits: Limits, stop: AbortSignal): Promise<void> {
  const aborter = new AbortController();
  const abort = () => aborter.abort();
  stop.addEventListener('abort', abort);
  const waiting = [...tasks];
  const running = new Map<Task, Promise<void>>();
  let used = 0;
  let failed: { error: unknown } | null = null;
  const start = (task: Task): void => {
    used += task.memory;
    const ended = task
      .run(aborter.signal)
      .catch((error: unknown) => {
        failed ??= { error };
        aborter.abort();
      })
      .finally(() => {
        used -= task.memory;
        running.delete(task);
      });
    running.set(task, ended);
  };
  const next = (): Task | undefined =>
    waiting.find(({ memory }) => running.size === 0 || used + memory <= limits.memory);
  try {
    for (;;) {
      for (let task = next(); task !== undefined && running.size < limits.slots; task = next()) {
        if (failed !== null || stop.aborted) break;
        waiting.splice(waiting.indexOf(task), 1);
        start(task);
      }
      if (running.size === 0) break;
      await Promise.race(running.values());
    }
  } finally {
    stop.removeEventListener('abort', abort);
  }
  if (failed !== null) throw (failed as { error: unknown }).error;
}

/**
 * A thread that computes beside this one, with a script of its own. It saves time and nothing else: whoever starts one can do the
 * work without it, as there may be no thread to be had.
 */
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { Worker } from 'node:worker_threads';

/** Milliseconds that a helper may say nothing. One that was not started by the system says nothing at all. */
const PATIENCE = 10_000;
/** Processes and threads that the user may have at least, and open files. Close to a limit, the engine ends the process as it starts a thread. */
const LEAST_LIMITS = { 'Max processes': 1024, 'Max open files': 64 };

export class HelperThread {
  readonly #worker: Worker;
  /** A step was taken for which nobody has waited yet. */
  #isHeard = false;
  #failed = false;
  #heard: () => void = () => {
    this.#isHeard = true;
  };

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.unref();
    const fail = () => {
      this.#failed = true;
      this.#heard();
    };
    worker
      .on('message', () => this.#heard())
      .on('error', fail)
      .on('exit', fail);
  }

  /**
   * Null where the machine has one processor or threads are scarce.
   *
   * @param script CommonJS. `workerData` of node:worker_threads is `data`; it calls `parentPort.postMessage` after each step
   */
  static start(script: string, data: unknown): HelperThread | null {
    if (os.availableParallelism() < 2 || !hasRoom()) return null;
    try {
      return new HelperThread(new Worker(script, { eval: true, workerData: data }));
    } catch {
      return null;
    }
  }

  /** Until it has taken a step. False if it has ended, or has taken none for ten seconds. */
  async step(): Promise<boolean> {
    if (this.#failed) return false;
    if (!this.#isHeard) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const listener = this.#heard;
      await new Promise<void>((resolve) => {
        this.#heard = () => {
          listener();
          resolve();
        };
        timer = setTimeout(resolve, PATIENCE);
      });
      clearTimeout(timer);
      this.#heard = listener;
    }
    const isHeard = this.#isHeard;
    this.#isHeard = false;
    return isHeard && !this.#failed;
  }

  end(): void {
    this.#worker.terminate().catch(() => undefined);
  }
}

/** True where there are no limits, or the system does not say. */
function hasRoom(): boolean {
  try {
    const limits = readFileSync('/proc/self/limits', 'latin1');
    return Object.entries(LEAST_LIMITS).every(([name, least]) => {
      const [, limit] = new RegExp(`^${name}\\s+(\\d+)`, 'm').exec(limits) ?? [];
      return limit === undefined || Number(limit) >= least;
    });
  } catch {
    return true;
  }
}

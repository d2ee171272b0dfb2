/**
 * Several serving processes on one port: the kernel distributes connections among them (SO_REUSEPORT, as on Linux). One
 * that dies is started again, a bounded number of times. A signal to stop is passed on, and their end is waited for.
 */
import { MachineError } from '../../lib/errors.ts';
import type { Clock } from '../../lib/platform/host.ts';
import { type Ready, type ServingProcess, startServing } from '../platform/children.ts';
import { aborted, onHangup, whileServing } from '../platform/signals.ts';
import { startTimer } from '../platform/timers.ts';

/** More deaths within so many milliseconds are a fault that starting again won't mend. */
const MAX_DEATHS = 5;
const DEATHS_WITHIN = 60_000;
/** Milliseconds beyond the grace before a process that does not stop is killed. */
const PATIENCE = 5_000;

const SEE_ABOVE = 'What they printed above says why.';

export interface SupervisorOptions {
  processes: number;
  /** 0: any that is free. */
  port: number;
  /** The command line of one of them. */
  command(worker: number, port: number): string[];
  /** Milliseconds. */
  grace: number;
  clock: Pick<Clock, 'monotonic'>;
  /** For the person at the terminal. */
  say(line: string): void;
}

/** Runs until a signal. MachineError if the processes die too often, or if the first one never listens. */
export async function supervise(options: SupervisorOptions, ready: (url: string) => void): Promise<void> {
  const { clock, say, command } = options;
  const running = new Map<number, ServingProcess>();
  let deaths: number[] = [];
  let stopping = false;
  let { port } = options;
  let fail: (error: MachineError) => void = () => undefined;
  const failed = new Promise<MachineError>((resolve) => {
    fail = resolve;
  });

  const start = (worker: number): Promise<Ready | null> =>
    new Promise((resolve) => {
      const serving = startServing(command(worker, port), resolve);
      running.set(worker, serving);
      void serving.ended.then((how) => {
        running.delete(worker);
        resolve(null);
        if (!stopping) restart(worker, how);
      });
    });

  const restart = (worker: number, how: string) => {
    const now = clock.monotonic();
    deaths = [...deaths.filter((time) => now - time < DEATHS_WITHIN), now];
    // The first one has not found a port yet.
    if (port === 0) return;
    if (deaths.length > MAX_DEATHS) {
      const within = `${deaths.length} times within ${DEATHS_WITHIN / 1000} s`;
      fail(
        new MachineError(`the serving processes died ${within}, the last by ${how}`, { advice: SEE_ABOVE }),
      );
      return;
    }
    say(`worker ${worker} ended (${how}) and is started again`);
    void start(worker);
  };

  const endHangup = onHangup(() => {
    for (const serving of running.values()) serving.kill('SIGHUP');
  });
  try {
    await whileServing(async (stop) => {
      stop.addEventListener('abort', () => {
        stopping = true;
      });
      try {
        const first = await start(1);
        if (first === null) {
          throw new MachineError('the first serving process ended before it listened', { advice: SEE_ABOVE });
        }
        port = first.port;
        await Promise.all(Array.from({ length: options.processes - 1 }, (_, index) => start(index + 2)));
        ready(first.url);
        const error = await Promise.race([failed, aborted(stop)]);
        if (error !== undefined) throw error;
      } finally {
        stopping = true;
        await stopAll([...running.values()], options.grace);
      }
    });
  } finally {
    endHangup();
  }
}

async function stopAll(serving: readonly ServingProcess[], grace: number): Promise<void> {
  for (const each of serving) each.kill('SIGTERM');
  const cancel = startTimer(grace + PATIENCE, () => {
    for (const each of serving) each.kill('SIGKILL');
  });
  await Promise.all(serving.map(({ ended }) => ended));
  cancel();
}

/** How far an operation is that reads or writes much, for the person who waits for it. One that is short reports nothing. */
import type { Session } from './session.ts';

/** Milliseconds between two reports, and before the first. */
const INTERVAL = 200;

/**
 * Reports `progress` while it is called. What was not expected is never reported as more than all of it.
 *
 * @param total returns how many bytes it will be; called at the first report only, since finding out takes time
 * @returns to be called with the number of bytes since the last call
 */
export function countRead({ host, emit }: Session, total: () => number): (bytes: number) => void {
  let reported = host.clock.monotonic();
  let done = 0;
  let all: number | null = null;
  return (bytes) => {
    done += bytes;
    const now = host.clock.monotonic();
    if (now - reported < INTERVAL) return;
    reported = now;
    all ??= total();
    if (all > 0) emit({ event: 'progress', done: Math.min(done, all), total: all });
  };
}

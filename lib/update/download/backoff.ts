/** The pauses between attempts. */
import { InterruptedError, UpdaterError } from '../../errors.ts';
import type { Clock, Random } from '../../platform/host.ts';
import type { DownloadLimits } from './limits.ts';

/** Milliseconds between two looks at the signal. */
const SLICE = 100;

/**
 * Milliseconds to wait after the `failures`th failure in a row (1, 2, ...): doubled each time up to the longest pause.
 * `chance` (0 to 1) takes away up to half of it, so that a thousand clients do not retry at the same moment.
 */
export function backoff(
  failures: number,
  chance: number,
  limits: Pick<DownloadLimits, 'firstPause' | 'longestPause'>,
): number {
  const full = Math.min(limits.longestPause, limits.firstPause * 2 ** Math.min(failures - 1, 30));
  return full * (1 - chance / 2);
}

/** From 0 up to, but not including, 1. */
export function randomFraction(random: Random): number {
  return new DataView(random.bytes(4).slice().buffer).getUint32(0) / 2 ** 32;
}

/** Sleeps. Throws as throwIfInterrupted does when the signal is aborted. */
export async function pause(
  clock: Clock,
  milliseconds: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const until = clock.monotonic() + milliseconds;
  for (;;) {
    throwIfInterrupted(signal);
    const left = until - clock.monotonic();
    if (left <= 0) return;
    await clock.sleep(Math.min(SLICE, left));
  }
}

/** Throws InterruptedError if the signal is aborted, or the signal's reason if that is an UpdaterError. */
export function throwIfInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  if (signal.reason instanceof UpdaterError) throw signal.reason;
  throw new InterruptedError('the download was interrupted: nothing was installed', {
    cause: signal.reason,
    advice: 'Run it again: it continues where it stopped.',
  });
}

/** The pauses between attempts. */
import { InterruptedError, UpdaterError } from '../../errors.ts';
import type { Clock, Random } from '../../platform/host.ts';
import type { DownloadLimits } from './limits.ts';

/** Milliseconds before a signal is looked at again. */
const SLICE = 100;

/**
 * Milliseconds to wait after the `failures`th failure in a row (1, 2, ...): doubled each time up to the longest pause,
 * of which `chance` (0 to 1) takes away up to a half, so that a thousand clients don't come back at once.
 */
export function backoff(
  failures: number,
  chance: number,
  limits: Pick<DownloadLimits, 'firstPause' | 'longestPause'>,
): number {
  const full = Math.min(limits.longestPause, limits.firstPause * 2 ** Math.min(failures - 1, 30));
  return full * (1 - chance / 2);
}

/** 0 to 1, without 1. */
export function chanceOf(random: Random): number {
  return new DataView(random.bytes(4).slice().buffer).getUint32(0) / 2 ** 32;
}

/** Sleeps; ends early where the signal says so (throwIfInterrupted). */
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

/** Throws InterruptedError, or the signal's reason where that is an error of ours. */
export function throwIfInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  if (signal.reason instanceof UpdaterError) throw signal.reason;
  throw new InterruptedError('the download was interrupted', {
    cause: signal.reason,
    advice: 'Run it again: it goes on where it stopped.',
  });
}

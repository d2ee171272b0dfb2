/** The progress of a download. */
import type { Clock } from '../../platform/host.ts';
import { Rate } from './speed.ts';

export interface DownloadProgress {
  /** `waiting`: another process downloads the same file; `pausing`: before another attempt. */
  state: 'waiting' | 'receiving' | 'pausing' | 'checking' | 'done';
  /** Bytes on the disk, and signed bytes in all. */
  received: number;
  length: number;
  /** Bytes that were there from an earlier run. */
  resumed: number;
  /** Bytes that came over the network for it until now, those of attempts that came to nothing included. */
  fetched: number;
  /** Bytes per second, smoothed; null until it is known. */
  rate: number | null;
  /** Milliseconds left; null until it is known. */
  left: number | null;
  /** Why there is a pause. */
  reason?: string;
}

/** Milliseconds between two reports of one state and percent. What comes at once before a stall is told to the percent. */
const INTERVAL = 100;

export class Meter {
  readonly #clock: Clock;
  readonly #length: number;
  readonly #onProgress: ((progress: DownloadProgress) => void) | undefined;
  readonly #rate: Rate;
  #state: DownloadProgress['state'] | null = null;
  #percent = 0;
  #reportedAt = Number.NEGATIVE_INFINITY;
  #fetched = 0;
  resumed = 0;

  constructor(clock: Clock, length: number, onProgress: ((progress: DownloadProgress) => void) | undefined) {
    this.#clock = clock;
    this.#length = length;
    this.#onProgress = onProgress;
    this.#rate = new Rate(clock.monotonic());
  }

  /** @param fresh bytes received since the last call */
  report(state: DownloadProgress['state'], received: number, fresh = 0, reason?: string): void {
    const now = this.#clock.monotonic();
    this.#rate.add(fresh, now);
    this.#fetched += fresh;
    const percent = Math.floor((100 * received) / Math.max(this.#length, 1));
    if (state === this.#state && percent === this.#percent && now - this.#reportedAt < INTERVAL) return;
    this.#state = state;
    this.#percent = percent;
    this.#reportedAt = now;
    const rate = this.#rate.bytesPerSecond;
    this.#onProgress?.({
      state,
      received,
      length: this.#length,
      resumed: this.resumed,
      fetched: this.#fetched,
      rate,
      left: rate === null || rate <= 0 ? null : ((this.#length - received) * 1000) / rate,
      ...(reason === undefined ? {} : { reason }),
    });
  }
}

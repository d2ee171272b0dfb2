/** The rate that is shown, and the rate below which a download is given up. */
import type { DownloadLimits } from './limits.ts';

/** Milliseconds after which an old rate counts for a third. */
const SMOOTHING = 3000;
/** Milliseconds over which one rate is measured. */
const SAMPLE = 200;

/** Bytes per second, smoothed exponentially. Times in milliseconds that never run backwards. */
export class Rate {
  #since: number;
  #bytes = 0;
  #rate: number | null = null;

  constructor(now: number) {
    this.#since = now;
  }

  add(bytes: number, now: number): void {
    this.#bytes += bytes;
    const elapsed = now - this.#since;
    if (elapsed < SAMPLE) return;
    const current = (this.#bytes * 1000) / elapsed;
    const weight = this.#rate === null ? 1 : 1 - Math.exp(-elapsed / SMOOTHING);
    this.#rate = (this.#rate ?? 0) + weight * (current - (this.#rate ?? 0));
    this.#since = now;
    this.#bytes = 0;
  }

  /** Null until it is known. */
  get bytesPerSecond(): number | null {
    return this.#rate;
  }
}

/** Notices a server that sends just enough not to count as idle. */
export class SpeedLimit {
  readonly #limits: Pick<DownloadLimits, 'minimumSpeed' | 'speedWindow'>;
  #since: number;
  #bytes = 0;

  constructor(limits: Pick<DownloadLimits, 'minimumSpeed' | 'speedWindow'>, now: number) {
    this.#limits = limits;
    this.#since = now;
  }

  /** False if less than the minimum has come in a whole window. */
  allows(bytes: number, now: number): boolean {
    this.#bytes += bytes;
    const elapsed = now - this.#since;
    if (elapsed < this.#limits.speedWindow) return true;
    const enough = this.#bytes * 1000 >= this.#limits.minimumSpeed * elapsed;
    this.#since = now;
    this.#bytes = 0;
    return enough;
  }
}

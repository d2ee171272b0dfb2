/** How long a download may take, and how often it is tried again. */
export interface DownloadLimits {
  /** Milliseconds until the response begins, connecting included, and between two parts of it. */
  idleTimeout: number;
  /** Bytes per second, over `speedWindow` milliseconds. */
  minimumSpeed: number;
  speedWindow: number;
  /** Bytes per second at most, on average, so that others get their share; null: as fast as it goes. */
  maximumSpeed: number | null;
  /** Milliseconds for the whole download of one file, with all attempts, pauses and the wait for another process. */
  totalTime: number;
  /** Failures in a row, without `progressBytes` between them, after which the download fails. */
  attempts: number;
  /** Bytes that make an attempt count as progress. */
  progressBytes: number;
  /** Milliseconds: the first pause, which doubles, and the longest one. */
  firstPause: number;
  longestPause: number;
}

export const DEFAULT_LIMITS: DownloadLimits = {
  idleTimeout: 30_000,
  minimumSpeed: 1024,
  speedWindow: 30_000,
  maximumSpeed: null,
  totalTime: 6 * 3_600_000,
  attempts: 6,
  progressBytes: 256 * 1024,
  firstPause: 500,
  longestPause: 30_000,
};

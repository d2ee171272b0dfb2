/** What happens during a check and a download, for a progress line, a log, or JSON lines. */
import type { DownloadProgress } from './download/progress.ts';

export type UpdateEvent =
  | { event: 'checking'; feed: string; channel: string }
  /** What the check API said, and whether the signed metadata says the same. */
  | { event: 'advice'; agrees: boolean | null; detail: string }
  | { event: 'route'; version: string; kind: 'patch' | 'chain' | 'full'; packages: number; bytes: number }
  | ({ event: 'download'; version: string; package: number; packages: number } & DownloadProgress)
  /** The updater that comes with the release. */
  | ({ event: 'download updater'; version: string } & DownloadProgress)
  | { event: 'downloaded'; version: string; files: string[] }
  /** The cheapest route failed, so the next one is tried; or the build, and the one for older processors is. */
  | {
      event: 'fallback';
      version: string;
      to: 'patch' | 'chain' | 'full';
      reason: string;
      build?: 'baseline';
    };

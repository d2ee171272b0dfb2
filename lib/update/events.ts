/** What happens while an update is looked for and fetched, as it happens: for a progress line, a log, or JSON lines. */
import type { DownloadProgress } from './download/progress.ts';

export type UpdateEvent =
  | { event: 'checking'; feed: string; channel: string }
  /** What the check API said, and whether the signed metadata says the same. */
  | { event: 'advice'; agrees: boolean | null; detail: string }
  | { event: 'route'; version: string; kind: 'patch' | 'chain' | 'full'; packages: number; bytes: number }
  | ({ event: 'download'; version: string; package: number; packages: number } & DownloadProgress)
  | { event: 'downloaded'; version: string; files: string[] }
  /** The cheapest way did not do, so the next one is taken. */
  | { event: 'fallback'; version: string; to: 'patch' | 'chain' | 'full'; reason: string };

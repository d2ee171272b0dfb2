/** What happens in the background service, for a log or JSON lines. */
import type { Obstacle } from './decision.ts';
import type { Notice } from './notice.ts';

export type ServiceEvent =
  /** A check has ended: with what is offered, or why it failed. */
  | { event: 'checked'; update: string | null; failure: string | null }
  /**
   * `at`: milliseconds since the epoch; null: none is wanted. `off`: the setting that turns checks off, if one does. `problem`: what
   * can't be understood of the settings, and what to do about it: then nothing is looked for.
   */
  | {
      event: 'next check';
      at: number | null;
      off: 'updates' | 'autoUpdate' | null;
      problem: string | null;
    }
  /** An update is to be installed by itself, and waits. */
  | { event: 'update waits'; version: string; obstacle: Obstacle }
  /** What the user was told. */
  | { event: 'notice'; kind: Notice['kind']; version: string; text: string };

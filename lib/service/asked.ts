/** With which settings the last check was made: after a change of one that decides what is found, another one is due. */
import type { Preferences } from '../home/preferences.ts';

export interface Asked {
  /** SHA-256 of the settings that say what is read. */
  source: string;
  /** SHA-256 of those that decide about the releases that are found. */
  choice: string;
  /** Whether there was a newer release, offered or held back: else those that decide have nothing to decide. */
  newer: boolean;
}

export function askedWith(preferences: Preferences, newer: boolean): Asked {
  const { channel, feed, checkApi, build } = preferences;
  const { autoUpdate, pin, majors, minimumAge, securityAtOnce, ring } = preferences;
  return {
    source: digestOf([channel, feed, checkApi, build]),
    choice: digestOf([autoUpdate, pin, majors, minimumAge, securityAtOnce, ring]),
    newer,
  };
}

/** @param last null: it is not known, as an older updater has made the last check */
export function mayFindOther(last: Asked | null, preferences: Preferences): boolean {
  if (last === null) return false;
  const now = askedWith(preferences, last.newer);
  return now.source !== last.source || (last.newer && now.choice !== last.choice);
}

function digestOf(settings: readonly unknown[]): string {
  return new Bun.CryptoHasher('sha256').update(JSON.stringify(settings)).digest('hex');
}

/** With which settings the last check was made: after a change of what decides what is found, another one is due. */
import type { Choices } from '../home/choices.ts';
import type { Preferences } from '../home/preferences.ts';

export interface Asked {
  /** SHA-256 of the settings that say what is read. */
  source: string;
  /** SHA-256 of those that decide about the releases that are found. */
  choice: string;
  /** Whether there was a newer release, offered or held back: else those that decide have nothing to decide. */
  newer: boolean;
  /** Versions that the user had skipped, or left by a rollback. */
  held: string[];
}

/** What the user has decided about versions. */
type Held = Pick<Choices, 'skipped' | 'rolledBack'>;

export function askedWith(preferences: Preferences, choices: Held, newer: boolean): Asked {
  const { channel, feed, checkApi, build } = preferences;
  const { autoUpdate, pin, majors, minimumAge, securityAtOnce, ring } = preferences;
  return {
    source: digestOf([channel, feed, checkApi, build]),
    choice: digestOf([autoUpdate, pin, majors, minimumAge, securityAtOnce, ring]),
    newer,
    held: heldBy(choices),
  };
}

function heldBy({ skipped, rolledBack }: Held): string[] {
  return [...skipped, ...rolledBack.map(({ version }) => version)];
}

/** @param last null: it is not known, as an older updater has made the last check */
export function mayFindOther(last: Asked | null, preferences: Preferences, choices: Held): boolean {
  if (last === null) return false;
  const now = askedWith(preferences, choices, last.newer);
  const isLifted = last.held.some((version) => !now.held.includes(version));
  return now.source !== last.source || (last.newer && (now.choice !== last.choice || isLifted));
}

function digestOf(settings: readonly unknown[]): string {
  return new Bun.CryptoHasher('sha256').update(JSON.stringify(settings)).digest('hex');
}

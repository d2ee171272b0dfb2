/** Which releases a channel has revoked, and when: the first is in its index, the second beside it (`revocationTimes`). */
import { type RevocationTimes, revocationTimes } from '../../../lib/version/index.ts';

export interface Revoked {
  version: string;
  reason: string;
  /** Milliseconds since the epoch; null: the feed does not say it. */
  at: number | null;
}

/**
 * Throws DamagedError if `custom`, of the index's entry in the metadata, is anything else.
 *
 * @param where what it is of, for the message
 */
export function withTimes(
  revoked: readonly { version: string; reason: string }[],
  custom: Readonly<Record<string, unknown>>,
  where: string,
): Revoked[] {
  const known = Object.keys(custom).length === 0 ? [] : revocationTimes(custom, `${where}: custom`).revoked;
  const times = new Map(known.map(({ version, at }) => [version, at]));
  return revoked.map(({ version, reason }) => ({ version, reason, at: times.get(version) ?? null }));
}

/** What `withTimes` reads; null if no time is known. */
export function timesOf(revoked: readonly Revoked[]): RevocationTimes | null {
  const known = revoked.flatMap(({ version, at }) => (at === null ? [] : [{ version, at }]));
  return known.length === 0 ? null : { revoked: known };
}

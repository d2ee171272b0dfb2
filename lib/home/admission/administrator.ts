/** What the administrator of this machine says to a release that is at hand, and to a feed that somebody names. */
import type { Host } from '../../platform/host.ts';
import { isNewer } from '../../version/semver.ts';
import { firstSeen } from '../checks.ts';
import { readablePreferences, requireOwnDecision } from '../decided.ts';
import { type Home, homeIfAny } from '../folder.ts';
import { loadPolicy } from '../policy.ts';
import { DEFAULT_PREFERENCES, minimumAgeOf, type Preferences } from '../preferences.ts';
import { revocationOf } from './revoked.ts';

export interface Proposal {
  app: string;
  /** The installed version. */
  installed: string;
  /** The version to be installed instead. */
  version: string;
  isSecurity: boolean;
}

/**
 * Users may set aside their own pin and minimum age by naming a version, or with a package; those of an administrator hold, except
 * on the way back from a version that its publisher has revoked.
 *
 * @throws PolicyError
 */
export function requireAllowedByAdministrator(
  machine: { host: Host; home: Home },
  { app, installed, version, isSecurity }: Proposal,
): void {
  const { host, home } = machine;
  const { pin = null, minimumAge = null } = loadPolicy(host).values;
  const isPinned = pin !== null && pin !== version;
  if (!isPinned && minimumAge === null) return;
  if (isNewer(installed, version) && revocationOf(machine, { app, version: installed }) !== null) return;
  if (isPinned) requireOwnDecision(host, ['pin']);
  const folder = homeIfAny(home);
  const preferences = folder === null ? DEFAULT_PREFERENCES : readablePreferences(host, folder);
  if (isSecurity && preferences.securityAtOnce) return;
  const now = host.clock.now();
  const seen = folder === null ? undefined : firstSeen(host, folder).get(version);
  if (now < (seen ?? now) + minimumAgeOf({ minimumAge })) requireOwnDecision(host, ['minimumAge']);
}

/**
 * For what is given with a single command, or by the caller of the library: it counts before the settings of the user, not before
 * those of an administrator.
 *
 * @throws PolicyError if the administrator has decided on something else
 */
export function requireAdministratorsChoice(
  host: Host,
  given: { [Key in 'feed' | 'caFile' | 'channel']?: Preferences[Key] | undefined },
): void {
  const { keys, values } = loadPolicy(host);
  for (const key of ['feed', 'caFile', 'channel'] as const) {
    if (given[key] === undefined || !keys.has(key) || given[key] === values[key]) continue;
    requireOwnDecision(host, [key]);
  }
}

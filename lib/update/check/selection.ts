/**
 * Which release an installation is offered: a pure decision over the signed index, what is installed, the choices made
 * here, and the time. A release that was revoked, that failed here, or that is below the floor is never offered, nor is one
 * that has the bytes of the installed one under another version: it could only say that it is the installed one. The
 * channel's minimum overrides the rollout and the user's "not now", and nothing else; and so does the user who asks.
 */

import { type Choices, isQuarantined } from '../../home/choices.ts';
import { minimumAgeOf, type Preferences } from '../../home/preferences.ts';
import { compareVersions, isNewer, type ListedRelease } from '../../version/index.ts';
import { isRolledOut } from './rollout.ts';

export interface Situation {
  installed: string;
  /** SHA-256 of the installed executable. */
  binary: string;
  installId: string;
  /** The lowest version that is accepted here, unless the user asks for an older one. */
  floor: string;
  choices: Pick<Choices, 'skipped' | 'rolledBack' | 'remindAfter' | 'quarantined'>;
  preferences: Pick<Preferences, 'pin' | 'majors' | 'ring' | 'minimumAge' | 'securityAtOnce'>;
  /** When each release was first seen here, in milliseconds since the epoch. One that is missing was never seen before. */
  firstSeen: ReadonlyMap<string, number>;
  /** What does not count this time, because of who asks. */
  lifted: ReadonlySet<Hold>;
  /** Milliseconds since the epoch. */
  now: number;
}

/** What decides of an index and of the older pages that were read. */
export interface Offered {
  /** Newest first. */
  releases: readonly ListedRelease[];
  minimum: string | null;
  revoked: readonly { version: string; reason: string }[];
}

/** Why a newer release is not offered, the strongest reason first. */
export type Hold =
  | 'revoked'
  | 'floor'
  | 'quarantined'
  | 'unreachable'
  | 'pinned'
  | 'young'
  | 'rollout'
  | 'rolled back'
  | 'skipped'
  | 'later'
  | 'major';

export interface Held {
  version: string;
  why: Hold;
  /** For a release that is too young: when it will be old enough, in milliseconds since the epoch. */
  until?: number;
}

export interface Selection {
  /** Null: nothing is offered. */
  release: ListedRelease | null;
  /** `back`: the installed version was revoked, and no newer one can be installed. Only the user may go back. */
  direction: 'forward' | 'back';
  /** The installed version is below the channel's minimum. */
  mandatory: boolean;
  /** Why the installed version was revoked; null if it was not. */
  revoked: string | null;
  /** Newer releases that are not offered, newest first. */
  held: Held[];
  /** The release is offered although this would hold it back: the user asks for it, or it is required. */
  despite: Hold | null;
}

/** The holds that a minimum, or a revoked installation, overrides, the weakest first. */
const NOT_NOW: readonly Hold[] = ['rolled back', 'skipped', 'later', 'major'];
const OVERRIDDEN: readonly (readonly Hold[])[] = [[], NOT_NOW, [...NOT_NOW, 'rollout']];

export function select(offered: Offered, situation: Situation): Selection {
  const { installed } = situation;
  const others = offered.releases.filter(({ binary }) => binary.sha256 !== situation.binary);
  const newer = others.filter(({ version }) => isNewer(version, installed));
  const holds = new Map(newer.map((release) => [release.version, holdsOf(release, offered, situation)]));
  const held = newer.flatMap(({ version }): Held[] => {
    const why = holds.get(version)?.find((hold) => !situation.lifted.has(hold));
    if (why === undefined) return [];
    return why === 'young' ? [{ version, why, until: oldEnoughAt(version, situation) }] : [{ version, why }];
  });
  const revoked = offered.revoked.find(({ version }) => version === installed)?.reason ?? null;
  const mandatory = offered.minimum !== null && isNewer(offered.minimum, installed);
  const forward = chooseForward(newer, held, mandatory, revoked !== null, offered.minimum);
  if (forward !== null || revoked === null) {
    const despite = (forward && holds.get(forward.version)?.[0]) ?? null;
    return { release: forward, direction: 'forward', mandatory, revoked, held, despite };
  }
  const release = wayBack({ ...offered, releases: others }, situation);
  return { release, direction: 'back', mandatory, revoked, held, despite: null };
}

/** All reasons not to offer a newer release, the strongest first. */
function holdsOf(release: ListedRelease, { revoked }: Offered, situation: Situation): Hold[] {
  const { version, rollout, minimumFrom, type } = release;
  const { installed, installId, floor, choices, preferences, now } = situation;
  const { pin, majors, ring, securityAtOnce } = preferences;
  const waits = !(type === 'security' && securityAtOnce) && now < oldEnoughAt(version, situation);
  const holds: [Hold, boolean][] = [
    ['revoked', revoked.some((entry) => entry.version === version)],
    ['floor', isNewer(floor, version)],
    ['quarantined', isQuarantined(choices, release)],
    ['unreachable', minimumFrom !== null && isNewer(minimumFrom, installed)],
    ['pinned', pin !== null && pin !== version],
    ['young', waits],
    ['rollout', ring === null ? !isRolledOut(installId, version, rollout) : ring > rollout],
    ['rolled back', choices.rolledBack.some((entry) => entry.version === version)],
    ['skipped', choices.skipped.includes(version)],
    ['later', choices.remindAfter !== null && now < choices.remindAfter],
    ['major', majors === 'ask' && majorOf(version) !== majorOf(installed)],
  ];
  return holds.filter(([, holds]) => holds).map(([hold]) => hold);
}

function oldEnoughAt(version: string, { preferences, firstSeen, now }: Situation): number {
  return (firstSeen.get(version) ?? now) + minimumAgeOf(preferences);
}

function majorOf(version: string): number {
  return Number.parseInt(version, 10);
}

/**
 * The newest release that nothing holds back. If the installed version must be replaced, the weakest holds are overridden
 * first: a release that is rolled out to this install is better than a newer one that is not yet.
 */
function chooseForward(
  newer: readonly ListedRelease[],
  held: Selection['held'],
  mandatory: boolean,
  revoked: boolean,
  minimum: string | null,
): ListedRelease | null {
  const whys = new Map(held.map(({ version, why }) => [version, why]));
  const newestBut = (overridden: readonly Hold[]) =>
    newer.find(({ version }) => {
      const why = whys.get(version);
      return why === undefined || overridden.includes(why);
    }) ?? null;
  let chosen = newestBut([]);
  if (!mandatory && !revoked) return chosen;
  for (const overridden of OVERRIDDEN) {
    const found = newestBut(overridden);
    chosen ??= found;
    const enough = found !== null && (!mandatory || minimum === null || !isNewer(minimum, found.version));
    if (enough) return found;
    // A revoked version alone does not override a staged rollout: going back is better.
    if (!mandatory && overridden === NOT_NOW) break;
  }
  return chosen;
}

/** The newest older release that may be installed. The floor does not count: the publisher has revoked the installed one. */
function wayBack({ releases, revoked }: Offered, { installed, choices }: Situation): ListedRelease | null {
  return (
    releases.find(
      (release) =>
        compareVersions(release.version, installed) < 0 &&
        !revoked.some((entry) => entry.version === release.version) &&
        !isQuarantined(choices, release),
    ) ?? null
  );
}

/** The newest release that was not revoked. */
export function newestOf({ releases, revoked }: Offered): string | null {
  const found = releases.find(({ version }) => !revoked.some((entry) => entry.version === version));
  return found?.version ?? null;
}

/**
 * Which release an installation is offered: a pure decision over the signed index, what is installed, the choices made
 * here, and the time. A release that was revoked, that failed here, or that is below the floor is never offered. The
 * channel's minimum overrides the rollout and the user's "not now", and nothing else.
 */

import type { Choices } from '../../home/choices.ts';
import { compareVersions, isNewer, type ListedRelease } from '../../version/index.ts';
import { isRolledOut } from './rollout.ts';

export interface Situation {
  installed: string;
  installId: string;
  /** The lowest version that is accepted here, unless the user asks for an older one. */
  floor: string;
  choices: Pick<Choices, 'skipped' | 'remindAfter' | 'quarantined'>;
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

/** Why a newer release is not offered. */
export type Hold = 'revoked' | 'floor' | 'quarantined' | 'unreachable' | 'rollout' | 'skipped' | 'later';

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
  held: { version: string; why: Hold }[];
}

/** The holds that a minimum, or a revoked installation, overrides, the weakest first. */
const OVERRIDDEN: readonly (readonly Hold[])[] = [[], ['skipped', 'later'], ['skipped', 'later', 'rollout']];

export function select(offered: Offered, situation: Situation): Selection {
  const { installed } = situation;
  const newer = offered.releases.filter(({ version }) => isNewer(version, installed));
  const held = newer.flatMap((release) => {
    const why = holdOf(release, offered, situation);
    return why === null ? [] : [{ version: release.version, why }];
  });
  const revoked = offered.revoked.find(({ version }) => version === installed)?.reason ?? null;
  const mandatory = offered.minimum !== null && isNewer(offered.minimum, installed);
  const forward = chooseForward(newer, held, mandatory, revoked !== null, offered.minimum);
  if (forward !== null || revoked === null) {
    return { release: forward, direction: 'forward', mandatory, revoked, held };
  }
  return { release: wayBack(offered, situation), direction: 'back', mandatory, revoked, held };
}

/** The strongest reason not to offer a newer release; null if there is none. */
function holdOf(release: ListedRelease, { revoked }: Offered, situation: Situation): Hold | null {
  const { version, rollout, minimumFrom } = release;
  const { installed, installId, floor, choices, now } = situation;
  if (revoked.some((entry) => entry.version === version)) return 'revoked';
  if (isNewer(floor, version)) return 'floor';
  if (choices.quarantined.some((entry) => entry.version === version)) return 'quarantined';
  if (minimumFrom !== null && isNewer(minimumFrom, installed)) return 'unreachable';
  if (!isRolledOut(installId, version, rollout)) return 'rollout';
  if (choices.skipped.includes(version)) return 'skipped';
  if (choices.remindAfter !== null && now < choices.remindAfter) return 'later';
  return null;
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
  const holds = new Map(held.map(({ version, why }) => [version, why]));
  const newestBut = (overridden: readonly Hold[]) =>
    newer.find(({ version }) => {
      const why = holds.get(version);
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
    if (!mandatory && overridden.length === 2) break;
  }
  return chosen;
}

/** The newest older release that may be installed. The floor does not count: the publisher has revoked the installed one. */
function wayBack({ releases, revoked }: Offered, { installed, choices }: Situation): ListedRelease | null {
  return (
    releases.find(
      ({ version }) =>
        compareVersions(version, installed) < 0 &&
        !revoked.some((entry) => entry.version === version) &&
        !choices.quarantined.some((entry) => entry.version === version),
    ) ?? null
  );
}

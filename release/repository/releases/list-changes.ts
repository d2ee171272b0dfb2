/** Changes to a channel's list of releases, as pure functions. */

import { PolicyError, UsageError } from '../../../lib/errors.ts';
import { shellWord } from '../../../lib/format/printable.ts';
import { compareVersions, isNewer, type ListedRelease, targetName } from '../../../lib/version/index.ts';
import type { Channel } from './channel.ts';
import type { Revoked } from './revocation-times.ts';

export function findRelease({ releases }: Channel, version: string): ListedRelease | undefined {
  return releases.find((release) => release.version === version);
}

/** `where`: the channel, or `any channel`. */
export function noRelease(folder: string, version: string, where: string): UsageError {
  return new UsageError(`${folder}: wanted a release ${version} on ${where}, found none`, {
    advice: `\`release status --repo ${shellWord(folder)} --all\` lists those that there are.`,
  });
}

/** Newest first. */
export function releasesBefore({ releases }: Channel, version: string): ListedRelease[] {
  return releases.filter((release) => isNewer(version, release.version));
}

/** Inserts the release in order, or replaces the one with the same version. */
export function withRelease(channel: Channel, release: ListedRelease): Channel {
  const others = channel.releases.filter(({ version }) => version !== release.version);
  return {
    ...channel,
    releases: [...others, release].sort((a, b) => compareVersions(b.version, a.version)),
  };
}

export interface RolloutChange {
  version: string;
  percent: number;
  /** Allows a lower percentage than before. */
  lower: boolean;
}

/** PolicyError if the version was revoked, or if the percentage would be lowered and `lower` is not set. */
export function withRollout(channel: Channel, { version, percent, lower }: RolloutChange): Channel {
  const found = findRelease(channel, version);
  if (found === undefined) return channel;
  requireNotRevoked([channel], version, channel.name, 'it is offered to nobody any more');
  if (percent < found.rollout && !lower) {
    throw new PolicyError(
      `${version} on ${channel.name} for ${targetName(channel.target)}: wanted at least ${found.rollout} %, ` +
        `found ${percent}: whoever has it already keeps it`,
      { advice: 'Say --lower if that is what you want, or `release revoke` it.' },
    );
  }
  return withRelease(channel, { ...found, rollout: percent });
}

/** UsageError if no release is that new that anybody can be offered. */
export function withMinimum(channel: Channel, minimum: string): Channel {
  const newest = channel.releases.find(({ version }) => !isRevoked(channel, version))?.version;
  if (newest === undefined || isNewer(minimum, newest)) {
    throw new UsageError(
      `--minimum: wanted at most ${newest ?? 'a release that is there'}, the newest on ${channel.name} for ` +
        `${targetName(channel.target)} that was not revoked, found ${minimum}`,
      { advice: 'Whoever must update has to be offered something: name that version, or an earlier one.' },
    );
  }
  return { ...channel, minimum };
}

/** Removes a minimum that only revoked releases satisfy: it would force people to update to what they can't have. */
export function withRevoked(channel: Channel, revocation: Revoked): Channel {
  if (isRevoked(channel, revocation.version)) return channel;
  const revoked = [...channel.revoked, revocation].sort((a, b) => compareVersions(b.version, a.version));
  const next = { ...channel, revoked };
  const { minimum } = channel;
  const reached =
    minimum === null ||
    channel.releases.some(
      (release) => !isNewer(minimum, release.version) && !isRevoked(next, release.version),
    );
  return reached ? next : { ...next, minimum: null };
}

export function isRevoked(channel: Channel, version: string): boolean {
  return revocationIn(channel, version) !== undefined;
}

export function revocationIn({ revoked }: Channel, version: string): Revoked | undefined {
  return revoked.find((entry) => entry.version === version);
}

/**
 * PolicyError if the version is withdrawn on the channel `name`: there, for whatever target, or wherever it was released.
 *
 * @param channels all that there are
 * @param refusal what is not done therefore, for the message
 */
export function requireNotRevoked(
  channels: readonly Channel[],
  version: string,
  name: string,
  refusal: string,
): void {
  const revoked = channels.filter((channel) => isRevoked(channel, version));
  const isOffered = channels.some(
    (channel) => findRelease(channel, version) !== undefined && !revoked.includes(channel),
  );
  const found = revoked.find((channel) => channel.name === name) ?? (isOffered ? undefined : revoked[0]);
  if (found === undefined) return;
  throw new PolicyError(`${version} was revoked on ${found.name}: ${refusal}`, {
    advice: 'That is final. Publish the mended release as a new version, with `release add`.',
  });
}

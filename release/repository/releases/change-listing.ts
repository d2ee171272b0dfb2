/** Changes to listed releases that need no new packages: the rollout percentage, and revocation. */
import type { Host } from '../../../lib/platform/host.ts';
import { targetName } from '../../../lib/version/index.ts';
import type { Signers } from '../../keys/signers.ts';
import { commit } from '../commit.ts';
import { withRepositoryLock } from '../lock.ts';
import { type Published, readPublished, requireCurrent } from '../published.ts';
import { type Channel, readChannels } from './channel.ts';
import { findRelease, noRelease, type RolloutChange, withRevoked, withRollout } from './list-changes.ts';

/** The channels that changed, e.g. `stable linux-x64`. Empty if nothing had to change. */
export type Changed = string[];

export async function setRollout(
  host: Host,
  folder: string,
  change: RolloutChange & { channel: string },
  signers: Signers,
): Promise<Changed> {
  return await changeListed(
    host,
    folder,
    change.version,
    change.channel,
    (channel) => withRollout(channel, change),
    signers,
  );
}

export interface Revocation {
  version: string;
  reason: string;
  /** Null: on every channel. */
  channel: string | null;
}

export async function revoke(
  host: Host,
  folder: string,
  change: Revocation,
  signers: Signers,
): Promise<Changed> {
  const { version, reason } = change;
  const edit = (channel: Channel) => withRevoked(channel, { version, reason, at: host.clock.now() });
  return await changeListed(host, folder, change.version, change.channel, edit, signers);
}

/**
 * The channels that list the version. UsageError if none does.
 *
 * @param name of the channel; null: any
 */
export function requireListed(published: Published, version: string, name: string | null): Channel[] {
  const listing = readChannels(published, name ?? undefined).filter(
    (channel) => findRelease(channel, version) !== undefined,
  );
  if (listing.length > 0) return listing;
  throw noRelease(published.layout.folder, version, name ?? 'any channel');
}

/** UsageError if no channel lists the version. */
async function changeListed(
  host: Host,
  folder: string,
  version: string,
  name: string | null,
  edit: (channel: Channel) => Channel,
  signers: Signers,
): Promise<Changed> {
  return await withRepositoryLock(host, folder, async () => {
    const published = readPublished(host, folder);
    requireCurrent(published);
    const channels = requireListed(published, version, name).flatMap((before) => {
      const after = edit(before);
      return JSON.stringify(after) === JSON.stringify(before) ? [] : [after];
    });
    if (channels.length > 0) commit(published, { channels, now: host.clock.now() }, signers);
    return channels.map((channel) => `${channel.name} ${targetName(channel.target)}`);
  });
}

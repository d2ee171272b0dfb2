/** What is live in a repository, what it weighs, and until when its signatures are valid: as data, for `release status`. */
import path from 'node:path';
import { ROLES, type RoleName } from '../../lib/trust/index.ts';
import { type ListedRelease, targetName } from '../../lib/version/index.ts';
import { type Published, requireCurrent } from './published.ts';
import { type Channel, readChannels } from './releases/channel.ts';
import { isRevoked } from './releases/list-changes.ts';
import { files, unnamedFiles } from './remove-unnamed.ts';
import { expirations } from './signing/renew.ts';

export interface Amount {
  files: number;
  bytes: number;
}

export interface ReleaseOverview {
  version: string;
  /** Milliseconds since the epoch. */
  releaseDate: number;
  type: ListedRelease['type'];
  rollout: number;
  revoked: boolean;
  /** Bytes of the package with the full binary; null if it has none any more. */
  full: number | null;
  patches: { from: string; bytes: number }[];
  /** Whether an installation may be offered it today. */
  live: boolean;
  /** Whether it would be live but for its rollout of 0 %: stopped, or not begun. */
  waits: boolean;
}

export interface ChannelOverview {
  channel: string;
  target: string;
  minimum: string | null;
  /** `at`: milliseconds since the epoch; null if the feed does not say it. */
  revoked: readonly { version: string; reason: string; at: number | null }[];
  /** Newest first. */
  releases: ReleaseOverview[];
}

export interface Overview {
  app: string;
  channels: ChannelOverview[];
  /** All that is published. */
  published: Amount;
  /** What no client needs any more: nothing that is signed names it. */
  unneeded: Amount;
  documents: { document: RoleName; expires: number; keys: number; threshold: number }[];
}

/** Reads only. Nothing in it depends on the time but through `expires`. */
export function overviewOf(published: Published): Overview {
  requireCurrent(published);
  const { layout, root, settings } = published;
  const expiring = expirations(published);
  const all = [layout.metadata, layout.targets].flatMap((folder) => files(published.host.disk, folder));
  return {
    app: settings.app,
    channels: readChannels(published).map(channelOverview).sort(byName),
    published: amount(published, all),
    unneeded: amount(published, unnamedFiles(published)),
    documents: ROLES.map((role) => ({
      document: role,
      expires: expiring[role].expires,
      keys: root.roles[role].keys.length,
      threshold: root.roles[role].threshold,
    })),
  };
}

function amount({ host }: Published, paths: readonly string[]): Amount {
  return {
    files: paths.length,
    bytes: paths.reduce((sum, file) => sum + (host.disk.status(path.resolve(file))?.size ?? 0), 0),
  };
}

function byName(a: ChannelOverview, b: ChannelOverview): number {
  const [one, other] = [`${a.channel} ${a.target}`, `${b.channel} ${b.target}`];
  return one < other ? -1 : 1;
}

function channelOverview(channel: Channel): ChannelOverview {
  const { name, target, minimum, revoked } = channel;
  const current = currentVersions(channel);
  return {
    channel: name,
    target: targetName(target),
    minimum,
    revoked,
    releases: channel.releases.map((release) => ({
      version: release.version,
      releaseDate: release.releaseDate,
      type: release.type,
      rollout: release.rollout,
      revoked: isRevoked(channel, release.version),
      full: release.packages.find(({ kind }) => kind === 'full')?.length ?? null,
      patches: release.packages.flatMap((entry) =>
        entry.kind === 'patch' ? [{ from: entry.from, bytes: entry.length }] : [],
      ),
      live: current.has(release.version) && release.rollout > 0,
      waits: current.has(release.version) && release.rollout === 0,
    })),
  };
}

/** The newest release that everybody is offered, and those above it. */
function currentVersions(channel: Channel): Set<string> {
  const current = new Set<string>();
  for (const { version, rollout } of channel.releases) {
    if (isRevoked(channel, version)) continue;
    current.add(version);
    if (rollout === 100) break;
  }
  return current;
}

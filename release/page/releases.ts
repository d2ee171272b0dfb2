/** What the page tells of each release, from the signed lists and manifests of a repository. */
import { decodeManifest, isNewer, type ListedFile, targetName } from '../../lib/version/index.ts';
import { splitTitle } from '../manifest/notes.ts';
import type { Published } from '../repository/published.ts';
import { type Channel, readChannels, readListed } from '../repository/releases/channel.ts';

export interface ShownFile {
  target: string;
  /** Of the feed, below `targets/`; null if the feed has the full binary no more. */
  package: ListedFile | null;
  /** The program that is made of it. */
  binary: { sha256: string; size: number };
  /** Bytes of the smallest patch; null if there is none. */
  patch: number | null;
}

export interface ShownRelease {
  version: string;
  /** Milliseconds since the epoch. */
  releaseDate: number;
  type: string;
  riskLevel: string;
  /** Markdown. */
  notes: string;
  /** Where it is offered, and to how many percent. */
  channels: { name: string; rollout: number }[];
  /** Why nobody is to have it, and when it was revoked first, if that is known; null if a channel still offers it. */
  revoked: { reason: string; at: number | null } | null;
  files: ShownFile[];
}

/**
 * Releases that somebody is offered, or was before they were revoked: the newest first. One at 0 % is not for everybody's eyes.
 *
 * @param most how many
 * @param only names of channels; empty: all
 */
export function shownReleases(published: Published, only: readonly string[], most: number): ShownRelease[] {
  const listings = readChannels(published)
    .filter(({ name }) => only.length === 0 || only.includes(name))
    .flatMap((channel) => channel.releases.map((release) => listingIn(channel, release)))
    .filter(({ release, revoked }) => release.rollout > 0 || revoked !== null);
  return [...Map.groupBy(listings, ({ release }) => release.version)]
    .sort(([a], [b]) => (isNewer(a, b) ? -1 : 1))
    .slice(0, most)
    .flatMap(([, [first, ...others]]) =>
      first === undefined ? [] : shownRelease(published, [first, ...others]),
    );
}

interface Listing {
  channel: string;
  target: string;
  release: Channel['releases'][number];
  revoked: Channel['revoked'][number] | null;
}

function listingIn({ name, target, revoked }: Channel, release: Listing['release']): Listing {
  return {
    channel: name,
    target: targetName(target),
    release,
    revoked: revoked.find(({ version }) => version === release.version) ?? null,
  };
}

/** `found`: all listings of one version. Those that are revoked count only if all are. */
function shownRelease(published: Published, found: readonly [Listing, ...Listing[]]): ShownRelease {
  const offered = found.filter(({ revoked }) => revoked === null);
  const [first = found[0]] = offered;
  const listings = offered.length > 0 ? offered : found;
  const revocations = found
    .flatMap(({ revoked }) => revoked ?? [])
    .sort((a, b) => (a.at ?? Infinity) - (b.at ?? Infinity));
  const { version, releaseDate, type, riskLevel, manifest } = first.release;
  const { updates } = decodeManifest(readListed(published, manifest));
  const channels = [...Map.groupBy(listings, ({ channel }) => channel)].map(([name, all]) => ({
    name,
    rollout: Math.min(...all.map(({ release }) => release.rollout)),
  }));
  const files = [...Map.groupBy(listings, ({ target }) => target).values()].flatMap(([one]) =>
    one === undefined ? [] : [shownFile(one)],
  );
  return {
    version,
    releaseDate,
    type,
    riskLevel,
    notes: withoutTitle(updates.changes.notes, version),
    channels: channels.sort((a, b) => (a.name < b.name ? -1 : 1)),
    revoked: offered.length > 0 ? null : (revocations[0] ?? null),
    files: files.sort((a, b) => (a.target < b.target ? -1 : 1)),
  };
}

function shownFile({ target, release }: Listing): ShownFile {
  const patches = release.packages.flatMap(({ kind, length }) => (kind === 'patch' ? [length] : []));
  return {
    target,
    package: release.packages.find(({ kind }) => kind === 'full') ?? null,
    binary: release.binary,
    patch: patches.length === 0 ? null : Math.min(...patches),
  };
}

/** A first heading that is the version says what the page says above it. */
function withoutTitle(notes: string, version: string): string {
  const title = splitTitle(notes);
  return title?.version === version ? title.rest : notes;
}

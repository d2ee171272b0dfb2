/** What the page tells of each release, from the signed lists and manifests of a repository. */
import { decodeManifest, isNewer, type ListedFile, targetName } from '../../lib/version/index.ts';
import type { Published } from '../repository/published.ts';
import { readChannels, readListed } from '../repository/releases/channel.ts';
import { isRevoked } from '../repository/releases/list-changes.ts';

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
  /** Why nobody is to have it; null if it was not revoked. */
  revoked: string | null;
  files: ShownFile[];
}

/**
 * Releases that somebody is offered, or was before they were revoked: the newest first. One at 0 % is not for everybody's eyes.
 *
 * @param most how many
 * @param only names of channels; empty: all
 */
export function shownReleases(published: Published, only: readonly string[], most: number): ShownRelease[] {
  const found = new Map<string, ShownRelease>();
  for (const channel of readChannels(published)) {
    if (only.length > 0 && !only.includes(channel.name)) continue;
    for (const release of channel.releases) {
      const revoked = channel.revoked.find(({ version }) => version === release.version)?.reason ?? null;
      if (release.rollout === 0 && !isRevoked(channel, release.version)) continue;
      const shown = found.get(release.version) ?? shownBefore(published, release);
      found.set(release.version, shown);
      shown.revoked ??= revoked;
      const known = shown.channels.find(({ name }) => name === channel.name);
      if (known === undefined) shown.channels.push({ name: channel.name, rollout: release.rollout });
      else known.rollout = Math.min(known.rollout, release.rollout);
      const target = targetName(channel.target);
      if (shown.files.some((file) => file.target === target)) continue;
      const full = release.packages.find(({ kind }) => kind === 'full');
      const patches = release.packages.flatMap(({ kind, length }) => (kind === 'patch' ? [length] : []));
      shown.files.push({
        target,
        package: full ?? null,
        binary: release.binary,
        patch: patches.length === 0 ? null : Math.min(...patches),
      });
    }
  }
  const all = [...found.values()].sort((a, b) => (isNewer(a.version, b.version) ? -1 : 1)).slice(0, most);
  for (const { channels, files } of all) {
    channels.sort((a, b) => (a.name < b.name ? -1 : 1));
    files.sort((a, b) => (a.target < b.target ? -1 : 1));
  }
  return all;
}

function shownBefore(
  published: Published,
  { version, releaseDate, type, riskLevel, manifest }: Listed,
): ShownRelease {
  const { updates } = decodeManifest(readListed(published, manifest));
  const notes = withoutTitle(updates.changes.notes, version);
  return { version, releaseDate, type, riskLevel, notes, channels: [], revoked: null, files: [] };
}

/** A first heading that is the version says what the page says above it. */
function withoutTitle(notes: string, version: string): string {
  const [, title = '', rest = ''] = /^\s*#{1,6}[ \t]+([^\n]*)(?:\n|$)([\s\S]*)$/.exec(notes) ?? [];
  const [named] = title.replace(/^\[?v?/, '').split(/[\] ,:(]/, 1);
  return named === version ? rest : notes;
}

type Listed = ReturnType<typeof readChannels>[number]['releases'][number];

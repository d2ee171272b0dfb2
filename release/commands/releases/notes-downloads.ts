/** What an update to a release downloads on each target, in the words of `dgmo-updater update`. */
import { downloadText } from '../../../lib/ui/text/update.ts';
import { planDownload } from '../../../lib/update/index.ts';
import { decodeManifest, type ListedRelease, targetName, updaterFor } from '../../../lib/version/index.ts';
import type { Published } from '../../repository/published.ts';
import { type Channel, readChannels, readListed } from '../../repository/releases/channel.ts';
import { findRelease, isRevoked } from '../../repository/releases/list-changes.ts';

/**
 * A line for each channel and target that offers the version.
 *
 * @param from the version that the person has; null: another one, for which there is no patch
 */
export function downloadLines(published: Published, version: string, from: string | null): string[] {
  const listed = readChannels(published).flatMap((channel) => {
    const release = findRelease(channel, version);
    return release === undefined || isRevoked(channel, version) ? [] : [{ channel, release }];
  });
  const isOne = new Set(listed.map(({ channel }) => channel.name)).size === 1;
  return listed.map(({ channel, release }) => {
    const where = `${targetName(channel.target)}${isOne ? '' : ` on ${channel.name}`}`;
    return `  download for ${where}: ${downloadText(downloadOf(published, channel, release, from))}`;
  });
}

function downloadOf(
  published: Published,
  channel: Channel,
  release: ListedRelease,
  from: string | null,
): Parameters<typeof downloadText>[0] {
  const installed = from === null ? undefined : findRelease(channel, from);
  const question = { from: installed?.binary.sha256 ?? '', to: release, releases: channel.releases };
  const routes = planDownload({ ...question, cached: () => 0 });
  const updaterOf = ({ manifest }: ListedRelease) =>
    updaterFor(decodeManifest(readListed(published, manifest)), channel.target);
  const updater = updaterOf(release);
  const isNew = installed === undefined || updaterOf(installed)?.checksum !== updater?.checksum;
  const updaterSize = isNew ? (updater?.file.length ?? 0) : 0;
  return { routes, updaterSize, downloadSize: (routes[0]?.remaining ?? 0) + updaterSize };
}

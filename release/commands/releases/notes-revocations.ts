/** What `release notes` says of a release that was revoked: who has it is told the reason. */
import type { Published } from '../../repository/published.ts';
import { readChannels } from '../../repository/releases/channel.ts';
import { findRelease, revocationIn } from '../../repository/releases/list-changes.ts';

/** A line for each reason; the channels are named if another one still offers it. Empty if it was not revoked. */
export function revocationLines(published: Published, version: string): string[] {
  const listed = readChannels(published).map((channel) => ({
    name: channel.name,
    isListed: findRelease(channel, version) !== undefined,
    revoked: revocationIn(channel, version),
  }));
  const isOffered = listed.some(({ isListed, revoked }) => isListed && revoked === undefined);
  const lines = listed.flatMap(({ name, revoked }) => {
    if (revoked === undefined) return [];
    const when = revoked.at === null ? '' : ` on ${new Date(revoked.at).toISOString().slice(0, 10)}`;
    return [`  revoked by its publisher${isOffered ? ` for ${name}` : ''}${when}: ${revoked.reason}`];
  });
  return [...new Set(lines)];
}

/** Checks that a repository is complete: clients must be able to fetch everything that the feed names. */
import path from 'node:path';
import { DamagedError } from '../../lib/errors.ts';
import type { ListedFile } from '../../lib/version/index.ts';
import { type Published, requireCurrent } from '../repository/published.ts';
import { readChannels } from '../repository/releases/channel.ts';
import { filesOfRelease } from '../repository/releases/packages.ts';

export interface Complete {
  channels: number;
  releases: number;
  /** SHA-256 of the files of all releases, by path in the feed. */
  named: Map<string, string>;
}

/**
 * Checks every file that the signed metadata leads to: indexes, pages and manifests by digest, packages and what manifests name by length
 * (their digests are checked when they are sent). DamagedError names the first that is missing or wrong.
 */
export function requireComplete(published: Published): Complete {
  requireCurrent(published);
  const named: Complete['named'] = new Map();
  const channels = readChannels(published);
  for (const { releases } of channels) {
    for (const release of releases) {
      requireFile(published, release.manifest);
      for (const file of filesOfRelease(published, release)) {
        const name = `targets/${file.path}`;
        if (!named.has(name)) requireFile(published, file);
        named.set(name, file.sha256);
      }
    }
  }
  const releases = channels.flatMap((channel) => channel.releases).length;
  return { channels: channels.length, releases, named };
}

function requireFile({ host, layout }: Published, file: ListedFile): void {
  const at = path.join(layout.targets, file.path);
  const found = host.disk.status(at);
  if (found?.kind === 'file' && found.size === file.length) return;
  const says = found === null ? 'nothing there' : `a ${found.kind} of ${found.size} bytes`;
  throw new DamagedError(`${at}: wanted a file of ${file.length} bytes, found ${says}`, {
    advice:
      'Nothing was published. Add the release again, or copy the folder again from where it is published.',
  });
}

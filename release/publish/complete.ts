/** Checks that a repository is complete: clients must be able to fetch everything that the feed names. */
import path from 'node:path';
import { DamagedError } from '../../lib/errors.ts';
import type { ListedFile } from '../../lib/version/index.ts';
import { type Published, requireCurrent } from '../repository/published.ts';
import { readChannels } from '../repository/releases/channel.ts';
import { filesOfRelease } from '../repository/releases/packages.ts';

/**
 * Checks every file that the signed metadata leads to: indexes, pages and manifests by digest, packages and what manifests name by length
 * (their digests are checked when they are sent). DamagedError names the first that is missing or wrong.
 */
export function requireComplete(published: Published): { channels: number; releases: number } {
  requireCurrent(published);
  const channels = readChannels(published);
  const seen = new Set<string>();
  for (const { releases } of channels) {
    for (const release of releases) {
      requireFile(published, release.manifest);
      for (const file of filesOfRelease(published, release)) {
        if (!seen.has(file.path)) requireFile(published, file);
        seen.add(file.path);
      }
    }
  }
  return { channels: channels.length, releases: channels.flatMap(({ releases }) => releases).length };
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

/** Whether a repository is whole: clients must be able to fetch all that they will be told of. */
import path from 'node:path';
import { DamagedError } from '../../lib/errors.ts';
import type { ListedFile, ListedRelease } from '../../lib/version/index.ts';
import { type Published, requireCurrent } from '../repository/published.ts';
import { readChannels } from '../repository/releases/channel.ts';

/**
 * Every file that the signed metadata leads to is there: indexes and pages with their digest, manifests and packages
 * with their length (their digest is looked at when they are sent). DamagedError names the first that is not.
 */
export function requireWhole(published: Published): { channels: number; releases: number } {
  requireCurrent(published);
  const channels = readChannels(published);
  const seen = new Set<string>();
  for (const { releases } of channels) {
    for (const release of releases) {
      for (const file of filesOf(release)) {
        if (!seen.has(file.path)) requireFile(published, file);
        seen.add(file.path);
      }
    }
  }
  return { channels: channels.length, releases: channels.flatMap(({ releases }) => releases).length };
}

function filesOf({ manifest, packages }: ListedRelease): ListedFile[] {
  return [manifest, ...packages];
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

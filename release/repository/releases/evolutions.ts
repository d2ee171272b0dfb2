/** The evolutions of a published release, taken from its packages: packages that are added later carry the same. */
import { UsageError } from '../../../lib/errors.ts';
import { type PayloadDraft, readPackage } from '../../../lib/package/index.ts';
import { openSource, readSource } from '../../../lib/platform/files.ts';
import type { DGMOVersion } from '../../../lib/version/index.ts';
import { evolutionPayload } from '../../manifest/evolution.ts';
import type { Published } from '../published.ts';
import { readChannels } from './channel.ts';
import { findRelease } from './list-changes.ts';
import { requireListed } from './packages.ts';

/** UsageError if it has evolutions, but no package is left to take them from. */
export function publishedEvolutions(published: Published, release: DGMOVersion | undefined): PayloadDraft[] {
  if (release === undefined || release.evolutions.length === 0) return [];
  const { version } = release;
  const [listed] = readChannels(published).flatMap(
    (channel) => findRelease(channel, version)?.packages ?? [],
  );
  if (listed === undefined) {
    throw new UsageError(
      `${version} has evolutions: wanted a package that carries them, found that all were pruned`,
      { advice: 'Give the binary a new version.' },
    );
  }
  const source = openSource(published.host.disk, requireListed(published, listed));
  try {
    const { payloads, payload } = readPackage(source, published.root);
    return payloads.flatMap((entry, index) =>
      entry.kind === 'evolution' ? [evolutionPayload(entry.id, readSource(payload(index)))] : [],
    );
  } finally {
    source.close();
  }
}

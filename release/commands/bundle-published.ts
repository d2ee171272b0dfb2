/** `release bundle --repo`: copies a package of the feed, to be carried by hand. It is signed already, so no key is needed. */
import { PolicyError, UsageError } from '../../lib/errors.ts';
import { readPackage, verifyPayloads } from '../../lib/package/index.ts';
import { chunksOf } from '../../lib/platform/files.ts';
import { nativeHost } from '../../lib/platform/native.ts';
import { type ListedPackage, type Target, targetName } from '../../lib/version/index.ts';
import { requireOutput, requireOutside, withInput, writeOutput } from '../files.ts';
import { print } from '../platform/terminal.ts';
import { bytes } from '../progress.ts';
import { readPublished } from '../repository/published.ts';
import { type Channel, readChannels } from '../repository/releases/channel.ts';
import { findRelease, isRevoked } from '../repository/releases/list-changes.ts';
import { requireListed } from '../repository/releases/packages.ts';

export interface PublishedRequest {
  version: string;
  target: Target;
  repo: string;
  /** Null: the full binary. */
  from: string | null;
  output: string;
}

export async function bundlePublished({
  version,
  target,
  repo,
  from,
  output,
}: PublishedRequest): Promise<void> {
  const published = readPublished(nativeHost(), repo);
  const channels = readChannels(published).filter(
    (channel) => targetName(channel.target) === targetName(target),
  );
  if (channels.some((channel) => isRevoked(channel, version))) {
    throw new PolicyError(`${version} was revoked: its packages are not handed out`);
  }
  const file = requireListed(published, choose(channels, { version, target, from }));
  await withInput(file, async (source) => {
    requireOutput(output);
    requireOutside(output, repo);
    const copy = (write: (bytes: Uint8Array) => void) => {
      for (const piece of chunksOf(source)) write(piece);
    };
    await writeOutput(output, copy, {
      check: (written) =>
        withInput(written, async (made) => {
          await verifyPayloads(readPackage(made, published.root));
        }),
    });
    print(`${output}: ${bytes(source.size)}, of ${file}\n`);
  });
}

function choose(
  channels: Channel[],
  { version, target, from }: Pick<PublishedRequest, 'version' | 'target' | 'from'>,
): ListedPackage {
  const packages = channels.flatMap((channel) => findRelease(channel, version)?.packages ?? []);
  const found = packages.find((entry) => (entry.kind === 'full' ? null : entry.from) === from);
  if (found !== undefined) return found;
  const wanted = from === null ? 'with the full binary' : `from ${from}`;
  const there = packages.map((entry) => (entry.kind === 'full' ? 'the full binary' : `from ${entry.from}`));
  throw new UsageError(
    `wanted a package of ${version} for ${targetName(target)} ${wanted}, found ${there.join(', ') || 'none'}`,
  );
}

/**
 * `release bundle --repo`: copies a package of the feed, to be carried by hand, with the updater and the schema of the config that
 * the release comes with. It is signed already, so no key is needed.
 */

import path from 'node:path';
import { PolicyError, UsageError } from '../../lib/errors.ts';
import { shellWord } from '../../lib/format/printable.ts';
import {
  companionsOf,
  peekPackage,
  readPackage,
  verifyPayloads,
  withCompanions,
} from '../../lib/package/index.ts';
import { chunksOf, type Source } from '../../lib/platform/files.ts';
import { nativeHost } from '../../lib/platform/native.ts';
import {
  type DGMOVersion,
  type ListedPackage,
  type Target,
  targetName,
  updaterFor,
} from '../../lib/version/index.ts';
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
  /** The package alone, as it is in the feed. */
  alone: boolean;
}

export async function bundlePublished({
  version,
  target,
  repo,
  from,
  output,
  alone,
}: PublishedRequest): Promise<void> {
  const published = readPublished(nativeHost(), repo);
  const channels = readChannels(published).filter(
    (channel) => targetName(channel.target) === targetName(target),
  );
  if (channels.some((channel) => isRevoked(channel, version))) {
    throw new PolicyError(`${version} was revoked: its packages are not handed out`, {
      advice: `\`release status --repo ${shellWord(repo)}\` lists what is offered.`,
    });
  }
  const file = requireListed(published, choose(channels, { version, target, from }));
  await withInput(file, async (source) => {
    requireOutput(output);
    requireOutside(output, repo);
    const { manifest } = peekPackage(source);
    const paths = alone ? [] : companionPaths(published.layout.targets, manifest, target);
    let size = 0;
    const names = await withInputs(paths, async (contents) => {
      const files = companionsOf(manifest, target).flatMap((file, index) => {
        const content = contents[index];
        return content === undefined ? [] : [{ ...file, content }];
      });
      const pieces = files.length === 0 ? chunksOf(source) : withCompanions(source, files);
      const copy = (write: (bytes: Uint8Array) => void) => {
        for (const piece of pieces) {
          size += piece.length;
          write(piece);
        }
      };
      await writeOutput(output, copy, {
        check: (written) =>
          withInput(written, async (made) => {
            await verifyPayloads(readPackage(made, published.root));
          }),
      });
      return files.map(({ name, length }) => `the ${name} (${bytes(length)})`);
    });
    const besides = names.length === 0 ? '' : `, with ${names.join(' and ')}`;
    print(`${output}: ${bytes(size)}, of ${file}${besides}\n`);
  });
}

/** In the order of `companionsOf`. */
function companionPaths(targets: string, manifest: DGMOVersion, target: Target): string[] {
  const updater = updaterFor(manifest, target)?.file;
  return [updater, manifest.configSchema].flatMap((file) =>
    file === undefined ? [] : [path.join(targets, file.path)],
  );
}

/** The files are open until `use` has ended. */
async function withInputs<T>(
  paths: readonly string[],
  use: (sources: Source[]) => Promise<T>,
  open: readonly Source[] = [],
): Promise<T> {
  const [first, ...others] = paths;
  if (first === undefined) return use([...open]);
  return withInput(first, (source) => withInputs(others, use, [...open, source]));
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

/** The binary of a release, unpacked from the feed's own package, for work that needs it where nobody has the file any more. */
import path from 'node:path';
import { decompressFull } from '../../../lib/delta/index.ts';
import { DamagedError, UsageError } from '../../../lib/errors.ts';
import { readPackage } from '../../../lib/package/index.ts';
import { createDirectories, openSource, removeIfThere, writeNew } from '../../../lib/platform/files.ts';
import { type ListedRelease, type Target, targetName } from '../../../lib/version/index.ts';
import type { Published } from '../published.ts';
import { fullPackage, requireListed } from './packages.ts';

/**
 * Writes it to `file`, which is replaced. UsageError if the release has no full binary any more, DamagedError if the package
 * does not give it.
 */
export async function unpackBinary(
  published: Published,
  target: Target,
  release: ListedRelease,
  file: string,
): Promise<void> {
  const listed = fullPackage(release);
  if (listed === undefined) {
    throw new UsageError(
      `${release.version} for ${targetName(target)}: wanted its full binary in the feed, found that it was pruned`,
      { advice: 'Use `release add` with the binary.' },
    );
  }
  const { disk } = published.host;
  const at = requireListed(published, listed);
  const source = openSource(disk, at);
  try {
    const contents = readPackage(source, published.root);
    const index = contents.payloads.findIndex(({ kind }) => kind === 'full');
    const form = contents.payloads[index]?.compression ?? 'zstd';
    const pieces: Uint8Array[] = [];
    const made = await decompressFull({
      form,
      source: contents.payload(index),
      size: release.binary.size,
      write: (chunk) => {
        pieces.push(chunk.slice());
      },
    });
    if (made.sha256 !== release.binary.sha256) {
      throw new DamagedError(
        `${at}: wanted a binary with SHA-256 ${release.binary.sha256}, found ${made.sha256}`,
        { advice: 'Copy the folder again from where it is published.' },
      );
    }
    createDirectories(disk, path.dirname(file), path.dirname);
    removeIfThere(disk, file);
    writeNew(disk, file, 0o644, (write) => {
      for (const piece of pieces) write(piece);
    });
  } finally {
    source.close();
  }
}

/**
 * Compares what the index says about a package with what the package says about itself. Both are signed, but not always
 * by the same keys: somebody who has stolen only the keys of the index could offer an old package, whose signatures are
 * genuine, as the newest one. Signatures are not checked here, but when the package is applied.
 */
import { TrustError } from '../../errors.ts';
import { peekPackage } from '../../package/index.ts';
import type { Disk } from '../../platform/disk.ts';
import { asUpdaterError } from '../../platform/failures.ts';
import { openSource } from '../../platform/files.ts';
import type { ListedRelease } from '../../version/index.ts';

/** Throws TrustError if the package at `path` is of another version or binary, DamagedError if it is not a package. */
export function checkMatchesIndex(disk: Disk, path: string, { version, binary }: ListedRelease): void {
  const found = peek(disk, path);
  if (found.version === version && found.binary.sha256 === binary.sha256) return;
  throw new TrustError(
    `not trusted: wanted the package of ${version} with SHA-256 ${binary.sha256}, as the feed says, ` +
      `found that of ${found.version} with ${found.binary.sha256}`,
    { advice: 'Tell the publisher.' },
  );
}

function peek(disk: Disk, path: string): ReturnType<typeof peekPackage> {
  try {
    const source = openSource(disk, path);
    try {
      return peekPackage(source);
    } finally {
      source.close();
    }
  } catch (error) {
    throw asUpdaterError(error, path);
  }
}

/**
 * What the feed says of a package, held against what the package says of itself. Each is signed, but not always by the
 * same keys: who has stolen those of the index alone could hand out a package of another version, rightly signed once,
 * as the newest one. Signatures are not looked at here: whoever applies the package does.
 */
import { TrustError } from '../../errors.ts';
import { peekPackage } from '../../package/index.ts';
import type { Disk } from '../../platform/disk.ts';
import { tellable } from '../../platform/failures.ts';
import { openSource } from '../../platform/files.ts';
import type { ListedRelease } from '../../version/index.ts';

/** TrustError where the package at `path` brings another version or another binary; DamagedError where it is none. */
export function checkBrings(disk: Disk, path: string, { version, binary }: ListedRelease): void {
  const found = claimOf(disk, path);
  const same = found.version === version && found.binary.sha256 === binary.sha256;
  if (same) return;
  throw new TrustError(
    `not trusted: wanted the package of ${version} with SHA-256 ${binary.sha256}, as the feed says, ` +
      `found that of ${found.version} with ${found.binary.sha256}`,
    { advice: 'Tell the publisher.' },
  );
}

function claimOf(disk: Disk, path: string): ReturnType<typeof peekPackage> {
  try {
    const source = openSource(disk, path);
    try {
      return peekPackage(source);
    } finally {
      source.close();
    }
  } catch (error) {
    throw tellable(error, path);
  }
}

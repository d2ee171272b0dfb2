/**
 * The publisher's own copy of the root, beside the keys. A repository begins with the root in its folder, so whoever can write
 * there could put a whole chain of their own in its place, and have it signed over. The copy is out of their reach.
 */
import path from 'node:path';
import { TrustError } from '../../lib/errors.ts';
import { MAX_DOCUMENT } from '../../lib/format/json.ts';
import { readFile } from '../../lib/platform/files.ts';
import type { Host } from '../../lib/platform/host.ts';
import { decodeRoot, type TrustedRoot } from '../../lib/trust/index.ts';
import { ROOT_FILE } from '../keys/keyring.ts';
import { repositoryLayout } from './layout.ts';

/**
 * Throws TrustError if a folder of keys has a root that is not the one of its version in the repository. A folder without a
 * root, such as one with the timestamp key alone, says nothing.
 */
export function requirePinnedRoot({ disk }: Host, repository: string, folders: readonly string[]): void {
  const { metadata } = repositoryLayout(repository);
  for (const folder of folders) {
    const copy = path.join(folder, ROOT_FILE);
    const own = readFile(disk, copy, MAX_DOCUMENT);
    if (own === null) continue;
    const pinned = decodeRoot(own);
    const file = path.join(metadata, `${pinned.version}.root.json`);
    const bytes = readFile(disk, file, MAX_DOCUMENT);
    if (bytes !== null && isSame(decodeRoot(bytes), pinned)) continue;
    throw new TrustError(
      `${file}: wanted the root of ${copy}, found ${bytes === null ? 'nothing' : 'another one'}; nothing was signed`,
      {
        advice:
          'Somebody else changed the repository, or these are the keys of another one. Copy it again from where it is published.',
      },
    );
  }
}

function isSame(one: TrustedRoot, other: TrustedRoot): boolean {
  return Bun.deepEquals(one.metadata.signed.toJSON(), other.metadata.signed.toJSON());
}

/**
 * Files that a package carries besides what is signed for it: the updater and the schema of the config that the manifest names, as
 * the feed has them. So a package that is carried by hand brings what an update from a feed brings. The manifest has the length and
 * the SHA-256 of each, so that no signature of their own is needed, and whoever bundles them needs no key.
 */
import { DamagedError } from '../errors.ts';
import type { Source } from '../platform/files.ts';
import { type DGMOVersion, type Target, targetName, updaterFor } from '../version/index.ts';

const COMPANIONS = ['updater', 'config schema'] as const;
export type Companion = (typeof COMPANIONS)[number];

export interface CompanionFile {
  name: Companion;
  /** Bytes. */
  length: number;
  /** As the manifest has it, 64 lower-case hex digits. */
  sha256: string;
}

/** A file that is carried, and its bytes. */
export type CarriedFile = CompanionFile & { content: Source };

/** What a package of that release can carry, in the order in which it does. */
export function companionsOf(manifest: DGMOVersion, target: Target): CompanionFile[] {
  const files = {
    updater: updaterFor(manifest, target)?.file,
    'config schema': manifest.configSchema,
  };
  return COMPANIONS.flatMap((name) => {
    const file = files[name];
    return file === undefined ? [] : [{ name, length: file.length, sha256: file.sha256 }];
  });
}

/** As a number in the header: the sum of 1 for the updater and 2 for the schema. */
export function flagsOf(files: readonly Pick<CompanionFile, 'name'>[]): number {
  return files.reduce((sum, { name }) => sum + (1 << COMPANIONS.indexOf(name)), 0);
}

/** Those that a header speaks of. Throws DamagedError if the manifest names no such file, or the number stands for none. */
export function namedBy(flags: number, manifest: DGMOVersion, target: Target): CompanionFile[] {
  const files = companionsOf(manifest, target).filter(({ name }) => (flags & flagsOf([{ name }])) !== 0);
  if (flagsOf(files) === flags) return files;
  throw new DamagedError(
    `package: wanted only files that the manifest names for ${targetName(target)}, found the number ${flags}`,
  );
}

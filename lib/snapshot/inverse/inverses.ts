/**
 * Executables that are stored as a patch from a newer one (`inverses/<sha256>.from.<sha256>`, a DGMO_PATCH_V1 file each): the
 * inverse of the patch that replaced them. The newer one may be stored like that as well, so that several patches lie on each
 * other; at the end of such a chain is a whole executable. The names alone say what is read through what.
 */
import { readPatchHeader } from '../../delta/header.ts';
import { DamagedError } from '../../errors.ts';
import type { Disk } from '../../platform/disk.ts';
import { digestBytes, digestSource, openSource, readSource, type Source } from '../../platform/files.ts';
import { binaryPath } from '../store/binaries.ts';
import type { StoreLayout } from '../store/layout.ts';

export interface Inverse {
  /** SHA-256 of the executable, and of the one that it is read through. */
  sha256: string;
  base: string;
  /** Of its file. */
  name: string;
}

/** What the store has of executables. */
export interface StoredBinaries {
  wholes: ReadonlySet<string>;
  inverses: readonly Inverse[];
}

const NAME = /^([0-9a-f]{64})\.from\.([0-9a-f]{64})$/;

export function inverseName(sha256: string, base: string): string {
  return `${sha256}.from.${base}`;
}

export function storedBinaries(disk: Disk, layout: StoreLayout): StoredBinaries {
  // What is no file is as good as missing: the check of the store names it.
  const isFile = (path: string) => ['file', 'symlink'].includes(disk.status(path)?.kind ?? '');
  const list = (folder: string) =>
    disk.status(folder)?.kind === 'directory'
      ? disk.list(folder).filter((name) => isFile(layout.join(folder, name)))
      : [];
  return {
    wholes: new Set(list(layout.binaries)),
    inverses: list(layout.inverses).flatMap((name) => {
      const [, sha256, base] = NAME.exec(name) ?? [];
      return sha256 === undefined || base === undefined ? [] : [{ sha256, base, name }];
    }),
  };
}

/** As if the whole executable were not there. */
export function withoutWhole({ wholes, inverses }: StoredBinaries, sha256: string): StoredBinaries {
  return { wholes: new Set([...wholes].filter((name) => name !== sha256)), inverses };
}

/**
 * The patches through which an executable is read, the first one its own: as few as possible, none if it is whole. Null if they
 * lead to no whole one.
 */
export function chainTo({ wholes, inverses }: StoredBinaries, sha256: string): Inverse[] | null {
  const seen = new Set([sha256]);
  let open: { at: string; chain: Inverse[] }[] = [{ at: sha256, chain: [] }];
  while (open.length > 0) {
    const found = open.find(({ at }) => wholes.has(at));
    if (found !== undefined) return found.chain;
    const further: typeof open = [];
    for (const { at, chain } of open) {
      for (const inverse of inverses) {
        if (inverse.sha256 !== at || seen.has(inverse.base)) continue;
        seen.add(inverse.base);
        further.push({ at: inverse.base, chain: [...chain, inverse] });
      }
    }
    open = further;
  }
  return null;
}

/** Adds what an executable is read from. If that leads nowhere, everything that may be part of it is kept. */
export function addBinary(
  disk: Disk,
  layout: StoreLayout,
  sha256: string,
  to: { binaries: Set<string>; inverses: Set<string> },
): void {
  const stored = storedBinaries(disk, layout);
  const chain = chainTo(stored, sha256);
  if (chain !== null) {
    to.binaries.add(chain.at(-1)?.base ?? sha256);
    for (const { name } of chain) to.inverses.add(name);
    return;
  }
  to.binaries.add(sha256);
  if (!stored.inverses.some((inverse) => inverse.sha256 === sha256)) return;
  for (const whole of stored.wholes) to.binaries.add(whole);
  for (const { name } of stored.inverses) to.inverses.add(name);
}

/**
 * The executable, to be read at any position; nothing is written. The caller holds the lock of the store, closes it, and compares
 * the digest of what it has read. Throws DamagedError if the store does not have it, or a patch is damaged.
 */
export async function openBinary(
  disk: Disk,
  layout: StoreLayout,
  sha256: string,
  stored: StoredBinaries = storedBinaries(disk, layout),
): Promise<Source & { close(): void }> {
  const chain = chainTo(stored, sha256);
  if (chain === null) throw new DamagedError(`the binary ${binaryPath(layout, sha256)} is missing`);
  const whole = openSource(disk, binaryPath(layout, chain.at(-1)?.base ?? sha256));
  try {
    let source: Source = whole;
    for (const inverse of chain.toReversed()) source = await readThrough(disk, layout, inverse, source);
    return { size: source.size, read: source.read, close: () => whole.close() };
  } catch (error) {
    whole.close();
    throw error;
  }
}

async function readThrough(
  disk: Disk,
  layout: StoreLayout,
  { name, sha256, base }: Inverse,
  old: Source,
): Promise<Source> {
  // Loaded when it is used: most commands read no executable through patches.
  const { openPatched } = await import('../../delta/inverse/patched-source.ts');
  const path = layout.join(layout.inverses, name);
  const patch = openSource(disk, path);
  try {
    const { header, source } = await openPatched(patch, old);
    if (header.toChecksum === sha256 && header.fromChecksum === base) return source;
    throw new DamagedError('it is a patch for other files');
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
    throw new DamagedError(`the binary ${path} is damaged: ${error.message}`, { cause: error });
  } finally {
    patch.close();
  }
}

/**
 * Whether the executable can be read through patches: it is, and its digest compared. False if it is not stored like that. Throws
 * DamagedError if it is, and that is damaged.
 */
export async function isReadThrough(
  disk: Disk,
  layout: StoreLayout,
  sha256: string,
  checkpoint: () => Promise<void> | void = () => undefined,
): Promise<boolean> {
  const stored = withoutWhole(storedBinaries(disk, layout), sha256);
  const chain = chainTo(stored, sha256);
  if (chain === null) return false;
  const source = await openBinary(disk, layout, sha256, stored);
  try {
    const found = await digestSource(source, checkpoint);
    if (found === sha256) return true;
    throw new DamagedError(
      `the binary ${layout.join(layout.inverses, chain[0]?.name ?? '')} is damaged, or what it is read through: it gives SHA-256 ${found}`,
    );
  } finally {
    source.close();
  }
}

/**
 * Whether the executable can be read through patches, told without making it: each patch is as it was written, and the whole one at
 * the end as well. Each patch was tried before it replaced the executable.
 *
 * @param digestOf of a file
 */
export function isSoundChain(
  disk: Disk,
  layout: StoreLayout,
  sha256: string,
  digestOf: (path: string) => string | undefined,
): boolean {
  const chain = chainTo(withoutWhole(storedBinaries(disk, layout), sha256), sha256);
  const base = chain?.at(-1)?.base;
  if (chain === null || base === undefined) return false;
  return digestOf(binaryPath(layout, base)) === base && chain.every((one) => isSound(disk, layout, one));
}

function isSound(disk: Disk, layout: StoreLayout, { name, sha256, base }: Inverse): boolean {
  const patch = openSource(disk, layout.join(layout.inverses, name));
  try {
    const header = readPatchHeader(patch);
    const body = readSource(patch).subarray(header.headerSize);
    return (
      header.toChecksum === sha256 &&
      header.fromChecksum === base &&
      digestBytes(body).sha256 === header.patchChecksum
    );
  } catch (error) {
    if (error instanceof DamagedError) return false;
    throw error;
  } finally {
    patch.close();
  }
}

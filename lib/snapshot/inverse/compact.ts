/**
 * Storing old executables as patches. The newest one of every installation stays whole, since a rollback goes there. An older
 * one becomes a patch from the one that came after it, if that is small. The whole one is removed only after it was made from
 * what stays, and compared; so it can be stopped anywhere. One at a time, and the lock of the store is released in between.
 */
import { DamagedError } from '../../errors.ts';
import type { Disk } from '../../platform/disk.ts';
import {
  CHUNK,
  openSource,
  removeIfThere,
  replaceDurably,
  type Source,
  writeNew,
} from '../../platform/files.ts';
import type { Host } from '../../platform/host.ts';
import { type Listed, listSnapshots, type Snapshot, saveSnapshot } from '../document.ts';
import { binaryPath, forgetBinary, KNOWN_BINARY } from '../store/binaries.ts';
import type { StoreLayout } from '../store/layout.ts';
import { withStore } from '../store/lock.ts';
import {
  chainTo,
  inverseName,
  isReadThrough,
  openBinary,
  type StoredBinaries,
  storedBinaries,
  withoutWhole,
} from './inverses.ts';

/** Patches that an executable is read through, at most. */
const MOST_PATCHES = 8;
/** A patch is small if it has at most this part of the executable. */
const SMALL = 0.25;
/** Bytes: the space that less takes is not worth it. */
const WORTH = 1 << 20;

export interface CompactOptions {
  /** Bytes of the smallest executable that is stored as a patch. Default WORTH. */
  worth?: number;
  /** Called between two pieces of work, and stops it by throwing: everything can be restored as before then. */
  checkpoint?(): Promise<void> | void;
  /** Called with the number of bytes that were read since the last call. */
  onRead?(bytes: number): void;
}

/** An executable to be stored as a patch from another one. */
interface Replacement {
  sha256: string;
  base: string;
}

/**
 * What can be stored as a patch, in the order in which it is done: older ones first. Pure.
 *
 * @param isWhole whether it has to stay as it is for another reason
 */
function replacements(
  listed: readonly Listed[],
  stored: StoredBinaries,
  isWhole: (sha256: string, base: string) => boolean,
): Replacement[] {
  const snapshots = listed.flatMap(({ found }) => (found instanceof Error ? [] : [found]));
  // It is not known what one that can't be read refers to.
  if (snapshots.length < listed.length) return [];
  const orders = [...Map.groupBy(snapshots, ({ installId }) => installId).values()].map(inOrder);
  const kept = new Set(orders.map((order) => order.at(-1)));
  // Its document can't say that.
  for (const { schema, components } of snapshots) if (schema === 1) kept.add(components.binary?.checksum);
  return orders.flatMap((order) =>
    order.slice(0, -1).flatMap((sha256, index) => {
      const base = order[index + 1];
      if (base === undefined || kept.has(sha256) || !stored.wholes.has(sha256)) return [];
      if (isWhole(sha256, base) || !fits(stored, { sha256, base })) return [];
      return [{ sha256, base }];
    }),
  );
}

/** The executables of one installation, by the newest snapshot of each. */
function inOrder(snapshots: readonly Snapshot[]): string[] {
  const order: string[] = [];
  for (const { components } of snapshots.toReversed()) {
    const sha256 = components.binary?.checksum;
    if (sha256 !== undefined && !order.includes(sha256)) order.push(sha256);
  }
  return order.reverse();
}

/** Whether everything can still be read, and through few enough patches, without the whole one. */
function fits(stored: StoredBinaries, { sha256, base }: Replacement): boolean {
  const after = withoutWhole(stored, sha256);
  if (chainTo(after, base) === null) return false;
  const inverses = [...after.inverses, { sha256, base, name: inverseName(sha256, base) }];
  const all = new Set([sha256, ...stored.inverses.map((inverse) => inverse.sha256)]);
  return [...all].every((one) => {
    if (chainTo(stored, one) === null) return true;
    const chain = chainTo({ ...after, inverses }, one);
    return chain !== null && chain.length <= MOST_PATCHES;
  });
}

/** Whether `compactBinaries` has something to do. Looks at the store without its lock. */
export function canCompact(disk: Disk, layout: StoreLayout, options: CompactOptions = {}): boolean {
  return planned(disk, layout, options).length > 0;
}

/** About how many bytes `compactBinaries` will read: of each executable, of the one after it, and of what is made of the two. */
export function bytesToCompact(disk: Disk, layout: StoreLayout, options: CompactOptions = {}): number {
  const sizes = planned(disk, layout, options).map(
    ({ sha256 }) => disk.status(binaryPath(layout, sha256))?.size ?? 0,
  );
  return 3 * sizes.reduce((sum, size) => sum + size, 0);
}

function planned(disk: Disk, layout: StoreLayout, { worth = WORTH }: CompactOptions): Replacement[] {
  return replacements(listSnapshots(disk, layout), storedBinaries(disk, layout), (sha256, base) => {
    const status = disk.status(binaryPath(layout, sha256));
    // Kept beside the installed one as well, it takes no space here.
    if (status === null || status.links > 1 || status.size < worth) return true;
    return disk.status(refusedPath(layout, { sha256, base })) !== null;
  });
}

/**
 * Stores old executables as patches. Returns the bytes that this has freed. Throws errors of the machine, such as a full disk,
 * and those of `withStore`; everything can be restored as before then.
 */
export async function compactBinaries(
  host: Host,
  layout: StoreLayout,
  options: CompactOptions = {},
): Promise<number> {
  const tried = new Set<string>();
  let freed = 0;
  for (;;) {
    const more = await withStore(host, layout, async () => {
      const next = planned(host.disk, layout, options).find(({ sha256 }) => !tried.has(sha256));
      if (next === undefined) return false;
      tried.add(next.sha256);
      freed += await replace(host, layout, next, options);
      return true;
    });
    if (!more) return freed;
  }
}

/** Returns the bytes that were freed: none if the executable stays whole. */
async function replace(
  { disk }: Host,
  layout: StoreLayout,
  replacement: Replacement,
  options: CompactOptions,
): Promise<number> {
  const { sha256, base } = replacement;
  const whole = binaryPath(layout, sha256);
  const path = layout.join(layout.inverses, inverseName(sha256, base));
  const size = disk.status(whole)?.allocated ?? 0;
  await options.checkpoint?.();
  const patch = await makeInverse(disk, layout, replacement, options);
  await options.checkpoint?.();
  if (patch === null) {
    writeNew(disk, refusedPath(layout, replacement), 0o600, () => undefined);
    return 0;
  }
  // One of the two is damaged: `verify` reports which.
  if (patch === 'damaged') return 0;
  replaceDurably(disk, path, layout.inverses, patch);
  if (!(await isMade(disk, layout, sha256, options))) {
    removeIfThere(disk, path);
    return 0;
  }
  // An updater that knows no patches here must not take the executable for lost.
  for (const { found } of listSnapshots(disk, layout)) {
    if (found instanceof Error || found.components.binary?.checksum !== sha256 || found.schema === 3)
      continue;
    saveSnapshot(disk, layout, { ...found, schema: 3 });
  }
  disk.remove(whole);
  disk.flushDirectory(layout.binaries);
  forgetBinary(disk, layout, sha256);
  return Math.max(0, size - patch.length);
}

/** Null if it would not be small. Both files are digested meanwhile. */
async function makeInverse(
  disk: Disk,
  layout: StoreLayout,
  { sha256, base }: Replacement,
  { onRead }: CompactOptions,
): Promise<Uint8Array | 'damaged' | null> {
  const { quickPatch } = await import('../../delta/inverse/quick.ts');
  const target = openSource(disk, binaryPath(layout, sha256));
  const counted = (source: Source): Source => ({
    size: source.size,
    read(position, into) {
      source.read(position, into);
      onRead?.(into.length);
    },
  });
  try {
    const old = await openBinary(disk, layout, base, withoutWhole(storedBinaries(disk, layout), sha256));
    try {
      return await quickPatch({
        ...{ old: counted(old), new: counted(target), fromChecksum: base, toChecksum: sha256 },
        ...{ fromVersion: base.slice(0, 16), toVersion: sha256.slice(0, 16) },
        limit: target.size * SMALL,
      });
    } finally {
      old.close();
    }
  } catch (error) {
    if (error instanceof DamagedError) return 'damaged';
    throw error;
  } finally {
    target.close();
  }
}

async function isMade(
  disk: Disk,
  layout: StoreLayout,
  sha256: string,
  { checkpoint, onRead }: CompactOptions,
): Promise<boolean> {
  try {
    return await isReadThrough(disk, layout, sha256, () => {
      onRead?.(CHUNK);
      return checkpoint?.();
    });
  } catch (error) {
    if (error instanceof DamagedError) return false;
    throw error;
  }
}

/** A file in the cache that says that the patch is not small. */
function refusedPath(layout: StoreLayout, { sha256, base }: Replacement): string {
  return layout.join(layout.cache, `${KNOWN_BINARY}${inverseName(sha256, base)}`);
}

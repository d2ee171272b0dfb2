/** What the cache holds, and keeping it small. What to remove is decided as data (`planPrune`), then done. */
import path from 'node:path';
import { errorCode } from '../../errors.ts';
import type { Disk } from '../../platform/disk.ts';
import { removeIfThere } from '../../platform/files.ts';
import type { Clock, Locks } from '../../platform/host.ts';
import type { ListedPackage } from '../../version/index.ts';
import { cachePaths, digestOfName } from './layout.ts';

export interface CacheEntry {
  sha256: string;
  /** Bytes of the file, its partial and its record together. */
  size: number;
  /** Milliseconds since the epoch, of the newest of them. */
  modified: number;
}

export interface PruneLimits {
  /** Milliseconds. */
  maxAge: number;
  /** Bytes. */
  maxBytes: number;
}

const DEFAULT_PRUNE: PruneLimits = { maxAge: 30 * 86_400_000, maxBytes: 1 << 30 };

/** Empty if there is no cache. Ignores files that are not the cache's own. */
export function listCache(disk: Disk, folder: string): CacheEntry[] {
  const entries = new Map<string, CacheEntry>();
  for (const name of namesIn(disk, folder)) {
    const sha256 = digestOfName(name);
    const status = sha256 === null ? null : disk.status(path.join(folder, name));
    if (sha256 === null || status?.kind !== 'file') continue;
    const entry = entries.get(sha256) ?? { sha256, size: 0, modified: 0 };
    entry.size += status.size;
    entry.modified = Math.max(entry.modified, status.modified);
    entries.set(sha256, entry);
  }
  return [...entries.values()];
}

function namesIn(disk: Disk, folder: string): string[] {
  try {
    return disk.list(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/**
 * The entries to remove: all that are older than `maxAge`, then the oldest until the rest has at most `maxBytes`. Entries
 * in `keep` are counted and never removed. An entry from the future (the clock was wrong) counts as new.
 */
export function planPrune(
  entries: readonly CacheEntry[],
  now: number,
  limits: PruneLimits,
  keep: ReadonlySet<string>,
): CacheEntry[] {
  const oldestFirst = entries
    .filter(({ sha256 }) => !keep.has(sha256))
    .sort((a, b) => a.modified - b.modified || a.sha256.localeCompare(b.sha256));
  let bytes = entries.reduce((sum, { size }) => sum + size, 0);
  return oldestFirst.filter((entry) => {
    if (now - entry.modified <= limits.maxAge && bytes <= limits.maxBytes) return false;
    bytes -= entry.size;
    return true;
  });
}

export interface Prune {
  disk: Disk;
  locks: Locks;
  clock: Clock;
  cacheFolder: string;
  limits?: PruneLimits;
  /** Digests of files that are needed next. */
  keep?: Iterable<string>;
}

/** Returns the entries that were removed. Files that a process is downloading stay. */
export function pruneCache({
  disk,
  locks,
  clock,
  cacheFolder,
  limits = DEFAULT_PRUNE,
  keep = [],
}: Prune): CacheEntry[] {
  const plan = planPrune(listCache(disk, cacheFolder), clock.now(), limits, new Set(keep));
  return plan.filter(({ sha256 }) => {
    const paths = cachePaths(cacheFolder, sha256);
    const lock = locks.acquire(paths.lock);
    if (lock === null) return false;
    try {
      for (const file of [paths.file, paths.partial, paths.record, `${paths.record}.tmp`])
        removeIfThere(disk, file);
      return true;
    } finally {
      lock.release();
    }
  });
}

/**
 * How many bytes of a package the cache has, whole or in part. By size alone: a file that is damaged there is fetched
 * again.
 */
export function cachedBytes(
  disk: Disk,
  cacheFolder: string,
): (file: Pick<ListedPackage, 'sha256' | 'length'>) => number {
  const sizeOf = (file: string) => {
    const status = disk.status(file);
    return status?.kind === 'file' ? status.size : 0;
  };
  return ({ sha256, length }) => {
    const paths = cachePaths(cacheFolder, sha256);
    return sizeOf(paths.file) === length ? length : Math.min(length, sizeOf(paths.partial));
  };
}

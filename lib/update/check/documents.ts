/**
 * Small documents of the feed (channel index, pages, manifests), whose length and digest were signed. They are read from
 * the cache if it has them, so a check that finds nothing new downloads none.
 */
import { DamagedError, errorCode, NetworkError } from '../../errors.ts';
import { MAX_DOCUMENT } from '../../format/json.ts';
import { printable } from '../../format/printable.ts';
import type { Disk } from '../../platform/disk.ts';
import { asUpdaterError } from '../../platform/failures.ts';
import { createDirectories, digestBytes, readFile, replaceDurably } from '../../platform/files.ts';
import type { Locks } from '../../platform/host.ts';
import type { MetadataSource } from '../../trust/index.ts';
import { cachePaths } from '../cache/layout.ts';
import type { FeedLocation } from './feed-location.ts';

export interface DocumentContext {
  disk: Disk;
  locks: Locks;
  source: MetadataSource;
  location: FeedLocation;
}

export interface NamedDocument {
  /** Below the feed's `targets/`. */
  path: string;
  /** Bytes. */
  length: number;
  sha256: string;
}

/** Throws DamagedError if the server's file is not the signed one, NetworkError if it can't be downloaded. */
export async function readDocument(context: DocumentContext, wanted: NamedDocument): Promise<Uint8Array> {
  if (wanted.length > MAX_DOCUMENT) {
    throw new DamagedError(
      `${printable(wanted.path)}: wanted at most ${MAX_DOCUMENT} bytes, found ${wanted.length} in the feed`,
    );
  }
  const cached = readCached(context, wanted);
  if (cached !== null) return cached;
  const url = context.location.targetUrl(wanted.path);
  const bytes = await context.source.get(url, wanted.length);
  if (bytes === null) {
    throw new NetworkError(`${url}: the feed lists this file, but does not have it`, {
      advice: 'Try again later; if it happens again, tell whoever runs the feed.',
    });
  }
  const found = digestBytes(bytes);
  if (!isWanted(found, wanted)) {
    throw new DamagedError(
      `${url}: wanted the signed ${wanted.length} bytes with SHA-256 ${wanted.sha256}, found ${found.size} with ${found.sha256}`,
      {
        advice:
          'Try again later; if it happens again, tell whoever runs the feed, or look for a proxy that changes files.',
      },
    );
  }
  writeCached(context, wanted, bytes);
  return bytes;
}

function isWanted(found: { sha256: string; size: number }, wanted: NamedDocument): boolean {
  return found.size === wanted.length && found.sha256 === wanted.sha256;
}

/** Null if the cache does not have it, or it is damaged or can't be read. */
function readCached({ disk, location }: DocumentContext, wanted: NamedDocument): Uint8Array | null {
  try {
    const bytes = readFile(disk, location.join(location.cacheFolder, wanted.sha256), wanted.length);
    return bytes !== null && isWanted(digestBytes(bytes), wanted) ? bytes : null;
  } catch (error) {
    if (error instanceof DamagedError || errorCode(error) !== undefined) return null;
    throw error;
  }
}

/** Writes it into the cache, unless another process has the lock: then that one writes it. */
function writeCached(
  { disk, locks, location }: DocumentContext,
  { sha256 }: NamedDocument,
  bytes: Uint8Array,
): void {
  const { cacheFolder, join } = location;
  try {
    createDirectories(disk, cacheFolder, location.dirname);
    const lock = locks.acquire(cachePaths(cacheFolder, sha256).lock);
    if (lock === null) return;
    try {
      replaceDurably(disk, join(cacheFolder, sha256), cacheFolder, bytes);
    } finally {
      lock.release();
    }
  } catch (error) {
    throw asUpdaterError(error, cacheFolder);
  }
}

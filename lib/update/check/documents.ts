/**
 * Small documents of the feed (channel index, pages, manifests), named by length and digest in what was signed. Read
 * from the cache where it has them, so that a check which finds nothing new fetches none.
 */
import { DamagedError, errorCode, NetworkError } from '../../errors.ts';
import { MAX_DOCUMENT } from '../../format/json.ts';
import { printable } from '../../format/printable.ts';
import type { Disk } from '../../platform/disk.ts';
import { tellable } from '../../platform/failures.ts';
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

/** DamagedError where the server's file is not the signed one, NetworkError where it can't be had. */
export async function readDocument(context: DocumentContext, wanted: NamedDocument): Promise<Uint8Array> {
  if (wanted.length > MAX_DOCUMENT) {
    throw new DamagedError(
      `${printable(wanted.path)}: wanted at most ${MAX_DOCUMENT} bytes, the feed names ${wanted.length}`,
    );
  }
  const cached = fromCache(context, wanted);
  if (cached !== null) return cached;
  const url = context.location.targetUrl(wanted.path);
  const bytes = await context.source.get(url, wanted.length);
  if (bytes === null) {
    throw new NetworkError(`${url}: the feed names this file and has none`, {
      advice: 'Try later; if it stays, tell who runs the feed.',
    });
  }
  const found = digestBytes(bytes);
  if (!isWanted(found, wanted)) {
    throw new DamagedError(
      `${url}: wanted ${wanted.length} bytes with SHA-256 ${wanted.sha256}, as was signed, found ${found.size} with ${found.sha256}`,
      { advice: 'Try later; if it stays, tell who runs the feed, or look for a proxy that changes files.' },
    );
  }
  keep(context, wanted, bytes);
  return bytes;
}

function isWanted(found: { sha256: string; size: number }, wanted: NamedDocument): boolean {
  return found.size === wanted.length && found.sha256 === wanted.sha256;
}

/** What is damaged there, or can't be read, counts as not there. */
function fromCache({ disk, location }: DocumentContext, wanted: NamedDocument): Uint8Array | null {
  try {
    const bytes = readFile(disk, location.join(location.cacheFolder, wanted.sha256), wanted.length);
    return bytes !== null && isWanted(digestBytes(bytes), wanted) ? bytes : null;
  } catch (error) {
    if (error instanceof DamagedError || errorCode(error) !== undefined) return null;
    throw error;
  }
}

/** Not where another process is at work on the same files: it keeps them itself. */
function keep(
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
    throw tellable(error, cacheFolder);
  }
}

/**
 * The feed as this machine trusts it. There is one trusted root for packages and feed: the client starts from it, and
 * when the feed has rotated it, the new one is kept, so that `--apply` trusts it as well. A root that a person gave
 * (`init --root`) wins over what the feed's folder remembers.
 */
import { DamagedError } from '../../errors.ts';
import { keepTrustedRoot, loadRootDocument } from '../../home/trusted-root.ts';
import { readFile, removeIfThere } from '../../platform/files.ts';
import type { Host } from '../../platform/host.ts';
import { decodeRoot, type Feed, type MetadataSource, openFeed } from '../../trust/index.ts';
import type { FeedLocation } from './feed-location.ts';

const MAX_ROOT = 1 << 20;

export interface FeedClientOptions {
  host: Host;
  home: string;
  location: FeedLocation;
  source: MetadataSource;
  /** As JSON; null where none was compiled in. */
  compiledInRoot: unknown;
}

/** The feed, refreshed. TrustError 10, NetworkError 13, MachineError 12. */
export async function openTrustedFeed(options: FeedClientOptions): Promise<Feed> {
  const { host, home, location, source } = options;
  const anchor = loadRootDocument(host, home, options.compiledInRoot);
  const rootFile = location.join(location.folder, 'root.json');
  const remembered = readRemembered(host, rootFile);
  const isAnchor =
    anchor.bytes !== null && remembered !== null && Buffer.compare(remembered, anchor.bytes) === 0;
  // The rotations that led to it are published still: the client walks them again, from the root that is trusted.
  if (remembered !== null && !isAnchor) removeIfThere(host.disk, rootFile);
  const feed = openFeed({
    disk: host.disk,
    locks: host.locks,
    platform: host.platform,
    folder: location.folder,
    source,
    baseUrl: location.metadataUrl,
    compiledInRoot: anchor.json,
    now: () => host.clock.now(),
  });
  try {
    await feed.refresh();
  } finally {
    keepRotated(options, readRemembered(host, rootFile), anchor.root.version);
  }
  return feed;
}

/** Also after a refresh that failed later on: the rotation itself was verified, and revokes keys. */
function keepRotated(
  { host, home, location }: FeedClientOptions,
  rotated: Uint8Array | null,
  before: number,
): void {
  if (rotated === null || decodeRoot(rotated).version <= before) return;
  // Another process that has come as far keeps it itself; at the worst the next run walks there again.
  const lock = host.locks.acquire(location.join(location.folder, 'lock'));
  if (lock === null) return;
  try {
    keepTrustedRoot(host, home, rotated);
  } finally {
    lock.release();
  }
}

/** What is no root at all counts as another root. */
function readRemembered({ disk }: Host, file: string): Uint8Array | null {
  try {
    return readFile(disk, file, MAX_ROOT);
  } catch (error) {
    if (error instanceof DamagedError) return new Uint8Array();
    throw error;
  }
}

/**
 * The feed, read from this machine's trusted root. Packages and the feed have the same one: if the feed has rotated it,
 * the new root is kept where `--apply` finds it. A root that the user gave (`init --root`) overrides the one in the feed's
 * folder.
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
  /** As JSON; null if none was compiled in. */
  compiledInRoot: unknown;
}

/** Returns the feed after a refresh. Throws TrustError 10, NetworkError 13, MachineError 12. */
export async function openTrustedFeed(options: FeedClientOptions): Promise<Feed> {
  const { host, home, location, source } = options;
  const anchor = loadRootDocument(host, home, options.compiledInRoot);
  const rootFile = location.join(location.folder, 'root.json');
  const last = readLastRoot(host, rootFile);
  const isAnchor = anchor.bytes !== null && last !== null && Buffer.compare(last, anchor.bytes) === 0;
  // The feed still publishes the rotations that led to it: the client repeats them, from the trusted root on.
  if (last !== null && !isAnchor) removeIfThere(host.disk, rootFile);
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
    keepRotated(options, readLastRoot(host, rootFile), anchor.root.version);
  }
  return feed;
}

/** Also after a refresh that failed later: the rotation was verified, and it revokes keys. */
function keepRotated(
  { host, home, location }: FeedClientOptions,
  rotated: Uint8Array | null,
  before: number,
): void {
  if (rotated === null || decodeRoot(rotated).version <= before) return;
  // Another process that has read the same rotation keeps it. If it does not, the next run repeats the rotation.
  const lock = host.locks.acquire(location.join(location.folder, 'lock'));
  if (lock === null) return;
  try {
    keepTrustedRoot(host, home, rotated);
  } finally {
    lock.release();
  }
}

/** The root of the last refresh. A file that is too large to be one counts as a different root. */
function readLastRoot({ disk }: Host, file: string): Uint8Array | null {
  try {
    return readFile(disk, file, MAX_ROOT);
  } catch (error) {
    if (error instanceof DamagedError) return new Uint8Array();
    throw error;
  }
}

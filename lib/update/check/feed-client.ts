/**
 * The feed, read from this machine's trusted root. Packages and the feed have the same one: the roots that the feed has
 * rotated to are kept where `--apply` finds them.
 */
import { loadRootDocument, rootsFolder } from '../../home/trusted-root.ts';
import type { Host } from '../../platform/host.ts';
import {
  eagerSource,
  type Feed,
  type MetadataSource,
  openFeed,
  readRoot,
  timestampFile,
} from '../../trust/index.ts';
import type { FeedLocation } from './feed-location.ts';

export interface FeedClientOptions {
  host: Host;
  home: string;
  location: FeedLocation;
  source: MetadataSource;
  /** As JSON; null if none was compiled in. */
  compiledInRoot: unknown;
  /** The highest version of a root that was seen here. */
  lowestRoot: number;
  /** Called with the version of the trusted root, and of each newer one, also if the refresh fails later. */
  onRoot(version: number): void;
}

/** Returns the feed after a refresh. Throws TrustError 10, NetworkError 13, MachineError 12. */
export async function openTrustedFeed(options: FeedClientOptions): Promise<Feed> {
  const { host, home, location, source, lowestRoot, onRoot } = options;
  // The refresh begins with the same root, and verifies it.
  const newest = loadRootDocument(host, home, options.compiledInRoot, readRoot);
  onRoot(newest.root.version);
  const early = eagerSource(source, timestampFile(location.metadataUrl));
  const feed = openFeed({
    disk: host.disk,
    locks: host.locks,
    platform: host.platform,
    folder: location.folder,
    rootsFolder: rootsFolder(host, home),
    source: early,
    baseUrl: location.metadataUrl,
    // The whole chain again: so it is complete in the home afterwards, whatever was damaged or missing there.
    compiledInRoot: options.compiledInRoot ?? newest.json,
    lowestRoot: Math.max(lowestRoot, newest.root.version),
    onRoot,
    now: () => host.clock.now(),
    localOffset: host.localOffset,
  });
  try {
    await feed.refresh();
  } finally {
    early.stop();
  }
  return feed;
}

/** The addresses of a feed's files, and the folders that keep its metadata on this machine. Pure. */
import { digestBytes } from '../../platform/files.ts';
import type { Platform } from '../../platform/host.ts';
import { pathsOf } from '../../platform/path-flavour.ts';

export interface FeedLocation {
  /** As the user gave it. */
  feed: string;
  /** The folder of the metadata files. */
  metadataUrl: string;
  /** The address of a file below the feed's `targets/`. */
  targetUrl(path: string): string;
  /** Metadata of this feed, kept between runs. */
  folder: string;
  cacheFolder: string;
  join(...parts: string[]): string;
  dirname(path: string): string;
}

export function locateFeed(feed: string, home: string, platform: Platform): FeedLocation {
  const path = pathsOf(platform);
  const base = feed.endsWith('/') ? feed : `${feed}/`;
  const { sha256 } = digestBytes(new TextEncoder().encode(base));
  return {
    feed,
    metadataUrl: new URL('metadata/', base).href,
    targetUrl: (target) => new URL(`targets/${target}`, base).href,
    // The versions of one feed mean nothing for another, so each has a folder of its own.
    folder: path.join(home, 'trust', 'feed', sha256.slice(0, 16)),
    cacheFolder: path.join(home, 'cache'),
    join: path.join,
    dirname: path.dirname,
  };
}

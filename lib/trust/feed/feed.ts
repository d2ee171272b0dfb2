/**
 * The feed: what the publisher says now, believed as far as the trusted root reaches. `update/` asks it which targets
 * there are; it never asks the feed's server for an opinion.
 *
 * Guarantees: nothing is believed that a threshold of the right keys did not sign, that is older than what was
 * believed before, or that has expired. A refresh that is stopped or fails at any point leaves a folder from which
 * the next one goes on. TrustError: the feed can't be believed. NetworkError: it can't be read. MachineError: the
 * folder can't be written.
 */
import type { Disk } from '../../platform/disk.ts';
import type { Locks, Platform } from '../../platform/host.ts';
import { type KeyPolicy, OWN_KEYS } from './key-policy.ts';
import { MetadataFolder } from './metadata-folder.ts';
import type { MetadataSource } from './metadata-source.ts';
import { type RefreshContext, refresh } from './refresh.ts';
import { search } from './search.ts';
import type { TargetInfo } from './target.ts';
import type { TrustedMetadata } from './trusted-metadata.ts';

export interface FeedOptions {
  disk: Disk;
  locks: Locks;
  platform: Platform;
  /** Where metadata is kept between runs, `root.json` among it. Made when it is missing. */
  folder: string;
  source: MetadataSource;
  /** The address below which the metadata files stand. */
  baseUrl: string;
  /** `root.json` as JSON, the last resort when the folder has none that can be used; null where none was compiled in. */
  compiledInRoot: unknown;
  /** Milliseconds since the epoch; asked once at the start of every refresh (spec 5.1). */
  now(): number;
  keyPolicy?: KeyPolicy;
}

export interface Feed {
  /** Reads what is published now (spec 5.3 to 5.6). When it throws, the feed answers as before it. */
  refresh(): Promise<void>;
  /** What the feed says of one target; null where it has none of that name. Refreshes if nobody did, or if it has expired since. */
  target(path: string): Promise<TargetInfo | null>;
}

export function openFeed(options: FeedOptions): Feed {
  const folder = new MetadataFolder(options);
  const context: RefreshContext = {
    folder,
    source: options.source,
    baseUrl: options.baseUrl,
    compiledInRoot: options.compiledInRoot,
    policy: options.keyPolicy ?? OWN_KEYS,
  };
  let trusted: TrustedMetadata | null = null;
  const refreshNow = async (): Promise<TrustedMetadata> => {
    trusted = await refresh(context, options.now());
    return trusted;
  };
  // One after the other: two at once would each ask for the same files, and the second could not write.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const turn = last.then(() => folder.alone(work));
    last = turn.catch(() => undefined);
    return turn;
  };
  return {
    refresh: async () => {
      await inTurn(refreshNow);
    },
    target: (path) =>
      inTurn(async () => {
        const usable = trusted === null || trusted.isExpired(options.now()) ? await refreshNow() : trusted;
        return search(context, usable, path);
      }),
  };
}

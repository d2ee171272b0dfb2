/**
 * The feed: what the publisher offers now, verified from the trusted root on. `update/` asks it which targets there are.
 *
 * Guarantees: nothing is accepted that is not signed by a threshold of the right keys, that is older than what was accepted
 * before, or that has expired. A refresh that is stopped or fails at any point leaves a folder from which the next one
 * continues. Throws TrustError if the feed can't be trusted, NetworkError if it can't be read, MachineError if the folder
 * can't be written.
 */
import { TrustError } from '../../errors.ts';
import type { LocalOffset } from '../../format/local-time.ts';
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
  /** Keeps the metadata between runs, including `root.json`. Created if it is missing. */
  folder: string;
  source: MetadataSource;
  /** The address of the folder with the metadata files. */
  baseUrl: string;
  /** Keeps `root.json` and every root on the way to it, `<n>.root.json`: `folder` unless given; null: they are not kept. */
  rootsFolder?: string | null;
  /** The trusted root as JSON, with which every refresh begins; null if none was compiled in: then the kept `root.json`. */
  compiledInRoot: unknown;
  /** A feed whose newest root is of a lower version is not trusted: its keys may have been revoked since. */
  lowestRoot?: number;
  /** Called with the version of each newer root as soon as it is verified, whatever becomes of the refresh. */
  onRoot?(version: number): void;
  /** Milliseconds since the epoch; called once at the start of every refresh (spec 5.1). */
  now(): number;
  keyPolicy?: KeyPolicy;
  /** For times in messages. Default: they are told in UTC. */
  localOffset?: LocalOffset;
}

export interface Feed {
  /** Reads what is published now (spec 5.3 to 5.6). If it throws, the feed answers as before. */
  refresh(): Promise<void>;
  /** One target of the feed; null if it has none of that name. Refreshes if the feed was not read yet, or has expired. */
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
    localOffset: options.localOffset ?? (() => 0),
    lowestRoot: options.lowestRoot ?? 1,
    onRoot: (version) => options.onRoot?.(version),
  };
  let trusted: TrustedMetadata | null = null;
  const refreshNow = async (): Promise<TrustedMetadata> => {
    trusted = await refresh(context, options.now());
    return trusted;
  };
  // One after the other: two at once would both ask for the same files, and the second could not write them.
  let last: Promise<unknown> = Promise.resolve();
  const oneAtATime = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const turn = last.then(() => folder.withLock(work));
    last = turn.catch(() => undefined);
    return turn;
  };
  return {
    refresh: async () => {
      await oneAtATime(refreshNow);
    },
    target: (path) =>
      oneAtATime(async () => {
        const now = options.now();
        const usable = trusted === null || trusted.isExpired(now) ? await refreshNow() : trusted;
        try {
          return await search(context, usable, path, now);
        } catch (error) {
          // What was refused may have been renewed since: the next question begins with a refresh.
          if (error instanceof TrustError) trusted = null;
          throw error;
        }
      }),
  };
}

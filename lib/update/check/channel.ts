/** A channel of the feed for one target: its index, and as many older pages as are needed. */
import { PolicyError, TrustError } from '../../errors.ts';
import type { Feed } from '../../trust/index.ts';
import {
  type ChannelIndex,
  compareVersions,
  type DGMOVersion,
  decodeIndex,
  decodeManifest,
  decodePage,
  indexPath,
  isBaseline,
  isNewer,
  type ListedFile,
  type ListedRelease,
  type Target,
  targetName,
} from '../../version/index.ts';
import { type DocumentContext, readDocument } from './documents.ts';

/** Each has up to twenty releases. */
export const MAX_PAGES = 100;

export interface ChannelQuestion {
  app: string;
  channel: string;
  /** The best first. */
  targets: readonly Target[];
}

/**
 * The indexes of the channel for those of the targets that the feed has, in their order. Throws TrustError if one is not the index
 * that was asked for, PolicyError if the feed has none.
 */
export async function* readChannels(
  context: DocumentContext,
  feed: Feed,
  { app, channel, targets }: ChannelQuestion,
): AsyncGenerator<ChannelIndex> {
  let isThere = false;
  for (const target of targets) {
    const index = await readChannel(context, feed, { app, channel, target });
    if (index === null) continue;
    isThere = true;
    yield index;
  }
  if (isThere) return;
  const [first] = targets;
  const names = targets.map(targetName).join(' or ');
  throw new PolicyError(`the feed ${context.location.feed} has no channel ${channel} for ${names}`, {
    advice:
      first !== undefined && targets.length === 1 && isBaseline(first)
        ? 'This processor needs a build for older ones. Tell the publisher; `dgmo-updater config set build modern` tries the other build.'
        : '`dgmo-updater config explain channel` says who chose it, and how to choose another one.',
  });
}

/** Null if the feed has none. */
async function readChannel(
  context: DocumentContext,
  feed: Feed,
  { app, channel, target }: { app: string; channel: string; target: Target },
): Promise<ChannelIndex | null> {
  const path = indexPath(channel, target);
  const info = await feed.target(path);
  const sha256 = info?.hashes.sha256;
  if (info === null || sha256 === undefined) return null;
  const bytes = await readDocument(context, { path: info.location, length: info.length, sha256 });
  const index = decodeIndex(bytes);
  const found = `${index.app} ${index.channel} ${targetName(index)}`;
  const wanted = `${app} ${channel} ${targetName(target)}`;
  if (found !== wanted) {
    throw new TrustError(`not trusted: wanted the index of ${wanted}, found that of ${found}`, {
      advice:
        index.app === app
          ? 'Tell the publisher.'
          : `Name the feed of ${app} with --feed, or the app with --app.`,
    });
  }
  return index;
}

/**
 * The releases of the index, then those of one page after the other, newest first, until `enough` returns true for what
 * was read and the page that comes next. Throws TrustError if they are not in order, as when pages lead in a circle.
 */
export async function readReleases(
  context: DocumentContext,
  index: ChannelIndex,
  enough: (releases: readonly ListedRelease[], older: ListedFile) => boolean,
): Promise<ListedRelease[]> {
  const releases = [...index.releases];
  let { older } = index;
  for (let pages = 0; older !== null && pages < MAX_PAGES && !enough(releases, older); pages++) {
    const page = decodePage(await readDocument(context, older));
    for (const release of page.releases) {
      const last = releases.at(-1);
      if (last !== undefined && !isNewer(last.version, release.version)) {
        throw new TrustError(
          `not trusted: ${older.path}: wanted releases before ${last.version}, found ${release.version}`,
        );
      }
      releases.push(release);
    }
    older = page.older;
  }
  return releases;
}

/** The release of that version; null if the channel has none. */
export async function findRelease(
  context: DocumentContext,
  index: ChannelIndex,
  version: string,
): Promise<ListedRelease | null> {
  const releases = await readReleases(context, index, (read) => {
    const last = read.at(-1);
    return last !== undefined && compareVersions(last.version, version) <= 0;
  });
  return releases.find((release) => release.version === version) ?? null;
}

/** The manifest of the release. Throws TrustError if it is of another release than the index says. */
export async function readManifest(context: DocumentContext, release: ListedRelease): Promise<DGMOVersion> {
  const manifest = decodeManifest(await readDocument(context, release.manifest));
  if (manifest.version === release.version) return manifest;
  throw new TrustError(
    `not trusted: wanted the manifest of ${release.version}, found that of ${manifest.version}`,
  );
}

/**
 * Removes files that nothing names any more: half-published ones, metadata, indexes and pages that were replaced, and,
 * on request, the packages of old releases, whose entries stay.
 *
 * Clients may still be reading what was named a moment ago, and caches may serve it for longer. So a file is only noted
 * when it is first found unnamed, and removed when it is still unnamed after the grace period.
 */
import path from 'node:path';
import { type Decoder, integer, unwanted } from '../../lib/format/decoder.ts';
import type { Disk } from '../../lib/platform/disk.ts';
import { removeIfThere } from '../../lib/platform/files.ts';
import type { Host } from '../../lib/platform/host.ts';
import type { Signers } from '../keys/signers.ts';
import { commit } from './commit.ts';
import type { RepositoryLayout } from './layout.ts';
import { withRepositoryLock } from './lock.ts';
import { metadataName, type Published, readPublished, requireCurrent } from './published.ts';
import { type Channel, channelPaths, readChannels } from './releases/channel.ts';
import { filesOfRelease } from './releases/packages.ts';
import { readNote, writeNote } from './work-note.ts';

export interface PruneOptions {
  /**
   * How many releases of each channel and target keep all their packages, and how many, those among them, their patches:
   * an installation that is far behind comes forward over the patches of releases in between. Null: all keep all.
   */
  keep: { packages: number; patches: number } | null;
  /** Milliseconds that a file must have been unnamed before it is removed. */
  grace: number;
}

export interface Pruned {
  /** Releases that lost packages now. */
  thinned: string[];
  removed: { files: number; bytes: number };
  /** Unnamed, but not for long enough. */
  waiting: { files: number; bytes: number };
}

/** `signers`: required if `keep` is given. */
export async function prune(
  host: Host,
  folder: string,
  { keep, grace }: PruneOptions,
  signers: Signers | null,
): Promise<Pruned> {
  return await withRepositoryLock(host, folder, async (layout) => {
    const published = readPublished(host, folder);
    requireCurrent(published);
    const channels = readChannels(published);
    const changed = keep === null ? [] : channels.flatMap((channel) => thinned(channel, keep));
    if (changed.length > 0 && signers !== null) {
      const edit = { channels: changed.map(({ channel }) => channel), now: host.clock.now() };
      commit(published, edit, signers);
    }
    const outcome = remove(host, layout, unnamedFiles(readPublished(host, folder)), grace);
    return { thinned: changed.flatMap(({ versions }) => versions), ...outcome };
  });
}

/** The channel with fewer packages; empty if it has none to lose. */
function thinned(
  channel: Channel,
  keep: NonNullable<PruneOptions['keep']>,
): { channel: Channel; versions: string[] }[] {
  const versions: string[] = [];
  const releases = channel.releases.map((release, index) => {
    const packages = release.packages.filter(
      ({ kind }) => index < keep.packages || (kind === 'patch' && index < keep.patches),
    );
    if (packages.length === release.packages.length) return release;
    versions.push(release.version);
    return { ...release, packages };
  });
  return versions.length === 0 ? [] : [{ channel: { ...channel, releases }, versions }];
}

/** Files of the feed that no client can reach. */
export function unnamedFiles(published: Published): string[] {
  const { host, layout } = published;
  const named = namedFiles(published);
  return [layout.metadata, layout.targets]
    .flatMap((folder) => files(host.disk, folder))
    .filter((file) => !named.has(file));
}

/** Everything that a client can reach. */
function namedFiles(published: Published): Set<string> {
  const { layout, settings } = published;
  const { snapshot } = requireCurrent(published);
  const named = new Set([layout.timestamp]);
  const metadata = (name: string) => named.add(path.join(layout.metadata, name));
  metadata(`${snapshot.metadata.signed.version}.snapshot.json`);
  for (const [name, { version }] of Object.entries(snapshot.metadata.signed.meta)) {
    metadata(`${version}.${name}`);
  }
  for (const file of files(published.host.disk, layout.metadata)) {
    // A client that was not updated for a long time reads every root.
    if (metadataName(path.basename(file))?.role === 'root') named.add(file);
  }
  for (const channel of readChannels(published)) {
    const listed = channel.releases.flatMap((release) => filesOfRelease(published, release));
    for (const at of [...channelPaths(settings.app, channel), ...listed.map((entry) => entry.path)]) {
      named.add(path.join(layout.targets, at));
    }
  }
  return named;
}

/** All files in the folder and in those below it. */
export function files(disk: Disk, folder: string): string[] {
  if (disk.status(folder) === null) return [];
  return disk.list(folder).flatMap((name) => {
    const at = path.join(folder, name);
    return disk.status(at)?.kind === 'directory' ? files(disk, at) : [at];
  });
}

function remove(
  { disk, clock }: Host,
  layout: RepositoryLayout,
  unnamed: string[],
  grace: number,
): Pick<Pruned, 'removed' | 'waiting'> {
  const before = readNote(disk, layout.unnamed, seenSince, NOTE) ?? {};
  const now = clock.now();
  const seen: Record<string, number> = {};
  const removed = { files: 0, bytes: 0 };
  const waiting = { files: 0, bytes: 0 };
  for (const file of unnamed) {
    const name = path.relative(layout.folder, file);
    const since = Math.min(before[name] ?? now, now);
    const count = now - since >= grace ? removed : waiting;
    count.files++;
    count.bytes += disk.status(file)?.size ?? 0;
    if (count === removed) removeIfThere(disk, file);
    else seen[name] = since;
  }
  writeNote(disk, layout.unnamed, seen);
  return { removed, waiting };
}

/** Bytes; without a note every file is seen for the first time. */
const NOTE = { limit: 64 << 20, forgetDamaged: true };
const time = integer(0, Number.MAX_SAFE_INTEGER);

/** Paths in the repository to the time when they were first seen unnamed. */
const seenSince: Decoder<Record<string, number>> = (value, where) => {
  if (typeof value !== 'object' || value === null) throw unwanted(where, 'an object', value);
  return Object.fromEntries(
    Object.entries(value).map(([name, since]) => [name, time(since, `${where}: ${name}`)]),
  );
};

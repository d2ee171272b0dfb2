/** What `add` is to achieve for one target, given what is published. */
import { BlockDigests } from '../../../lib/delta/index.ts';
import { PolicyError, UsageError } from '../../../lib/errors.ts';
import { type Digest, digestFile } from '../../../lib/platform/files.ts';
import {
  compareVersions,
  isBaseline,
  type ListedPackage,
  type ListedRelease,
  MAX_BINARY_SIZE,
  MAX_PACKAGES,
  machineOf,
  type Target,
  targetName,
} from '../../../lib/version/index.ts';
import type { Published } from '../published.ts';
import type { AddRequest } from './add-request.ts';
import { type Channel, readChannel, readChannels } from './channel.ts';
import { findRelease, isRevoked, releasesBefore } from './list-changes.ts';
import { fullPackage } from './packages.ts';
import { spacedPlaces } from './spacing.ts';

export interface Goal {
  target: Target;
  /** Path of the binary. */
  file: string;
  digest: Digest;
  /** The list of the digests of its blocks. */
  blocks: Uint8Array;
  channel: Channel;
  /** The version's entry in this channel. */
  here: ListedRelease | undefined;
  /** Its entry in any channel; this channel's if there is one. */
  known: ListedRelease | undefined;
  /** What installations have before it, newest first. */
  before: ListedRelease[];
  /** Releases to make patches from, newest first. */
  bases: ListedRelease[];
}

/** PolicyError if the version has a different binary. */
export function readGoal(
  published: Published,
  request: AddRequest,
  { target, file }: AddRequest['binaries'][number],
): Goal {
  const { version } = request;
  const blocks = new BlockDigests();
  const digest = digestFile(published.host.disk, file, { atMost: MAX_BINARY_SIZE }, (piece) =>
    blocks.update(piece),
  );
  if (digest === null) throw new UsageError(`${file}: wanted a file to read, found nothing there`);
  if (digest.size === 0 || digest.size > MAX_BINARY_SIZE) {
    throw new UsageError(`${file}: wanted 1 to ${MAX_BINARY_SIZE} bytes, found ${digest.size}`);
  }
  const channel = readChannel(published, request.channel, target);
  const here = findRelease(channel, version);
  const known = here ?? findAnywhere(published, target, version);
  if (known !== undefined && known.binary.sha256 !== digest.sha256) {
    throw new PolicyError(
      `${version} for ${targetName(target)} is published with another binary: wanted SHA-256 ` +
        `${known.binary.sha256}, found ${digest.sha256} in ${file}`,
      { advice: 'A version never changes. Give the new binary a new version.' },
    );
  }
  const before = earlier(published, channel, version);
  const goal = { target, file, digest, blocks: blocks.list(), channel, here, known, before };
  return { ...goal, bases: chooseBases(published, goal, request) };
}

function findAnywhere(published: Published, target: Target, version: string): ListedRelease | undefined {
  return readChannels(published)
    .filter((channel) => targetName(channel.target) === targetName(target))
    .flatMap((channel) => findRelease(channel, version) ?? [])[0];
}

/** An entry that is listed here already gets only the patches that are requested by name. */
function chooseBases(
  published: Published,
  { target, channel, digest, here, before: earlierReleases }: Omit<Goal, 'bases'>,
  { deltas, from }: AddRequest,
): ListedRelease[] {
  const usable = (release: ListedRelease) =>
    fullPackage(release) !== undefined && release.binary.sha256 !== digest.sha256;
  const before = here === undefined ? earlierReleases.filter(usable) : [];
  const distinct = before.filter(
    ({ binary }, place) => before.findIndex((other) => other.binary.sha256 === binary.sha256) === place,
  );
  const spaced = spacedPlaces(distinct.length, deltas).flatMap((place) => distinct[place] ?? []);
  const named = from.flatMap((wanted) => {
    const found =
      findRelease(channel, wanted) ??
      findAnywhere(published, target, wanted) ??
      findAnywhere(published, machineOf(target), wanted);
    return found !== undefined && usable(found) ? [found] : [];
  });
  const bases = [...new Map([...spaced, ...named].map((base) => [base.binary.sha256, base])).values()];
  const patches = bases.length + (here?.packages.length ?? 1) - 1;
  if (patches >= MAX_PACKAGES) {
    throw new UsageError(
      `${targetName(target)}: wanted at most ${MAX_PACKAGES - 1} patches for one binary, found ${patches}`,
      { advice: 'Ask for fewer with --deltas and --from.' },
    );
  }
  return bases;
}

/**
 * The releases before it. Whoever is offered the first release of a channel comes from another channel, so it is those of all channels
 * then. Whoever gets the first baseline build has the other build still, which ran there until now: so it is those of that build.
 */
function earlier(published: Published, channel: Channel, version: string): ListedRelease[] {
  const own = releasesBefore(channel, version);
  if (own.length > 0) return own;
  const elsewhere = releasesAnywhereBefore(published, channel.target, version);
  if (elsewhere.length > 0 || !isBaseline(channel.target)) return elsewhere;
  const machine = machineOf(channel.target);
  const other = releasesBefore(readChannel(published, channel.name, machine), version);
  return other.length > 0 ? other : releasesAnywhereBefore(published, machine, version);
}

/** Of all channels, each version once, newest first. */
function releasesAnywhereBefore(published: Published, target: Target, version: string): ListedRelease[] {
  const found = readChannels(published)
    .filter((channel) => targetName(channel.target) === targetName(target))
    .flatMap((channel) => releasesBefore(channel, version).filter((one) => !isRevoked(channel, one.version)));
  const distinct = new Map(found.map((release) => [release.version, release]));
  return [...distinct.values()].sort((a, b) => compareVersions(b.version, a.version));
}

/** UsageError if no target has a release that `--from` names. Reports each target that has not. */
export function requireNamedBases(
  goals: readonly Goal[],
  { from, version }: AddRequest,
  say: (line: string) => void,
): void {
  for (const wanted of from) {
    const without = goals.filter(({ bases }) => bases.every((base) => base.version !== wanted));
    if (without.length === goals.length) {
      throw new UsageError(
        `--from: wanted a release before ${version} with another binary and a full package, found ${wanted}`,
        { advice: '`release status --all` lists the releases, and which have the full binary.' },
      );
    }
    for (const { target } of without) say(`${targetName(target)}: has no release ${wanted} to patch`);
  }
}

export function patchFrom(
  release: ListedRelease | undefined,
  base: ListedRelease,
): ListedPackage | undefined {
  return release?.packages.find(
    (entry) => entry.kind === 'patch' && entry.fromChecksum === base.binary.sha256,
  );
}

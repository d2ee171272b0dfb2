/**
 * The channel index: which releases a channel offers for one target, and where their files are. It is the only kind of
 * target that the feed's TUF metadata lists (`indexPath`); the index lists every other file of the feed, with length and
 * digest, so the metadata does not grow with the number of releases. The index has the newest releases itself; older ones
 * are in pages that never change, each of which names the page before it.
 *
 * All paths are below the feed's `targets/` and contain the digest of the file, so a file never changes.
 */
import {
  array,
  checked,
  type Decoded,
  hex,
  integer,
  line,
  nullable,
  object,
  oneOf,
  stringOf,
  tagged,
  time,
  unwanted,
} from '../format/decoder.ts';
import { parseJson } from '../format/json.ts';
import { feedFile, MAX_BINARY_SIZE } from './binary.ts';
import { RISK_LEVELS, UPDATE_TYPES } from './manifest.ts';
import { compareVersions, isNewer, version } from './semver.ts';
import { arch, platform, type Target, targetName } from './target.ts';

/** Releases in the index itself, and in one page. */
export const MAX_LISTED = 20;
/** Of one release for one target: the full binary and patches. */
export const MAX_PACKAGES = 32;
const MAX_REVOKED = 1000;

const CHANNEL = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** The channel, if the user has not chosen one. */
export const DEFAULT_CHANNEL = 'stable';

/** What a channel's name must be, for messages. */
export const CHANNEL_NAME = 'a name of a-z, 0-9 and dash, at most 32 long';

export function isChannelName(value: string): boolean {
  return CHANNEL.test(value);
}

/** The TUF target that holds the index. */
export function indexPath(channel: string, target: Target): string {
  return `channels/${channel}/${targetName(target)}.json`;
}

/** A `.dgmopkg` with one patch or full binary, and the evolutions of the release. */
const packageFile = tagged('kind', {
  full: object({ kind: oneOf('full'), ...feedFile }),
  /** For an installation of exactly the binary with `fromChecksum`. */
  patch: object({ kind: oneOf('patch'), from: version, fromChecksum: hex(32), ...feedFile }),
});

const release = checked(
  object({
    version,
    /** Milliseconds since the epoch. */
    releaseDate: time,
    type: oneOf(...UPDATE_TYPES),
    riskLevel: oneOf(...RISK_LEVELS),
    /** The binary after the update. */
    binary: object({ sha256: hex(32), size: integer(1, MAX_BINARY_SIZE, 'bytes') }),
    /** The percentage of installs that it is offered to; see lib/update/check/rollout.ts. */
    rollout: integer(0, 100, 'percent'),
    /** The lowest version that can be updated to it; null: any. */
    minimumFrom: nullable(version),
    manifest: object(feedFile),
    packages: array(packageFile, 0, MAX_PACKAGES),
  }),
  (found, path) => {
    found.packages.forEach((entry, index) => {
      if (entry.kind === 'patch' && entry.fromChecksum === found.binary.sha256)
        throw unwanted(`${path}.packages[${index}].fromChecksum`, 'another binary', entry.fromChecksum);
    });
  },
);

const releases = checked(array(release, 0, MAX_LISTED), (found, path) => {
  found.forEach((entry, index) => {
    const newer = found[index - 1];
    if (newer !== undefined && compareVersions(newer.version, entry.version) <= 0) {
      throw unwanted(`${path}[${index}].version`, `a version before ${newer.version}`, entry.version);
    }
  });
});

/** The page with the releases before these; null if there are none. */
const older = nullable(object(feedFile));

const index = checked(
  object({
    schema: oneOf(1),
    app: stringOf('a name of a-z, 0-9, dot, dash and underscore, at most 64 long', (value) =>
      /^[a-z0-9][a-z0-9._-]{0,63}$/.test(value),
    ),
    channel: stringOf(CHANNEL_NAME, isChannelName),
    platform,
    arch,
    /** Newest first. */
    releases,
    /** Installations of an older version must update; null: none must. */
    minimum: nullable(version),
    /** Versions that are not offered, and that an installation is to be updated from. */
    revoked: array(object({ version, reason: line(1000) }), 0, MAX_REVOKED),
    older,
  }),
  (found, path) => {
    const newest = found.releases[0]?.version;
    if (found.minimum !== null && newest !== undefined && isNewer(found.minimum, newest)) {
      throw unwanted(`${path}.minimum`, `at most ${newest}`, found.minimum);
    }
  },
);

const page = object({ schema: oneOf(1), releases, older });

/**
 * When each release was revoked: the `custom` of the index's entry in the feed's metadata, signed with it. The index can't have it,
 * since clients refuse an index with a field that they don't know; TUF has them ignore `custom` (spec 4.5). Feeds from before this
 * have none: then nobody knows when.
 */
export const revocationTimes = object({
  /** Milliseconds since the epoch. */
  revoked: array(object({ version, at: time }), 1, MAX_REVOKED),
});

export type RevocationTimes = Decoded<typeof revocationTimes>;

export type ChannelIndex = Decoded<typeof index>;
export type IndexPage = Decoded<typeof page>;
export type ListedRelease = Decoded<typeof release>;
export type ListedPackage = Decoded<typeof packageFile>;
export type ListedFile = Pick<ListedPackage, 'path' | 'length' | 'sha256'>;

/** Throws DamagedError, which names the first field that is wrong. */
export function decodeIndex(bytes: Uint8Array): ChannelIndex {
  return index(parseJson(bytes, 'index'), 'index');
}

export function decodePage(bytes: Uint8Array): IndexPage {
  return page(parseJson(bytes, 'page'), 'page');
}

/** Throws DamagedError if it would not decode again. */
export function encodeIndex(value: ChannelIndex): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(index(value, 'index')));
}

export function encodePage(value: IndexPage): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(page(value, 'page')));
}

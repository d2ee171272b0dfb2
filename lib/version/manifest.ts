/**
 * The manifest: what a release is, on all platforms. It is the plan's `DGMOVersion`, decoded strictly. It may be trusted
 * only if it came in a signed envelope (lib/trust) or was listed by a signed channel index.
 */

import {
  array,
  boolean,
  checked,
  type Decoded,
  hex,
  integer,
  line,
  nullable,
  object,
  oneOf,
  stringOf,
  text,
  unwanted,
} from '../format/decoder.ts';
import { parseJson } from '../format/json.ts';
import { isPortableName } from '../format/portable-path.ts';
import type { Platform } from '../platform/host.ts';
import { downloadUrl } from './download-url.ts';
import { isNewer, version } from './semver.ts';
import { arch, type BinaryArch, platform, TARGETS, type Target, targetName } from './target.ts';

/** 1 GiB. */
export const MAX_BINARY_SIZE = 1 << 30;

/** The words of https://keepachangelog.com/en/1.1.0/. */
export const CHANGE_KINDS = ['added', 'changed', 'deprecated', 'removed', 'fixed', 'security'] as const;
export const UPDATE_TYPES = ['patch', 'minor', 'major', 'security'] as const;
export const RISK_LEVELS = ['low', 'medium', 'high'] as const;
export type UpdateType = (typeof UPDATE_TYPES)[number];
export type RiskLevel = (typeof RISK_LEVELS)[number];

/** What changed in a release, for people. */
const changeLog = object({
  /** The release notes as written, Markdown, perhaps empty. */
  notes: text(64 * 1024),
  /** One line a change, for lists and for a person who decides about an update. */
  entries: array(object({ kind: oneOf(...CHANGE_KINDS), text: line(1000) }), 0, 256),
});

export type ChangeLog = Decoded<typeof changeLog>;

export interface Binary {
  platform: Platform;
  /** Ends in `-musl` on Linux with musl; see target.ts. */
  arch: BinaryArch;
  /** Bytes. */
  size: number;
  /** SHA-256, 64 lower-case hex digits. */
  checksum: string;
  /** Ed25519 signature by a targets key (lib/trust/binary-signature.ts), 128 lower-case hex digits. */
  signature: string;
  /** An https address, or a path inside the feed; see download-url.ts. */
  downloadUrl: string;
}

export interface Evolution {
  id: string;
  description: string;
  autoApply: boolean;
}

export interface DGMOVersion {
  version: string;
  /** Milliseconds since the epoch. */
  releaseDate: number;
  /** One per target that the release was built for. */
  binaries: Binary[];
  updates: {
    /** The release before this one; null for the first. */
    from: string | null;
    type: UpdateType;
    /** Bytes to download: of the patch from `from`, or of the compressed binary if there is none, and of the evolutions. */
    size: number;
    changes: ChangeLog;
    riskLevel: RiskLevel;
  };
  /** Plugins that come with the release. */
  evolutions: Evolution[];
  rollback: {
    supported: boolean;
    /** The lowest version that can be rolled back to from this one. */
    minVersion: string;
    /** The format of the user data that this release writes. */
    dataVersion: number;
  };
}

export const MAX_EVOLUTIONS = 256;
const EVOLUTION_ID = /^[a-z0-9][a-z0-9._-]{0,63}$/;

const binary = object({
  platform,
  arch,
  size: integer(1, MAX_BINARY_SIZE, 'bytes'),
  checksum: hex(32),
  signature: hex(64),
  downloadUrl,
});

/** Beside the folders of evolutions, this file says which are installed. */
export const EVOLUTIONS_RECEIPT = 'installed.json';

/** The id is the name of a folder, on every system, and not that of the receipt or of a temporary file of it. */
export const evolutionId = stringOf(
  'a name of a-z, 0-9, dot, dash and underscore, at most 64 long, no device of Windows and not installed.json',
  (id) => EVOLUTION_ID.test(id) && isPortableName(id) && !id.startsWith(EVOLUTIONS_RECEIPT),
);

export const evolution = object({
  id: evolutionId,
  description: line(1000),
  autoApply: boolean,
});

const shape = object({
  version,
  releaseDate: integer(0, 253_402_300_799_999, 'milliseconds since 1970'),
  binaries: array(binary, 1, TARGETS.length),
  updates: object({
    from: nullable(version),
    type: oneOf(...UPDATE_TYPES),
    size: integer(1, MAX_BINARY_SIZE, 'bytes'),
    changes: changeLog,
    riskLevel: oneOf(...RISK_LEVELS),
  }),
  evolutions: array(evolution, 0, MAX_EVOLUTIONS),
  rollback: object({
    supported: boolean,
    minVersion: version,
    dataVersion: integer(0, 0x7fffffff),
  }),
});

/** The decoder, for documents that contain a manifest. */
export const manifest = checked<DGMOVersion>(shape, (found, path) => {
  const targets = new Set<string>();
  found.binaries.forEach((entry, index) => {
    const name = targetName(entry);
    const at = `${path}.binaries[${index}]`;
    if (!TARGETS.some((target) => targetName(target) === name)) {
      throw unwanted(`${at}.arch`, `an architecture of ${entry.platform}`, entry.arch);
    }
    if (targets.has(name)) throw unwanted(at, 'one binary for each target', `${name} again`);
    targets.add(name);
  });
  const { from } = found.updates;
  if (from !== null && !isNewer(found.version, from)) {
    throw unwanted(`${path}.updates.from`, `a version before ${found.version}`, from);
  }
  const ids = new Set<string>();
  found.evolutions.forEach(({ id }, index) => {
    if (ids.has(id)) throw unwanted(`${path}.evolutions[${index}].id`, 'each id once', `${id} again`);
    ids.add(id);
  });
  const { minVersion } = found.rollback;
  if (isNewer(minVersion, found.version)) {
    throw unwanted(`${path}.rollback.minVersion`, `at most ${found.version}`, minVersion);
  }
});

/** `bytes` is JSON in UTF-8, at most 1 MiB. Throws DamagedError, which names the first field that is wrong. */
export function decodeManifest(bytes: Uint8Array): DGMOVersion {
  return manifest(parseJson(bytes, 'manifest'), 'manifest');
}

/** Throws DamagedError if it would not decode again. */
export function encodeManifest(value: DGMOVersion): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(manifest(value, 'manifest')));
}

/** The binary of the release for that target; undefined if there is none. */
export function binaryFor(release: DGMOVersion, target: Target): Binary | undefined {
  return release.binaries.find(({ platform, arch }) => platform === target.platform && arch === target.arch);
}

/**
 * The manifest: what a release is, on all platforms. It is the plan's `DGMOVersion`, decoded strictly. It may be trusted
 * only if it came in a signed envelope (lib/trust) or was listed by a signed channel index.
 */

import {
  array,
  boolean,
  checked,
  type Decoded,
  integer,
  line,
  nullable,
  object,
  oneOf,
  optional,
  stringOf,
  text,
  time,
  unwanted,
} from '../format/decoder.ts';
import { parseJson } from '../format/json.ts';
import { isPortableName } from '../format/portable-path.ts';
import {
  type Binary,
  binary,
  feedFile,
  MAX_BINARY_SIZE,
  type UpdaterBinary,
  updaterBinary,
} from './binary.ts';
import { isNewer, version } from './semver.ts';
import { isBaseline, MACHINES, TARGETS, type Target, targetName } from './target.ts';

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

export interface Evolution {
  id: string;
  description: string;
  autoApply: boolean;
  /** Schema 4: what may go wrong with it, as its publisher sees it. Not there: nothing is said of that. */
  riskLevel?: RiskLevel | undefined;
}

export interface DGMOVersion {
  /**
   * 2 in manifests with any of the fields of schema 2, 3 in those with a baseline build, 4 in those with the risk of an
   * evolution; the first schema had no number.
   */
  schema?: 2 | 3 | 4 | undefined;
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
  /**
   * Schema 2: this version confirms its own health after it was started (`dgmo-updater confirm`, or `confirmHealthy()` of
   * the library). Not there: nobody waits for it.
   */
  confirm?: { seconds: number } | undefined;
  /** Schema 2: the updater to have together with this release, at most one per target. */
  updaters?: UpdaterBinary[] | undefined;
  /**
   * Schema 2: the file of the feed with the JSON Schema that its config file has to follow (lib/format/json-schema). Not there:
   * any JSON is as good as another.
   */
  configSchema?: ConfigSchema | undefined;
}

export interface ConfigSchema {
  /** Below `targets/`. */
  path: string;
  /** Bytes. */
  length: number;
  sha256: string;
}

/** An hour: a version that takes longer to say that it is well can't be told from one that never will. */
const MAX_CONFIRM_SECONDS = 3600;

export const MAX_EVOLUTIONS = 256;
/** Bytes of the schema of the config. */
export const MAX_CONFIG_SCHEMA = 1 << 20;
const EVOLUTION_ID = /^[a-z0-9][a-z0-9._-]{0,63}$/;

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
  riskLevel: optional(oneOf(...RISK_LEVELS), undefined),
});

export const configSchema = object({ ...feedFile, length: integer(1, MAX_CONFIG_SCHEMA, 'bytes') });

const shape = object({
  schema: optional(oneOf(2, 3, 4), undefined),
  version,
  releaseDate: time,
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
  confirm: optional(object({ seconds: integer(1, MAX_CONFIRM_SECONDS, 'seconds') }), undefined),
  updaters: optional(array(updaterBinary, 1, MACHINES.length), undefined),
  configSchema: optional(configSchema, undefined),
});

/** The decoder, for documents that contain a manifest. */
export const manifest = checked<DGMOVersion>(shape, (found, path) => {
  checkSchema(found, path);
  checkTargets(found.binaries, TARGETS, `${path}.binaries`, 'binary');
  checkTargets(found.updaters ?? [], MACHINES, `${path}.updaters`, 'updater');
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

/** A document with a field of a schema says that it is one. */
function checkSchema(
  { schema, binaries, evolutions, confirm, updaters, configSchema: config }: DGMOVersion,
  path: string,
): void {
  const isNewForm =
    confirm !== undefined ||
    updaters !== undefined ||
    config !== undefined ||
    binaries.some(({ blocks, frames }) => blocks !== undefined || frames !== undefined);
  const newest = manifestSchema(binaries, evolutions);
  const wanted = newest > 2 || isNewForm ? newest : undefined;
  if (wanted !== undefined && (schema ?? 1) < wanted)
    throw unwanted(`${path}.schema`, `${wanted}, with the fields that it has`, schema);
}

/** The schema of a manifest with these binaries and evolutions, that has fields of schema 2. */
export function manifestSchema(binaries: readonly Target[], evolutions: readonly Evolution[]): 2 | 3 | 4 {
  if (evolutions.some(({ riskLevel }) => riskLevel !== undefined)) return 4;
  return binaries.some(isBaseline) ? 3 : 2;
}

function checkTargets(
  entries: readonly Target[],
  known: readonly Target[],
  path: string,
  what: string,
): void {
  const targets = new Set<string>();
  entries.forEach((entry, index) => {
    const name = targetName(entry);
    if (!known.some((target) => targetName(target) === name)) {
      throw unwanted(`${path}[${index}].arch`, `an architecture of ${entry.platform}`, entry.arch);
    }
    if (targets.has(name))
      throw unwanted(`${path}[${index}]`, `one ${what} for each target`, `${name} again`);
    targets.add(name);
  });
}

/** `bytes` is JSON in UTF-8, at most 1 MiB. Throws DamagedError, which names the first field that is wrong. */
export function decodeManifest(bytes: Uint8Array): DGMOVersion {
  return manifest(parseJson(bytes, 'manifest'), 'manifest');
}

/** Throws DamagedError if it would not decode again. */
export function encodeManifest(value: DGMOVersion): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(manifest(value, 'manifest')));
}

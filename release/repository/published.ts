/**
 * The current state of the repository, read from its folder and checked against its own signatures and digests: a
 * release engineer must not sign again what somebody else put there.
 */
import path from 'node:path';
import type { Metadata, Snapshot, Targets, Timestamp } from '@tufjs/models';
import { TrustError, UsageError } from '../../lib/errors.ts';
import { digestBytes, readFile } from '../../lib/platform/files.ts';
import type { Host } from '../../lib/platform/host.ts';
import { decodeRoot, follows, type TrustedRoot } from '../../lib/trust/index.ts';
import {
  type Document,
  readSnapshot,
  readTargets,
  readTimestamp,
  type TargetsDocument,
} from './documents.ts';
import { type RepositoryLayout, repositoryLayout } from './layout.ts';
import { type RepositorySettings, readSettings } from './settings.ts';

const MAX_BYTES = 5_000_000;

export interface Published {
  host: Host;
  layout: RepositoryLayout;
  settings: RepositorySettings;
  /** The newest root. */
  root: TrustedRoot;
  /** Null before the first timestamp. */
  current: Current | null;
  /** The highest version of each metadata file in the folder, published or left over, by role; `root` included. */
  highest: ReadonlyMap<string, number>;
}

export interface Current {
  timestamp: Document<Timestamp>;
  snapshot: Document<Snapshot>;
  targets: TargetsDocument;
  /** Delegated roles by name, which is the name of their target. */
  roles: ReadonlyMap<string, TargetsDocument>;
}

const METADATA = /^([1-9]\d{0,14})\.([a-z0-9-]+)\.json$/;

/** Version and role from the name of a metadata file. Null for `timestamp.json` and for other files. */
export function metadataName(name: string): { version: number; role: string } | null {
  const [, version, role] = METADATA.exec(name) ?? [];
  return version === undefined || role === undefined ? null : { version: Number(version), role };
}

/** UsageError if the folder is not a repository, TrustError if its metadata was not signed by its keys. */
export function readPublished(host: Host, folder: string): Published {
  const layout = repositoryLayout(folder);
  const settings = readSettings(host.disk, layout);
  const highest = highestVersions(host, layout);
  const root = readNewestRoot(host, layout);
  return { host, layout, settings, root, current: readCurrent(host, layout, root), highest };
}

/** UsageError if `release init` has not finished. */
export function requireCurrent({ current, layout }: Published): Current {
  if (current !== null) return current;
  throw new UsageError(`${layout.timestamp}: wanted a repository that is complete, found no timestamp`, {
    advice: 'Run `release init` again.',
  });
}

function highestVersions(host: Host, layout: RepositoryLayout): Map<string, number> {
  const highest = new Map<string, number>();
  if (host.disk.status(layout.metadata) === null) return highest;
  for (const file of host.disk.list(layout.metadata)) {
    const found = metadataName(file);
    if (found === null) continue;
    highest.set(found.role, Math.max(found.version, highest.get(found.role) ?? 0));
  }
  return highest;
}

/**
 * The newest root, which every root before it leads to: whoever can write into the folder must not get a root of their own
 * signed over. The first one, version 1 unless the repository was begun with a later root, is taken as it is.
 */
function readNewestRoot(host: Host, layout: RepositoryLayout): TrustedRoot {
  let newest: TrustedRoot | null = null;
  for (const version of rootVersions(host, layout)) {
    const root = readRoot(host, layout, version);
    const isNext = root?.version === version && (newest === null || follows(newest, root));
    if (root === null || !isNext) throw unchained(layout, version, newest);
    newest = root;
  }
  if (newest !== null) return newest;
  throw new UsageError(`${layout.metadata}: wanted a root, found none`, {
    advice: 'Run `release init` again.',
  });
}

/** In ascending order. */
function rootVersions({ disk }: Host, { metadata }: RepositoryLayout): number[] {
  if (disk.status(metadata) === null) return [];
  const found = disk.list(metadata).map(metadataName);
  return found.flatMap((name) => (name?.role === 'root' ? [name.version] : [])).sort((a, b) => a - b);
}

function unchained(layout: RepositoryLayout, version: number, before: TrustedRoot | null): TrustError {
  const wanted =
    before === null
      ? `version ${version}`
      : `version ${before.version + 1}, signed by version ${before.version}`;
  return new TrustError(
    `${path.join(layout.metadata, `${version}.root.json`)}: wanted root ${wanted}, found that it is not`,
    { advice: RESTORE },
  );
}

function readRoot(host: Host, layout: RepositoryLayout, version: number): TrustedRoot | null {
  const bytes = readFile(host.disk, path.join(layout.metadata, `${version}.root.json`), MAX_BYTES);
  return bytes === null ? null : decodeRoot(bytes);
}

/** Ids of all keys that any root here names. A key that was replaced is never used again. */
export function keysEverNamed(host: Host, folder: string): Set<string> {
  const layout = repositoryLayout(folder);
  const last = highestVersions(host, layout).get('root') ?? 0;
  const ids = new Set<string>();
  for (let version = 1; version <= last; version++) {
    for (const role of Object.values(readRoot(host, layout, version)?.roles ?? {})) {
      for (const { id } of role.keys) ids.add(id);
    }
  }
  return ids;
}

function readCurrent(host: Host, layout: RepositoryLayout, root: TrustedRoot): Current | null {
  const read = (name: string) => readFile(host.disk, path.join(layout.metadata, name), MAX_BYTES);
  const bytes = read('timestamp.json');
  if (bytes === null) return null;
  const timestamp = readTimestamp(bytes, 'timestamp.json');
  requireSigned(layout, root, 'timestamp', timestamp.metadata);

  const snapshotName = `${timestamp.metadata.signed.snapshotMeta.version}.snapshot.json`;
  const snapshot = readSnapshot(
    requireDigest(layout, snapshotName, read(snapshotName), timestamp.metadata.signed.snapshotMeta.hashes),
    snapshotName,
  );
  requireSigned(layout, root, 'snapshot', snapshot.metadata);

  const readRole = (role: string): TargetsDocument => {
    const meta = snapshot.metadata.signed.meta[`${role}.json`];
    const name = `${meta?.version}.${role}.json`;
    return readTargets(requireDigest(layout, name, read(name), meta?.hashes), name);
  };
  const targets = readRole('targets');
  requireSigned(layout, root, 'targets', targets.metadata);
  const roles = new Map<string, TargetsDocument>();
  for (const role of Object.keys(targets.metadata.signed.delegations?.roles ?? {})) {
    const document = readRole(role);
    if (!isSignedBy(targets.metadata, role, document.metadata)) throw notSigned(layout, role);
    roles.set(role, document);
  }
  return { timestamp, snapshot, targets, roles };
}

function requireDigest(
  layout: RepositoryLayout,
  name: string,
  bytes: Uint8Array | null,
  hashes: Record<string, string> | undefined,
): Uint8Array {
  const found = bytes === null ? 'nothing' : digestBytes(bytes).sha256;
  if (bytes !== null && found === hashes?.sha256) return bytes;
  throw new TrustError(
    `${path.join(layout.metadata, name)}: wanted the file with SHA-256 ${hashes?.sha256}, found ${found}`,
    { advice: RESTORE },
  );
}

type AnyMetadata = Metadata<Snapshot> | Metadata<Targets> | Metadata<Timestamp>;

/** Whether the document is signed by enough of the keys that `by` names for the role. */
export function isSignedBy(
  by: TrustedRoot['metadata'] | Metadata<Targets>,
  role: string,
  document: AnyMetadata,
): boolean {
  try {
    by.verifyDelegate(role, document as Parameters<typeof by.verifyDelegate>[1]);
    return true;
  } catch {
    // Both documents were decoded, so the only error it can throw is that there are too few signatures.
    return false;
  }
}

function requireSigned(
  layout: RepositoryLayout,
  root: TrustedRoot,
  role: string,
  document: AnyMetadata,
): void {
  if (isSignedBy(root.metadata, role, document)) return;
  throw notSigned(layout, role);
}

const RESTORE =
  'Somebody else changed the folder, or it was copied in part: copy it again from where it is published.';

function notSigned(layout: RepositoryLayout, role: string): TrustError {
  return new TrustError(
    `${layout.metadata}: wanted ${role}.json signed by the keys of this repository, found that it is not`,
    { advice: RESTORE },
  );
}

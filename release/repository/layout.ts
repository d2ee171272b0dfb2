/**
 * Where everything is in a repository. `metadata/` and `targets/` are what clients see and what is published; the rest
 * is the release engineer's own.
 *
 *     repository.json     which app it is for, and how long signatures last
 *     metadata/           TUF: <n>.root.json, timestamp.json, <n>.snapshot.json, <n>.targets.json, <n>.<target>.json
 *     targets/            channel indexes, manifests, lists of blocks, packages; a file's name holds its digest, and it never changes
 *     .work/              the lock, half-written files, products of an interrupted `add` that the next one uses
 *
 * `.work/` may be removed whenever no command is running: its products are then made again.
 */
import path from 'node:path';
import { type Target, targetName } from '../../lib/version/index.ts';

export interface RepositoryLayout {
  folder: string;
  settings: string;
  metadata: string;
  targets: string;
  timestamp: string;
  work: string;
  lock: string;
  /** Half-written files. */
  temporary: string;
  /** Payloads, by the digest of what they were made from. */
  products: string;
  /** When the current work started. */
  startTime: string;
  /** A key rotation that has not finished. */
  rotation: string;
  /** Work that waits for signatures from another machine. */
  session: string;
  /** When each file that nothing names was first seen so. */
  unnamed: string;
}

export function repositoryLayout(folder: string): RepositoryLayout {
  const work = path.join(folder, '.work');
  const metadata = path.join(folder, 'metadata');
  return {
    folder,
    settings: path.join(folder, 'repository.json'),
    metadata,
    targets: path.join(folder, 'targets'),
    timestamp: path.join(metadata, 'timestamp.json'),
    work,
    lock: path.join(work, 'lock'),
    temporary: path.join(work, 'tmp'),
    products: path.join(work, 'products'),
    startTime: path.join(work, 'pending.json'),
    rotation: path.join(work, 'rotation.json'),
    session: path.join(work, 'session.json'),
    unnamed: path.join(work, 'unnamed.json'),
  };
}

/** Feed paths of immutable files, below `targets/`. */
export function pagePath(channel: string, target: Target, sha256: string): string {
  return `channels/${channel}/${targetName(target)}/${sha256}.page.json`;
}

export function manifestPath(version: string, sha256: string): string {
  return `releases/${version}/${sha256}.manifest.json`;
}

export function packagePath(version: string, target: Target, sha256: string, from: string | null): string {
  const kind = from === null ? 'full' : `from-${from}`;
  return `releases/${version}/${targetName(target)}/${sha256}.${kind}.dgmopkg`;
}

/** The path of the full package without its digest: what the manifest gives as the binary's address. */
export function downloadUrl(version: string, target: Target): string {
  return `releases/${version}/${targetName(target)}/full.dgmopkg`;
}

export function updaterPath(target: Target, sha256: string): string {
  return `updaters/${targetName(target)}/${sha256}.updater.frames`;
}

export function configSchemaPath(sha256: string): string {
  return `schemas/${sha256}.config.json`;
}

const DIGEST = /^([0-9a-f]{64})\.(?!frames$)/;

/**
 * The SHA-256 that is part of the name of an immutable file; null if there is none. Releases of dgmo-updater before this one named
 * the file of an updater `<SHA-256 of the executable>.frames`, which says nothing of the bytes of the file.
 */
export function digestInName(file: string): string | null {
  return DIGEST.exec(path.basename(file))?.[1] ?? null;
}

/** The path of a TUF target with consistent snapshots (spec 6.2): its digest comes before its file name. */
export function consistentPath(target: string, sha256: string): string {
  const at = target.lastIndexOf('/') + 1;
  return `${target.slice(0, at)}${sha256}.${target.slice(at)}`;
}

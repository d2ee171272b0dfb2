/**
 * What publishing has to do, and in which order. Clients reach everything through `timestamp.json`, so everything that it
 * leads to is sent before it, and files that are no longer needed are removed after it.
 *
 * New roots are the exception: clients look for them before the timestamp. The timestamp is sent right after the first
 * root under which the new feed is valid (one that is published already, if possible). Later roots are sent after it, so
 * that clients do not find a root whose feed is not there yet.
 */
import type { RemoteFile } from './destination.ts';
import type { LocalFile } from './inventory.ts';

export interface Plan {
  /** Files below `targets/`: first, in any order, several at once. */
  targets: LocalFile[];
  /** Numbered metadata except new roots: then, in any order. */
  metadata: LocalFile[];
  /** New roots, and `timestamp.json` if it changed: one after the other. */
  last: LocalFile[];
  /** The timestamp that was there when the plan was made; null if there was none. */
  timestampBefore: Uint8Array | null;
  /** Paths to remove at the end. */
  remove: string[];
  /** How many files exist there already. */
  kept: number;
}

export interface Situation {
  local: readonly LocalFile[];
  remote: ReadonlyMap<string, RemoteFile>;
  /** Paths of metadata whose remote file has the same content. */
  same: ReadonlySet<string>;
  /** The version of the root after which the timestamp is sent. */
  switchAt: number;
  remove: boolean;
  /** The timestamp that is there; null if there is none. */
  timestampBefore: Uint8Array | null;
}

export const TIMESTAMP = 'metadata/timestamp.json';
const ROOT = /^metadata\/(\d+)\.root\.json$/;

export function rootVersion(path: string): number | null {
  const [, version] = ROOT.exec(path) ?? [];
  return version === undefined ? null : Number(version);
}

export function planPublish(situation: Situation): Plan {
  const { local, remote, same, switchAt, remove, timestampBefore } = situation;
  const isThere = (file: LocalFile) =>
    file.path.startsWith('targets/') ? remote.get(file.path)?.size === file.size : same.has(file.path);
  const missing = local.filter((file) => !isThere(file));
  const newestRoot = Math.max(0, ...[...remote.keys()].map((path) => rootVersion(path) ?? 0));
  const isNewRoot = ({ path }: LocalFile) => (rootVersion(path) ?? 0) > newestRoot;
  const roots = missing
    .filter(isNewRoot)
    .sort((a, b) => (rootVersion(a.path) ?? 0) - (rootVersion(b.path) ?? 0));
  const timestamp = missing.filter(({ path }) => path === TIMESTAMP);
  const wanted = new Set(local.map(({ path }) => path));
  return {
    timestampBefore,
    targets: missing.filter(({ path }) => path.startsWith('targets/')),
    metadata: missing.filter(
      (file) => file.path.startsWith('metadata/') && file.path !== TIMESTAMP && !isNewRoot(file),
    ),
    last: [
      ...roots.filter(({ path }) => (rootVersion(path) ?? 0) <= switchAt),
      ...timestamp,
      ...roots.filter(({ path }) => (rootVersion(path) ?? 0) > switchAt),
    ],
    remove: remove ? [...remote.keys()].filter((path) => !wanted.has(path)).sort() : [],
    kept: local.length - missing.length,
  };
}

export function sendingOf({ targets, metadata, last }: Plan): { files: number; bytes: number } {
  const all = [...targets, ...metadata, ...last];
  return { files: all.length, bytes: all.reduce((sum, { size }) => sum + size, 0) };
}

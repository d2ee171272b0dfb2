/**
 * What publishing has to do, and in which order. Clients come to everything through `timestamp.json`, so all that it
 * leads to is sent before it; what is no longer wanted goes after it.
 *
 * New roots are the exception: clients look for them before the timestamp. The timestamp goes right after the first root
 * (one that is there already, if it can be) whose keys vouch for the new feed, and the roots that follow go after it, so
 * that clients do not meet a root whose feed is not there yet.
 */
import type { RemoteFile } from './destination.ts';
import type { LocalFile } from './inventory.ts';

export interface Plan {
  /** In any order, several at once: targets. */
  targets: LocalFile[];
  /** Afterwards, in any order: numbered metadata without new roots. */
  metadata: LocalFile[];
  /** One after the other. `timestamp.json` is among them where it is another. */
  last: LocalFile[];
  /** In the end. */
  remove: string[];
  /** Files that are there already. */
  kept: number;
}

export interface Situation {
  local: readonly LocalFile[];
  remote: ReadonlyMap<string, RemoteFile>;
  /** Of metadata: whether the remote file has the same content. */
  same: ReadonlySet<string>;
  /** The version of the root after which the timestamp goes. */
  switchAt: number;
  remove: boolean;
}

export const TIMESTAMP = 'metadata/timestamp.json';
const ROOT = /^metadata\/(\d+)\.root\.json$/;

export function rootVersion(path: string): number | null {
  const [, version] = ROOT.exec(path) ?? [];
  return version === undefined ? null : Number(version);
}

export function planPublish({ local, remote, same, switchAt, remove }: Situation): Plan {
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

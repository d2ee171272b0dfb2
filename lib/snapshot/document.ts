/**
 * The document of a snapshot, `snapshots/<id>.json`: what was captured, when, why and where. It carries its own digest, is
 * decoded strictly, and is written atomically, after everything that it refers to is on the drive.
 */
import { DamagedError } from '../errors.ts';
import {
  array,
  boolean,
  checked,
  type Decoded,
  hex,
  integer,
  nullable,
  object,
  oneOf,
  optional,
  stringOf,
  time,
  unwanted,
} from '../format/decoder.ts';
import { decodeSealed, encodeSealed } from '../format/sealed-json.ts';
import type { Disk } from '../platform/disk.ts';
import { expectingFile, readFile, removeIfThere, replaceDurably } from '../platform/files.ts';
import { version } from '../version/semver.ts';
import { FOLDER_COMPONENTS, type FolderComponent } from './components.ts';
import { isSnapshotId, timeOfId } from './snapshot-id.ts';
import type { StoreLayout } from './store/layout.ts';
import { newer } from './store/tree.ts';

const text = (limit: number) =>
  stringOf(`text of at most ${limit} characters`, (value) => value.length <= limit);
const bytes = integer(0, Number.MAX_SAFE_INTEGER, 'bytes');
const snapshotId = stringOf('an id such as 20261125-184210-3f9a', isSnapshotId);

const patterns = array(text(1024), 0, 1000);

const root = object({
  /** As the profile names it, and with symlinks resolved as they were then. */
  path: text(4096),
  resolved: text(4096),
  /** SHA-256 of the tree; null if there was no such folder. */
  tree: nullable(hex(32)),
  files: integer(0, Number.MAX_SAFE_INTEGER),
  size: bytes,
  /** Folders in it that belonged to something else, relative, with slashes; null in schema 1, which did not say. */
  apart: optional(nullable(array(text(4096), 0, 1000)), null),
  /**
   * SHA-256 of the tree that the folder became by the change that this snapshot was taken before; null if there was no
   * such change. Its paths belong to this snapshot as well, whatever the patterns say: going back to it removes what the
   * change added. The store keeps that tree as long as this snapshot, but not the content of its files.
   */
  next: optional(nullable(hex(32)), null),
});

const folder = object({ checksum: hex(32), size: bytes, roots: array(root, 1, 256) });

const shape = object({
  /** 2: says what was left out. 3: its executable may be stored as a patch (inverse/inverses.ts). */
  schema: oneOf(1, 2, 3),
  id: snapshotId,
  timestamp: time,
  reason: text(500),
  /** Why it was taken. */
  kind: oneOf('manual', 'update', 'rollback', 'repair', 'recovery'),
  app: text(64),
  installId: text(64),
  version,
  /** What the installed release said about going back from it; null if that is not known. */
  rollback: nullable(
    object({ supported: boolean, minVersion: version, dataVersion: integer(0, 0x7fffffff) }),
  ),
  /** All patterns that excluded files, and those that included them all the same (patterns.ts); null in schema 1. */
  patterns: optional(nullable(object({ exclude: patterns, include: patterns })), null),
  components: object({
    /** Null if there was none. */
    binary: nullable(
      object({
        path: text(4096),
        size: bytes,
        checksum: hex(32),
        mode: integer(0, 0o7777),
        /** Whether it was the binary of the receipt, unchanged. */
        sound: boolean,
      }),
    ),
    data: folder,
    evolutions: folder,
    plugins: folder,
    config: folder,
  }),
  warnings: array(text(5000), 0, 1000),
  metadata: object({
    size: bytes,
    /** Equal for snapshots of the same state: the same binary, and the same trees in the same folders. */
    checksum: hex(32),
    platform: text(16),
    arch: text(16),
    /** Version of the updater that took it. */
    updater: text(64),
  }),
});

const decode = checked(shape, (snapshot, path) => {
  const { schema } = snapshot;
  const said = [snapshot.patterns, ...rootsOf(snapshot).map(({ root }) => root.apart)];
  if (said.every((one) => (one === null) === (schema === 1))) return;
  const wanted = schema === 1 ? 'nothing about what was left out' : 'what was left out, of every folder';
  throw unwanted(path, `${wanted} in schema ${schema}`, snapshot);
});

/** Sizes in bytes, times in milliseconds since the epoch, digests SHA-256 in hex. */
export type Snapshot = Decoded<typeof shape>;
export type FolderSnapshot = Snapshot['components']['data'];
export type RootSnapshot = FolderSnapshot['roots'][number];

const LIMIT = 8 << 20;

export function encodeSnapshot(snapshot: Snapshot): Uint8Array {
  return encodeSealed('snapshot', snapshot, 1);
}

/** Throws DamagedError. `name` is the name of the file, for messages. */
export function decodeSnapshot(content: Uint8Array, name: string): Snapshot {
  const damaged = (what: string) => new DamagedError(`the snapshot ${name} is damaged: ${what}`);
  const value = decodeSealed(content, 'snapshot', LIMIT, damaged);
  const schema = (value as { schema?: unknown } | null)?.schema;
  if (schema !== 1 && schema !== 2 && schema !== 3) throw newer(`the snapshot ${name}`, schema, 3);
  return decode(value, 'snapshot');
}

export function documentPath(layout: StoreLayout, id: string): string {
  return layout.join(layout.documents, `${id}.json`);
}

export function pinPath(layout: StoreLayout, id: string): string {
  return layout.join(layout.documents, `${id}.pin`);
}

/** A pinned snapshot is never pruned. */
export function setPin(disk: Disk, layout: StoreLayout, id: string, pinned: boolean): void {
  if (pinned) replaceDurably(disk, pinPath(layout, id), layout.documents, new Uint8Array(0));
  else removeIfThere(disk, pinPath(layout, id));
}

/** Throws DamagedError, and writes nothing, if the document could not be read back. */
export function saveSnapshot(disk: Disk, layout: StoreLayout, snapshot: Snapshot): void {
  const path = documentPath(layout, snapshot.id);
  const content = encodeSnapshot(snapshot);
  decodeSnapshot(content, path);
  replaceDurably(disk, path, layout.documents, content);
}

export function removeSnapshot(disk: Disk, layout: StoreLayout, id: string): void {
  removeIfThere(disk, documentPath(layout, id));
  removeIfThere(disk, pinPath(layout, id));
  disk.flushDirectory(layout.documents);
}

/** Returns null if there is no such snapshot. Throws DamagedError if it can't be read. */
export function loadSnapshot(disk: Disk, layout: StoreLayout, id: string): Snapshot | null {
  const path = documentPath(layout, id);
  const content = expectingFile(path, () => readFile(disk, path, LIMIT));
  if (content === null) return null;
  const snapshot = decodeSnapshot(content, path);
  if (snapshot.id !== id)
    throw new DamagedError(`the snapshot ${path} is damaged: it says that it is ${snapshot.id}`);
  return snapshot;
}

export interface Listed {
  id: string;
  pinned: boolean;
  /** When it was taken, in milliseconds since the epoch; of a document that can't be read, what its id says. */
  time: number;
  /** The snapshot, or why it can't be read. */
  found: Snapshot | DamagedError;
}

/** All snapshots of the store, in the order in which they were taken. */
export function listSnapshots(disk: Disk, layout: StoreLayout): Listed[] {
  if (disk.status(layout.documents) === null) return [];
  const names = new Set(disk.list(layout.documents));
  const listed: Listed[] = [];
  for (const name of [...names].sort()) {
    const id = name.slice(0, -'.json'.length);
    if (!name.endsWith('.json') || !isSnapshotId(id)) continue;
    const found = snapshotOrError(disk, layout, id);
    if (found === null) continue;
    const time = found instanceof Error ? timeOfDamaged(id, listed.at(-1)) : found.timestamp;
    listed.push({ id, pinned: names.has(`${id}.pin`), time, found });
  }
  return listed.sort((a, b) => a.time - b.time);
}

function snapshotOrError(disk: Disk, layout: StoreLayout, id: string): Snapshot | DamagedError | null {
  try {
    return loadSnapshot(disk, layout, id);
  } catch (error) {
    if (error instanceof DamagedError) return error;
    throw error;
  }
}

/** An id has whole seconds: among several of one second, this one comes after `before`. */
function timeOfDamaged(id: string, before: Listed | undefined): number {
  const time = timeOfId(id) ?? 0;
  return before !== undefined && before.time > time && before.time < time + 1000 ? before.time : time;
}

export function rootsOf(snapshot: Snapshot): { component: FolderComponent; root: RootSnapshot }[] {
  return FOLDER_COMPONENTS.flatMap((component) =>
    snapshot.components[component].roots.map((root) => ({ component, root })),
  );
}

/**
 * Capturing a folder: its tree, and the content of every file in it. A file that has not changed since the last time is
 * recognised by its status and not read. A file that changes while it is read is read again; a database in use is captured
 * under a read transaction (database.ts).
 */
import type { FileStatus } from '../../platform/disk.ts';
import type { Selection } from '../selection.ts';
import { isSettled } from '../store/reliable-status.ts';
import type { Entry, FileEntry, Tree } from '../store/tree.ts';
import { captureDatabase, databaseGroups, isIndex } from './database.ts';
import { captureFile } from './file.ts';
import type { CaptureContext, Result, Taken } from './read-file.ts';
import { fingerprintOf, type KnownFiles } from './recognise.ts';
import { type Found, walk } from './walk.ts';

export interface Captured {
  tree: Tree;
  /** By path: the fingerprint of the status of each file that can be recognised next time. */
  fingerprints: Map<string, bigint>;
  /** The folder is as it was the last time. */
  unchanged: boolean;
}

/** Bytes between checkpoints. */
const PACE = 16 << 20;

/** @param root a folder, symlinks resolved */
export async function captureFolder(
  context: CaptureContext,
  root: string,
  selection: Selection,
  known: KnownFiles,
): Promise<Captured> {
  const { host, join } = context;
  const found = walk({ host, root, join, selection });
  const mode = host.disk.status(root)?.mode ?? 0o700;
  const files = new Map<string, Extract<Found, { kind: 'file' }>>();
  for (const one of found) if (one.kind === 'file') files.set(one.path, one);
  const groups = databaseGroups(files);
  const entries: Entry[] = [];
  const fingerprints = new Map<string, bigint>();
  const done = new Set<string>();
  let changes = 0;
  let since = 0;

  const take = (path: string, result: Result[1]) => {
    done.add(path);
    if ('reason' in result) {
      context.warn(`${join(root, path)} is left out: ${result.reason}`);
      entries.push({ kind: 'skipped', path, reason: result.reason });
      return;
    }
    entries.push(fileEntry(path, result));
    if (result.matchesStatus && isSettled(host.clock.now(), result.status))
      fingerprints.set(path, fingerprintOf(result.status));
    since += result.size;
  };

  for (const one of found) {
    if (one.kind !== 'file') {
      if (one.kind === 'skipped') context.warn(`${join(root, one.path)} is left out: ${one.reason}`);
      entries.push(plainEntry(one));
      continue;
    }
    if (done.has(one.path) || isIndex(one.path, files)) continue;
    const group = groups.get(one.path) ?? [one];
    const same = group.flatMap((file) => recognised(context, known, file) ?? []);
    for (const { path } of group.length > 1 ? group : []) done.add(path);
    if (same.length === group.length) {
      entries.push(...same);
      for (const { path, status } of group) fingerprints.set(path, fingerprintOf(status));
      continue;
    }
    changes++;
    const taken =
      group.length > 1
        ? await captureDatabase(context, root, one.path)
        : await captureFile(context, root, one.path, one.status);
    for (const [path, result] of taken) take(path, result);
    if (since >= PACE) {
      since = 0;
      await context.checkpoint();
    }
  }
  entries.sort((a, b) => (a.path < b.path ? -1 : 1));
  const tree = { mode, entries };
  return { tree, fingerprints, unchanged: changes === 0 && known.isSame(tree) };
}

function plainEntry(one: Exclude<Found, { kind: 'file' }>): Entry {
  switch (one.kind) {
    case 'folder':
      return {
        kind: 'folder',
        path: one.path,
        mode: one.status.mode,
        modified: one.status.modifiedMicros,
      };
    case 'link':
      return { kind: 'link', path: one.path, target: one.target };
    case 'skipped':
      return { kind: 'skipped', path: one.path, reason: one.reason };
  }
}

function fileEntry(path: string, { status, size, content }: Taken): FileEntry {
  return {
    kind: 'file',
    path,
    mode: status.mode,
    modified: status.modifiedMicros,
    size,
    holes: status.allocated < status.size,
    content,
  };
}

/** The entry of the last time, if the file has not changed and the store still has its content; else null. */
function recognised(
  { writer }: CaptureContext,
  known: KnownFiles,
  { path, status }: { path: string; status: FileStatus },
): FileEntry | null {
  const entry = known.entryOf(path, fingerprintOf(status));
  if (entry === null) return null;
  const { content, size } = entry;
  const there = 'clone' in content ? writer.holdsClone(content.clone, size) : writer.holds(content.blocks);
  // A fingerprint does not include the mode.
  return there && entry.mode === status.mode && entry.size === status.size ? entry : null;
}

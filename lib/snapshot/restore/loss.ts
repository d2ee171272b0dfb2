/**
 * What a restore would lose for good: files that it replaces or removes, and that the snapshot before it does not contain.
 */
import type { Disk } from '../../platform/disk.ts';
import { statusOf } from '../../platform/files.ts';
import { INDEX } from '../capture/database.ts';
import { NO_CONTENT } from '../capture/walk.ts';
import type { FolderComponent } from '../components.ts';
import { type RootSnapshot, rootsOf, type Snapshot } from '../document.ts';
import { excludedThen } from '../selection.ts';
import type { StoreLayout } from '../store/layout.ts';
import type { Entry } from '../store/tree.ts';
import { readTree } from '../store/trees.ts';
import type { Plan, RootPlan } from './plan.ts';

export interface Loss {
  /** Absolute. */
  path: string;
  /** Why the snapshot does not contain it. */
  reason: string;
}

/** Returns the first file that would be lost, or null. */
export function findLoss(disk: Disk, layout: StoreLayout, before: Snapshot, { roots }: Plan): Loss | null {
  const held = new Map(rootsOf(before).map(({ root }) => [root.resolved, root]));
  for (const plan of roots) {
    const changes = changesOf(plan);
    if (changes.length === 0) continue;
    const root = held.get(plan.folder);
    const loss = findIn(disk, layout, { before, root, folder: plan.folder, changes });
    if (loss !== null) return { path: layout.join(plan.folder, loss.path), reason: loss.reason };
  }
  return null;
}

/** What the snapshot should have of that component, and could not be read when it was taken. */
export function leftOut(
  disk: Disk,
  layout: StoreLayout,
  snapshot: Snapshot,
  component: FolderComponent,
): Loss[] {
  if (snapshot.warnings.length === 0) return [];
  return snapshot.components[component].roots.flatMap(({ tree, resolved }) =>
    (tree === null ? [] : readTree(disk, layout, tree).entries).flatMap((entry) =>
      entry.kind === 'skipped' && entry.reason !== NO_CONTENT
        ? [{ path: layout.join(resolved, entry.path), reason: entry.reason }]
        : [],
    ),
  );
}

type Change = { path: string; isFolder: boolean };

function changesOf({ difference }: RootPlan): Change[] {
  const { remove, folders, write, touch } = difference;
  return [
    ...remove.map(({ path, folder }) => ({ path, isFolder: folder })),
    ...[...folders, ...write, ...touch].map(({ path, kind }) => ({ path, isFolder: kind === 'folder' })),
  ];
}

interface Question {
  before: Snapshot;
  /** Undefined if `before` does not include this folder. */
  root: RootSnapshot | undefined;
  folder: string;
  changes: readonly Change[];
}

function findIn(disk: Disk, layout: StoreLayout, { before, root, folder, changes }: Question): Loss | null {
  const digest = root?.tree ?? null;
  const entries = digest === null ? [] : readTree(disk, layout, digest).entries;
  const held = new Map(entries.map((entry) => [entry.path, entry]));
  const excluded = excludedThen(before);
  for (const { path, isFolder } of changes) {
    const skipped = skippedAt(held, path);
    if (skipped !== null) return skipped;
    // SQLite makes the index of a database again.
    if (held.has(path) || path.endsWith(INDEX)) continue;
    const isOut =
      root === undefined || ancestors(path).some((one) => excluded(one, one !== path || isFolder));
    if (isOut && statusOf(disk, layout.join(folder, path)) !== null)
      return { path, reason: 'it is left out of snapshots' };
  }
  return null;
}

/** The entry of something that could not be captured, at the path or above it. */
function skippedAt(held: ReadonlyMap<string, Entry>, path: string): Loss | null {
  for (const one of ancestors(path)) {
    const entry = held.get(one);
    if (entry?.kind === 'skipped') return { path: one, reason: entry.reason };
  }
  return null;
}

/** The folders that the path is in, from the top, and the path itself. */
function ancestors(path: string): string[] {
  const names = path.split('/');
  return names.map((_, index) => names.slice(0, index + 1).join('/'));
}

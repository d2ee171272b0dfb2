/**
 * What a restore would lose for good: it is changed or removed by the restore, and the snapshot that was taken before it
 * does not hold it.
 */
import type { Disk } from '../../platform/disk.ts';
import { statusOf } from '../../platform/files.ts';
import { INDEX } from '../capture/database.ts';
import { type RootSnapshot, rootsOf, type Snapshot } from '../document.ts';
import { excludedThen } from '../selection.ts';
import type { StoreLayout } from '../store/layout.ts';
import type { Entry } from '../store/tree.ts';
import { readTree } from '../store/trees.ts';
import type { Plan, RootPlan } from './plan.ts';

export interface Loss {
  /** In full. */
  path: string;
  /** Why it is not held. */
  reason: string;
}

/** The first thing that would be lost; null if nothing would. */
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
  /** Undefined if `before` was not taken of this folder. */
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
    // The index of a database is made again.
    if (held.has(path) || path.endsWith(INDEX)) continue;
    const isOut =
      root === undefined || ancestors(path).some((one) => excluded(one, one !== path || isFolder));
    if (isOut && statusOf(disk, layout.join(folder, path)) !== null)
      return { path, reason: 'it is left out of snapshots' };
  }
  return null;
}

/** The entry of what could not be taken, at the path or above it. */
function skippedAt(held: ReadonlyMap<string, Entry>, path: string): Loss | null {
  for (const one of ancestors(path)) {
    const entry = held.get(one);
    if (entry?.kind === 'skipped') return { path: one, reason: entry.reason };
  }
  return null;
}

/** The path, and before it those of the folders that it is in. */
function ancestors(path: string): string[] {
  const names = path.split('/');
  return names.map((_, index) => names.slice(0, index + 1).join('/'));
}

/** What snapshots refer to in the store. */
import { DamagedError } from '../../errors.ts';
import type { Disk } from '../../platform/disk.ts';
import { type Listed, rootsOf, type Snapshot } from '../document.ts';
import { addBinary } from '../inverse/inverses.ts';
import type { StoreLayout } from './layout.ts';
import { readTree } from './trees.ts';

export interface References {
  trees: Set<string>;
  /** Trees that are kept without the content of their files (`next` of a document). */
  lists: Set<string>;
  blocks: Set<string>;
  /** By name, with the size of each in bytes. */
  clones: Map<string, number>;
  /** Whole executables, and those that are stored as patches from others, by the names of their files. */
  binaries: Set<string>;
  inverses: Set<string>;
}

export function noReferences(): References {
  return {
    trees: new Set(),
    lists: new Set(),
    blocks: new Set(),
    clones: new Map(),
    binaries: new Set(),
    inverses: new Set(),
  };
}

/** Throws DamagedError if a tree can't be read. */
export function addReferences(disk: Disk, layout: StoreLayout, snapshot: Snapshot, to: References): void {
  const { binary } = snapshot.components;
  if (binary !== null) addBinary(disk, layout, binary.checksum, to);
  for (const { root } of rootsOf(snapshot)) {
    if (root.tree !== null) addTree(disk, layout, root.tree, to);
    if (root.next !== null) to.lists.add(root.next);
  }
}

/** Adds a tree and its content. Throws DamagedError if it can't be read. */
export function addTree(disk: Disk, layout: StoreLayout, digest: string, to: References): void {
  if (to.trees.has(digest)) return;
  const tree = readTree(disk, layout, digest);
  to.trees.add(digest);
  for (const entry of tree.entries) {
    if (entry.kind !== 'file') continue;
    if ('clone' in entry.content) to.clones.set(entry.content.clone, entry.size);
    else for (const block of entry.content.blocks) to.blocks.add(block);
  }
}

/** The references of all snapshots, and the ids of those that can't be read. */
export function referencesOf(
  disk: Disk,
  layout: StoreLayout,
  listed: readonly Listed[],
): { references: References; unreadable: string[] } {
  const references = noReferences();
  const unreadable = listed.filter(({ found }) => {
    if (found instanceof DamagedError) return true;
    try {
      addReferences(disk, layout, found, references);
      return false;
    } catch (error) {
      if (error instanceof DamagedError) return true;
      throw error;
    }
  });
  return { references, unreadable: unreadable.map(({ id }) => id) };
}

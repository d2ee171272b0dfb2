/** How much space each snapshot takes: its own, which removing it would free, and what it shares with others. */
import { DamagedError } from '../../errors.ts';
import type { Host } from '../../platform/host.ts';
import type { Snapshot } from '../document.ts';
import { binaryPath } from './binaries.ts';
import { Blocks } from './blocks.ts';
import { clonePath } from './clones.ts';
import type { StoreLayout } from './layout.ts';
import { addReferences, noReferences } from './references.ts';
import { treePath } from './trees.ts';

export interface Usage {
  /** Bytes in the store that only this snapshot refers to, and bytes that others refer to as well. */
  own: number;
  shared: number;
}

/**
 * By id. A snapshot that can't be read completely has none. Clones count in full, though they share blocks on the
 * drive.
 */
export function usageOf(
  { disk }: Pick<Host, 'disk'>,
  layout: StoreLayout,
  snapshots: readonly Snapshot[],
): Map<string, Usage> {
  const blocks = new Blocks(disk, layout);
  const sizes = new Map<string, number>();
  const users = new Map<string, number>();
  const items = new Map<string, string[]>();
  const sizeOf = (path: string) => disk.status(path)?.size ?? 0;
  for (const snapshot of snapshots) {
    const references = noReferences();
    try {
      addReferences(disk, layout, snapshot, references);
    } catch (error) {
      if (!(error instanceof DamagedError)) throw error;
      continue;
    }
    const names: string[] = [];
    const note = (name: string, size: () => number) => {
      names.push(name);
      if (!sizes.has(name)) sizes.set(name, size());
      users.set(name, (users.get(name) ?? 0) + 1);
    };
    for (const tree of references.trees) note(tree, () => sizeOf(treePath(layout, tree)));
    for (const binary of references.binaries) note(binary, () => sizeOf(binaryPath(layout, binary)));
    for (const inverse of references.inverses)
      note(inverse, () => sizeOf(layout.join(layout.inverses, inverse)));
    for (const clone of references.clones.keys()) note(clone, () => sizeOf(clonePath(layout, clone)));
    for (const block of references.blocks) note(block, () => blocks.place(block)?.stored ?? 0);
    items.set(snapshot.id, names);
  }
  const usage = new Map<string, Usage>();
  for (const [id, names] of items) {
    const sum = (alone: boolean) =>
      names
        .filter((name) => (users.get(name) === 1) === alone)
        .reduce((total, name) => total + (sizes.get(name) ?? 0), 0);
    usage.set(id, { own: sum(true), shared: sum(false) });
  }
  return usage;
}

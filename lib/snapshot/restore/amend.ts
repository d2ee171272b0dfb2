/**
 * A snapshot with files added to and removed from one of its folders. It has no document; restoring it is how new files get
 * into the folder.
 */
import { posix } from 'node:path';
import type { Host } from '../../platform/host.ts';
import type { FolderComponent } from '../components.ts';
import type { RootSnapshot, Snapshot } from '../document.ts';
import type { StoreLayout } from '../store/layout.ts';
import { BLOCK, type Entry } from '../store/tree.ts';
import { readTree } from '../store/trees.ts';
import { StoreWriter } from '../store/writer.ts';

export interface NewFile {
  /** Relative to the component's first folder, with slashes. */
  path: string;
  mode: number;
  bytes: Uint8Array;
}

export interface Amendment {
  component: FolderComponent;
  /** Paths to remove. */
  remove: ReadonlySet<string>;
  add: readonly NewFile[];
}

/**
 * Adds the files to the store, and returns the snapshot with them. The caller holds the lock of the store until the files
 * were restored: no document refers to them, so pruning would remove them.
 */
export async function amendSnapshot(
  host: Host,
  layout: StoreLayout,
  snapshot: Snapshot,
  { component, remove, add }: Amendment,
): Promise<Snapshot> {
  const [root, ...others] = snapshot.components[component].roots;
  if (root === undefined) throw new RangeError(`the component ${component} has no folder`);
  const tree = root.tree === null ? { mode: 0o700, entries: [] } : readTree(host.disk, layout, root.tree);
  const writer = new StoreWriter(host, layout);
  try {
    const entries = await amended(tree.entries, remove, add, host.clock.now() * 1000, async (bytes) => {
      const blocks: string[] = [];
      for (let at = 0; at < bytes.length; at += BLOCK)
        blocks.push(await writer.addBlock(bytes.subarray(at, at + BLOCK)));
      return blocks;
    });
    const digest = await writer.addTree({ mode: tree.mode, entries });
    await writer.finish();
    return withRoots(snapshot, component, [{ ...root, tree: digest }, ...others]);
  } finally {
    await writer.close();
  }
}

/** A snapshot with the tree of another one as `next`: restoring it removes what only the other one contains. */
export function leadingTo(snapshot: Snapshot, other: Snapshot, component: FolderComponent): Snapshot {
  const [root, ...others] = snapshot.components[component].roots;
  const next = other.components[component].roots[0]?.tree ?? null;
  return root === undefined ? snapshot : withRoots(snapshot, component, [{ ...root, next }, ...others]);
}

function withRoots(snapshot: Snapshot, component: FolderComponent, roots: RootSnapshot[]): Snapshot {
  const folder = { ...snapshot.components[component], roots };
  return { ...snapshot, components: { ...snapshot.components, [component]: folder } };
}

async function amended(
  entries: readonly Entry[],
  remove: ReadonlySet<string>,
  add: readonly NewFile[],
  modified: number,
  store: (bytes: Uint8Array) => Promise<string[]>,
): Promise<Entry[]> {
  const byPath = new Map(entries.filter(({ path }) => !remove.has(path)).map((entry) => [entry.path, entry]));
  for (const { path, mode, bytes } of add) {
    for (let parent = posix.dirname(path); parent !== '.'; parent = posix.dirname(parent)) {
      if (byPath.get(parent)?.kind !== 'folder')
        byPath.set(parent, { kind: 'folder', path: parent, mode: 0o755, modified });
    }
    for (const other of [...byPath.keys()]) if (other.startsWith(`${path}/`)) byPath.delete(other);
    const content = { blocks: await store(bytes) };
    byPath.set(path, { kind: 'file', path, mode, modified, size: bytes.length, holes: false, content });
  }
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

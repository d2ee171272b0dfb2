/**
 * Freeing space: removes outdated snapshots, then everything that no snapshot refers to. It can be stopped anywhere: a
 * document is removed before what it refers to, and a pack is rewritten before the old one is removed.
 */
import { DamagedError } from '../../errors.ts';
import type { Disk } from '../../platform/disk.ts';
import type { Host } from '../../platform/host.ts';
import { listSnapshots, pinPath, removeSnapshot } from '../document.ts';
import { KNOWN_BINARY } from './binaries.ts';
import type { StoreLayout } from './layout.ts';
import { withStore } from './lock.ts';
import { PACK_SIZE } from './pack.ts';
import { type References, referencesOf } from './references.ts';
import { outdated } from './retention.ts';
import { StoreWriter } from './writer.ts';

export interface PruneOptions {
  layout: StoreLayout;
  installId: string;
  keep: number;
  needed: ReadonlySet<string>;
  /** Look for unreferenced data only if snapshots are removed: what an interrupted writer left can wait. */
  lazy?: boolean;
}

export interface Pruned {
  /** Ids of the snapshots that were removed. */
  removed: string[];
  /** Bytes. */
  freed: number;
  /**
   * Ids of snapshots that can't be read: while there are any, it is not known which data they need, and none is
   * removed.
   */
  unreadable: string[];
}

/** A pack is rewritten once this part of it is no longer referred to. */
const WORTH = 0.25;
/** Every snapshot adds a pack, and every command opens all of them. More than this many small ones are merged. */
const MOST_SMALL = 16;
const SMALL = PACK_SIZE / 8;

export function prune(host: Host, options: PruneOptions): Promise<Pruned> {
  const { layout } = options;
  return withStore(host, layout, async () => {
    const listed = listSnapshots(host.disk, layout);
    const removed = outdated({ ...options, listed });
    if (options.lazy === true && removed.length === 0) return { removed, freed: 0, unreadable: [] };
    for (const id of removed) removeSnapshot(host.disk, layout, id);
    const left = listed.filter(({ id }) => !removed.includes(id));
    const { references, unreadable } = referencesOf(host.disk, layout, left);
    const freed = unreadable.length > 0 ? 0 : await collect(host, layout, references);
    return { removed, freed, unreadable };
  });
}

/**
 * Removes a snapshot that was taken before a change that then changed nothing: it would only push out another one. Does
 * nothing if the snapshot was pinned meanwhile. Its data is freed by the next `prune` that removes something.
 *
 * @returns whether it was removed
 */
export function discardSnapshot(host: Host, layout: StoreLayout, id: string): Promise<boolean> {
  return withStore(host, layout, async () => {
    if (host.disk.status(pinPath(layout, id)) !== null) return false;
    removeSnapshot(host.disk, layout, id);
    return true;
  });
}

async function collect(host: Host, layout: StoreLayout, references: References): Promise<number> {
  const { disk } = host;
  let freed = 0;
  const drop = (folder: string, needed: (name: string) => boolean) => {
    for (const name of disk.list(folder)) {
      const path = layout.join(folder, name);
      // What is no file is none of ours. `verify` names it.
      if (needed(name) || disk.status(path)?.kind !== 'file') continue;
      freed += freedBy(disk, path);
      disk.remove(path);
    }
  };
  drop(layout.trees, (name) => references.trees.has(name) || references.lists.has(name));
  // Before the executables that they are read through.
  drop(layout.inverses, (name) => references.inverses.has(name));
  drop(layout.binaries, (name) => references.binaries.has(name));
  drop(layout.clones, (name) => references.clones.has(name.replace(/\..*/, '')));
  drop(
    layout.cache,
    (name) =>
      references.binaries.has(name.slice(KNOWN_BINARY.length, KNOWN_BINARY.length + 64)) ||
      !name.startsWith(KNOWN_BINARY),
  );
  return freed + (await collectPacks(host, layout, references.blocks));
}

/** Bytes that removing the file frees: none if it has another name. */
function freedBy(disk: Disk, path: string): number {
  const status = disk.status(path);
  return status === null || status.links > 1 ? 0 : status.allocated;
}

async function collectPacks(host: Host, layout: StoreLayout, needed: ReadonlySet<string>): Promise<number> {
  const { disk } = host;
  const writer = new StoreWriter(host, layout);
  const { blocks } = writer;
  try {
    const live = new Map<string, string[]>();
    const used = new Map<string, number>();
    for (const [block, { pack, stored }] of blocks.all()) {
      if (!needed.has(block)) continue;
      (live.get(pack) ?? live.set(pack, []).get(pack))?.push(block);
      used.set(pack, (used.get(pack) ?? 0) + stored);
    }
    const sizes = new Map(blocks.packs.map((pack) => [pack, disk.status(blocks.pathOf(pack))?.size ?? 0]));
    const small = [...live.keys()].filter((pack) => (sizes.get(pack) ?? 0) < SMALL);
    const isWasteful = (pack: string) => (used.get(pack) ?? 0) < (sizes.get(pack) ?? 0) * (1 - WORTH);
    const useless = blocks.packs.filter((pack) => !live.has(pack));
    for (const [pack, list] of live) {
      if (!isWasteful(pack) && !(small.length > MOST_SMALL && small.includes(pack))) continue;
      try {
        for (const block of list) await writer.rewriteBlock(block);
        useless.push(pack);
      } catch (error) {
        // A damaged pack is left as it is: `verify` reports what can't be restored.
        if (!(error instanceof DamagedError)) throw error;
      }
    }
    await writer.finish();
    let freed = 0;
    for (const pack of useless) {
      // A missing block may be in it, and somebody may still repair it.
      if (blocks.mayHold(pack, needed)) continue;
      freed += sizes.get(pack) ?? 0;
      blocks.remove(pack);
    }
    if (useless.length > 0) disk.flushDirectory(layout.packs);
    return Math.max(0, freed - writer.added);
  } finally {
    await writer.close();
  }
}

/**
 * Which paths of a folder belong to a snapshot: what a capture reads, and what a restore may change. Two rules keep a
 * restore from losing files when the user's patterns have changed since the snapshot was taken:
 *
 * - What the snapshot contains is restored, even if today's patterns leave it out.
 * - What it does not contain is removed, unless the patterns of today or those of the snapshot leave it out: it may have
 *   existed then.
 *
 * The snapshot that is taken before a restore covers everything that the other snapshot contains, whatever the patterns say
 * (`Covering`). So everything that a restore replaces or removes can be brought back.
 */
import { DamagedError } from '../errors.ts';
import type { Disk } from '../platform/disk.ts';
import type { FolderComponent } from './components.ts';
import { type RootSnapshot, rootsOf, type Snapshot } from './document.ts';
import { DEFAULT_EXCLUDES, excluder, type PathFilter, STAGING_PREFIX } from './patterns.ts';
import type { Profile } from './profile.ts';
import type { Amendment } from './restore/amend.ts';
import type { StoreLayout } from './store/layout.ts';
import type { Tree } from './store/tree.ts';
import { readTree } from './store/trees.ts';

export interface Selection {
  /** Whether patterns leave a path out, and with a folder everything inside it. */
  excluded: PathFilter;
  /** Absolute paths that belong to something else and are never looked at. */
  apart: ReadonlySet<string>;
  /** Whether a path belongs to the snapshot even if patterns leave it out. */
  holds(path: string): boolean;
}

/** What a change is about to do: the snapshot before it contains everything that the change replaces or removes. */
export type Covering =
  | { snapshot: Snapshot; components: readonly FolderComponent[] }
  /** Of the first folder of its component. */
  | { amendment: Amendment };

/** A folder to capture. */
export interface RootToTake {
  path: string;
  /** The tree that the change restores there, if it restores one. */
  next: string | null;
  /** Whether a path is captured even if patterns leave it out. */
  covers(path: string): boolean;
}

/** The folders of the profile, and those that are about to be restored. */
export function rootsToTake(
  disk: Disk,
  layout: StoreLayout,
  { profile, covering }: { profile: Profile; covering?: Covering },
  component: FolderComponent,
): RootToTake[] {
  const own = profile.roots[component].map((path): RootToTake => ({ path, next: null, covers: () => false }));
  if (covering === undefined) return own;
  if ('amendment' in covering) {
    if (covering.amendment.component !== component) return own;
    const covers = among(() => touchedBy(covering.amendment));
    return own.map((root, index) => (index > 0 ? root : { ...root, covers }));
  }
  if (!covering.components.includes(component)) return own;
  const restored = covering.snapshot.components[component].roots.map(({ path, tree, next }) => ({
    path,
    next: tree,
    covers: among(() => [...pathsOf(disk, layout, tree), ...pathsOf(disk, layout, next)]),
  }));
  return [...own.filter(({ path }) => restored.every((root) => root.path !== path)), ...restored];
}

/** The paths that it adds and removes, and the folders that they are in. */
function touchedBy({ add, remove }: Amendment): Iterable<string> {
  const paths = new Set([...remove, ...add.map(({ path }) => path)]);
  for (const path of paths) {
    const slash = path.lastIndexOf('/');
    if (slash > 0) paths.add(path.slice(0, slash));
  }
  return paths;
}

export function captureSelection(
  { profile, covering }: { profile: Profile; covering?: Covering },
  { covers }: RootToTake,
): Selection {
  const others =
    covering !== undefined && 'snapshot' in covering ? rootPaths(covering.snapshot, covering.components) : [];
  return {
    excluded: profile.excluded,
    apart: new Set([...profile.apart, ...others]),
    holds: covers,
  };
}

/** @param tree what the folder will contain, as returned by `restorable` */
export function restoreSelection(
  disk: Disk,
  layout: StoreLayout,
  { snapshot, profile }: { snapshot: Snapshot; profile: Pick<Profile, 'excluded' | 'apart'> },
  { root, tree }: { root: RootSnapshot; tree: Tree | null },
): Selection {
  const then = excludedThen(snapshot);
  return {
    excluded: (path, isFolder) => then(path, isFolder) || profile.excluded(path, isFolder),
    apart: new Set([...profile.apart, ...apartThen(layout, snapshot, root)]),
    holds: among(() => [...(tree === null ? [] : heldPaths(tree)), ...pathsOf(disk, layout, root.next)]),
  };
}

/** What the patterns left out when the snapshot was taken. Schema 1 does not say: the default patterns are assumed. */
export function excludedThen({ patterns }: Snapshot): PathFilter {
  return patterns === null ? excluder(DEFAULT_EXCLUDES, []) : excluder(patterns.exclude, patterns.include);
}

function apartThen({ join }: StoreLayout, snapshot: Snapshot, { apart, resolved }: RootSnapshot): string[] {
  return apart === null ? rootPaths(snapshot) : apart.map((path) => join(resolved, path));
}

function rootPaths(snapshot: Snapshot, components?: readonly FolderComponent[]): string[] {
  return rootsOf(snapshot)
    .filter(({ component }) => components === undefined || components.includes(component))
    .flatMap(({ root }) => [root.path, root.resolved]);
}

/**
 * The part of a tree that may be restored: without folders that belong to something else by now, and without staging
 * folders.
 */
export function restorable(
  { join }: StoreLayout,
  { apart }: Pick<Profile, 'apart'>,
  folder: string,
  tree: Tree,
): Tree {
  const inside = join(folder, 'x').slice(0, -1);
  const others = new Set([...apart].filter((path) => path.startsWith(inside)));
  const out = new Set<string>();
  const entries = tree.entries.filter(({ path }) => {
    const slash = path.lastIndexOf('/');
    const isOut =
      path.startsWith(STAGING_PREFIX, slash + 1) ||
      (slash > 0 && out.size > 0 && out.has(path.slice(0, slash))) ||
      (others.size > 0 && others.has(join(folder, path)));
    if (isOut) out.add(path);
    return !isOut;
  });
  return { ...tree, entries };
}

/** Most folders have nothing that patterns leave out: the paths are listed the first time that one is asked for. */
function among(list: () => Iterable<string>): (path: string) => boolean {
  let paths: ReadonlySet<string> | undefined;
  return (path) => {
    paths ??= new Set(list());
    return paths.has(path);
  };
}

function heldPaths({ entries }: Tree): string[] {
  return entries.filter(({ kind }) => kind !== 'skipped').map(({ path }) => path);
}

/** Empty if the tree can't be read: whoever restores it reports that. */
function pathsOf(disk: Disk, layout: StoreLayout, digest: string | null): string[] {
  if (digest === null) return [];
  try {
    return heldPaths(readTree(disk, layout, digest));
  } catch (error) {
    if (error instanceof DamagedError) return [];
    throw error;
  }
}

/**
 * The folders of a snapshot under the names that they have today. A snapshot names them as they were: if the home was moved or
 * copied since, those are the folders of nobody, or of another installation. A home that was moved as a whole is recognised,
 * since most of its folders are in their usual places in it. Any other folder is never restored into.
 */
import type { Host } from '../platform/host.ts';
import { pathsOf } from '../platform/path-flavour.ts';
import { FOLDER_COMPONENTS, type FolderComponent } from './components.ts';
import { type RootSnapshot, rootsOf, type Snapshot } from './document.ts';
import type { Profile } from './profile.ts';
import { resolveExisting } from './roots.ts';

export interface Relocated {
  /** With the paths of today. */
  snapshot: Snapshot;
  /** The home that it was taken in, if that is another one than today's. */
  movedFrom: string | null;
  /** Folders in which the app does not keep that component today. */
  elsewhere: { component: FolderComponent; path: string }[];
}

type Machine = Pick<Host, 'platform' | 'disk'>;

/** Decides by names alone, and changes nothing. */
export function relocate(
  host: Machine,
  snapshot: Snapshot,
  { home, places }: { home: string; places: Profile['places'] },
): Relocated {
  const paths = pathsOf(host.platform);
  const resolved = (path: string) => resolveExisting(host.disk, paths, path);
  const isPlace = (component: FolderComponent, path: string) =>
    places[component].some((place) => place === path || resolved(place) === path);
  const before = homeOf(host, snapshot);
  const movedFrom = before === null || before === home || resolved(home) === before ? null : before;
  const elsewhere: Relocated['elsewhere'] = [];
  const today = (component: FolderComponent, root: RootSnapshot): RootSnapshot => {
    if (isPlace(component, root.path) || isPlace(component, root.resolved)) return root;
    const moved = movedFrom === null ? undefined : underNewName(host, root.path, movedFrom, home);
    const path = moved?.find((name) => places[component].includes(name));
    if (path !== undefined) return { ...root, path, resolved: resolved(path) };
    elsewhere.push({ component, path: root.path });
    return root;
  };
  const components = { ...snapshot.components };
  for (const component of FOLDER_COMPONENTS) {
    const found = components[component];
    components[component] = { ...found, roots: found.roots.map((root) => today(component, root)) };
  }
  return { snapshot: { ...snapshot, components }, movedFrom, elsewhere };
}

/** How many components have to be in their usual place in a folder for it to be the home. One may have been put there. */
const ENOUGH = 2;

/** The home that a snapshot was taken in, as far as its folders show; null if they don't. */
function homeOf({ platform }: Machine, snapshot: Snapshot): string | null {
  const { join, dirname } = pathsOf(platform);
  const counts = new Map<string, number>();
  for (const { component, root } of rootsOf(snapshot)) {
    const folder = dirname(root.path);
    if (join(folder, component) === root.path) counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  const [first, second] = [...counts].sort(([, a], [, b]) => b - a);
  if (first === undefined || first[1] < ENOUGH || first[1] === second?.[1]) return null;
  return first[0];
}

/** What a path inside of a home, or beside it in the folder of the user, is called once the home has moved. */
function underNewName({ platform }: Machine, path: string, from: string, to: string): string[] {
  const { join, dirname } = pathsOf(platform);
  const pairs = [
    [from, to],
    [dirname(from), dirname(to)],
  ] as const;
  return pairs.flatMap(([before, after]) => {
    const inside = join(before, 'x').slice(0, -1);
    return path.startsWith(inside) ? [join(after, path.slice(inside.length))] : [];
  });
}

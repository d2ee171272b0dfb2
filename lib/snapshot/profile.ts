/**
 * Where the components of a snapshot are. By default in `$DGMO_HOME/{config,plugins,data,evolutions}` and, if they exist, in
 * the XDG folders that opencode and its forks use; the user can set every component to another folder.
 */
import type { Host } from '../platform/host.ts';
import { pathsOf } from '../platform/path-flavour.ts';
import { FOLDER_COMPONENTS, type FolderComponent } from './components.ts';
import { DEFAULT_EXCLUDES, excluder, type PathFilter } from './patterns.ts';
import { resolveExisting } from './roots.ts';

/** What the user has set; absolute paths. */
export type ProfileSettings = Partial<Record<FolderComponent, string>> & {
  exclude?: readonly string[];
  include?: readonly string[];
};

export interface Profile {
  /** Folders of each component, whether they exist or not. */
  roots: Record<FolderComponent, readonly string[]>;
  /** The same, and the XDG folders that may come to exist. */
  places: Record<FolderComponent, readonly string[]>;
  /** All patterns, including the default ones, and the filter that they make. */
  patterns: { exclude: readonly string[]; include: readonly string[] };
  excluded: PathFilter;
  /**
   * Absolute paths that belong to something else even if they are inside a component: the store, other components, what is
   * installed. Both as they are named and with symlinks resolved.
   */
  apart: ReadonlySet<string>;
}

type Machine = Pick<Host, 'platform' | 'disk' | 'environment' | 'homeDirectory'>;

/** @param place.installed what snapshots have otherwise, or not at all: the executables, and the updater's records of them */
export function profileOf(
  host: Machine,
  {
    home,
    app,
    store,
    installed = [],
  }: { home: string; app: string; store: string; installed?: readonly string[] },
  settings: ProfileSettings = {},
): Profile {
  const path = pathsOf(host.platform);
  const roots = profileRoots(host, { home, app }, settings);
  const updaters = ['trust', 'cache'].map((name) => path.join(home, name));
  const apart = [store, ...updaters, ...installed, ...Object.values(roots).flat()];
  const exclude = [...DEFAULT_EXCLUDES, ...(settings.exclude ?? [])];
  const include = settings.include ?? [];
  return {
    roots,
    places: profileRoots(host, { home, app }, settings, () => true),
    patterns: { exclude, include },
    excluded: excluder(exclude, include),
    apart: new Set([...apart, ...apart.map((one) => resolveExisting(host.disk, path, one))]),
  };
}

/**
 * The folders of each component, whether they exist or not: all that `status` has to know, which must be fast.
 *
 * @param isThere which XDG folders count
 */
export function profileRoots(
  host: Machine,
  { home, app }: { home: string; app: string },
  settings: ProfileSettings = {},
  isThere = (folder: string) => isFolder(host, folder),
): Profile['roots'] {
  const path = pathsOf(host.platform);
  const found = familyLayout(host, home, app, isThere);
  const roots = {} as Record<FolderComponent, readonly string[]>;
  for (const component of FOLDER_COMPONENTS) {
    const chosen = settings[component];
    roots[component] = chosen === undefined ? [path.join(home, component), ...found[component]] : [chosen];
  }
  return roots;
}

/** The XDG folders that are there. None if the home was set: then everything is in that home. */
function familyLayout(
  host: Machine,
  home: string,
  app: string,
  isThere: (folder: string) => boolean,
): Record<FolderComponent, string[]> {
  const none = { data: [], evolutions: [], plugins: [], config: [] };
  const { homeDirectory, environment, platform } = host;
  if (homeDirectory === null) return none;
  const path = pathsOf(platform);
  if (home !== path.join(homeDirectory, '.dgmo')) return none;
  const base = (variable: string, ...usual: string[]): string => {
    const set = environment[variable];
    return set !== undefined && path.isAbsolute(set) ? set : path.join(homeDirectory, ...usual);
  };
  const windows = (variable: string): string[] => {
    const set = platform === 'win32' ? environment[variable] : undefined;
    return set !== undefined && path.isAbsolute(set) ? [set] : [];
  };
  const existing = (folders: string[]) =>
    [...new Set(folders)].map((folder) => path.join(folder, app)).filter(isThere);
  const config = existing([base('XDG_CONFIG_HOME', '.config'), ...windows('APPDATA')]);
  const data = existing([
    base('XDG_DATA_HOME', '.local', 'share'),
    base('XDG_STATE_HOME', '.local', 'state'),
    ...windows('LOCALAPPDATA'),
  ]);
  const plugins = config
    .flatMap((folder) => [path.join(folder, 'plugin'), path.join(folder, 'plugins')])
    .filter(isThere);
  return { data, evolutions: [], plugins, config };
}

function isFolder({ disk }: Machine, path: string): boolean {
  try {
    return disk.status(disk.resolve(path))?.kind === 'directory';
  } catch {
    return false;
  }
}

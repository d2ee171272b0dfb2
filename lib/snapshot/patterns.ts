/**
 * Which paths of a component are left out of snapshots, by patterns as in a .gitignore: a pattern without a slash is
 * matched against the last name of the path, one with a slash against the whole path from the component's root; with a
 * slash at its end it matches folders only. A path that an include pattern matches is not left out; but, as with git,
 * nothing inside a folder that is left out is looked at.
 */

/** Caches and logs: programs make them again, and they are often larger than everything else. */
export const DEFAULT_EXCLUDES = ['cache/', 'caches/', '.cache/', 'Cache/', 'log/', 'logs/', '*.log'];

/** Folders inside a component in which a restore prepares files; an interrupted one may leave its folder behind. */
export const STAGING_PREFIX = '.dgmo-restore-';

export type PathFilter = (path: string, isFolder: boolean) => boolean;

/** The filter returns whether a path is left out. */
export function excluder(excludes: readonly string[], includes: readonly string[]): PathFilter {
  const isExcluded = matcher(excludes);
  const isIncluded = matcher(includes);
  return (path, isFolder) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (name.startsWith(STAGING_PREFIX)) return true;
    return isExcluded(path, name, isFolder) && !isIncluded(path, name, isFolder);
  };
}

type Matcher = (path: string, name: string, isFolder: boolean) => boolean;

/** Whether one of the patterns matches. Most patterns are names without a wildcard: those are looked up in a set. */
function matcher(patterns: readonly string[]): Matcher {
  const names = new Set<string>();
  const folderNames = new Set<string>();
  const globs: Matcher[] = [];
  for (const pattern of patterns) {
    const foldersOnly = pattern.endsWith('/');
    const text = (foldersOnly ? pattern.slice(0, -1) : pattern).replace(/^\//, '');
    const whole = pattern.slice(0, -1).includes('/');
    if (!whole && !/[*?[\]{}!\\]/.test(text)) (foldersOnly ? folderNames : names).add(text);
    else {
      const glob = new Bun.Glob(text);
      globs.push((path, name, isFolder) => (!foldersOnly || isFolder) && glob.match(whole ? path : name));
    }
  }
  return (path, name, isFolder) =>
    names.has(name) ||
    (isFolder && folderNames.has(name)) ||
    globs.some((matches) => matches(path, name, isFolder));
}

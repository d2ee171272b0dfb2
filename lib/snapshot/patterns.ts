/**
 * Which paths of a component belong to a snapshot, by patterns as in a .gitignore: without a slash a pattern is held
 * against the last name of the path, with one against the whole path from the component's root; a slash at its end means
 * folders alone. What an include pattern names is in, whatever the others say; but what is in a folder that is left out
 * is not looked at, as with git.
 */

/** Caches and logs: made again by themselves, and often larger than all the rest. */
export const DEFAULT_EXCLUDES = ['cache/', 'caches/', '.cache/', 'Cache/', 'log/', 'logs/', '*.log'];

/** Files that are on their way into a component, from a restore that is under way or was interrupted. */
export const STAGING_PREFIX = '.dgmo-restore-';

export type PathFilter = (path: string, isFolder: boolean) => boolean;

/** @returns whether the path is left out */
export function excluder(excludes: readonly string[], includes: readonly string[]): PathFilter {
  const left = matcher(excludes);
  const taken = matcher(includes);
  return (path, isFolder) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (name.startsWith(STAGING_PREFIX)) return true;
    return left(path, name, isFolder) && !taken(path, name, isFolder);
  };
}

type Matcher = (path: string, name: string, isFolder: boolean) => boolean;

/** Whether one of them matches. Names without a wildcard, which most patterns are, cost one look each. */
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

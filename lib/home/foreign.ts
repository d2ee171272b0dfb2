/**
 * Whether a folder that is to be believed belongs to somebody else. What the superuser owns is an administrator's, and as
 * good as one's own. Windows reports no owners; there the access rights of the profile hold.
 */
import { TrustError } from '../errors.ts';
import { shellWord } from '../format/printable.ts';
import type { FileStatus } from '../platform/disk.ts';
import { statusOf } from '../platform/files.ts';
import type { Host } from '../platform/host.ts';
import { pathsOf } from '../platform/path-flavour.ts';

const ROOT_USER = 0;
/** Permission of everybody to write. With the sticky bit they can add files, which are theirs, and replace none. */
const WRITABLE_BY_ALL = 0o002;
const STICKY = 0o1000;

/** The first of the paths that somebody else owns, or that everybody may write; null: none. What does not exist is nobody's. */
export function foreignPath({ disk, user }: Pick<Host, 'disk' | 'user'>, paths: string[]): string | null {
  if (user === null) return null;
  const isForeign = (path: string): boolean => {
    const found = statusOf(disk, path);
    if (found === null) return false;
    if (found.owner !== user && found.owner !== ROOT_USER) return true;
    return found.kind === 'symlink' ? isForeign(disk.resolve(path)) : isWritableByAll(found);
  };
  return paths.find(isForeign) ?? null;
}

function isWritableByAll({ mode }: FileStatus): boolean {
  return (mode & (WRITABLE_BY_ALL | STICKY)) === WRITABLE_BY_ALL;
}

/**
 * Why root does not use this home; null if it may, or if this is not root. What is in the home of another user says where
 * snapshots are restored to, and a symlink in it leads anywhere: that user would do with root's rights what they like. A
 * home that does not exist yet would be theirs if it is made in their folder.
 */
export function refusalOfRoot(host: Host, home: string): TrustError | null {
  if (host.user !== ROOT_USER) return null;
  const { dirname } = pathsOf(host.platform);
  let at = home;
  while (statusOf(host.disk, at) === null && dirname(at) !== at) at = dirname(at);
  if (foreignPath(host, [at]) === null) return null;
  const program = shellWord(host.processes.executable(host.processes.pid) ?? 'dgmo-updater');
  return new TrustError(
    `not trusted: ${at} belongs to another user, or everybody may write there, and root uses no such home`,
    {
      advice:
        `Use root's own: \`sudo -H ${program}\` with the same arguments, and no DGMO_HOME or --home of that user. For an ` +
        'install of that user run it as that user, without sudo.',
    },
  );
}

/**
 * Whether a folder that is to be believed belongs to somebody else. What the superuser owns is an administrator's, and as
 * good as one's own. Windows reports no owners; there the access rights of the profile hold.
 */
import { errorCode, TrustError } from '../errors.ts';
import { shellWord } from '../format/printable.ts';
import type { FileStatus } from '../platform/disk.ts';
import { statusOf } from '../platform/files.ts';
import type { Host } from '../platform/host.ts';
import { pathsOf } from '../platform/path-flavour.ts';

const ROOT_USER = 0;
/** Permission of everybody to write. With the sticky bit they can add files, which are theirs, and replace none. */
const WRITABLE_BY_ALL = 0o002;
const STICKY = 0o1000;

/**
 * The first of the paths that somebody else owns, or that everybody may write; null: none. What does not exist is nobody's.
 *
 * @param nothingAdded of folders in which a file that was added counts: the sticky bit does not make up for it
 */
export function foreignPath(
  { disk, user }: Pick<Host, 'disk' | 'user'>,
  paths: string[],
  { nothingAdded = false }: { nothingAdded?: boolean } = {},
): string | null {
  if (user === null) return null;
  const isForeign = (path: string): boolean => {
    const found = statusOf(disk, path);
    if (found === null) return false;
    if (found.owner !== user && found.owner !== ROOT_USER) return true;
    if (found.kind !== 'symlink') return isWritableByAll(found, nothingAdded ? 0 : STICKY);
    const target = targetOf(path);
    return target !== null && isForeign(target);
  };
  const targetOf = (path: string): string | null => {
    try {
      return disk.resolve(path);
    } catch (error) {
      // Nothing can be read there, whoever it belongs to.
      if (errorCode(error) === undefined) throw error;
      return null;
    }
  };
  return paths.find(isForeign) ?? null;
}

/** @param unless a bit that makes up for it */
function isWritableByAll({ mode }: FileStatus, unless: number): boolean {
  return (mode & (WRITABLE_BY_ALL | unless)) === WRITABLE_BY_ALL;
}

/**
 * The first folder above the path in which another user could put something else in its place: it is theirs, or everybody may write
 * there. Null if there is none. Whoever owns `/` is an administrator, by whatever number: in a user namespace root's may have none.
 */
export function foreignAbove(host: Pick<Host, 'disk' | 'platform' | 'user'>, path: string): string | null {
  const { disk, platform, user } = host;
  if (user === null) return null;
  const { dirname } = pathsOf(platform);
  const above = (of: string): string[] => (dirname(of) === of ? [] : [...above(dirname(of)), dirname(of)]);
  const [top = path] = above(path);
  const trusted = [user, ROOT_USER, statusOf(disk, top)?.owner];
  const isForeign = (folder: string) => {
    const found = statusOf(disk, folder);
    if (found === null) return false;
    return (
      !trusted.includes(found.owner ?? user) || (found.kind === 'directory' && isWritableByAll(found, STICKY))
    );
  };
  let there = path;
  while (statusOf(disk, there) === null && dirname(there) !== there) there = dirname(there);
  // Who may replace a symlink on the way leads it elsewhere, and so does who may rename what it leads to.
  return [...above(path), ...above(disk.resolve(there))].find(isForeign) ?? null;
}

/** What says, in a home, which executable and which data a rollback goes back to, and what is offered from where. */
const BELIEVED = [
  [],
  ...['snapshots', 'trees', 'packs', 'binaries', 'clones'].map((name) => ['.snapshots', name]),
  ['.snapshots'],
  ['evolutions'],
  ['trust'],
  ['trust', 'feed'],
  ['cache'],
  ['updater.json'],
  ['choices.json'],
];

/**
 * Why this home is not believed; null if it is. Whoever writes there says what is installed by the next rollback, what is read
 * into snapshots, and which versions are left out: they must not be another user, nor everybody.
 */
export function refusalOfHome(host: Host, home: string): TrustError | null {
  const ofRoot = refusalOfRoot(host, home);
  if (ofRoot !== null) return ofRoot;
  const { join } = pathsOf(host.platform);
  const path = foreignPath(
    host,
    BELIEVED.map((names) => join(home, ...names)),
    { nothingAdded: true },
  );
  if (path === null) return null;
  const owner = statusOf(host.disk, path)?.owner ?? null;
  const isOwn = owner === host.user || owner === ROOT_USER;
  const word = shellWord(path);
  return new TrustError(
    isOwn
      ? `not trusted: everybody may write ${path}, so nothing in ${home} is believed`
      : `not trusted: ${path} belongs to user ${owner}, so nothing in ${home} is believed`,
    {
      advice: isOwn
        ? `If nobody else has changed it: \`chmod ${path === home ? '' : '-R '}go-w ${word}\`.`
        : `If it is to be yours: \`sudo chown -R ${host.user} ${word}\`. Or use a home of your own, with --home or DGMO_HOME.`,
    },
  );
}

/**
 * Why root does not use this home; null if it may, or if this is not root. What is in the home of another user says where
 * snapshots are restored to, and a symlink in it leads anywhere: that user would do with root's rights what they like. A
 * home that does not exist yet would be theirs if it is made in their folder, and one that is root's can be renamed there.
 */
export function refusalOfRoot(host: Host, home: string): TrustError | null {
  if (host.user !== ROOT_USER) return null;
  const { dirname } = pathsOf(host.platform);
  let at = home;
  while (statusOf(host.disk, at) === null && dirname(at) !== at) at = dirname(at);
  const foreign = foreignPath(host, [at]) ?? foreignAbove(host, at);
  if (foreign === null) return null;
  const program = shellWord(host.processes.executable(host.processes.pid) ?? 'dgmo-updater');
  return new TrustError(
    `not trusted: ${foreign} belongs to another user, or everybody may write there, and root uses no ${foreign === at ? 'such home' : 'home below it'}`,
    {
      advice:
        `Use root's own: \`sudo -H ${program}\` with the same arguments, and no DGMO_HOME or --home of that user. For an ` +
        'install of that user run it as that user, without sudo.',
    },
  );
}

/**
 * Why nothing is installed in this folder, wherever it is; null if it may be. Who may write there may change what DGMO runs of it. A
 * sticky bit makes up for that, since what is there already can't be replaced then.
 */
export function refusalOfShared(host: Pick<Host, 'disk' | 'user'>, folder: string): TrustError | null {
  if (foreignPath(host, [folder]) === null) return null;
  const owner = statusOf(host.disk, folder)?.owner ?? null;
  const isOwn = owner === host.user || owner === ROOT_USER;
  const word = shellWord(folder);
  return new TrustError(
    `not trusted: ${isOwn ? `everybody may write ${folder}` : `${folder} belongs to user ${owner}`}, and DGMO runs what is in it`,
    {
      advice: isOwn
        ? `If nobody else has changed it: \`chmod go-w ${word}\`.`
        : `If it is to be yours: \`sudo chown -R ${host.user} ${word}\`. Or choose another folder with \`dgmo-updater config set evolutionsFolder\`.`,
    },
  );
}

/**
 * Who decides over an install. Two questions are asked before anything in its work dir is believed:
 *
 * - Could whoever may write there write the executable as well? Else the files are somebody's who must not decide
 *   (`requireSameWriters`). Commands that only look ask this one.
 * - Is the install one's own? To change it means to run its programs and to trust its files (`requireOwnInstall`). Root
 *   does not do that in another user's folder: there that user could lead it anywhere with a symlink.
 *
 * Windows reports neither owners nor modes. There the access rights of the folder hold, and only the kinds are checked.
 */

import { MachineError, TrustError } from '../errors.ts';
import { shellWord } from '../format/printable.ts';
import { foreignAbove } from '../home/foreign.ts';
import type { FileStatus } from '../platform/disk.ts';
import type { Host } from '../platform/host.ts';
import { pathsOf } from '../platform/path-flavour.ts';
import type { Layout } from './layout.ts';

type Machine = Pick<Host, 'disk' | 'platform' | 'processes' | 'user'>;

const ROOT_USER = 0;
/** What the kernel shows for an owner that does not exist in this user namespace. */
const NO_SUCH_USER = 65_534;
const GROUP_WRITES = 0o020;
const ALL_WRITE = 0o002;
/** On a directory: whoever may write there can add files, but replace only their own. */
const STICKY = 0o1000;

/** Those who may write the executable, or replace it. */
export interface Writers {
  users: ReadonlySet<number | null>;
  groups: ReadonlySet<number | null>;
  everybody: boolean;
}

/**
 * Throws TrustError if the work dir, or a file in it, belongs to a user who can't write the executable,
 * can be written by such users, or is no folder or file of its own but a symlink.
 *
 * @param options.anyKind leaves it to the caller to read nothing but files from the work dir, for `verify` and `repair`: what is
 *   there instead of a file was put there by those who may write the executable. Default: false
 */
export function requireSameWriters(
  { disk, user }: Machine,
  layout: Layout,
  { anyKind = false }: { anyKind?: boolean } = {},
): void {
  const folder = disk.status(layout.workDir);
  if (folder === null) return;
  const writers = writersOf({ disk, user }, layout);
  requireKind(layout.workDir, folder, 'directory');
  if (writers !== null) requireWriters(writers, layout, layout.workDir, folder);
  for (const name of disk.list(layout.workDir)) {
    // Hidden files are the system's: of an NFS server, of a file manager.
    if (name.startsWith('.')) continue;
    const path = layout.join(layout.workDir, name);
    const file = disk.status(path);
    if (file === null) continue;
    if (file.kind !== 'directory' && !anyKind) requireKind(path, file, 'file');
    // The mode of a symlink says nothing: who may replace it is said by that of the folder.
    const mode = file.kind === 'symlink' ? 0 : file.mode;
    if (writers !== null) requireWriters(writers, layout, path, { ...file, mode });
  }
}

/** Null on Windows. */
export function writersOf(
  { disk, user }: Pick<Machine, 'disk' | 'user'>,
  { installDir, target }: Pick<Layout, 'installDir' | 'target'>,
): Writers | null {
  if (user === null) return null;
  const found = [installDir, target].flatMap((path) => disk.status(path) ?? []);
  const writable = (bit: number) =>
    found.filter(({ kind, mode }) => (mode & bit) !== 0 && !(kind === 'directory' && (mode & STICKY) !== 0));
  return {
    users: new Set([ROOT_USER, user, ...found.map(({ owner }) => owner)]),
    groups: new Set(writable(GROUP_WRITES).map(({ group }) => group)),
    everybody: writable(ALL_WRITE).length > 0,
  };
}

/** Whether nobody else than the writers has made it, nor, if it is a file, everybody may write it. */
export function isOfWriters({ users, everybody }: Writers, { owner, kind, mode }: FileStatus): boolean {
  return users.has(owner) && (kind !== 'file' || (mode & ALL_WRITE) === 0 || everybody);
}

/** Another name, outside of the work dir, all files of which are looked at. */
function outside(path: string): string {
  return `${path.replace(/([\\/])\.dgmo-updater[\\/]/, '$1')}.foreign`;
}

function requireKind(path: string, { kind }: FileStatus, wanted: 'file' | 'directory'): void {
  if (kind === wanted) return;
  const found = kind === 'symlink' ? 'a symlink' : kind === 'directory' ? 'a directory' : `no ${wanted}`;
  throw new TrustError(
    `not trusted: ${path}: wanted a ${wanted} of dgmo-updater, found ${found}, so nothing is read from it`,
    {
      advice: `dgmo-updater does not make such a thing: find out who did. ${
        wanted === 'file' ? '`dgmo-updater repair` moves it aside, or ' : ''
      }\`mv ${shellWord(path)} ${shellWord(outside(path))}\` takes it out of the way.`,
    },
  );
}

function requireWriters(
  { users, groups, everybody }: Writers,
  { target, workDir }: Layout,
  path: string,
  { owner, group, mode }: FileStatus,
): void {
  if (!users.has(owner)) {
    throw new TrustError(
      `not trusted: ${path} belongs to user ${owner}, who may not write ${target}, so nothing in ${workDir} is believed`,
      {
        advice:
          'Find out who put it there. Then remove the folder, and adopt the executable again with ' +
          '`dgmo-updater init`.',
      },
    );
  }
  const others =
    (mode & ALL_WRITE) !== 0 && !everybody
      ? 'everybody'
      : (mode & GROUP_WRITES) !== 0 && !everybody && !groups.has(group)
        ? `group ${group}`
        : null;
  if (others === null) return;
  throw new TrustError(
    `not trusted: ${path} can be written by ${others}, but ${target} can't, so nothing in ${workDir} is believed`,
    { advice: `If nobody else has changed it: \`chmod -R go-w ${shellWord(workDir)}\`.` },
  );
}

/** Throws MachineError, with the command to type, if the install is not one's own to change. */
export function requireOwnInstall(host: Machine, layout: Layout): void {
  const { disk, user } = host;
  if (user === null) return;
  const owners = [layout.installDir, layout.target, layout.workDir].map((path) => ({
    path,
    owner: disk.status(path)?.owner ?? user,
  }));
  const foreign = owners.find(({ owner }) => owner !== user && owner !== ROOT_USER);
  if (foreign !== undefined && (user === ROOT_USER || !isOwnFolderOf(host, layout, foreign.owner)))
    throw foreignInstall(host, layout, foreign);
  const around = refusalOfFolders(host, layout);
  if (around !== null) throw around;
  if (user !== ROOT_USER && owners[0]?.owner === user) requireNothingOfRoot(host, layout);
}

/** Whoever starts a program in that folder trusts its owner already, who could have replaced it. */
function isOwnFolderOf(
  { disk, platform, processes }: Machine,
  { installDir }: Layout,
  owner: number,
): boolean {
  const program = processes.executable(processes.pid);
  return (
    program !== null &&
    pathsOf(platform).dirname(program) === installDir &&
    disk.status(installDir)?.owner === owner
  );
}

/**
 * Why root changes nothing in this install; null if it may, or if this is not root. In a folder of another user's, that user could
 * put another install in the place of root's at any moment.
 */
export function refusalOfFolders(host: Machine, { installDir }: Layout): MachineError | null {
  const above = host.user === ROOT_USER ? foreignAbove(host, installDir) : null;
  if (above === null) return null;
  const owner = host.disk.status(above)?.owner;
  const isTheirs = owner !== ROOT_USER;
  return new MachineError(
    `${installDir} is in ${above}, ${isTheirs ? `which belongs to user ${owner}` : 'where everybody may write'}, so root changes nothing there`,
    {
      advice: isTheirs
        ? `Move it to a folder of root's, or give it to that user (\`chown -R ${owner} ${shellWord(installDir)}\`) and run it as them.`
        : `If nobody else has changed it: \`chmod o-w ${shellWord(above)}\`, or move it to a folder of root's.`,
    },
  );
}

function foreignInstall(
  { processes, user }: Machine,
  { installDir }: Layout,
  { path, owner }: { path: string; owner: number },
): MachineError {
  const who = user === ROOT_USER ? 'root does not work in the files of another user' : 'that is another user';
  const message = `${path} belongs to user ${owner}, and ${who}; nothing was changed`;
  const whole = path === installDir;
  const take = `sudo chown ${whole ? '-R ' : ''}${user} ${shellWord(path)}`;
  if (!whole) return new MachineError(message, { advice: `If it is to be yours: \`${take}\`.` });
  const program = shellWord(processes.executable(processes.pid) ?? 'dgmo-updater');
  const asOwner =
    owner === NO_SUCH_USER
      ? 'Its owner does not exist here, as in a container: run it where they do.'
      : `Run it as that user: \`sudo -u '#${owner}' -H ${program}\` with the same arguments.`;
  return new MachineError(message, {
    advice: user === ROOT_USER ? `${asOwner} If the install is to be root's: \`${take}\`.` : asOwner,
  });
}

/** An earlier run with sudo may have left files in one's own folder that one can't write. */
function requireNothingOfRoot({ disk, user }: Machine, { workDir, lock, journal }: Layout): void {
  const left = [workDir, lock, journal].find((path) => disk.status(path)?.owner === ROOT_USER);
  if (left === undefined) return;
  throw new MachineError(
    `${left} belongs to root, as an earlier run with sudo has left it; nothing was changed`,
    {
      advice: `Run \`sudo chown -R ${user} ${shellWord(workDir)}\`, then try again.`,
    },
  );
}

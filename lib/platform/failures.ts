/** Turning errors of the operating system into MachineErrors, which say where, what happened, and what to do. */
import { dirname } from 'node:path';
import { errorCode, errorMessage, MachineError } from '../errors.ts';
import { shellWord } from '../format/printable.ts';

const SPACE = 'Free some disk space, then try again.';
const OWNER = 'Run it as the user who owns the folder.';
const LIMITS = 'Close some programs, or raise the limit, then try again.';
const MOUNT = 'unmount what is mounted there (findmnt shows that), then try again.';
const PATH = 'Look at each folder of the path, and at its symlinks.';

/** What each code means, and what to do about it, if there is more to do than to try again. */
const FAILURES: Record<string, [explanation: string, advice?: string]> = {
  ENOSPC: ['no space is left on the disk', SPACE],
  EDQUOT: [
    'the disk quota is used up',
    'Free some of your space on that disk, or have the quota raised, then try again.',
  ],
  EFBIG: [
    'the file is larger than the filesystem or a limit (ulimit -f) allows',
    'Raise the limit, then try again.',
  ],
  EACCES: ['permission denied', OWNER],
  EPERM: [
    'operation not permitted',
    `${OWNER} If that is you, the file or its folder may be immutable: lsattr shows that, chattr -i ends it.`,
  ],
  EROFS: ['the filesystem is read-only', 'Mount the filesystem writable, then try again.'],
  EIO: ['the drive reported an error', 'Check the drive, then try again.'],
  EBUSY: ['it is in use, or something is mounted there', `End what uses it, or ${MOUNT}`],
  EXDEV: ['it is on another filesystem than the folder that it is to be moved from', `If you can, ${MOUNT}`],
  ETXTBSY: ['the program is running, or is being written', 'End what runs or writes it, then try again.'],
  ENOENT: ['there is no such file'],
  ENOEXEC: ['it is not a program of a format that this system knows'],
  EISDIR: ['it is a directory', 'Move it out of the way, or name another file, then try again.'],
  ENXIO: [
    'it is a pipe, a socket or a device, not a file',
    'Move it out of the way, or name another file, then try again.',
  ],
  ENOTDIR: ['a part of the path is not a directory', PATH],
  ELOOP: ['it is a symlink that may not be followed, or symlinks that lead in a circle', PATH],
  ENAMETOOLONG: ['the name or the path is too long for the filesystem', 'Use a folder with a shorter path.'],
  EMFILE: ['too many files are open', LIMITS],
  ENFILE: ['too many files are open on this machine', LIMITS],
  EAGAIN: ['the system has no room for another process or lock', LIMITS],
  ENOMEM: ['no memory is left', LIMITS],
};

/** What the runtime says if it gets no memory for an array. */
const NO_MEMORY = /out of memory|allocat/i;

/**
 * Returns a MachineError for an error with an errno name and for too little memory, and every other error as it is.
 *
 * @param where named in the message if the error has no path
 */
export function asUpdaterError(error: unknown, where: string): unknown {
  if (!(error instanceof Error)) return error;
  if (error instanceof RangeError && NO_MEMORY.test(error.message))
    return new MachineError(`${where}: no memory is left`, { cause: error, advice: LIMITS });
  if (!('code' in error) || typeof error.code !== 'string' || !/^E[A-Z0-9]+$/.test(error.code)) return error;
  const { code } = error;
  const named = 'path' in error && typeof error.path === 'string' ? error.path : where;
  // The file that was to be written is what matters, not the temporary name beside it.
  const path = named.replace(/\.tmp$/, '');
  const [explanation = errorMessage(error), advice] = detailOf(code, path) ?? FAILURES[code] ?? [];
  return new MachineError(`${path}: ${explanation} (${code})`, {
    cause: error,
    ...(advice === undefined ? {} : { advice }),
  });
}

type Detail = [explanation: string, advice: string];

/** Loaded only for a failure: `--version` has to start fast. */
const files = () => require('node:fs') as typeof import('node:fs');

/** What the path itself says about the failure; null if it says nothing more than the code. */
function detailOf(code: string, path: string): Detail | null {
  try {
    if (code === 'ENOSPC') return spaceDetail(path);
    if (code === 'EPERM' || code === 'EACCES') return ownerDetail(path);
  } catch (error) {
    // The path is looked at only for the message.
    if (errorCode(error) === undefined) throw error;
  }
  return null;
}

/** A disk may have room for bytes and none for another file. */
function spaceDetail(path: string): Detail | null {
  const { bavail, bsize, files: inodes, ffree } = files().statfsSync(existing(path));
  if (inodes === 0 || ffree > 0 || bavail === 0) return null;
  return [
    `the disk has ${Math.floor((bavail * bsize) / 1e6)} MB left, and no inode for another file`,
    'Delete files that are not needed, however small (df -i shows where), then try again.',
  ];
}

function ownerDetail(path: string): Detail | null {
  const user = process.geteuid?.();
  // Root may all, and Windows has no numbers.
  if (!user) return null;
  const found = existing(path);
  const what = found === path ? 'it' : found;
  const { uid, mode } = files().lstatSync(found);
  if (uid === user) {
    if (!(0o600 & ~mode)) return null;
    const word = shellWord(found);
    // Of a file that nobody may run it can't be told whether it is a program.
    const isUnclear = !(mode & 0o111) && !files().lstatSync(found).isDirectory();
    const way = isUnclear
      ? `\`chmod u+rw ${word}\`, or \`chmod 755 ${word}\` if it is a program`
      : `\`chmod u+rwX ${word}\``;
    return [`${what} has mode ${(mode & 0o777).toString(8)}`, `Run ${way}.`];
  }
  const owner = uid ? `user ${uid}` : 'root';
  const inOwn = outermostForeign(found, user);
  return [
    `${what} belongs to ${owner}, and this is user ${user}`,
    inOwn === null
      ? uid && files().lstatSync(dirname(found)).uid !== uid
        ? 'Find out who put it there.'
        : `Run it as ${owner}${uid ? '' : ' (sudo)'}.`
      : `If it is to be yours, run \`sudo chown -R ${user} ${shellWord(inOwn)}\`, then try again.`,
  ];
}

/**
 * The path, or the folder above it, that is in a folder of that user and is not theirs. There its owner is refused: root changes
 * nothing in somebody's install or home. Null if nothing above is theirs.
 */
function outermostForeign(path: string, user: number): string | null {
  const folder = dirname(path);
  if (folder === path) return null;
  return files().lstatSync(folder).uid === user ? path : outermostForeign(folder, user);
}

/** The path, or the nearest folder above it that exists. */
function existing(path: string): string {
  if (files().existsSync(path) || dirname(path) === path) return path;
  return existing(dirname(path));
}

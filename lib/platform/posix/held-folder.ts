/**
 * A folder by its handle. A path is looked up anew at every call, so whoever may write in a folder above can lead it elsewhere
 * with a symlink. What is named through a handle stays in the folder that was opened: on Linux by /proc/self/fd, on macOS by
 * /.vol, which names a file by its number (no other file gets that number while this one is open).
 */
import fs from 'node:fs';
import { errorCode } from '../../errors.ts';
import type { HeldFolder } from '../disk.ts';
import { systemPath } from './raw-names.ts';

const { O_RDONLY, O_DIRECTORY = 0, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants;
/** Linux: needs no permission to read the folder, which may be what is to be set right. */
const O_PATH = 0o10000000;
const linux = process.platform === 'linux';
const FLAGS = O_DIRECTORY | O_NOFOLLOW | (linux ? O_PATH : O_RDONLY | O_NONBLOCK);

/** What each folder that is held was opened by, by the path through its handle. */
const held = new Map<string, string>();

/** The path that a person knows, of one through the handle of a folder that is held; any other as it is. */
export function knownPath(path: string): string {
  const through = /^(\/proc\/self\/fd\/\d+|\/\.vol\/\d+\/\d+)(?:\/\.$|(?=\/|$))/.exec(path);
  const folder = held.get(through?.[1] ?? '');
  return folder === undefined ? path : `${folder}${path.slice(through?.[0].length)}`;
}

/** ENOTDIR or ELOOP if it is something else, such as a symlink. */
export function posixHold(path: string): HeldFolder {
  let handle: number;
  try {
    handle = fs.openSync(systemPath(path), FLAGS);
  } catch (error) {
    // macOS: a folder that may be written and not read.
    if (linux || errorCode(error) !== 'EACCES') throw error;
    return byPath(path);
  }
  const { dev, ino } = fs.fstatSync(handle);
  const through = linux ? `/proc/self/fd/${handle}` : `/.vol/${dev}/${ino}`;
  const close = () => {
    held.delete(through);
    fs.closeSync(handle);
  };
  if (!leadsTo(through, { dev, ino })) return { ...byPath(path), close };
  held.set(through, knownPath(path));
  return {
    path: through,
    self: `${through}/.`,
    mode: () => fs.fstatSync(handle).mode & 0o7777,
    setMode: (mode) => fs.chmodSync(through, mode),
    close,
  };
}

/** Where there is no /proc, as in some containers, a look before each change has to do. */
function byPath(path: string): HeldFolder {
  return {
    path,
    self: path,
    mode: () => fs.lstatSync(systemPath(path)).mode & 0o7777,
    setMode: (mode) => fs.chmodSync(systemPath(path), mode),
    close: () => undefined,
  };
}

function leadsTo(path: string, { dev, ino }: Pick<fs.Stats, 'dev' | 'ino'>): boolean {
  const found = fs.statSync(path, { throwIfNoEntry: false });
  return found?.dev === dev && found.ino === ino;
}

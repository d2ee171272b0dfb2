/**
 * What is at a path itself, by its handle: a symlink that somebody puts there between a look and a change would lead the
 * change to another file.
 */
import fs from 'node:fs';
import { errorCode } from '../../errors.ts';
import { systemPath } from './raw-names.ts';

const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants;

/**
 * Calls `work` with a handle of the file or folder. Returns null, without a call, if this user may not read it: its owner
 * may still change it by its path. ELOOP if it is a symlink.
 */
export function withItself<Result>(path: string, work: (handle: number) => Result): Result | null {
  let handle: number;
  try {
    handle = fs.openSync(systemPath(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (error) {
    if (errorCode(error) === 'EACCES') return null;
    throw error;
  }
  try {
    return work(handle);
  } catch (error) {
    // A call on a handle names no path.
    throw error instanceof Error && !('path' in error) ? Object.assign(error, { path }) : error;
  } finally {
    fs.closeSync(handle);
  }
}

/** ELOOP if it is a symlink. */
export function posixSetMode(path: string, mode: number): void {
  const done = withItself(path, (handle) => {
    fs.fchmodSync(handle, mode);
    return true;
  });
  if (done === true) return;
  // Root may read everything, so this is somebody who can change files of their own alone.
  if (fs.lstatSync(systemPath(path)).isSymbolicLink())
    throw Object.assign(new Error(`ELOOP: ${path} is a symlink`), { code: 'ELOOP', path });
  fs.chmodSync(systemPath(path), mode);
}

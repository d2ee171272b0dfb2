/** Files that a caller names, to be read or written. A wrong name is a UsageError, thrown before any work. */
import { errorCode, UsageError } from '../errors.ts';
import type { FileStatus } from './disk.ts';
import type { Host } from './host.ts';
import { pathsOf } from './path-flavour.ts';

type Machine = Pick<Host, 'disk' | 'platform'>;

interface NamedFile {
  /** Absolute, symlinks resolved. */
  path: string;
  status: FileStatus;
}

/** The file at `path`. Throws UsageError if it does not exist, or is not a file. */
export function inputFile(host: Machine, path: string): NamedFile {
  const found = look(host, path);
  if (found?.status.kind === 'file') return found;
  throw new UsageError(
    `${path}: wanted a file to read, found ${found === null ? 'nothing there' : 'no file'}`,
  );
}

/**
 * The resolved path to write to; a symlink is followed. Throws UsageError if its folder does not exist, if something other
 * than a file exists there, or if it is the `input` file, under any of its names.
 */
export function outputPath(host: Machine, path: string, input?: NamedFile): string {
  const paths = pathsOf(host.platform);
  const folder = look(host, paths.dirname(path));
  if (folder?.status.kind !== 'directory') {
    throw new UsageError(`${path}: wanted a folder to write to, found none at ${paths.dirname(path)}`);
  }
  const full = paths.join(folder.path, paths.basename(path));
  const found = look(host, full);
  if (found === null) return full;
  if (found.status.kind !== 'file') throw new UsageError(`${path}: wanted a file to write, found no file`);
  if (found.status.identity === input?.status.identity) {
    throw new UsageError(`${path}: wanted another file to write than ${input.path}, which is read`);
  }
  return found.path;
}

/** Null if the path does not exist. */
function look({ disk }: Machine, path: string): NamedFile | null {
  try {
    const resolved = disk.resolve(path);
    const status = disk.status(resolved);
    return status === null ? null : { path: resolved, status };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

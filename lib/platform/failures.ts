/** Errors of the operating system as MachineErrors, which say where it happened, what happened and what to do. */
import { errorMessage, MachineError, UpdaterError } from '../errors.ts';

const EXPLANATIONS: Record<string, string> = {
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EROFS: 'the filesystem is read-only',
  EIO: 'the drive reported an error',
  EBUSY: 'the file is in use',
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EMFILE: 'too many files are open',
};

const ADVICE: Record<string, string> = {
  ENOSPC: 'Free some disk space, then try again.',
  EDQUOT: 'Free some disk space, then try again.',
  EACCES: 'Run it as the user who owns the folder.',
  EPERM: 'Run it as the user who owns the folder.',
  EROFS: 'Mount the filesystem writable, then try again.',
};

/**
 * Returns an error with an errno name as a MachineError, and every other one as it is.
 *
 * @param where is named in the message if the error has no path
 */
export function asUpdaterError(error: unknown, where: string): unknown {
  if (error instanceof UpdaterError || !(error instanceof Error)) return error;
  if (!('code' in error) || typeof error.code !== 'string' || !/^E[A-Z0-9]+$/.test(error.code)) return error;
  const { code } = error;
  const path = 'path' in error && typeof error.path === 'string' ? error.path : where;
  const advice = ADVICE[code];
  return new MachineError(`${path}: ${EXPLANATIONS[code] ?? errorMessage(error)} (${code})`, {
    cause: error,
    ...(advice === undefined ? {} : { advice }),
  });
}

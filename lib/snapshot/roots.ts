/** Resolving the path of a folder that may not exist. */
import { errorCode } from '../errors.ts';
import type { Disk } from '../platform/disk.ts';
import type { StoreLayout } from './store/layout.ts';

/** Including paths that this user may not see: opening them fails with the reason. */
const NOT_THERE = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'EPERM']);

/** The path with the symlinks resolved of the part that exists. A symlink that leads nowhere stays as it is. */
export function resolveExisting(
  disk: Disk,
  { join, dirname }: Pick<StoreLayout, 'join' | 'dirname'>,
  path: string,
): string {
  try {
    return disk.resolve(path);
  } catch (error) {
    if (!NOT_THERE.has(errorCode(error) ?? '')) throw error;
  }
  const parent = dirname(path);
  if (parent === path) return path;
  return join(
    resolveExisting(disk, { join, dirname }, parent),
    path.slice(parent.length).replace(/^[/\\]/, ''),
  );
}

/** Where a folder of the profile leads to, symlinks resolved, whether it stands or not. */
import { errorCode } from '../errors.ts';
import type { Disk } from '../platform/disk.ts';
import type { StoreLayout } from './store/layout.ts';

/** With those that can't be seen from here: whoever opens what comes out is told so. */
const NOT_THERE = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'EPERM']);

/** Of what does not stand, as far up as something does. A symlink that leads nowhere stands for itself. */
export function resolveFar(
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
  return join(resolveFar(disk, { join, dirname }, parent), path.slice(parent.length).replace(/^[/\\]/, ''));
}

/** How much of a package the cache has already, whole or in part. By size alone: what is damaged there is fetched again. */
import type { Disk } from '../../platform/disk.ts';
import type { ListedPackage } from '../../version/index.ts';
import { cachePaths } from './layout.ts';

export function cachedBytes(disk: Disk, cacheFolder: string): (file: ListedPackage) => number {
  const sizeOf = (path: string) => {
    const status = disk.status(path);
    return status?.kind === 'file' ? status.size : 0;
  };
  return ({ sha256, length }) => {
    const paths = cachePaths(cacheFolder, sha256);
    return sizeOf(paths.file) === length ? length : Math.min(length, sizeOf(paths.partial));
  };
}

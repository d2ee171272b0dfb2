/**
 * The files of the repository that anybody may read: plain files below `metadata/` and `targets/` with names as in the
 * feed, and those of `release page`, by their names. Everything else counts as missing: other folders, dot files, `..`, symlinks
 * that lead outside.
 */
import path from 'node:path';
import { errorCode } from '../../lib/errors.ts';
import type { FileStatus } from '../../lib/platform/disk.ts';
import { nativeDisk as disk } from '../../lib/platform/native-disk.ts';
import { isFeedPath } from '../../lib/version/download-url.ts';

export interface PublicFile {
  /** Path on the disk, symlinks resolved. */
  file: string;
  kind: 'metadata' | 'target' | 'page';
  /** Bytes. */
  size: number;
  /** Milliseconds since the epoch. */
  modified: number;
}

const FOLDERS = { metadata: 'metadata', targets: 'target' } as const;
/** Errors for a path that leads to no readable file. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EACCES']);

/**
 * Null if there is no such file.
 *
 * @param repository its path, symlinks resolved
 * @param location the path of the URL, without the leading slash
 */
export function publicFile(repository: string, location: string): PublicFile | null {
  const name = decoded(location);
  if (name === null || !isFeedPath(name)) return null;
  const [folder = ''] = name.split('/', 1);
  if (folder !== 'metadata' && folder !== 'targets') return null;
  const found = look(path.join(repository, name));
  if (found === null || found.status.kind !== 'file') return null;
  const inside = path.relative(path.join(repository, folder), found.file);
  if (inside === '' || inside.startsWith('..') || path.isAbsolute(inside)) return null;
  return {
    file: found.file,
    kind: FOLDERS[folder],
    size: found.status.size,
    modified: found.status.modified,
  };
}

const PAGE = /^(|index\.html|releases\.atom|install\.(sh|ps1)|download\/[0-9a-f]{64}\/[a-z0-9._-]+\.gz)$/;

/** Whether a page has a file there: the empty path is its `index.html`. */
export function isPagePath(location: string): boolean {
  return PAGE.test(location);
}

/**
 * The same for a file of the page; it is not part of the feed, so it may be anywhere.
 *
 * @param folder with the page, symlinks resolved
 */
export function pageFile(folder: string, location: string): PublicFile | null {
  if (!isPagePath(location)) return null;
  const file = path.join(folder, location === '' ? 'index.html' : location);
  const found = look(file);
  if (found?.file !== file || found.status.kind !== 'file') return null;
  const { size, modified } = found.status;
  return { file, kind: 'page', size, modified };
}

function decoded(location: string): string | null {
  if (!location.includes('%')) return location;
  try {
    return decodeURIComponent(location);
  } catch {
    return null;
  }
}

function look(name: string): { file: string; status: FileStatus } | null {
  try {
    const file = disk.resolve(name);
    const status = disk.status(file);
    return status === null ? null : { file, status };
  } catch (error) {
    if (ABSENT.has(errorCode(error) ?? '')) return null;
    throw error;
  }
}

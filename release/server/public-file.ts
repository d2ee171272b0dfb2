/**
 * Which files of the repository anybody may read: plain files below `metadata/` and `targets/`, by names as the feed
 * has them. Whatever else is asked for is not there: other folders, dot files, `..`, symlinks that lead out.
 */
import { realpathSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';
import { errorCode } from '../../lib/errors.ts';
import { isFeedPath } from '../../lib/version/download-url.ts';

export interface PublicFile {
  /** On the disk, symlinks resolved. */
  file: string;
  kind: 'metadata' | 'target';
  /** Bytes. */
  size: number;
  /** Milliseconds since the epoch. */
  modified: number;
}

const FOLDERS = { metadata: 'metadata', targets: 'target' } as const;
/** What the system says of a name that leads nowhere. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'EACCES']);

/** `repository`: with symlinks resolved; `location`: as in an address, without the leading slash. Null: not there. */
export function publicFile(repository: string, location: string): PublicFile | null {
  const name = decoded(location);
  if (name === null || !isFeedPath(name)) return null;
  const [folder = ''] = name.split('/', 1);
  if (folder !== 'metadata' && folder !== 'targets') return null;
  const found = look(path.join(repository, name));
  if (found === null || !found.status.isFile()) return null;
  const inside = path.relative(path.join(repository, folder), found.file);
  if (inside === '' || inside.startsWith('..') || path.isAbsolute(inside)) return null;
  return {
    file: found.file,
    kind: FOLDERS[folder],
    size: found.status.size,
    modified: Math.floor(found.status.mtimeMs),
  };
}

function decoded(location: string): string | null {
  if (!location.includes('%')) return location;
  try {
    return decodeURIComponent(location);
  } catch {
    return null;
  }
}

function look(name: string): { file: string; status: Stats } | null {
  try {
    const file = realpathSync.native(name);
    return { file, status: statSync(file) };
  } catch (error) {
    if (ABSENT.has(errorCode(error) ?? '')) return null;
    throw error;
  }
}

/**
 * Path functions for a platform, which is an argument so that the tests can simulate Windows on Linux. On POSIX a name may
 * have any bytes (raw-names.ts). `node:path` would replace bytes that are not UTF-8, so such paths are handled here.
 */
import { posix, win32 } from 'node:path';
import type { Platform } from './host.ts';
import { hasRawBytes } from './posix/raw-names.ts';

export type PathFlavour = Pick<
  typeof posix,
  'join' | 'dirname' | 'basename' | 'resolve' | 'normalize' | 'isAbsolute'
>;

export function pathsOf(platform: Platform): PathFlavour {
  return platform === 'win32' ? win32 : ANY_BYTES;
}

const ANY_BYTES: PathFlavour = {
  join: (...names) => {
    if (!names.some(hasRawBytes)) return posix.join(...names);
    const joined = names.filter((name) => name !== '').join('/');
    return normalize(joined);
  },
  dirname: (path) => {
    if (!hasRawBytes(path)) return posix.dirname(path);
    const [folder] = split(path);
    return folder;
  },
  basename: (path, suffix) => {
    if (!hasRawBytes(path)) return posix.basename(path, suffix);
    const [, name] = split(path);
    return suffix !== undefined && name !== suffix && name.endsWith(suffix)
      ? name.slice(0, -suffix.length)
      : name;
  },
  resolve: (...names) => {
    if (!names.some(hasRawBytes)) return posix.resolve(...names);
    const from = names.findLastIndex((name) => name.startsWith('/'));
    if (from === -1) throw new RangeError('resolve: wanted an absolute path among the names');
    return normalize(names.slice(from).join('/')).replace(/(?<=.)\/+$/, '');
  },
  normalize: (path) => (hasRawBytes(path) ? normalize(path) : posix.normalize(path)),
  isAbsolute: (path) => path.startsWith('/'),
};

/** The folder and the last name, without the slashes between and after them. */
function split(path: string): [folder: string, name: string] {
  const trimmed = path.replace(/(?<=.)\/+$/, '');
  const slash = trimmed.lastIndexOf('/');
  if (slash === -1) return ['.', trimmed];
  return [trimmed.slice(0, slash).replace(/\/+$/, '') || '/', trimmed.slice(slash + 1)];
}

function normalize(path: string): string {
  const absolute = path.startsWith('/');
  const kept: string[] = [];
  for (const name of path.split('/')) {
    if (name === '' || name === '.') continue;
    if (name !== '..') kept.push(name);
    else if (kept.length > 0 && kept.at(-1) !== '..') kept.pop();
    else if (!absolute) kept.push(name);
  }
  const trailing = path.endsWith('/') ? '/' : '';
  if (!absolute) return `${kept.join('/') || '.'}${trailing}`;
  return kept.length === 0 ? '/' : `/${kept.join('/')}${trailing}`;
}

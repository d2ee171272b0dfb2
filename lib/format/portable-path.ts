/**
 * Names of files that come from outside, and what they may be so that they mean the same one place below a folder on
 * every system: no way out of the folder, nothing that Windows changes or takes for a device, no two names that a
 * filesystem takes for one. Used for targets of the feed (lib/trust) and for the files of evolutions (lib/package).
 */

/** Bytes that filesystems take. */
export const MAX_NAME = 255;
/** Bytes of a path. */
export const MAX_PATH = 1024;
/** Names in a path. */
export const MAX_DEPTH = 32;

const DEVICE =
  /^(con|prn|aux|nul|conin\$|conout\$|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])(\.|$)/i;
const REFUSED = /[\p{Cc}\\/:<>"|?*]/u;

/** One name of a path: not empty, at most `limit` bytes of UTF-8. `.` and `..` end in a dot, as no name may. */
export function isPortableName(name: string, limit = MAX_NAME): boolean {
  return (
    name.length > 0 &&
    name.isWellFormed() &&
    Buffer.byteLength(name) <= limit &&
    !REFUSED.test(name) &&
    !/[. ]$/.test(name) &&
    !DEVICE.test(name)
  );
}

/** Relative, its names separated by slashes. */
export function isPortablePath(path: string): boolean {
  if (path.length > MAX_PATH || Buffer.byteLength(path) > MAX_PATH) return false;
  const names = path.split('/');
  return names.length <= MAX_DEPTH && names.every((name) => isPortableName(name));
}

export interface Clash {
  /** Of the path that can't stand beside those before it. */
  index: number;
  /** The file or folder of theirs that it clashes with. */
  with: string;
}

/**
 * The first path that could not be written beside those before it on every system: the same one, one that differs only
 * in case or in how a letter is encoded, one whose folder is a file among them or does. Null where there is none.
 */
export function findClash(paths: readonly string[]): Clash | null {
  const places = new Map<string, { place: string; folder: boolean }>();
  for (const [index, path] of paths.entries()) {
    const names = path.split('/');
    const folded = names.map(fold);
    for (let depth = 1; depth <= names.length; depth++) {
      const key = folded.slice(0, depth).join('/');
      const place = names.slice(0, depth).join('/');
      const folder = depth < names.length;
      const before = places.get(key);
      if (before === undefined) places.set(key, { place, folder });
      else if (before.place !== place || !before.folder || !folder) return { index, with: before.place };
    }
  }
  return null;
}

/** Equal for names that some filesystem takes for one: NTFS and APFS pass over case, APFS and HFS+ over encoding. */
function fold(name: string): string {
  return name
    .normalize('NFD')
    .toUpperCase()
    .replaceAll(/\p{DI}/gu, '')
    .normalize('NFC');
}

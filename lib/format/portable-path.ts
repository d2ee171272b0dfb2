/**
 * Names of files that come from outside. They must mean the same place below a folder on every system: they do not lead
 * out of the folder, Windows neither changes them nor takes them for a device, and no filesystem takes two of them for the
 * same name. Used for targets of the feed (lib/trust) and for the files of evolutions (lib/package).
 */

/** Bytes of a name that every filesystem accepts. */
const MAX_NAME = 255;
/** Bytes of a path. */
const MAX_PATH = 1024;
/** Names in a path. */
const MAX_DEPTH = 32;

const DEVICE =
  /^(con|prn|aux|nul|conin\$|conout\$|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])(\.|$)/i;
const REFUSED = /[\p{Cc}\\/:<>"|?*]/u;

const NOT_ON_WINDOWS = new Set('\\/:<>"|?*');

/**
 * Whether Windows takes the name of a file as it is: not as a path, a stream of another file or a device, and without
 * dropping anything from its end. A name that is none of ours need not be portable for that: its length and characters
 * are for the filesystem to judge.
 */
export function isWindowsName(name: string): boolean {
  return (
    name.length > 0 &&
    [...name].every((character) => character >= ' ' && !NOT_ON_WINDOWS.has(character)) &&
    !/[. ]$/.test(name) &&
    !DEVICE.test(name)
  );
}

/** Whether it can be one name of a path of at most `limit` bytes of UTF-8. No name may end in a dot, so `.` and `..` can't. */
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

/** Whether it is a relative path of such names, with slashes between them. */
export function isPortablePath(path: string): boolean {
  if (path.length > MAX_PATH || Buffer.byteLength(path) > MAX_PATH) return false;
  const names = path.split('/');
  return names.length <= MAX_DEPTH && names.every((name) => isPortableName(name));
}

export interface Clash {
  /** The index of the path that can't exist beside those before it. */
  index: number;
  /** The file or folder that it clashes with. */
  with: string;
}

/**
 * The first path that could not be written beside those before it on every system: the same path, one that differs only in
 * case or in the encoding of a letter, or one for which a file would have to be a folder. Null if there is none.
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

/** Equal for names that some filesystem takes for the same: NTFS and APFS ignore case, APFS and HFS+ the encoding. */
function fold(name: string): string {
  return name
    .normalize('NFD')
    .toUpperCase()
    .replaceAll(/\p{DI}/gu, '')
    .normalize('NFC');
}

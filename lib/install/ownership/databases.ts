/** Managers of Linux whose databases list the files of each package: dpkg, pacman and apk. */
import { type Evidence, type Owner, word, words } from './evidence.ts';

/** Null if none of the databases of this machine has the file. */
export function databaseOwner(evidence: Evidence): Owner | null {
  return dpkg(evidence) ?? pacman(evidence) ?? apk(evidence);
}

const DPKG = '/var/lib/dpkg/info';

/** `info/<package>.list`, or `<package>:<architecture>.list`: a path a line. */
function dpkg(evidence: Evidence): Owner | null {
  for (const name of evidence.list(DPKG)) {
    if (!name.endsWith('.list')) continue;
    const file = `${DPKG}/${name}`;
    if (!lists(evidence, file, '/')) continue;
    const package_ = words(name.slice(0, -'.list'.length), ':');
    if (package_ === null) continue;
    const command = `sudo apt-get install --only-upgrade ${package_}`;
    return { manager: 'dpkg', package: package_, command, evidence: file };
  }
  return null;
}

const PACMAN = '/var/lib/pacman/local';

/** `local/<package>-<version>/files`: paths without the first slash. What no repository signed was built by hand (AUR). */
function pacman(evidence: Evidence): Owner | null {
  for (const name of evidence.list(PACMAN)) {
    const file = `${PACMAN}/${name}/files`;
    if (!lists(evidence, file, '')) continue;
    const fields = evidence.text(`${PACMAN}/${name}/desc`) ?? '';
    const field = (key: string) => new RegExp(`^%${key}%\\n(.*)$`, 'm').exec(fields)?.[1];
    const package_ = word(field('NAME'));
    if (package_ === null) continue;
    const built = field('VALIDATION') === 'none';
    const command = built ? `yay -S ${package_}` : 'sudo pacman -Syu';
    return { manager: built ? 'pacman (AUR)' : 'pacman', package: package_, command, evidence: file };
  }
  return null;
}

const APK = ['/lib/apk/db/installed', '/usr/lib/apk/db/installed'];

/** Packages with empty lines between them: `P:` is its name, `F:` a folder, `R:` a file in that. */
function apk(evidence: Evidence): Owner | null {
  const wanted = `R:${evidence.name(evidence.path)}`;
  for (const file of APK) {
    const text = evidence.status(file) === null ? null : evidence.text(file);
    if (text === null || !text.includes(wanted)) continue;
    let package_: string | null = null;
    let folder = '';
    for (const line of text.split('\n')) {
      if (line.startsWith('P:')) package_ = word(line.slice(2));
      else if (line.startsWith('F:')) folder = `/${line.slice(2)}`;
      else if (line === wanted && package_ !== null && evidence.isSame(evidence.join(folder, line.slice(2))))
        return { manager: 'apk', package: package_, command: `sudo apk upgrade ${package_}`, evidence: file };
    }
  }
  return null;
}

/**
 * Whether one of the lines of `file` is a path of the executable. Such a line may have symlinks in it, as `/bin/dgmo` has where
 * `/bin` leads to `/usr/bin`: every line that ends with the name is followed.
 *
 * @param root what each path begins with
 */
function lists(evidence: Evidence, file: string, root: '/' | ''): boolean {
  const bytes = evidence.glance(file);
  if (bytes === null) return false;
  const list = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const wanted = `/${evidence.name(evidence.path)}\n`;
  for (let at = list.indexOf(wanted); at !== -1; at = list.indexOf(wanted, at + 1)) {
    const line = list.subarray(list.lastIndexOf('\n', at) + 1, at + wanted.length - 1).toString();
    if (evidence.isSame(root === '/' ? line : `/${line}`)) return evidence.isBelieved(file);
  }
  return false;
}

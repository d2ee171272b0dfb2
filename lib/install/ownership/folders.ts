/** Managers that give each package a folder of its own, and leave a note there: Homebrew, scoop, snap, Nix and others. */
import { type Evidence, type Owner, word, words } from './evidence.ts';

/** A packager whose manager is not known here puts this file beside the executable: `{"manager", "package", "command"}`. */
const DECLARED = 'managed-by.json';

/** Null if no folder above the file has such a note. */
export function folderOwner(evidence: Evidence): Owner | null {
  const declared = declaredOwner(evidence);
  if (declared !== null) return declared;
  for (const folder of evidence.folders) {
    for (const look of [keg, cask, scoop, chocolatey, snap, flatpak, conda, store]) {
      const owner = look(evidence, folder);
      if (owner !== null) return owner;
    }
  }
  return null;
}

function declaredOwner(evidence: Evidence): Owner | null {
  const folder = evidence.parent(evidence.path);
  if (!evidence.has(folder, DECLARED)) return null;
  const file = evidence.join(folder, DECLARED);
  const { manager, package: name, command } = evidence.object(file) ?? {};
  const [by, what, how] = [manager, name, command].map(plainWords);
  return {
    manager: by ?? 'a package manager',
    package: what ?? evidence.name(evidence.path),
    command: how ?? 'the package manager that installed it',
    evidence: file,
  };
}

/** Words that a shell, too, takes for no more than that; else null. */
function plainWords(value: unknown): string | null {
  const text = typeof value === 'string' ? value.replaceAll(/\p{Cc}/gu, '').trim() : '';
  return text.length <= 200 && /^[\p{L}\p{N}_@.+:/=,-]+(?: +[\p{L}\p{N}_@.+:/=,-]+)*$/u.test(text)
    ? text
    : null;
}

/** `Cellar/<formula>/<version>/INSTALL_RECEIPT.json`, which `brew` writes last. */
function keg(evidence: Evidence, folder: string): Owner | null {
  const receipt = homebrewReceipt(evidence, folder);
  if (receipt === null) return null;
  const name = word(evidence.name(evidence.parent(folder)));
  if (name === null || name === 'Caskroom') return null;
  return {
    manager: 'Homebrew',
    package: name,
    command: `brew upgrade ${qualified(receipt.object, name)}`,
    evidence: receipt.file,
  };
}

/** `Caskroom/<token>/<version>/...` with `Caskroom/<token>/.metadata/`. Older versions of brew wrote no receipt into it. */
function cask(evidence: Evidence, folder: string): Owner | null {
  if (!evidence.has(folder, '.metadata')) return null;
  const metadata = evidence.join(folder, '.metadata');
  const token = word(evidence.name(folder));
  const receipt = homebrewReceipt(evidence, metadata);
  const version = evidence.list(metadata).find((name) => evidence.has(folder, name));
  if (token === null || (receipt === null && version === undefined)) return null;
  const inside = evidence.folders.some((one) => evidence.parent(one) === folder);
  if (!inside) return null;
  return {
    manager: 'Homebrew',
    package: token,
    command: `brew upgrade --cask ${receipt === null ? token : qualified(receipt.object, token)}`,
    evidence: receipt?.file ?? metadata,
  };
}

function homebrewReceipt(evidence: Evidence, folder: string) {
  if (!evidence.has(folder, 'INSTALL_RECEIPT.json')) return null;
  const file = evidence.join(folder, 'INSTALL_RECEIPT.json');
  const object = evidence.object(file);
  return object !== null && typeof object.homebrew_version === 'string' ? { file, object } : null;
}

/** With the tap, unless it is one of Homebrew's own: another tap may have a formula of the same name. */
function qualified({ source }: Record<string, unknown>, name: string): string {
  const tap =
    typeof source === 'object' && source !== null && 'tap' in source ? words(source.tap, '/') : null;
  return tap === null || tap.startsWith('homebrew/') ? name : `${tap}/${name}`;
}

/** `apps/<app>/<version>/install.json` and `manifest.json`. `current` is a junction to that folder. */
function scoop(evidence: Evidence, folder: string): Owner | null {
  if (!evidence.has(folder, 'install.json') || !evidence.has(folder, 'manifest.json')) return null;
  const file = evidence.join(folder, 'install.json');
  const installed = evidence.object(file);
  const manifest = evidence.object(evidence.join(folder, 'manifest.json'));
  const name = word(evidence.name(evidence.parent(folder)));
  const version = evidence.name(folder);
  if (installed === null || typeof installed.architecture !== 'string' || name === null) return null;
  if (manifest?.version !== version && version !== 'current') return null;
  const everybody = /[\\/]ProgramData[\\/]/i.test(folder) ? ' --global' : '';
  return { manager: 'scoop', package: name, command: `scoop update ${name}${everybody}`, evidence: file };
}

/** `lib/<id>/<id>.nuspec`, beside the package itself. */
function chocolatey(evidence: Evidence, folder: string): Owner | null {
  const id = evidence.name(folder).toLowerCase();
  const note = evidence
    .list(folder)
    .find((name) => [`${id}.nuspec`, `${id}.nupkg`].includes(name.toLowerCase()));
  if (note === undefined || !evidence.has(folder, note) || word(id) === null) return null;
  return {
    manager: 'Chocolatey',
    package: id,
    command: `choco upgrade ${id}`,
    evidence: evidence.join(folder, note),
  };
}

/** `<snap>/<revision>/meta/snap.yaml`. */
function snap(evidence: Evidence, folder: string): Owner | null {
  if (!evidence.has(folder, 'meta') || !evidence.has(evidence.join(folder, 'meta'), 'snap.yaml')) return null;
  const file = evidence.join(folder, 'meta', 'snap.yaml');
  const name = word(/^name:\s*["']?([\w-]+)/m.exec(evidence.text(file) ?? '')?.[1]);
  return name === null
    ? null
    : { manager: 'snap', package: name, command: `sudo snap refresh ${name}`, evidence: file };
}

/** `app/<id>/<arch>/<branch>/<commit>/metadata`, beside `files/`. */
function flatpak(evidence: Evidence, folder: string): Owner | null {
  if (!evidence.has(folder, 'metadata') || !evidence.folders.includes(evidence.join(folder, 'files')))
    return null;
  const file = evidence.join(folder, 'metadata');
  const id = word(/^\[Application\]\s*\nname=(\S+)$/m.exec(evidence.text(file) ?? '')?.[1]);
  return id === null
    ? null
    : { manager: 'Flatpak', package: id, command: `flatpak update ${id}`, evidence: file };
}

/** `<environment>/conda-meta/<package>.json` lists the files of the package. */
function conda(evidence: Evidence, folder: string): Owner | null {
  if (!evidence.has(folder, 'conda-meta')) return null;
  const metadata = evidence.join(folder, 'conda-meta');
  for (const name of evidence.list(metadata)) {
    if (!name.endsWith('.json')) continue;
    const file = evidence.join(metadata, name);
    const text = evidence.text(file);
    // Most of them are about other files: only one that may be about this one is parsed.
    if (text === null || !text.includes(evidence.name(evidence.path))) continue;
    const { name: owner, files } = evidence.object(file) ?? {};
    const owned =
      Array.isArray(files) &&
      files.some((one) => typeof one === 'string' && evidence.isSame(evidence.join(folder, one)));
    const package_ = word(owner);
    if (owned && package_ !== null)
      return { manager: 'conda', package: package_, command: `conda update ${package_}`, evidence: file };
  }
  return null;
}

const STORE_NAME = /^[0-9abcdfghijklmnpqrsvwxyz]{32}-(.+?)(?:-\d.*)?$/;
const WRITABLE = 0o222;

/**
 * The store of Nix or Guix: the name begins with a hash of 160 bits, nothing in it may be written, and everything in it is
 * said to be of the first second of 1970.
 */
function store(evidence: Evidence, folder: string): Owner | null {
  const match = STORE_NAME.exec(evidence.name(folder));
  const name = word(match?.[1]);
  const status = evidence.status(evidence.path);
  if (name === null || status === null || (status.mode & WRITABLE) !== 0 || status.modified !== 1000)
    return null;
  const guix = evidence.name(evidence.parent(evidence.parent(folder))) === 'gnu';
  return guix
    ? { manager: 'Guix', package: name, command: `guix upgrade ${name}`, evidence: folder }
    : { manager: 'Nix', package: name, command: `nix profile upgrade ${name}`, evidence: folder };
}

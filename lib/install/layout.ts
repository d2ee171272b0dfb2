/**
 * The paths of an install. All that a transaction needs is in the install dir: the executable, and `.dgmo-updater/` beside
 * it. So every move is a rename within one filesystem, and the next run finds it whatever $DGMO_HOME says.
 */

import { errorCode, MachineError, type UpdaterError, UsageError } from '../errors.ts';
import { asUpdaterError } from '../platform/failures.ts';
import { createDirectories } from '../platform/files.ts';
import type { Host } from '../platform/host.ts';
import { type PathFlavour, pathsOf } from '../platform/path-flavour.ts';
import { hasRawBytes } from '../platform/posix/raw-names.ts';
import { executableName } from '../version/index.ts';

export interface Layout {
  /** The folder with the executable, symlinks resolved. */
  installDir: string;
  /** The executable itself: `<install dir>/dgmo`, or `dgmo.exe`. */
  target: string;
  /** `.dgmo-updater/`: all files in it belong to the updater. */
  workDir: string;
  receipt: string;
  journal: string;
  /** The root and the feed that were compiled into the updater. */
  publisher: string;
  lock: string;
  /** Which process the holder of the lock waits for. */
  holder: string;
  /** The same of the previous holder, which has finished. */
  lastHolder: string;
  /** The new binary of a transaction, verified, before the swap. */
  staged(transaction: string): string;
  /** Windows: where the old executable is moved to if it can't be replaced in place. */
  away(transaction: string, attempt?: number): string;
  /** A binary that was replaced, kept under its digest. */
  kept(sha256: string): string;
  /** The list of the blocks of the binary with that digest. */
  blocks(sha256: string): string;
  /** The JSON Schema of the config, with that digest. */
  configSchema(sha256: string): string;
  join(...parts: string[]): string;
}

const WORK_DIR = '.dgmo-updater';
/** The updater's own program. */
export const UPDATER = 'dgmo-updater';
const RECEIPT = 'installed.json';

/** The files of transactions, which a sweep may remove, have names with these prefixes. */
export const TRANSIENT_PREFIXES = ['staged-', 'away-', 'kept-', 'blocks-', 'schema-'];

/**
 * @param installDir the folder that the user named, or the updater's own; `<installDir>/<app>` may be a symlink: then the
 *   install is where it leads
 */
export function locate(host: Pick<Host, 'platform' | 'disk'>, installDir: string, app: string): Layout {
  const path = pathsOf(host.platform);
  const name = executableName(app, host.platform);
  const target = resolveTarget(host, installDir, path.join(installDir, name), path);
  if (hasRawBytes(target)) throw notUtf8(target);
  const directory = path.dirname(target);
  return layoutOf(host, { installDir: directory, target, workDir: path.join(directory, WORK_DIR) });
}

/** The same for the updater itself, which is beside the executable; a folder of its own holds what its transactions need. */
export function updaterLayout(host: Pick<Host, 'platform'>, { installDir, workDir, lock }: Layout): Layout {
  const path = pathsOf(host.platform);
  const target = path.join(installDir, executableName(UPDATER, host.platform));
  return { ...layoutOf(host, { installDir, target, workDir: path.join(workDir, 'updater') }), lock };
}

/** What is installed: the executables, and the records. None of it belongs to a folder of the user's that it may be in. */
export function installedPaths(host: Pick<Host, 'platform'>, layout: Layout): string[] {
  return [layout.target, updaterLayout(host, layout).target, layout.workDir];
}

function layoutOf(
  { platform }: Pick<Host, 'platform'>,
  { installDir, target, workDir }: Pick<Layout, 'installDir' | 'target' | 'workDir'>,
): Layout {
  const path = pathsOf(platform);
  const suffix = platform === 'win32' ? '.exe' : '';
  return {
    installDir,
    target,
    workDir,
    receipt: path.join(workDir, RECEIPT),
    journal: path.join(workDir, 'journal'),
    publisher: path.join(workDir, 'publisher.json'),
    lock: path.join(workDir, 'lock'),
    holder: path.join(workDir, 'holder'),
    lastHolder: path.join(workDir, 'last-holder'),
    staged: (transaction) => path.join(workDir, `staged-${transaction}${suffix}`),
    away: (transaction, attempt = 0) =>
      path.join(workDir, `away-${transaction}${attempt ? `-${attempt}` : ''}${suffix}`),
    kept: (sha256) => path.join(workDir, `kept-${sha256.slice(0, 32)}${suffix}`),
    blocks: (sha256) => path.join(workDir, `blocks-${sha256.slice(0, 32)}`),
    configSchema: (sha256) => path.join(workDir, `schema-${sha256.slice(0, 32)}.json`),
    join: path.join,
  };
}

/** Codes of a path at which there is no file, or whose symlinks lead to none. */
const LEADS_NOWHERE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);

function resolveTarget(
  host: Pick<Host, 'platform' | 'disk'>,
  installDir: string,
  target: string,
  path: PathFlavour,
): string {
  try {
    const resolved = host.disk.resolve(target);
    const folder = host.disk.resolve(installDir);
    const toUpdater = path.basename(resolved) === executableName(UPDATER, host.platform);
    if (!toUpdater && (path.dirname(resolved) === folder || !isInstalledHere(host, installDir, path)))
      return resolved;
    // The install is here, so a link out of it is what somebody has put in the place of the executable. One to the updater always is.
    return path.join(folder, path.basename(target));
  } catch (error) {
    if (!LEADS_NOWHERE.has(errorCode(error) ?? '')) throw asUpdaterError(error, target);
  }
  const folder = existingFolder(host, installDir);
  if (host.disk.status(target)?.kind === 'symlink' && !isInstalledHere(host, installDir, path)) {
    throw new MachineError(`${target} is a symlink that leads nowhere`, {
      advice: 'Name the folder that the executable itself belongs in with --install-dir.',
    });
  }
  return path.join(folder, path.basename(target));
}

/** Whether the updater's records of an executable are in that folder. */
function isInstalledHere({ disk }: Pick<Host, 'disk'>, installDir: string, path: PathFlavour): boolean {
  const workDir = path.join(installDir, WORK_DIR);
  return disk.status(workDir)?.kind === 'directory' && disk.status(path.join(workDir, RECEIPT)) !== null;
}

function existingFolder(host: Pick<Host, 'disk'>, installDir: string): string {
  let folder: string;
  try {
    folder = host.disk.resolve(installDir);
  } catch (error) {
    if (errorCode(error) === 'ELOOP') throw asUpdaterError(error, installDir);
    throw noFolder(installDir, error);
  }
  if (host.disk.status(folder)?.kind !== 'directory') throw noFolder(installDir);
  return folder;
}

/** Bun hands the names of programs to the system as UTF-8 alone, and puts U+FFFD in the place of other bytes that it reads. */
function notUtf8(path: string): MachineError {
  return new MachineError(`--install-dir: ${JSON.stringify(path)} has a name that is not UTF-8`, {
    advice: 'Rename that folder: a program in it can be neither named nor started from here.',
  });
}

function noFolder(installDir: string, cause?: unknown): UpdaterError {
  if (installDir.includes('\ufffd')) return notUtf8(installDir);
  return new UsageError(`--install-dir: wanted a folder, found none at ${JSON.stringify(installDir)}`, {
    advice: 'Name the folder that holds the executable with --install-dir.',
    cause,
  });
}

export function createWorkDir(host: Pick<Host, 'platform' | 'disk'>, layout: Layout): void {
  createDirectories(host.disk, layout.workDir, pathsOf(host.platform).dirname, 0o755);
}

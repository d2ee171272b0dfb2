/**
 * Reading what package managers leave beside the files that they install. It decides only whether the updater steps back, so
 * what can't be read is no evidence, and no error. Nor is what belongs to a user who could not write the executable
 * (file-owners.ts): anybody may put files into a folder above it that is sticky, such as /tmp.
 */
import { errorCode, UpdaterError } from '../../errors.ts';
import { readFile } from '../../platform/files.ts';
import { pathsOf } from '../../platform/path-flavour.ts';
import { isOfWriters, type Writers, writersOf } from '../file-owners.ts';
import type { Session } from '../session.ts';

/** 64 MiB a file: the database of a system with thousands of packages has less. */
const LIMIT = 1 << 26;
/** Over all files. What comes after that is not looked at. */
const MAX_FILES = 50_000;
const MAX_BYTES = 1 << 28;
const ROOM = 1 << 20;

export interface Owner {
  /** Name of the manager, such as Homebrew. */
  manager: string;
  /** The package that the executable belongs to. */
  package: string;
  /** The command that updates it. */
  command: string;
  /** The file that says so. */
  evidence: string;
}

/** The executable with the folders above it, the innermost first, and what is in them. */
export class Evidence {
  readonly path: string;
  readonly folders: readonly string[];
  readonly #host: Session['host'];
  readonly #writers: Writers | null;
  readonly #names = new Map<string, readonly string[]>();
  readonly #realFolders = new Map<string, string | null>();
  /** For the content of one file after the other: there may be thousands. */
  readonly #room = new Uint8Array(ROOM);
  #filesLeft = MAX_FILES;
  #bytesLeft = MAX_BYTES;

  constructor({ host, layout }: Pick<Session, 'host' | 'layout'>) {
    this.path = layout.target;
    this.#host = host;
    this.#writers = writersOf(host, layout);
    const folders: string[] = [];
    for (let at = this.parent(this.path); ; at = this.parent(at)) {
      folders.push(at);
      if (this.parent(at) === at) break;
    }
    this.folders = folders;
  }

  parent(path: string): string {
    return pathsOf(this.#host.platform).dirname(path);
  }

  name(path: string): string {
    return pathsOf(this.#host.platform).basename(path);
  }

  join(...names: string[]): string {
    return pathsOf(this.#host.platform).join(...names);
  }

  /** Empty if there is no such folder, or it is not believed. Those in it may still belong to others: see `has`. */
  list(folder: string): readonly string[] {
    let names = this.#names.get(folder);
    if (names === undefined) {
      const real = this.#realFolder(folder);
      names = real === null ? [] : (attempt(() => this.#host.disk.list(real)) ?? []);
      this.#names.set(folder, names);
    }
    return names;
  }

  has(folder: string, name: string): boolean {
    return this.list(folder).includes(name) && this.isBelieved(this.join(folder, name));
  }

  bytes(path: string): Uint8Array | null {
    return this.isBelieved(path) ? this.glance(path) : null;
  }

  /** Of a file that need not be believed: one of thousands, most of which say nothing. Valid until the next file is read. */
  glance(path: string): Uint8Array | null {
    if (this.#filesLeft === 0) return null;
    this.#filesLeft -= 1;
    const limit = Math.min(LIMIT, this.#bytesLeft);
    const bytes = attempt(() => readFile(this.#host.disk, path, limit, this.#room));
    this.#bytesLeft -= bytes?.length ?? 0;
    return bytes;
  }

  /** Whether the file, and the folder that it is in, are of those who could write the executable. */
  isBelieved(path: string): boolean {
    const folder = this.#realFolder(this.parent(path));
    return folder !== null && this.#isOfWriters(this.join(folder, this.name(path)));
  }

  /** The folder with symlinks resolved; null if it, or a symlink to it, is somebody else's. */
  #realFolder(folder: string): string | null {
    let real = this.#realFolders.get(folder);
    if (real === undefined) {
      real = this.#isOfWriters(folder) ? attempt(() => this.#host.disk.resolve(folder)) : null;
      this.#realFolders.set(folder, real);
    }
    return real;
  }

  /** Of a symlink also what it leads to, and the folder of that. */
  #isOfWriters(path: string): boolean {
    const writers = this.#writers;
    if (writers === null) return true;
    const status = this.status(path);
    if (status === null || !isOfWriters(writers, status)) return false;
    if (status.kind !== 'symlink') return true;
    const real = attempt(() => this.#host.disk.resolve(path));
    return real !== null && this.#isOfWriters(real) && this.#isOfWriters(this.parent(real));
  }

  text(path: string): string | null {
    const bytes = this.bytes(path);
    return bytes === null ? null : new TextDecoder().decode(bytes);
  }

  /** A JSON object, or null. */
  object(path: string): Record<string, unknown> | null {
    const text = this.text(path);
    if (text === null) return null;
    try {
      const value: unknown = JSON.parse(text);
      return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
    } catch {
      return null;
    }
  }

  /** Whether a path that a manager wrote down is this file, by whatever symlinks it leads there. */
  isSame(path: string): boolean {
    const { disk } = this.#host;
    const real = attempt(() => disk.resolve(path));
    if (real !== null || this.status(this.path) !== null) return real === this.path;
    // Its manager still owns what is missing.
    const folder = attempt(() => disk.resolve(this.parent(path)));
    return folder !== null && this.join(folder, this.name(path)) === this.path;
  }

  status(path: string) {
    return attempt(() => this.#host.disk.status(path));
  }
}

/** Null if the system refuses. */
function attempt<Value>(look: () => Value): Value | null {
  try {
    return look();
  } catch (error) {
    if (errorCode(error) !== undefined || error instanceof UpdaterError) return null;
    throw error;
  }
}

/**
 * The field if it is a plain name, else null. It becomes a word of a command that people may copy, so it must be neither an
 * option nor an address nor a path, which some managers take for a package.
 */
export function word(value: unknown): string | null {
  return typeof value === 'string' && /^\w[\w.+@-]{0,127}$/.test(value) ? value : null;
}

/** Names with a separator between them, at most two. */
export function words(value: unknown, separator: string): string | null {
  if (typeof value !== 'string') return null;
  const parts = value.split(separator);
  return parts.length <= 2 && parts.every((part) => word(part) !== null) ? value : null;
}

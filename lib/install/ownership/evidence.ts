/**
 * Reading what package managers leave beside the files that they install. It decides only whether the updater steps back, so
 * what can't be read is no evidence, and no error.
 */
import { errorCode, UpdaterError } from '../../errors.ts';
import { readFile } from '../../platform/files.ts';
import type { Host } from '../../platform/host.ts';
import { pathsOf } from '../../platform/path-flavour.ts';

/** 64 MiB: the database of a system with thousands of packages has less. */
const LIMIT = 1 << 26;

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

/** A file with the folders above it, the innermost first, and what is in them. */
export class Evidence {
  readonly path: string;
  readonly folders: readonly string[];
  readonly #host: Pick<Host, 'platform' | 'disk'>;
  readonly #names = new Map<string, readonly string[]>();

  /** @param path symlinks resolved */
  constructor(host: Pick<Host, 'platform' | 'disk'>, path: string) {
    this.path = path;
    this.#host = host;
    const folders: string[] = [];
    for (let at = this.parent(path); ; at = this.parent(at)) {
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

  /** Empty if there is no such folder. */
  list(folder: string): readonly string[] {
    let names = this.#names.get(folder);
    if (names === undefined) {
      names = attempt(() => this.#host.disk.list(folder)) ?? [];
      this.#names.set(folder, names);
    }
    return names;
  }

  has(folder: string, name: string): boolean {
    return this.list(folder).includes(name);
  }

  bytes(path: string): Uint8Array | null {
    return attempt(() => readFile(this.#host.disk, path, LIMIT));
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
    return attempt(() => this.#host.disk.resolve(path)) === this.path;
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

/** The field if it is text that can be a part of a command, else null. */
export function word(value: unknown): string | null {
  return typeof value === 'string' && /^[@\w][\w@.+:/~-]*$/.test(value) ? value : null;
}

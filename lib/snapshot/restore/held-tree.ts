/**
 * The folders below a root by their handles, so that a restore changes nothing elsewhere, even if somebody replaces a folder of
 * it by a symlink between two of its steps. Each folder is opened from the one above it, and never through a symlink.
 */
import { errorCode, MachineError } from '../../errors.ts';
import type { Disk, HeldFolder } from '../../platform/disk.ts';
import type { StoreLayout } from '../store/layout.ts';

/** So many are open at the same time, besides the root. */
const MOST_OPEN = 64;

export class HeldTree {
  readonly #disk: Disk;
  readonly #join: StoreLayout['join'];
  readonly #root: string;
  /** By path in the root; the one that was used last is the last. */
  readonly #open = new Map<string, HeldFolder>();

  /** Nothing is opened before it is asked for. */
  constructor(disk: Disk, { join }: Pick<StoreLayout, 'join'>, root: string) {
    this.#disk = disk;
    this.#join = join;
    this.#root = root;
  }

  /** The folder at that path in the root; '' is the root. Throws MachineError if it has become something else. */
  folder(path: string): HeldFolder {
    const known = this.#open.get(path);
    if (known !== undefined) {
      this.#open.delete(path);
      this.#open.set(path, known);
      return known;
    }
    const held = this.#hold(path);
    this.#open.set(path, held);
    const [oldest] = [...this.#open.keys()].filter((one) => one !== '' && one !== path);
    if (this.#open.size > MOST_OPEN + 1 && oldest !== undefined) this.forget(oldest);
    return held;
  }

  #hold(path: string): HeldFolder {
    const place = path === '' ? this.#root : this.at(path);
    try {
      return this.#disk.hold(place);
    } catch (error) {
      if (!['ENOTDIR', 'ELOOP', 'ENOENT'].includes(errorCode(error) ?? ''))
        throw this.#named(error, place, path);
      throw new MachineError(
        `${this.#real(path)} is no longer a folder: something changes it while it is restored`,
        { advice: 'Close the program that does so, then try again.', cause: error },
      );
    }
  }

  /** The path of something in the root, through the handle of the folder that it is in. */
  at(path: string): string {
    const slash = path.lastIndexOf('/');
    return this.#join(this.folder(path.slice(0, Math.max(0, slash))).path, path.slice(slash + 1));
  }

  /** Runs an effect on something in the root. An error names its real path. */
  change<Result>(path: string, effect: (at: string) => Result): Result {
    const at = this.at(path);
    try {
      return effect(at);
    } catch (error) {
      throw this.#named(error, at, path);
    }
  }

  /** Runs an effect on the folder at that path. An error names its real path. */
  within<Result>(path: string, effect: (folder: HeldFolder) => Result): Result {
    const folder = this.folder(path);
    try {
      return effect(folder);
    } catch (error) {
      throw this.#named(error, folder.self, path);
    }
  }

  /** Lets go of a folder, for example of one that was removed. */
  forget(path: string): void {
    this.#open.get(path)?.close();
    this.#open.delete(path);
  }

  close(): void {
    for (const path of [...this.#open.keys()]) this.forget(path);
  }

  #real(path: string): string {
    return path === '' ? this.#root : this.#join(this.#root, path);
  }

  #named(error: unknown, at: string, path: string): unknown {
    return named(error, at, this.#real(path));
  }
}

/** An error of the system about `at`, as one about the path that a person knows. Any other as it is. */
export function named(error: unknown, at: string, real: string): unknown {
  if (!(error instanceof Error) || errorCode(error) === undefined) return error;
  return Object.assign(error, { path: real, message: error.message.replaceAll(at, real) });
}

/** Runs an effect on a temporary file. An error names what that is to become: its own name says nothing to anybody. */
export function standingFor<Result>(real: string, temporary: string, effect: () => Result): Result {
  try {
    return effect();
  } catch (error) {
    throw named(error, temporary, real);
  }
}

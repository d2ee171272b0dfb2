/**
 * The metadata that a client keeps, as files in one folder (spec 5.3.8, 5.4.5, 5.5.7, 5.6.6). Every file is replaced
 * durably, never written in place: whatever stops the process, a file has its old content or its new one. The files are
 * trusted no more than what comes over the network: they are verified again whenever they are read.
 *
 * One client at a time writes. A second one reads the files, verifies what it downloads in memory, and leaves the writing
 * to the first.
 */

import { DamagedError, errorCode } from '../../errors.ts';
import type { Disk } from '../../platform/disk.ts';
import { asUpdaterError } from '../../platform/failures.ts';
import { createDirectories, readFile, replaceDurably } from '../../platform/files.ts';
import type { Locks, Platform } from '../../platform/host.ts';
import { type PathFlavour, pathsOf } from '../../platform/path-flavour.ts';

export interface FolderOptions {
  disk: Disk;
  locks: Locks;
  platform: Platform;
  /** Created if it is missing. */
  folder: string;
  /** The folder of the roots; `folder` unless given. Null: none are read or written. */
  rootsFolder?: string | null;
}

/** No role has such a file: `roleFile` leaves no dot in a name. */
const ROOT_FILE = /^([1-9]\d*\.)?root\.json$/;

export class MetadataFolder {
  readonly #options: FolderOptions;
  readonly #path: PathFlavour;
  #writable = false;

  constructor(options: FolderOptions) {
    this.#options = options;
    this.#path = pathsOf(options.platform);
  }

  /** Runs `work` with the lock, or without writing if another process has it. */
  async withLock<Result>(work: () => Promise<Result>): Promise<Result> {
    const { disk, locks, folder, rootsFolder = null } = this.#options;
    const lock = this.#effect(folder, () => {
      createDirectories(disk, folder, this.#path.dirname);
      if (rootsFolder !== null) createDirectories(disk, rootsFolder, this.#path.dirname);
      return locks.acquire(this.#path.join(folder, 'lock'));
    });
    this.#writable = lock !== null;
    try {
      return await work();
    } finally {
      this.#writable = false;
      lock?.release();
    }
  }

  /** At most `limit` bytes; null if there is no file, or a longer one, or the drive can't read it. */
  read(name: string, limit: number): Uint8Array | null {
    const folder = this.#folderOf(name);
    if (folder === null) return null;
    const file = this.#path.join(folder, name);
    try {
      return readFile(this.#options.disk, file, limit);
    } catch (error) {
      const code = errorCode(error);
      const isRefused = code !== undefined && code !== 'EIO' && code !== 'EISDIR';
      if (isRefused) throw asUpdaterError(error, file);
      if (code === undefined && !(error instanceof DamagedError)) throw error;
      return null;
    }
  }

  /** Throws MachineError if the machine refuses: disk full, permission. */
  write(name: string, bytes: Uint8Array): void {
    const { disk } = this.#options;
    const folder = this.#folderOf(name);
    if (!this.#writable || folder === null) return;
    const file = this.#path.join(folder, name);
    this.#effect(file, () => replaceDurably(disk, file, folder, bytes));
  }

  #folderOf(name: string): string | null {
    const { folder, rootsFolder = folder } = this.#options;
    return ROOT_FILE.test(name) ? rootsFolder : folder;
  }

  #effect<Result>(where: string, effect: () => Result): Result {
    try {
      return effect();
    } catch (error) {
      throw asUpdaterError(error, where);
    }
  }
}

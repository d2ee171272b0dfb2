/**
 * Replacing a file of any size with one that is produced in pieces. At every instant the path names the complete old file or
 * the complete new one, whatever stops this process.
 */
import { MachineError } from '../../errors.ts';
import type { Disk, Handle } from '../disk.ts';
import { type Digest, digestFile, foundText, removeIfThere, writeAll } from '../files.ts';
import type { Host } from '../host.ts';
import { pathsOf } from '../path-flavour.ts';
import { leftoversOf, withTemporaryName } from './temporary-name.ts';

type Machine = Pick<Host, 'disk' | 'platform' | 'processes' | 'random'>;

interface Replacement {
  /** Permission bits of the new file. Until it is complete, only its owner can read it and nobody can run it. */
  mode: number;
  /**
   * Produces the new file and returns its digest. The temporary file is created by the first call of `write`, so a check that
   * fails before leaves nothing behind.
   */
  produce(write: (bytes: Uint8Array) => void): Promise<Digest>;
  /** The last chance to throw: the new file is complete, and the path still names the old one. */
  beforeReplace(): void;
}

/**
 * Replaces the file at `path`, or creates it.
 *
 * @param path absolute, symlinks resolved
 * @throws MachineError if the file reads back differently from what was written; errors of the operating system and of
 *   the callbacks as they are. The path then names what it did before, unless only the flush of its folder failed.
 */
export async function replaceFile(host: Machine, path: string, replacement: Replacement): Promise<void> {
  const { disk } = host;
  const folder = pathsOf(host.platform).dirname(path);
  ignoreFailure(() => {
    for (const leftover of leftoversOf(host, path)) ignoreFailure(() => disk.remove(leftover));
  });
  await withTemporaryName(host, path, async (temporary) => {
    try {
      const written = await writeTemporary(host, temporary, path, replacement);
      const found = digestFile(disk, temporary, written.size);
      if (found?.sha256 !== written.sha256 || found.size !== written.size) {
        throw new MachineError(
          `${temporary} reads back as ${foundText(found)}, wanted SHA-256 ${written.sha256} as it was written`,
          { advice: 'Check the drive, then try again.' },
        );
      }
      replacement.beforeReplace();
      replace(disk, temporary, path);
    } catch (error) {
      ignoreFailure(() => removeIfThere(disk, temporary));
      throw error;
    }
  });
  disk.flushDirectory(folder);
}

/** The error of the system names the temporary file. Makes it name `path`, which could not be replaced. */
function replace(disk: Disk, temporary: string, path: string): void {
  try {
    disk.replace(temporary, path);
  } catch (error) {
    throw error instanceof Error ? Object.assign(error, { path }) : error;
  }
}

async function writeTemporary(
  { disk }: Machine,
  temporary: string,
  path: string,
  { mode, produce }: Replacement,
): Promise<Digest> {
  let handle = null as Handle | null;
  const opened = () => {
    handle ??= disk.open(temporary, 'create', 0o600);
    return handle;
  };
  let size = 0;
  try {
    const digest = await produce((bytes) => {
      writeAll(disk, opened(), bytes, size);
      size += bytes.length;
    });
    // Opens it now if nothing was written, because the new file is empty.
    const complete = opened();
    if (disk.status(path) !== null) disk.imitate(temporary, path);
    disk.setMode(temporary, mode);
    disk.flush(complete);
    return digest;
  } finally {
    if (handle !== null) disk.close(handle);
  }
}

function ignoreFailure(effect: () => void): void {
  try {
    effect();
  } catch {
    // A leftover only takes space; or the caller throws a more important error.
  }
}

/**
 * Files that the commands read and write: inputs as sources, outputs that are complete or do not exist.
 *
 * No output replaces a file that the same command reads: every input is remembered here, and recognized under any name
 * that leads to it (another spelling of the path, a symlink, a hard link).
 */
import path from 'node:path';
import { errorCode, InterruptedError, UsageError } from '../lib/errors.ts';
import type { FileStatus } from '../lib/platform/disk.ts';
import { KIND_NAMES, openSource, readFile, type Source, writeAll } from '../lib/platform/files.ts';
import { nativeHost } from '../lib/platform/native.ts';
import { nativeDisk as disk } from '../lib/platform/native-disk.ts';
import { MAX_BINARY_SIZE } from '../lib/version/index.ts';
import { namedAs } from './platform/failures.ts';
import { withTemporary } from './platform/scratch.ts';
import { withStopSignal } from './platform/signals.ts';
import { turn } from './platform/timers.ts';

/** What this process has read: the resolved path and the identity of each file, to the name that it was given by. */
const inputs = new Map<string, string>();

const OTHER_OUTPUT = 'Choose another name for the output.';

/** Reads the whole file. UsageError if it does not exist. */
export function readInput(file: string, limit = MAX_BINARY_SIZE): Uint8Array {
  requireInput(file);
  return readFile(disk, file, limit) ?? new Uint8Array();
}

/** Opens the file for `use` and closes it afterwards. UsageError if it does not exist. */
export async function withInput<T>(file: string, use: (source: Source) => Promise<T>): Promise<T> {
  requireInput(file);
  const source = openSource(disk, file);
  try {
    return await use(source);
  } finally {
    source.close();
  }
}

/** Declares a file that is read by other means. UsageError if it does not exist. */
export function requireInput(file: string): void {
  const found = look(file);
  if (found === null) {
    throw new UsageError(`${file}: wanted a file to read, found nothing there`, {
      advice: `Check the name; a relative one is looked for in ${nativeHost().workingDirectory}.`,
    });
  }
  if (found.status.kind === 'directory') {
    throw new UsageError(`${file}: wanted a file to read, found a folder`, { advice: 'Name a file in it.' });
  }
  inputs.set(found.resolved, file);
  inputs.set(found.status.identity, file);
}

/**
 * UsageError if `file` can't be written: its folder is missing, it is an input, or something else than a file, such as a folder, a pipe
 * or a device. Call it before long work, once all inputs are known. Returns the path to write to: where a symlink leads.
 */
export function requireOutput(file: string): string {
  const folder = path.dirname(file);
  if (look(folder) === null) {
    throw new UsageError(`${file}: wanted a folder to write to, found none at ${folder}`, {
      advice: 'Make that folder, or name a file in another one.',
    });
  }
  const found = look(file);
  if (found === null && disk.status(file) !== null) {
    throw new UsageError(`${file}: wanted a file to write, found a symlink that leads nowhere`, {
      advice: OTHER_OUTPUT,
    });
  }
  if (found !== null && found.status.kind !== 'file') {
    throw new UsageError(`${file}: wanted a file to write, found ${KIND_NAMES[found.status.kind]}`, {
      advice: OTHER_OUTPUT,
    });
  }
  requireNotInput(file);
  return found?.resolved ?? file;
}

/** UsageError if `file` is in the repository, whose files only its own commands write. Call it after `requireOutput`. */
export function requireOutside(file: string, repo: string): void {
  const place = look(file) ?? look(path.dirname(file));
  const inside = path.relative(look(repo)?.resolved ?? repo, place?.resolved ?? file);
  if (inside === '..' || inside.startsWith(`..${path.sep}`) || path.isAbsolute(inside)) return;
  throw new UsageError(`${file}: wanted a file outside of the repository, found one in ${repo}`, {
    advice: 'Name a file in another folder.',
  });
}

/** UsageError if `file`, which is to be written by other means, is an input. */
export function requireNotInput(file: string): void {
  const found = look(file);
  if (found === null) return;
  const input = inputs.get(found.resolved) ?? inputs.get(found.status.identity);
  if (input === undefined) return;
  throw new UsageError(`${file}: wanted an output that is not one of the inputs, found the input ${input}`, {
    advice: OTHER_OUTPUT,
  });
}

/** Symlinks followed. Null if nothing exists there. */
function look(file: string): { resolved: string; status: FileStatus } | null {
  if (disk.status(file) === null) return null;
  try {
    const resolved = disk.resolve(file);
    const status = disk.status(resolved);
    return status === null ? null : { resolved, status };
  } catch (error) {
    // A symlink that leads nowhere.
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

export interface OutputOptions {
  mode?: number;
  /** Checks the written file before it gets its name; throws if it is wrong. */
  check?: (written: string) => Promise<void>;
}

/**
 * Writes a file piece by piece under a temporary name in the same folder, flushes and checks it, and only then renames
 * it. An existing file is replaced, also one that a symlink leads to. After a failure or a signal to stop it is unchanged, and the
 * temporary file is removed; after a kill the next run for the same file removes it.
 */
export async function writeOutput(
  file: string,
  fill: (write: (bytes: Uint8Array) => void) => void | Promise<void>,
  { mode = 0o644, check }: OutputOptions = {},
): Promise<void> {
  const target = requireOutput(file);
  await untilInterrupted(`${file} was not written`, (stopIfInterrupted) =>
    withTemporary(target, async (temporary) => {
      try {
        const handle = disk.open(temporary, 'create', mode);
        try {
          let position = 0;
          await fill((bytes) => {
            stopIfInterrupted();
            writeAll(disk, handle, bytes, position);
            position += bytes.length;
          });
          disk.flush(handle);
        } finally {
          disk.close(handle);
        }
        await check?.(temporary);
        await turn();
        stopIfInterrupted();
        disk.rename(temporary, target);
      } catch (error) {
        throw namedAs(error, temporary, file);
      }
    }),
  );
  disk.flushDirectory(path.dirname(target));
}

/**
 * Runs `work` so that a signal to stop does not end the process before `work` has cleaned up.
 *
 * @param undone what was not done because of the signal, for the message
 * @param work gets a function that throws InterruptedError after it
 */
export async function untilInterrupted<T>(
  undone: string,
  work: (stopIfInterrupted: () => void) => Promise<T>,
): Promise<T> {
  return await withStopSignal((stop) =>
    work(() => {
      if (stop.aborted) throw new InterruptedError(`interrupted: ${undone}`);
    }),
  );
}

/** Files that the commands read and write: inputs as sources, outputs that are whole or not there. */
import { existsSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { InterruptedError, UsageError } from '../lib/errors.ts';
import { openSource, readFile, removeIfThere, type Source, writeAll } from '../lib/platform/files.ts';
import { nativeDisk as disk } from '../lib/platform/native-disk.ts';
import { MAX_BINARY_SIZE } from '../lib/version/index.ts';

/** The whole file. UsageError where it is not there. */
export function readInput(file: string, limit = MAX_BINARY_SIZE): Uint8Array {
  requireFile(file);
  return readFile(disk, file, limit) ?? new Uint8Array();
}

/** The open file, handed to `use` and closed when it is done. UsageError where it is not there. */
export async function withInput<T>(file: string, use: (source: Source) => Promise<T>): Promise<T> {
  requireFile(file);
  const source = openSource(disk, file);
  try {
    return await use(source);
  } finally {
    source.close();
  }
}

function requireFile(file: string): void {
  if (!existsSync(file)) throw new UsageError(`${file}: wanted a file to read, found nothing there`);
  if (statSync(file).isDirectory()) {
    throw new UsageError(`${file}: wanted a file to read, found a folder`);
  }
}

/** UsageError where there is no folder for it, or where it would replace one of the `inputs`. To be called before the work. */
export function requireOutput(file: string, inputs: string[] = []): void {
  const folder = path.dirname(file);
  if (!existsSync(folder)) {
    throw new UsageError(`${file}: wanted a folder to write to, found none at ${folder}`);
  }
  if (!existsSync(file)) return;
  if (statSync(file).isDirectory()) throw new UsageError(`${file}: wanted a file to write, found a folder`);
  const same = inputs.find((input) => realpathSync(file) === realpathSync(input));
  if (same !== undefined) throw new UsageError(`-o: wanted another file than ${same}, which is read`);
}

export interface OutputOptions {
  mode?: number;
  /** Looks at what was written, before it takes the wanted name; throws where it is not what it should be. */
  check?: (written: string) => Promise<void>;
}

/**
 * Writes a file piece by piece under a temporary name beside it, flushes and checks it, and only then gives it its
 * name. What stood there is replaced; after a failure or Ctrl-C it stands as before and nothing is left beside it.
 */
export async function writeOutput(
  file: string,
  fill: (write: (bytes: Uint8Array) => void) => void | Promise<void>,
  { mode = 0o644, check }: OutputOptions = {},
): Promise<void> {
  requireOutput(file);
  const temporary = `${file}.${process.pid}.tmp`;
  removeIfThere(disk, temporary);
  await untilInterrupted(`${file} was not written`, async (stopIfInterrupted) => {
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
      stopIfInterrupted();
      disk.rename(temporary, file);
    } catch (error) {
      removeIfThere(disk, temporary);
      throw error;
    }
  });
  disk.flushDirectory(path.dirname(file));
}

/**
 * A Ctrl-C does not end the process while `work` runs: it clears up first.
 *
 * @param undone what is not done then, for the message
 * @param work is handed what throws InterruptedError after a Ctrl-C
 */
export async function untilInterrupted<T>(
  undone: string,
  work: (stopIfInterrupted: () => void) => Promise<T>,
): Promise<T> {
  let interrupted = false;
  const interrupt = () => {
    interrupted = true;
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  try {
    return await work(() => {
      if (interrupted) throw new InterruptedError(`interrupted: ${undone}`);
    });
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

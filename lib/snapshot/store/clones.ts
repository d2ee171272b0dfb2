/**
 * Clones: files that share their blocks with the original (reflinks). Making one costs nothing, so it is not read either.
 * The first time a clone is read completely, its digest is written beside it as its seal; from then on it must match that.
 */
import { DamagedError } from '../../errors.ts';
import type { Disk } from '../../platform/disk.ts';
import {
  type Digest,
  digestFile,
  expectingFile,
  readFile,
  removeIfThere,
  replaceDurably,
  writeNew,
} from '../../platform/files.ts';
import type { StoreLayout } from './layout.ts';

const SEAL = '.seal';
const LOST = '.lost';

export function clonePath(layout: StoreLayout, name: string): string {
  return layout.join(layout.clones, name);
}

/** Returns null if the clone was never read. Throws DamagedError if the seal can't be read. */
function sealOf(disk: Disk, layout: StoreLayout, name: string): string | null {
  const path = `${clonePath(layout, name)}${SEAL}`;
  const bytes = expectingFile(path, () => readFile(disk, path, 1024));
  if (bytes === null) return null;
  const text = new TextDecoder().decode(bytes).trimEnd();
  if (!/^[0-9a-f]{64}$/.test(text)) throw new DamagedError(`the seal ${path} is damaged: wanted a SHA-256`);
  return text;
}

/**
 * Throws DamagedError if the clone is missing or does not match its size or seal. With `seal`, seals it if it has none.
 */
export function verifyClone(
  disk: Disk,
  layout: StoreLayout,
  name: string,
  size: number,
  seal: boolean,
): Digest {
  const path = clonePath(layout, name);
  const found = expectingFile(path, () => digestFile(disk, path, size));
  if (found === null) throw new DamagedError(`the file ${path} of a snapshot is missing`);
  if (found.size !== size)
    throw new DamagedError(
      `the file ${path} of a snapshot is damaged: it has ${found.size} bytes, wanted ${size}`,
    );
  const wanted = sealOf(disk, layout, name);
  if (wanted !== null && wanted !== found.sha256)
    throw new DamagedError(
      `the file ${path} of a snapshot is damaged: it has SHA-256 ${found.sha256}, wanted ${wanted}`,
    );
  if (wanted === null && seal) writeSeal(disk, layout, name, found.sha256);
  return found;
}

/** Marks a damaged clone, so that the next snapshot stores the file again. */
export function markClone(disk: Disk, layout: StoreLayout, name: string, lost: boolean): void {
  const mark = `${clonePath(layout, name)}${LOST}`;
  if (!lost) removeIfThere(disk, mark);
  else if (disk.status(mark) === null) writeNew(disk, mark, 0o600, () => undefined);
}

/** Whether the store has the clone, by its status alone. */
export function holdsClone(disk: Disk, layout: StoreLayout, name: string, size: number): boolean {
  const path = clonePath(layout, name);
  return disk.status(path)?.size === size && disk.status(`${path}${LOST}`) === null;
}

function writeSeal(disk: Disk, layout: StoreLayout, name: string, sha256: string): void {
  const path = `${clonePath(layout, name)}${SEAL}`;
  replaceDurably(disk, path, layout.clones, new TextEncoder().encode(`${sha256}\n`));
}

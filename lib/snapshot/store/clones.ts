/**
 * Clones: files that share their blocks with the original. Taking one costs nothing, so it is not read then either; its
 * digest is found the first time somebody reads it all, and written beside it as its seal. From then on it is held against
 * that.
 */
import { DamagedError } from '../../errors.ts';
import type { Disk } from '../../platform/disk.ts';
import {
  type Digest,
  digestFile,
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

/** Null where it was never read. */
export function sealOf(disk: Disk, layout: StoreLayout, name: string): string | null {
  const path = `${clonePath(layout, name)}${SEAL}`;
  const bytes = readFile(disk, path, 1024);
  if (bytes === null) return null;
  const text = new TextDecoder().decode(bytes).trimEnd();
  if (!/^[0-9a-f]{64}$/.test(text)) throw new DamagedError(`the seal ${path} is damaged: wanted a SHA-256`);
  return text;
}

/** Seals it where it was not. DamagedError where it is not what it was. */
export function verifyClone(
  disk: Disk,
  layout: StoreLayout,
  name: string,
  size: number,
  seal: boolean,
): Digest {
  const path = clonePath(layout, name);
  const found = digestFile(disk, path);
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

/** A clone that was found to be lost: the next snapshot takes the file again. */
export function markClone(disk: Disk, layout: StoreLayout, name: string, lost: boolean): void {
  const mark = `${clonePath(layout, name)}${LOST}`;
  if (!lost) removeIfThere(disk, mark);
  else if (disk.status(mark) === null) writeNew(disk, mark, 0o600, () => undefined);
}

/** As far as its status tells. */
export function holdsClone(disk: Disk, layout: StoreLayout, name: string, size: number): boolean {
  const path = clonePath(layout, name);
  return disk.status(path)?.size === size && disk.status(`${path}${LOST}`) === null;
}

function writeSeal(disk: Disk, layout: StoreLayout, name: string, sha256: string): void {
  const path = `${clonePath(layout, name)}${SEAL}`;
  replaceDurably(disk, path, layout.clones, new TextEncoder().encode(`${sha256}\n`));
}

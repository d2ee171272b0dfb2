/**
 * Whole executables, each named by its SHA-256. Once one was read and found intact, it is recognised by its status; only
 * `verify` reads it again.
 */
import { DamagedError, errorCode } from '../../errors.ts';
import type { Disk } from '../../platform/disk.ts';
import {
  type Digest,
  digestBytes,
  digestFile,
  flushFile,
  readCacheFile,
  removeIfThere,
  removeQuietly,
  writeNew,
} from '../../platform/files.ts';
import { digestAhead } from '../../platform/threads/read-ahead.ts';
import { type StoreLayout, TEMPORARY } from './layout.ts';
import { isOld } from './reliable-status.ts';

/** Milliseconds: a file that has not changed for so long has not changed since the caller digested it. */
const UNCHANGED_FOR = 60_000;

export function binaryPath(layout: StoreLayout, sha256: string): string {
  return layout.join(layout.binaries, sha256);
}

export interface BinaryToKeep {
  path: string;
  sha256: string;
  /** A free name in the folder of binaries. */
  temporary: string;
  /** Milliseconds since the epoch. */
  now: number;
  /** Called if it was copied, and the copy was read and found intact. */
  onCopied?: ((path: string) => void) | undefined;
}

/**
 * Adds a binary unless the store has it, intact. The copy is flushed in the background; flushing its folder is left to the
 * caller. Throws DamagedError if the file changed meanwhile.
 *
 * Its blocks are shared, or it is copied, but it is never linked: the installed executable may be written in place at any
 * time, by hand or by another installer, also if the update that this is done for fails or is killed.
 *
 * @returns whether it was added
 */
export async function keepBinary(
  disk: Disk,
  layout: StoreLayout,
  { path, sha256, temporary, now, onCopied }: BinaryToKeep,
): Promise<boolean> {
  const kept = binaryPath(layout, sha256);
  if (disk.status(kept) !== null) {
    if (isKnown(disk, layout, sha256)) return false;
    if (digestFile(disk, kept, disk.status(path)?.size ?? 0)?.sha256 === sha256) {
      remember(disk, layout, sha256);
      return false;
    }
    disk.remove(kept);
  }
  const longUnchanged = now - (disk.status(path)?.changed ?? now) > UNCHANGED_FOR;
  let read = false;
  const shared = attempt(disk, () => disk.reflink(path, temporary), temporary);
  if (shared) flushFile(disk, temporary);
  else {
    const copied = await copyFlushed(disk, path, temporary);
    read = true;
    if (copied !== sha256) {
      removeQuietly(disk, temporary);
      throw new DamagedError(
        `${path} changed while it was copied: wanted SHA-256 ${sha256}, found ${copied}`,
        {
          advice: 'Try again.',
        },
      );
    }
  }
  disk.rename(temporary, kept);
  if (read) onCopied?.(kept);
  if (read || (shared && longUnchanged)) remember(disk, layout, sha256);
  return true;
}

/** Returns the digest of the copy. One that fails is removed: on a full disk that frees the space of an executable. */
async function copyFlushed(disk: Disk, path: string, temporary: string): Promise<string | undefined> {
  try {
    disk.copy(path, temporary);
    return await flushCopy(disk, temporary);
  } catch (error) {
    removeQuietly(disk, temporary);
    throw error;
  }
}

async function flushCopy(disk: Disk, temporary: string): Promise<string | undefined> {
  const handle = disk.open(temporary, 'update');
  try {
    const flushed = disk.flushMeanwhile(handle);
    // A failure is thrown below.
    flushed.catch(() => undefined);
    const digest = await digestAhead(disk, temporary);
    await flushed;
    return digest?.sha256;
  } finally {
    disk.close(handle);
  }
}

function attempt(disk: Disk, way: () => void, temporary: string): boolean {
  try {
    way();
    return true;
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    removeIfThere(disk, temporary);
    return false;
  }
}

/**
 * A binary that is kept beside the installed one, and that the store has as well: from here on it is one file with two
 * names, neither of which is ever written to. The caller has just found it intact.
 */
export function shareBinary(
  disk: Disk,
  layout: StoreLayout,
  { path, sha256 }: Pick<BinaryToKeep, 'path' | 'sha256'>,
): void {
  const stored = binaryPath(layout, sha256);
  if (disk.status(stored) === null || disk.status(path)?.links !== 1) return;
  const temporary = `${stored}${TEMPORARY}`;
  if (!attempt(disk, () => disk.link(path, temporary), temporary)) return;
  disk.rename(temporary, stored);
  disk.flushDirectory(layout.binaries);
}

/** Prefix of files in the cache that are about a binary, whose SHA-256 follows: the fingerprint of one that was found intact. */
export const KNOWN_BINARY = 'binary-';

function knownPath(layout: StoreLayout, sha256: string): string {
  return layout.join(layout.cache, `${KNOWN_BINARY}${sha256}`);
}

function isKnown(disk: Disk, layout: StoreLayout, sha256: string): boolean {
  const bytes = readCacheFile(disk, knownPath(layout, sha256), 1024);
  const fingerprint = disk.status(binaryPath(layout, sha256))?.fingerprint;
  return bytes !== null && new TextDecoder().decode(bytes) === fingerprint;
}

function remember(disk: Disk, layout: StoreLayout, sha256: string): void {
  const fingerprint = disk.status(binaryPath(layout, sha256))?.fingerprint ?? '';
  forgetBinary(disk, layout, sha256);
  writeNew(disk, knownPath(layout, sha256), 0o600, (write) => write(new TextEncoder().encode(fingerprint)));
}

export function forgetBinary(disk: Disk, layout: StoreLayout, sha256: string): void {
  removeIfThere(disk, knownPath(layout, sha256));
}

/**
 * The digest of an executable that was read before and has not changed since, by its status; null if it has to be read.
 * Good enough for a snapshot that the user takes; a transaction always reads the file.
 */
export function recogniseExecutable(disk: Disk, layout: StoreLayout, path: string): Digest | null {
  const bytes = readCacheFile(disk, executablePath(layout, path), 1024);
  const fingerprint = disk.status(path)?.fingerprint;
  if (bytes === null || fingerprint === undefined) return null;
  const [then, sha256 = '', size] = new TextDecoder().decode(bytes).split('\n');
  return then === fingerprint && /^[0-9a-f]{64}$/.test(sha256) ? { sha256, size: Number(size) } : null;
}

/** The caller has just digested the file. One that was written a moment ago is not remembered (reliable-status.ts). */
export function rememberExecutable(
  disk: Disk,
  layout: StoreLayout,
  path: string,
  { sha256, size }: Digest,
  now: number,
): void {
  const status = disk.status(path);
  if (status === null || !isOld(now, status)) return;
  const name = executablePath(layout, path);
  removeIfThere(disk, name);
  writeNew(disk, name, 0o600, (write) =>
    write(new TextEncoder().encode(`${status.fingerprint}\n${sha256}\n${size}`)),
  );
}

function executablePath(layout: StoreLayout, path: string): string {
  const { sha256 } = digestBytes(new TextEncoder().encode(path));
  return layout.join(layout.cache, `executable-${sha256.slice(0, 32)}`);
}

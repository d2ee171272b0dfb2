/**
 * Whole executables, each named by its SHA-256. One that was read and found sound is recognised by its status from then
 * on; `verify` reads it again.
 */
import { DamagedError, errorCode } from '../../errors.ts';
import type { Disk } from '../../platform/disk.ts';
import {
  type Digest,
  digestBytes,
  digestFile,
  flushFile,
  readFile,
  removeIfThere,
  writeNew,
} from '../../platform/files.ts';
import type { StoreLayout } from './layout.ts';
import { isOld } from './reliable-status.ts';

/** Milliseconds: what has not changed for so long is what the caller has read to tell its digest. */
const SETTLED = 60_000;

export function binaryPath(layout: StoreLayout, sha256: string): string {
  return layout.join(layout.binaries, sha256);
}

export interface BinaryToKeep {
  path: string;
  sha256: string;
  /**
   * A transaction is about to give its name to another file: a second name for it is as good as a copy. Else somebody may
   * write into it, and it is shared or copied.
   */
  replaced: boolean;
  /** A name in the folder of binaries that is free. */
  temporary: string;
  /** Milliseconds since the epoch. */
  now: number;
}

/**
 * Whether it was not there; its name is for the caller to flush. It goes to the drive while this process goes on. DamagedError
 * where it changed meanwhile.
 */
export async function keepBinary(
  disk: Disk,
  layout: StoreLayout,
  { path, sha256, replaced, temporary, now }: BinaryToKeep,
): Promise<boolean> {
  const kept = binaryPath(layout, sha256);
  if (disk.status(kept) !== null) {
    if (isKnown(disk, layout, sha256)) return false;
    if (digestFile(disk, kept)?.sha256 === sha256) {
      remember(disk, layout, sha256);
      return false;
    }
    disk.remove(kept);
  }
  const settled = now - (disk.status(path)?.changed ?? now) > SETTLED;
  let read = false;
  const shared = attempt(disk, () => disk.reflink(path, temporary), temporary);
  if (shared) flushFile(disk, temporary);
  else if (!replaced || !attempt(disk, () => disk.link(path, temporary), temporary)) {
    const copied = await copyFlushed(disk, path, temporary);
    read = true;
    if (copied !== sha256) {
      throw new DamagedError(
        `${path} changed while it was copied: wanted SHA-256 ${sha256}, found ${copied}`,
        {
          advice: 'Try again.',
        },
      );
    }
  }
  disk.rename(temporary, kept);
  if (read || (shared && settled)) remember(disk, layout, sha256);
  return true;
}

/** The digest of the copy. */
async function copyFlushed(disk: Disk, path: string, temporary: string): Promise<string | undefined> {
  disk.copy(path, temporary);
  const handle = disk.open(temporary, 'update');
  try {
    const flushed = disk.flushMeanwhile(handle);
    // Told below.
    flushed.catch(() => undefined);
    const digest = digestFile(disk, temporary);
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

/** In the cache: the fingerprint of a binary when it was found sound. */
export const KNOWN_BINARY = 'binary-';

function knownPath(layout: StoreLayout, sha256: string): string {
  return layout.join(layout.cache, `${KNOWN_BINARY}${sha256}`);
}

function isKnown(disk: Disk, layout: StoreLayout, sha256: string): boolean {
  const bytes = readFile(disk, knownPath(layout, sha256), 1024);
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
 * The digest of an executable that was read before and has not changed since, as an unchanged file is recognised; null where
 * it has to be read. For a snapshot alone: what a transaction decides by is read each time.
 */
export function recogniseExecutable(disk: Disk, layout: StoreLayout, path: string): Digest | null {
  const bytes = readFile(disk, executablePath(layout, path), 1024);
  const fingerprint = disk.status(path)?.fingerprint;
  if (bytes === null || fingerprint === undefined) return null;
  const [then, sha256 = '', size] = new TextDecoder().decode(bytes).split('\n');
  return then === fingerprint && /^[0-9a-f]{64}$/.test(sha256) ? { sha256, size: Number(size) } : null;
}

/** The caller has just read it. What was written a moment ago may be written again without a trace, and is not remembered. */
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

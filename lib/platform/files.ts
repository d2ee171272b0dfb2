/** Operations on whole files over a `Disk`, without decisions. Every byte count is checked. */
import { DamagedError, errorCode } from '../errors.ts';
import type { Disk, FileStatus, Handle } from './disk.ts';

/** Bytes that can be read at any position: an open file, a part of one, or memory. */
export interface Source {
  /** Bytes. */
  readonly size: number;
  /** Fills `into` from `position`. Throws DamagedError if the source ends before `into` is full. */
  read(position: number, into: Uint8Array): void;
}

/** 1 MiB: large enough that calls cost nothing beside the bytes, small enough to hold several. */
export const CHUNK = 1 << 20;

export function memorySource(bytes: Uint8Array, name = 'input'): Source {
  return {
    size: bytes.length,
    read(position, into) {
      if (position < 0 || position + into.length > bytes.length)
        throw tooShort(name, position, into.length, bytes.length);
      into.set(bytes.subarray(position, position + into.length));
    },
  };
}

/** The part of `source` from `offset`, `size` bytes long. Throws RangeError if that is not inside of it. */
export function sliceSource(source: Source, offset: number, size: number): Source {
  if (offset < 0 || size < 0 || offset + size > source.size) {
    throw new RangeError(`slice ${offset}+${size} is outside a source of ${source.size} bytes`);
  }
  return {
    size,
    read(position, into) {
      if (position < 0 || position + into.length > size) throw tooShort('slice', position, into.length, size);
      source.read(offset + position, into);
    },
  };
}

/** Reads the whole source into memory. */
export function readSource(source: Source): Uint8Array {
  const bytes = new Uint8Array(source.size);
  source.read(0, bytes);
  return bytes;
}

/** An open file as a Source. The size is the one it had when it was opened; the caller closes it. */
export function openSource(disk: Disk, path: string): Source & { close(): void } {
  const handle = disk.open(path, 'read');
  const size = disk.size(handle);
  return {
    size,
    read(position, into) {
      const done = fill(disk, handle, into, position);
      if (done < into.length) throw tooShort(path, position, into.length, position + done);
    },
    close: () => disk.close(handle),
  };
}

function tooShort(name: string, position: number, wanted: number, size: number): DamagedError {
  return new DamagedError(
    `${name} ends at byte ${size}, but ${wanted} bytes were wanted at byte ${position}`,
  );
}

/** Reads until `into` is full or the file ends. Returns the number of bytes. */
export function fill(disk: Disk, handle: Handle, into: Uint8Array, position: number): number {
  let done = 0;
  while (done < into.length) {
    const count = disk.read(handle, into.subarray(done), position + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}

/** Writes all of `bytes`. Throws ENOSPC if the disk is full, which may show only as a count that is too small. */
export function writeAll(disk: Disk, handle: Handle, bytes: Uint8Array, position: number): void {
  let done = 0;
  while (done < bytes.length) {
    const count = disk.write(handle, bytes.subarray(done), position + done);
    if (count <= 0)
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    done += count;
  }
}

/** The whole file; null if it does not exist. Throws DamagedError if it is larger than `limit` bytes. */
export function readFile(disk: Disk, path: string, limit: number, room?: Uint8Array): Uint8Array | null {
  const handle = openIfThere(disk, path);
  if (handle === null) return null;
  try {
    const size = disk.size(handle);
    if (size > limit) throw new DamagedError(`${path} has ${size} bytes, at most ${limit} are possible`);
    const bytes = room !== undefined && size <= room.length ? room.subarray(0, size) : new Uint8Array(size);
    return bytes.subarray(0, fill(disk, handle, bytes, 0));
  } finally {
    disk.close(handle);
  }
}

/** The same of a file without which all goes on, in more time: null as well if it may not be read, or is too large to be one. */
export function readCacheFile(disk: Disk, path: string, limit: number): Uint8Array | null {
  try {
    return readFile(disk, path, limit);
  } catch (error) {
    if (!(error instanceof DamagedError) && errorCode(error) !== 'EACCES') throw error;
    return null;
  }
}

/**
 * The same of a file that the updater writes itself, and that is never anything else. Throws DamagedError if something else is at
 * the path: a symlink is not followed.
 */
export function readOwnFile(disk: Disk, path: string, limit: number): Uint8Array | null {
  const kind = disk.status(path)?.kind ?? 'file';
  if (kind !== 'file') throw strangerError(path, kind);
  return readFile(disk, path, limit);
}

/** Codes of the errors of opening or reading what is no file. */
const NO_FILE: Record<string, FileStatus['kind']> = { EISDIR: 'directory', ENXIO: 'other', ELOOP: 'symlink' };

/** Runs `work`, which reads a file of the updater. Throws DamagedError if something else is at the path. */
export function expectingFile<Result>(path: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    const kind = NO_FILE[errorCode(error) ?? ''];
    throw kind === undefined ? error : strangerError(path, kind, error);
  }
}

/** What somebody else has put in the place of a file of ours, for a message. */
export const KIND_NAMES: Record<FileStatus['kind'], string> = {
  file: 'a file',
  directory: 'a folder',
  symlink: 'a symlink',
  other: 'a pipe, a socket or a device',
};

function strangerError(path: string, kind: FileStatus['kind'], cause?: unknown): DamagedError {
  return new DamagedError(`${path} is damaged: wanted a file of dgmo-updater, found ${KIND_NAMES[kind]}`, {
    advice: 'Run `dgmo-updater repair`: it moves that aside.',
    cause,
  });
}

/** Null if it does not exist. */
export function openIfThere(disk: Disk, path: string): Handle | null {
  try {
    return disk.open(path, 'read');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

export interface Digest {
  /** SHA-256, 64 lower-case hex digits. Empty, which matches nothing, for what was not read. */
  sha256: string;
  /** Bytes. */
  size: number;
}

/** Computes the digest of bytes that are passed in pieces. */
export class RunningDigest {
  readonly #hash = new Bun.CryptoHasher('sha256');
  #size = 0;

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    this.#size += bytes.length;
  }

  /** May be called only once, at the end. */
  digest(): Digest {
    return { sha256: this.#hash.digest('hex'), size: this.#size };
  }
}

/** The whole source in pieces of at most `limit` bytes. Each piece reuses the memory of the one before. */
export function* chunksOf(source: Source, limit = CHUNK): Generator<Uint8Array> {
  const buffer = new Uint8Array(Math.min(limit, source.size));
  for (let position = 0; position < source.size; position += buffer.length) {
    const piece = buffer.subarray(0, Math.min(buffer.length, source.size - position));
    source.read(position, piece);
    yield piece;
  }
}

export interface CopyOptions {
  /** Called with each piece, which is valid until `write` returns. */
  write?(bytes: Uint8Array): void;
  /** Awaited after each piece, with the number of bytes so far. It may throw to end the copy. */
  checkpoint?(done: number): Promise<void> | void;
}

/** Reads the source once, from its first byte to its last, and passes it to `write`, if given. Returns its digest. */
export async function copyAndDigest(
  source: Source,
  { write, checkpoint }: CopyOptions = {},
): Promise<Digest> {
  const digest = new RunningDigest();
  let done = 0;
  for (const piece of chunksOf(source)) {
    write?.(piece);
    digest.update(piece);
    done += piece.length;
    await checkpoint?.(done);
  }
  return digest.digest();
}

/** How many bytes a file must have to be read: a sparse one of a terabyte, put in its place, would be read for an hour. */
export type WantedSize = number | { atMost: number };

export const ANY_SIZE: WantedSize = { atMost: Number.POSITIVE_INFINITY };

export function hasSize(size: number, wanted: WantedSize): boolean {
  return typeof wanted === 'number' ? size === wanted : size <= wanted.atMost;
}

/** What was found in the place of wanted bytes, for a message. */
export function foundText(found: Digest | null): string {
  if (found === null) return 'no file';
  if (found.sha256 !== '') return `SHA-256 ${found.sha256}`;
  return found.size < 0 ? 'something that is no file' : `${found.size} bytes`;
}

/**
 * Reads the file from the disk up to its end. Returns null if it does not exist. One that has not the wanted size is not read: its
 * digest is empty.
 *
 * @param onPiece called with each piece, which is valid until it returns
 */
export function digestFile(
  disk: Disk,
  path: string,
  wanted: WantedSize,
  onPiece?: (bytes: Uint8Array) => void,
): Digest | null {
  const handle = openIfThere(disk, path);
  if (handle === null) return null;
  try {
    const found = disk.size(handle);
    if (!hasSize(found, wanted)) return { sha256: '', size: found };
    const digest = new RunningDigest();
    const buffer = new Uint8Array(CHUNK);
    for (let size = 0; ; ) {
      const count = disk.read(handle, buffer, size);
      if (count === 0) return digest.digest();
      digest.update(buffer.subarray(0, count));
      onPiece?.(buffer.subarray(0, count));
      size += count;
    }
  } finally {
    disk.close(handle);
  }
}

/** SHA-256 in lower-case hex. `checkpoint` is called between pieces of a mebibyte, and stops the work by throwing. */
export async function digestSource(source: Source, checkpoint: () => void | Promise<void>): Promise<string> {
  const hash = new Bun.CryptoHasher('sha256');
  const buffer = new Uint8Array(CHUNK);
  for (let position = 0; position < source.size; position += CHUNK) {
    const piece = buffer.subarray(0, Math.min(CHUNK, source.size - position));
    source.read(position, piece);
    hash.update(piece);
    await checkpoint();
  }
  return hash.digest('hex');
}

export function digestBytes(bytes: Uint8Array): Digest {
  const digest = new RunningDigest();
  digest.update(bytes);
  return digest.digest();
}

/** Writes everything in the file to the drive. */
export function flushFile(disk: Disk, path: string): void {
  const handle = disk.open(path, 'update');
  try {
    disk.flush(handle);
  } finally {
    disk.close(handle);
  }
}

/** Like `disk.status`, but also null if something above the path is not a folder. */
export function statusOf(disk: Disk, path: string): FileStatus | null {
  try {
    return disk.status(path);
  } catch (error) {
    if (errorCode(error) === 'ENOTDIR') return null;
    throw error;
  }
}

export function removeIfThere(disk: Disk, path: string): void {
  try {
    disk.remove(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

/** Creates the directory, and those above it that are missing. */
export function createDirectories(
  disk: Disk,
  path: string,
  parentOf: (path: string) => string,
  mode = 0o700,
): void {
  if (disk.status(path) !== null) return;
  const parent = parentOf(path);
  if (parent !== path) createDirectories(disk, parent, parentOf, mode);
  try {
    disk.createDirectory(path, mode);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    return;
  }
  if (parent !== path) disk.flushDirectory(parent);
}

/**
 * Creates a file from the pieces that `fill` writes, and flushes it. Throws EEXIST if the path exists. If anything else
 * fails, what was written is removed, to free the space.
 */
export function writeNew(
  disk: Disk,
  path: string,
  mode: number,
  fill: (write: (bytes: Uint8Array) => void) => void,
): void {
  const handle = disk.open(path, 'create', mode);
  try {
    let position = 0;
    fill((bytes) => {
      writeAll(disk, handle, bytes, position);
      position += bytes.length;
    });
    disk.flush(handle);
  } catch (error) {
    removeQuietly(disk, path);
    throw error;
  } finally {
    disk.close(handle);
  }
}

/** Removes a file that a failure has left behind: that failure is the one to report. */
export function removeQuietly(disk: Disk, path: string): void {
  try {
    disk.remove(path);
  } catch {
    // The next run removes it, or writes over it.
  }
}

/**
 * Replaces the content of `path` so that a reader sees the old or the new content, whatever stops this process: writes a
 * temporary file in the same directory, checks every count, flushes the file, renames it, and flushes the directory.
 *
 * @param content the bytes, or a function that writes them in pieces
 */
export function replaceDurably(
  disk: Disk,
  path: string,
  directory: string,
  content: Uint8Array | ((write: (bytes: Uint8Array) => void) => void),
  mode = 0o600,
): void {
  const temporary = `${path}.tmp`;
  removeIfThere(disk, temporary);
  writeNew(disk, temporary, mode, typeof content === 'function' ? content : (write) => write(content));
  try {
    disk.replace(temporary, path);
  } catch (error) {
    removeQuietly(disk, temporary);
    throw error;
  }
  disk.flushDirectory(directory);
}

/**
 * The same for a record that may be lost: nothing is flushed, which takes a slow drive longer than all the rest of a small command. A reader
 * sees the old or the new content, but after a power cut it may be damaged.
 */
export function replaceUnflushed(disk: Disk, path: string, content: Uint8Array, mode = 0o600): void {
  const temporary = `${path}.tmp`;
  removeIfThere(disk, temporary);
  const handle = disk.open(temporary, 'create', mode);
  try {
    try {
      writeAll(disk, handle, content, 0);
    } finally {
      disk.close(handle);
    }
    disk.replace(temporary, path);
  } catch (error) {
    removeQuietly(disk, temporary);
    throw error;
  }
}

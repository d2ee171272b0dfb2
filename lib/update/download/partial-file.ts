/**
 * A file that is being downloaded: its bytes so far, and a record of what the server said about it, so that a later run
 * can ask for the rest of the same file. Neither is trusted: the digest of the whole file decides.
 */
import { DamagedError } from '../../errors.ts';
import type { Disk, Handle } from '../../platform/disk.ts';
import { readFile, removeIfThere, replaceDurably, writeAll } from '../../platform/files.ts';
import type { CachePaths } from '../cache/layout.ts';

const MAX_RECORD = 16 * 1024;
const MAX_VALUE = 2048;

export interface Origin {
  url: string;
  /** The strong validators of the response that the bytes came from; null if it had none. */
  etag: string | null;
  modified: string | null;
}

export class PartialFile {
  readonly #disk: Disk;
  readonly #paths: CachePaths;
  readonly #folder: string;
  readonly length: number;
  #handle: Handle | null = null;
  #received: number;
  #origin: Origin | null;

  /** Continues what an earlier run left, unless that is longer than `length`. Both in bytes. */
  constructor(disk: Disk, paths: CachePaths, folder: string, length: number) {
    this.#disk = disk;
    this.#paths = paths;
    this.#folder = folder;
    this.length = length;
    const status = disk.status(paths.partial);
    const usable = status?.kind === 'file' && status.size <= length;
    this.#received = usable ? status.size : 0;
    this.#origin = usable ? readOrigin(disk, paths.record, length) : null;
    if (status !== null && !usable) this.discard();
  }

  /** Bytes. */
  get received(): number {
    return this.#received;
  }

  get origin(): Origin | null {
    return this.#origin;
  }

  /** Written before the first byte: nobody knows where bytes without a record came from. */
  comesFrom(origin: Origin): void {
    const same = this.#origin !== null && JSON.stringify(this.#origin) === JSON.stringify(origin);
    if (same) return;
    const bytes = new TextEncoder().encode(JSON.stringify({ length: this.length, ...origin }));
    replaceDurably(this.#disk, this.#paths.record, this.#folder, bytes);
    this.#origin = origin;
  }

  /** Throws DamagedError, and writes nothing, if there would be more bytes than the signed length. */
  append(bytes: Uint8Array): void {
    if (this.#received + bytes.length > this.length) {
      throw new DamagedError(`the server sent more than the signed ${this.length} bytes`, {
        advice: 'Try again; if it happens again, tell whoever runs the feed.',
      });
    }
    this.#handle ??= this.#open();
    writeAll(this.#disk, this.#handle, bytes, this.#received);
    this.#received += bytes.length;
  }

  #open(): Handle {
    const there = this.#disk.status(this.#paths.partial) !== null;
    return this.#disk.open(this.#paths.partial, there ? 'update' : 'create', 0o600);
  }

  /** Starts over from the first byte. */
  restart(): void {
    this.#handle ??= this.#open();
    this.#disk.truncate(this.#handle, 0);
    this.#received = 0;
    this.#origin = null;
  }

  /** Flushes to the drive, so that the digest is that of the file after a power cut. */
  flush(): void {
    this.#handle ??= this.#open();
    this.#disk.flush(this.#handle);
    this.close();
  }

  close(): void {
    if (this.#handle !== null) this.#disk.close(this.#handle);
    this.#handle = null;
  }

  discard(): void {
    this.close();
    removeIfThere(this.#disk, this.#paths.partial);
    removeIfThere(this.#disk, this.#paths.record);
    removeIfThere(this.#disk, `${this.#paths.record}.tmp`);
    this.#received = 0;
    this.#origin = null;
  }
}

/** Null if the record is missing, damaged or about another length: then the download continues without validators. */
function readOrigin(disk: Disk, path: string, length: number): Origin | null {
  let value: unknown;
  try {
    const bytes = readFile(disk, path, MAX_RECORD);
    if (bytes === null) return null;
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof DamagedError) return null;
    throw error;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { url, etag, modified, length: recorded } = value as Record<string, unknown>;
  if (recorded !== length || typeof url !== 'string' || url.length > MAX_VALUE) return null;
  if (!isValidator(etag) || !isValidator(modified)) return null;
  return { url, etag, modified };
}

/** It is sent as a header again. */
function isValidator(value: unknown): value is string | null {
  return value === null || (typeof value === 'string' && /^[\x20-\x7e]{1,2048}$/.test(value));
}

/**
 * A pack: blocks of many files in one file. Ten thousand small files would cost ten thousand flushes; a pack costs one.
 *
 *     offset      size   what
 *     0           8      magic, "DGMOPAK1"
 *     8           ...    the blocks, back to back: raw, or as one zstd frame each
 *     F           48 n   n entries: SHA-256 of the raw block (32), offset (4), stored size (4), raw size (4),
 *                        1 if it is compressed, else 0 (4); numbers are unsigned, little endian
 *     F + 48 n    32     SHA-256 of the entries
 *     ... + 32    4      n
 *     ... + 36    8      magic, "DGMOEND1"; the file ends here
 *
 * A pack is written under a temporary name, flushed and renamed: a pack under its own name is complete. It never changes.
 */
import { decompressFrame } from '../../delta/index.ts';
import { DamagedError, errorMessage } from '../../errors.ts';
import type { Disk, Handle } from '../../platform/disk.ts';
import { digestBytes, fill, writeAll } from '../../platform/files.ts';
import { inThread } from '../../platform/threads/thread-pool.ts';
import { BLOCK } from './tree.ts';

const HEAD = new TextEncoder().encode('DGMOPAK1');
const TAIL = new TextEncoder().encode('DGMOEND1');
const ENTRY = 48;
const TRAILER = 32 + 4 + TAIL.length;
/**
 * A pack that has reached this size is finished: packs stay few enough to open them all, and small enough to rewrite
 * one.
 */
export const PACK_SIZE = 32 << 20;
/** Bytes that are collected before they are written. */
export const PACK_BUFFER = 4 << 20;
/** A block is stored compressed if its frame is smaller than this part of it: decompressing takes time as well. */
const WORTHWHILE = 0.9;
const LEVEL = 1;
/** Of the frame of one block. */
const WINDOW_LOG = 20;

export interface Stored {
  /** In the pack, in bytes. */
  offset: number;
  stored: number;
  raw: number;
  compressed: boolean;
}

export class PackWriter {
  readonly path: string;
  readonly entries = new Map<string, Stored>();
  readonly #disk: Disk;
  readonly #handle: Handle;
  readonly #buffer: Uint8Array;
  #buffered = 0;
  #written = 0;
  #open = true;

  /**
   * @param path a temporary name; throws EEXIST if it is taken
   * @param buffer PACK_BUFFER bytes, used until `finish` is called
   */
  constructor(disk: Disk, path: string, buffer: Uint8Array) {
    this.#disk = disk;
    this.#buffer = buffer;
    this.path = path;
    this.#handle = disk.open(path, 'create', 0o600);
    this.#append(HEAD);
  }

  get size(): number {
    return this.#written + this.#buffered;
  }

  /** @param frame the result of `compressBlock` */
  add(sha256: string, raw: Uint8Array, frame: Uint8Array | null): Stored {
    const compressed = frame !== null;
    const bytes = frame ?? raw;
    const entry = { offset: this.size, stored: bytes.length, raw: raw.length, compressed };
    this.#append(bytes);
    this.entries.set(sha256, entry);
    return entry;
  }

  #append(bytes: Uint8Array): void {
    if (this.#buffered + bytes.length > this.#buffer.length) this.#drain();
    this.#buffer.set(bytes, this.#buffered);
    this.#buffered += bytes.length;
  }

  #drain(): void {
    writeAll(this.#disk, this.#handle, this.#buffer.subarray(0, this.#buffered), this.#written);
    this.#written += this.#buffered;
    this.#buffered = 0;
  }

  /** Writes the entries. Resolves once everything is on the drive; then the caller renames the file. */
  async finish(): Promise<void> {
    const table = encodeEntries(this.entries);
    const trailer = new Uint8Array(TRAILER);
    trailer.set(Buffer.from(digestBytes(table).sha256, 'hex'));
    new DataView(trailer.buffer).setUint32(32, this.entries.size, true);
    trailer.set(TAIL, 36);
    this.#drain();
    writeAll(this.#disk, this.#handle, table, this.#written);
    writeAll(this.#disk, this.#handle, trailer, this.#written + table.length);
    await this.#disk.flushMeanwhile(this.#handle);
    this.close();
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#disk.close(this.#handle);
  }
}

/**
 * Bytes from the middle of a large block that tell whether it is worth compressing: most that is not was compressed
 * before.
 */
const SAMPLE = 4096;

/** Whether this block looks worth compressing. A small one is simply tried. */
export function looksCompressible(raw: Uint8Array): boolean {
  if (raw.length < 4 * SAMPLE) return true;
  const middle = raw.length >> 1;
  return compressBlock(raw.subarray(middle, middle + SAMPLE)) !== null;
}

/** Returns null if compression saves too little. */
export function compressBlock(raw: Uint8Array): Uint8Array | null {
  return raw.length < 64 ? null : ifSmaller(raw, Bun.zstdCompressSync(raw, { level: LEVEL }));
}

/** The same on another core. The bytes must not change until it resolves. */
export async function compressBlockInParallel(raw: Uint8Array): Promise<Uint8Array | null> {
  const frame = await inThread(
    () => Bun.zstdCompress(raw, { level: LEVEL }),
    () => Bun.zstdCompressSync(raw, { level: LEVEL }),
  );
  return ifSmaller(raw, frame);
}

function ifSmaller(raw: Uint8Array, frame: Uint8Array): Uint8Array | null {
  return frame.length < raw.length * WORTHWHILE ? frame : null;
}

function encodeEntries(entries: ReadonlyMap<string, Stored>): Uint8Array {
  const table = Buffer.alloc(entries.size * ENTRY);
  let at = 0;
  for (const [sha256, { offset, stored, raw, compressed }] of entries) {
    table.write(sha256, at, 'hex');
    table.writeUInt32LE(offset, at + 32);
    table.writeUInt32LE(stored, at + 36);
    table.writeUInt32LE(raw, at + 40);
    table.writeUInt32LE(compressed ? 1 : 0, at + 44);
    at += ENTRY;
  }
  return table;
}

/** The entries of a pack. Throws DamagedError if it is not a complete pack. */
export function readEntries(disk: Disk, path: string): Map<string, Stored> {
  const fail = (what: string) => new DamagedError(`the pack ${path} is damaged: ${what}`);
  const size = disk.status(path)?.size ?? 0;
  if (size < HEAD.length + TRAILER) throw fail(`it has ${size} bytes`);
  const handle = disk.open(path, 'read');
  try {
    const head = new Uint8Array(HEAD.length);
    readExactly(disk, handle, head, 0, fail);
    if (Buffer.compare(head, HEAD) !== 0) throw fail('it does not begin as a pack');
    const trailer = Buffer.alloc(TRAILER);
    readExactly(disk, handle, trailer, size - TRAILER, fail);
    if (Buffer.compare(trailer.subarray(36), TAIL) !== 0)
      throw fail('it does not end as a pack: it was cut off or overwritten');
    const count = trailer.readUInt32LE(32);
    const start = size - TRAILER - count * ENTRY;
    if (start < HEAD.length) throw fail(`it names ${count} blocks and has ${size} bytes`);
    const table = Buffer.alloc(count * ENTRY);
    readExactly(disk, handle, table, start, fail);
    const found = digestBytes(table).sha256;
    const wanted = trailer.toString('hex', 0, 32);
    if (found !== wanted)
      throw fail(
        `the list of its blocks has SHA-256 ${found.slice(0, 16)}..., wanted ${wanted.slice(0, 16)}...`,
      );
    return decodeEntries(table, start);
  } finally {
    disk.close(handle);
  }
}

function decodeEntries(table: Buffer, end: number): Map<string, Stored> {
  const entries = new Map<string, Stored>();
  for (let at = 0; at < table.length; at += ENTRY) {
    const entry = {
      offset: table.readUInt32LE(at + 32),
      stored: table.readUInt32LE(at + 36),
      raw: table.readUInt32LE(at + 40),
      compressed: table.readUInt32LE(at + 44) === 1,
    };
    // A frame is only stored if it is smaller than its block, so reading takes no more memory than two blocks.
    const size = entry.compressed ? entry.stored < entry.raw : entry.stored === entry.raw;
    if (size && entry.offset + entry.stored <= end && entry.raw <= BLOCK)
      entries.set(table.toString('hex', at, at + 32), entry);
  }
  return entries;
}

/** Returns the raw block. Throws DamagedError if it does not match its digest. */
export function readBlock(
  disk: Disk,
  handle: Handle,
  path: string,
  sha256: string,
  entry: Stored,
): Uint8Array {
  const fail = (what: string) =>
    new DamagedError(`the pack ${path} is damaged: the block at byte ${entry.offset} ${what}`);
  const stored = new Uint8Array(entry.stored);
  readExactly(disk, handle, stored, entry.offset, fail);
  let raw: Uint8Array = stored;
  if (entry.compressed) {
    try {
      raw = decompressFrame(stored, entry.raw, WINDOW_LOG, 'it');
    } catch (error) {
      throw fail(`can't be decompressed (${errorMessage(error)})`);
    }
  }
  const found = digestBytes(raw).sha256;
  if (found !== sha256) throw fail(`has SHA-256 ${found.slice(0, 16)}..., wanted ${sha256.slice(0, 16)}...`);
  return raw;
}

function readExactly(
  disk: Disk,
  handle: Handle,
  into: Uint8Array,
  position: number,
  fail: (what: string) => DamagedError,
): void {
  const done = fill(disk, handle, into, position);
  if (done < into.length) throw fail(`ends at byte ${position + done}`);
}

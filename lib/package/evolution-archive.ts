/**
 * The archive of one evolution, a payload of a package: every file of its folder, in one zstd frame. The same files
 * give the same bytes.
 *
 *     offset   size   what
 *     0        8      magic, "DGMOEVO1"
 *     8        4      U, bytes that come out of the frame, unsigned, little endian: 1 to 67,108,864
 *     12       ...    one zstd frame (RFC 8878) of U bytes up to the end of the archive, which says its size, wants
 *                     no dictionary, has no checksum, and a window of at most 16 MiB
 *
 * The content of the frame:
 *
 *     index, one line of JSON without spaces, then 0x0A
 *     contents of the files, back to back in the order of the index, up to the end
 *
 *     field             what
 *     schema            1
 *     id                of the evolution, as in the manifest
 *     version           of the release that it comes with
 *     files             1 to 4,096, in the order of the bytes of their paths
 *       path            relative, plain names with slashes between them (lib/format/portable-path.ts)
 *       mode            permission bits in octal, "0644" or "0755"
 *       size            bytes
 *       sha256          of the content, 64 lower-case hex digits
 *
 * Folders are those that the paths need; there are no symlinks. The fields are in this order, and any other form is
 * refused. The size of the content is known, and bounded, before anything is decompressed.
 */
import { zstdFrame } from '../delta/compress.ts';
import { Inflater } from '../delta/inflater.ts';
import { DamagedError } from '../errors.ts';
import { digestBytes, memorySource, type Source } from '../platform/files.ts';
import {
  comparePaths,
  decodeIndex,
  type EvolutionIndex,
  encodeIndex,
  MAX_ARCHIVE,
  MAX_INDEX,
  MAX_UNPACKED,
} from './evolution-index.ts';

const MAGIC = new TextEncoder().encode('DGMOEVO1');
const SIZE_AT = MAGIC.length;
const FRAME_AT = SIZE_AT + 4;
const LEVEL = 19;
const WINDOW_LOG = 24;
const LINE_FEED = 0x0a;

export interface EvolutionFile {
  /** Relative to the evolution's folder, with slashes. */
  path: string;
  /** Permission bits. */
  mode: 0o644 | 0o755;
  bytes: Uint8Array;
}

export interface EvolutionArchive {
  id: string;
  /** Of the release that it comes with. */
  version: string;
  /** In the order of the bytes of their paths. `sha256` of the content, checked. */
  files: (EvolutionFile & { sha256: string })[];
}

/** `files` may be in any order. Throws DamagedError if the archive would not decode again. */
export async function encodeEvolution({
  id,
  version,
  files,
}: {
  id: string;
  version: string;
  files: readonly EvolutionFile[];
}): Promise<Uint8Array> {
  const sorted = files.toSorted((a, b) => comparePaths(a.path, b.path));
  const index = encodeIndex({
    schema: 1,
    id,
    version,
    files: sorted.map(({ path, mode, bytes }) => {
      const { size, sha256 } = digestBytes(bytes);
      return { path, mode: mode === 0o755 ? '0755' : '0644', size, sha256 };
    }),
  });
  const raw = Buffer.concat([index, Uint8Array.of(LINE_FEED), ...sorted.map(({ bytes }) => bytes)]);
  requireUnpacked(raw.length);
  const frame = await zstdFrame(raw, { level: LEVEL, windowLog: WINDOW_LOG, longDistance: true });
  const archive = new Uint8Array(FRAME_AT + frame.length);
  archive.set(MAGIC);
  new DataView(archive.buffer).setUint32(SIZE_AT, raw.length, true);
  archive.set(frame, FRAME_AT);
  await decodeEvolution(archive);
  return archive;
}

/** Throws DamagedError if it is not the canonical form. The contents share one buffer. */
export async function decodeEvolution(archive: Uint8Array): Promise<EvolutionArchive> {
  const raw = await unpack(archive);
  const end = raw.subarray(0, MAX_INDEX + 1).indexOf(LINE_FEED);
  if (end < 0) {
    throw new DamagedError(
      `evolution: wanted its index, a line of at most ${MAX_INDEX} bytes, found no end of it`,
    );
  }
  const { id, version, files } = decodeIndex(raw.subarray(0, end));
  requireExact(files, raw.length - end - 1);
  let position = end + 1;
  return {
    id,
    version,
    files: files.map(({ path, mode, size, sha256 }, at) => {
      const bytes = raw.subarray(position, position + size);
      position += size;
      const found = digestBytes(bytes).sha256;
      if (found !== sha256) {
        throw new DamagedError(
          `evolution.files[${at}]: wanted content with SHA-256 ${sha256}, found ${found}`,
        );
      }
      return { path, mode: mode === '0755' ? 0o755 : 0o644, bytes, sha256 };
    }),
  };
}

/** Bytes that come out of the archive. Throws DamagedError if it is not the beginning of one. */
export function unpackedSize(archive: Source): number {
  const head = new Uint8Array(Math.min(FRAME_AT, archive.size));
  archive.read(0, head);
  if (head.length < FRAME_AT || Buffer.compare(head.subarray(0, MAGIC.length), MAGIC) !== 0) {
    throw new DamagedError('evolution: wanted DGMOEVO1 in its first 8 bytes, found something else');
  }
  if (archive.size > MAX_ARCHIVE) {
    throw new DamagedError(`evolution: wanted at most ${MAX_ARCHIVE} bytes, found ${archive.size}`);
  }
  const size = new DataView(head.buffer).getUint32(SIZE_AT, true);
  requireUnpacked(size);
  return size;
}

async function unpack(archive: Uint8Array): Promise<Uint8Array> {
  const size = unpackedSize(memorySource(archive, 'evolution'));
  const frame = memorySource(archive.subarray(FRAME_AT), 'evolution');
  const stream = new Inflater(frame, size, WINDOW_LOG, 'the archive of the evolution');
  const raw = new Uint8Array(size);
  try {
    while (stream.left > 0) {
      await stream.fill(1);
      const position = size - stream.left;
      raw.set(stream.take(stream.available), position);
    }
    await stream.end();
  } finally {
    stream.close();
  }
  return raw;
}

function requireUnpacked(size: number): void {
  if (size >= 1 && size <= MAX_UNPACKED) return;
  throw new DamagedError(`evolution: wanted 1 to ${MAX_UNPACKED} bytes of index and contents, found ${size}`);
}

function requireExact(files: EvolutionIndex['files'], found: number): void {
  const wanted = files.reduce((sum, { size }) => sum + size, 0);
  if (wanted === found) return;
  throw new DamagedError(`evolution: wanted ${wanted} bytes of contents as its index says, found ${found}`);
}

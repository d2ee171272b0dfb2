/** Finds the streams of DEFLATE in a file, by what precedes them, and runs of records: for the encoder only. */
import { constants, crc32, inflateRawSync } from 'node:zlib';
import { type FoundRun, findRuns, type Segment } from '../records/find.ts';
import { type Trailer, trailerOf, trailerSize } from './checksums.ts';
import { beginsBlock } from './first-block.ts';
import type { Making, PackedStream } from './list.ts';
import { inflateStream } from './unpack.ts';

export interface FoundStream extends PackedStream {
  plain: Uint8Array;
  trailer: Trailer;
  /** What is said of how it was made: the two bytes of zlib, or 0. */
  header: number;
  /** Of records: how they were made. */
  making?: Making;
  /** The parts of an image in `plain`. */
  segments?: readonly Segment[];
}

/** Where a stream would begin, and what can be checked. */
interface Candidate {
  start: number;
  trailer: Trailer;
  header: number;
  /** CRC-32 of what it holds, if that is known. */
  crc?: number;
  /** Of records. */
  run?: FoundRun;
}

/** Bytes of a stream, below: to name it takes as much as it may save. */
const LEAST = 32;
/** Bytes of input that must be valid before all is decompressed. */
const PROBE = 1024;
/** Places that turned out to have no stream once zlib was asked, which takes time and memory: after so many, no more are looked for. */
const MOST_WRONG = 4096;
/** Streams that turned out damaged behind the probe: after so many, no more are looked for. */
const MOST_DAMAGED = 64;
/** What all streams of a file together may hold, in bytes, and for each byte of the file. */
const MOST_PLAIN = 1 << 29;

/** The first two bytes of zlib with a window of 32 KiB, by level (RFC 1950). */
const ZLIB_HEADERS = [0x7801, 0x785e, 0x789c, 0x78da];
const GZIP = Buffer.from([0x1f, 0x8b, 8]);
/** Bytes of a name or a comment of gzip, at most. */
const LONGEST_NAME = 4096;
const ZIP = Buffer.from('PK\x03\x04', 'latin1');
const ZIP_HEADER = 30;
/** The compression method of ZIP that is DEFLATE; the flag that says that sizes and checksum come later. */
const [DEFLATED, LATER] = [8, 8];

/** Ascending and disjoint. */
export function findStreams(file: Uint8Array): FoundStream[] {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length);
  const found: FoundStream[] = [];
  let end = 0;
  let left = MOST_PLAIN;
  let damaged = 0;
  let wrong = 0;
  const add = (stream: FoundStream) => {
    if (stream.plainSize > left) return;
    found.push(stream);
    left -= stream.plainSize;
    end = stream.start + stream.packedSize;
  };
  for (const candidate of candidatesIn(bytes)) {
    if (candidate.start < end) continue;
    if (candidate.run !== undefined) {
      add(ofRecords(candidate.run));
      continue;
    }
    if (damaged === MOST_DAMAGED || wrong === MOST_WRONG) continue;
    if (!beginsBlock(bytes, candidate.start)) continue;
    const stream = isPlausible(bytes, candidate.start) ? streamAt(bytes, candidate, left) : null;
    if (!stream?.isWhole) wrong++;
    if (stream !== null && !stream.isWhole && stream.packedSize > PROBE) damaged++;
    if (!stream?.isWhole || stream.packedSize < LEAST || stream.plainSize === 0) continue;
    add(stream);
  }
  return found;
}

function ofRecords({ maker, memory, start, packedSize, plain, segments }: FoundRun): FoundStream {
  const making: Making = { maker, level: 0, memory };
  const sizes = { start, packedSize, plainSize: plain.length };
  return { ...sizes, maker, plain, trailer: 'none', header: 0, making, segments };
}

function candidatesIn(bytes: Buffer): Candidate[] {
  const found: Candidate[] = [];
  for (const header of ZLIB_HEADERS) {
    for (const at of placesOf(bytes, Buffer.from([header >> 8, header & 255])))
      found.push({ start: at + 2, trailer: 'adler32', header });
  }
  for (const at of placesOf(bytes, GZIP)) {
    const start = endOfGzipHeader(bytes, at);
    if (start !== null) found.push({ start, trailer: 'crc32', header: 0 });
  }
  for (const at of placesOf(bytes, ZIP)) {
    if (at + ZIP_HEADER > bytes.length || bytes.readUInt16LE(at + 8) !== DEFLATED) continue;
    const start = at + ZIP_HEADER + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28);
    const isLater = (bytes.readUInt16LE(at + 6) & LATER) !== 0;
    const crc = isLater ? {} : { crc: bytes.readUInt32LE(at + 14) };
    found.push({ start, trailer: 'none', header: 0, ...crc });
  }
  for (const run of findRuns(bytes)) found.push({ start: run.start, trailer: 'none', header: 0, run });
  return found.sort((a, b) => a.start - b.start);
}

function* placesOf(bytes: Buffer, pattern: Buffer): Generator<number> {
  for (let at = bytes.indexOf(pattern); at >= 0; at = bytes.indexOf(pattern, at + 1)) yield at;
}

/** RFC 1952. Null if the file ends before. */
function endOfGzipHeader(bytes: Buffer, at: number): number | null {
  const flags = bytes[at + 3] ?? 0;
  let end = at + 10;
  if ((flags & 4) !== 0) end += 2 + (bytes[end] ?? 0) + 256 * (bytes[end + 1] ?? 0);
  for (const named of [8, 16]) {
    if ((flags & named) === 0) continue;
    const zero = bytes.subarray(end, end + LONGEST_NAME).indexOf(0);
    if (zero < 0) return null;
    end += zero + 1;
  }
  if ((flags & 2) !== 0) end += 2;
  return end < bytes.length ? end : null;
}

/** Whether what begins there can be decompressed for a while. */
function isPlausible(bytes: Buffer, start: number): boolean {
  try {
    inflateRawSync(bytes.subarray(start, start + PROBE), { finishFlush: constants.Z_SYNC_FLUSH });
    return true;
  } catch {
    return false;
  }
}

/** Null if it ends too early, is damaged, or holds more than `limit` bytes. `isWhole`: whether the checksum is right. */
function streamAt(
  bytes: Buffer,
  { start, trailer, header, crc }: Candidate,
  limit: number,
): (FoundStream & { isWhole: boolean }) | null {
  try {
    const { bytes: plain, consumed } = inflateStream(bytes.subarray(start), limit);
    const end = start + consumed;
    const follows = bytes.subarray(end, end + trailerSize(trailer));
    const isWhole =
      Buffer.compare(follows, trailerOf(trailer, plain)) === 0 && (crc === undefined || crc32(plain) === crc);
    return { start, packedSize: consumed, plainSize: plain.length, plain, trailer, header, isWhole };
  } catch {
    return null;
  }
}

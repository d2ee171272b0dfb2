/** Files with their streams of DEFLATE decompressed and their records unpacked, from lib/delta/FORMAT.md ("Between unpacked files"). */
import { crc32, inflateRawSync } from 'node:zlib';
import { requireSound } from './arithmetic.ts';
import { deflateAsGo } from './deflate-go.ts';
import { deflateAsLaterGo } from './deflate-go-later.ts';
import { deflateLikeZip } from './deflate-zip.ts';
import { deflateLikeZlib } from './deflate-zlib.ts';
import { packRecords, RECORD_NUMBERS, unpackRecords } from './records.ts';

const MOST_STREAMS = 2 ** 18;
const MOST_PLAIN = 2 ** 30;
const MOST_PACKED = 2 ** 28;
/** Who made a stream, by its number: null if there is no such level or memory. */
const MAKERS = [
  (bytes: Uint8Array, level: number, memory: number) => {
    const isZlib = level >= 1 && level <= 9 && memory % 16 >= 1 && memory % 16 <= 9;
    return isZlib && (memory & ~(64 + 16 + 15)) === 0
      ? deflateLikeZlib(bytes, level, memory)
      : deflateLikeZip(bytes, level, memory);
  },
  (bytes: Uint8Array, level: number, memory: number) => {
    if (memory !== 0) return null;
    if (level === 98 || (level >= 100 && level <= 109)) return deflateAsLaterGo(bytes, level);
    return level <= 9 ? deflateAsGo(bytes, level) : null;
  },
  ...RECORD_NUMBERS.map(
    (maker) => (bytes: Uint8Array, level: number, memory: number) => packRecords(bytes, maker, level, memory),
  ),
];

interface OldStream {
  start: number;
  packedSize: number;
  plainSize: number;
  /** Of records: who made them. */
  records?: number;
}

interface NewStream {
  /** Bytes of the file between the last one and this one. */
  gap: number;
  plainSize: number;
  maker: number;
  level: number;
  memory: number;
  trailer: number;
}

export interface Packed {
  old: OldStream[];
  fresh: NewStream[];
}

/** `numbers` are those of the stream `packed`. */
export function readPacked(numbers: number[], fromSize: number, unpackedSize: number): Packed {
  let at = 0;
  const next = (most: number) => {
    const value = numbers[at++] ?? Number.NaN;
    requireSound(value <= most);
    return value;
  };
  let end = 0;
  let size = fromSize;
  const old = Array.from({ length: next(MOST_STREAMS) }, () => {
    const start = end + next(fromSize - end);
    const packedSize = next(fromSize - start);
    size -= packedSize;
    const first = next(MOST_PLAIN - size);
    const maker = first === 0 ? next(MAKERS.length - 1) : null;
    requireSound(maker === null || RECORD_NUMBERS.includes(maker));
    const plainSize = maker === null ? first : next(MOST_PLAIN - size);
    requireSound(plainSize > 0);
    size += plainSize;
    end = start + packedSize;
    return { start, packedSize, plainSize, ...(maker === null ? {} : { records: maker }) };
  });
  let left = unpackedSize;
  let packed = 0;
  const fresh = Array.from({ length: next(MOST_STREAMS) }, () => {
    const gap = next(left);
    const plainSize = next(Math.min(left - gap, MOST_PACKED - packed));
    requireSound(plainSize > 0);
    packed += plainSize;
    left -= gap + plainSize;
    const [maker, level, memory, trailer] = [next(MAKERS.length - 1), next(255), next(255), next(2)];
    return { gap, plainSize, maker, level, memory, trailer };
  });
  requireSound(at === numbers.length);
  return { old, fresh };
}

const LARGE = 65536;
const modulo = (value: number) => ((value % 16) + 16) % 16;

export function unpackOld(file: Uint8Array, { old }: Packed): Uint8Array {
  let end = 0;
  let size = 0;
  const pieces: Uint8Array[] = [];
  const add = (piece: Uint8Array) => {
    pieces.push(piece);
    size += piece.length;
  };
  for (const { start, packedSize, plainSize, records } of old) {
    const packed = file.subarray(start, start + packedSize);
    const plain = records === undefined ? inflate(packed) : unpackRecords(packed, records);
    requireSound(plain.length === plainSize);
    add(file.subarray(end, start));
    if (plainSize >= LARGE) add(new Uint8Array(modulo(-size)));
    add(plain);
    end = start + packedSize;
    if (plainSize >= LARGE) add(new Uint8Array(modulo(end - size)));
  }
  add(file.subarray(end));
  return Buffer.concat(pieces);
}

function inflate(bytes: Uint8Array): Uint8Array {
  try {
    const { buffer, engine } = inflateRawSync(bytes, { info: true }) as unknown as {
      buffer: Uint8Array;
      engine: { bytesWritten: number };
    };
    requireSound(engine.bytesWritten === bytes.length);
    return buffer;
  } catch {
    requireSound(false);
    return bytes;
  }
}

/** Of a file that ends before its last stream does, only what precedes it is made: enough for digests of that. */
export function packNew(unpacked: Uint8Array, { fresh }: Packed, isWhole: boolean): Uint8Array {
  let at = 0;
  let size = 0;
  const pieces: Uint8Array[] = [];
  const add = (piece: Uint8Array) => {
    pieces.push(piece);
    size += piece.length;
  };
  const take = (length: number) => {
    at += length;
    return unpacked.subarray(at - length, at);
  };
  for (const { gap, plainSize, maker, level, memory, trailer } of fresh) {
    const isLarge = plainSize >= LARGE;
    const begin = at + gap + (isLarge ? modulo(-at - gap) : 0);
    if (begin + plainSize > unpacked.length) {
      requireSound(!isWhole);
      add(take(Math.min(gap, unpacked.length - at)));
      return Buffer.concat(pieces);
    }
    add(take(gap));
    at = begin;
    const plain = take(plainSize);
    const packed = MAKERS[maker]?.(plain, level, memory) ?? null;
    requireSound(packed !== null);
    add(packed ?? plain);
    add(trailerOf(plain, trailer));
    if (isLarge) at += modulo(size - at);
    requireSound(!isWhole || at <= unpacked.length);
  }
  add(unpacked.subarray(at));
  return Buffer.concat(pieces);
}

function trailerOf(bytes: Uint8Array, kind: number): Uint8Array {
  const trailer = Buffer.alloc([0, 4, 8][kind] ?? 0);
  if (kind === 1) trailer.writeUInt32BE(adler32(bytes));
  if (kind === 2) {
    trailer.writeUInt32LE(crc32(bytes));
    trailer.writeUInt32LE(bytes.length, 4);
  }
  return trailer;
}

function adler32(bytes: Uint8Array): number {
  let [a, b] = [1, 0];
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return b * 65536 + a;
}

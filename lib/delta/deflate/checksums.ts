/** The checksums that follow a stream of DEFLATE, and depend on what was compressed. */
import { crc32 } from 'node:zlib';

/** What follows: nothing that is computed, the Adler-32 of zlib (RFC 1950), or CRC-32 and size of gzip (RFC 1952). */
export const TRAILERS = ['none', 'adler32', 'crc32'] as const;
export type Trailer = (typeof TRAILERS)[number];

/** Sums of so many bytes don't overflow. */
const ADLER_PIECE = 3800;
const ADLER_PRIME = 65521;

/** Of bytes that come piece by piece. */
export class RunningTrailer {
  readonly #kind: Trailer;
  #sum = 1;
  #sumOfSums = 0;
  #crc = 0;
  #size = 0;

  constructor(kind: Trailer) {
    this.#kind = kind;
  }

  update(bytes: Uint8Array): void {
    this.#size += bytes.length;
    if (this.#kind === 'crc32') this.#crc = crc32(bytes, this.#crc);
    if (this.#kind === 'adler32') this.#addAdler(bytes);
  }

  /** The bytes that follow the stream. */
  get bytes(): Uint8Array {
    if (this.#kind === 'none') return new Uint8Array(0);
    const bytes = Buffer.alloc(trailerSize(this.#kind));
    if (this.#kind === 'adler32') bytes.writeUInt32BE(this.#sumOfSums * 65536 + this.#sum);
    else {
      bytes.writeUInt32LE(this.#crc);
      bytes.writeUInt32LE(this.#size >>> 0, 4);
    }
    return bytes;
  }

  #addAdler(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; from += ADLER_PIECE) {
      const end = Math.min(bytes.length, from + ADLER_PIECE);
      for (let i = from; i < end; i++) {
        this.#sum += bytes[i] ?? 0;
        this.#sumOfSums += this.#sum;
      }
      this.#sum %= ADLER_PRIME;
      this.#sumOfSums %= ADLER_PRIME;
    }
  }
}

/** Bytes. */
export function trailerSize(kind: Trailer): number {
  return { none: 0, adler32: 4, crc32: 8 }[kind];
}

export function trailerOf(kind: Trailer, bytes: Uint8Array): Uint8Array {
  const running = new RunningTrailer(kind);
  running.update(bytes);
  return running.bytes;
}

/**
 * One compressed stream, decompressed on demand: at most one decoder window and a few chunks are in memory, and never more
 * bytes come out than announced. Only `fill` waits for bytes. The other methods take what it has made available, so that
 * loops need not await each byte.
 */
import { constants, createZstdDecompress, type ZstdDecompress } from 'node:zlib';
import { DamagedError, errorMessage } from '../errors.ts';
import type { Source } from '../platform/files.ts';
import { byThread } from '../platform/threads/thread-pool.ts';
import { checkFrame } from './frame.ts';

/** Bytes of one read of the source, and of one piece of the output. */
const PIECE = 1 << 16;
/** Bytes of the longest varint. It can hold numbers below 2^35; only those below 2^32 are accepted. */
export const VARINT_LIMIT = 5;

export class Inflater {
  readonly name: string;
  /** Bytes that were not taken yet, whether available or still to come. */
  left: number;
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  readonly #frame: Source;
  /** Bytes of the frame that the decoder was given. */
  #fed = 0;
  #feeding = false;
  readonly #decoder: ZstdDecompress | undefined;
  #state: 'open' | 'ended' | { failure: Error } = 'open';
  #wake: () => void = () => undefined;

  /** Throws DamagedError unless `frame` is one zstd frame of `rawSize` bytes, or empty if that is 0. */
  constructor(frame: Source, rawSize: number, windowLog: number, name: string) {
    this.name = name;
    this.left = rawSize;
    this.#frame = frame;
    if (rawSize === 0 && frame.size === 0) return;
    checkFrame(frame, rawSize, windowLog, name);
    this.#decoder = createZstdDecompress({
      chunkSize: PIECE,
      params: { [constants.ZSTD_d_windowLogMax]: windowLog },
    });
    const wake = () => this.#wake();
    this.#decoder
      .on('readable', wake)
      .on('end', () => {
        this.#state = 'ended';
        wake();
      })
      .on('error', (failure) => {
        this.#state = { failure };
        wake();
      });
  }

  /** Bytes that can be taken without waiting. */
  get available(): number {
    return this.#bytes.length - this.#at;
  }

  /** Whether `size` bytes, or all that are left, can be taken without waiting. */
  has(size: number): boolean {
    return this.available >= Math.min(size, this.left);
  }

  /** Waits until `has(size)`. Throws DamagedError if the frame can't be decompressed, MachineError if no thread does it. */
  async fill(size: number): Promise<void> {
    while (!this.has(size)) {
      const piece = await this.#next();
      if (this.available + piece.length > this.left) {
        throw new DamagedError(`${this.name} holds more than the ${this.left} bytes that were left`);
      }
      this.#bytes = this.available === 0 ? piece : Buffer.concat([this.#bytes.subarray(this.#at), piece]);
      this.#at = 0;
    }
  }

  /** The next `size` bytes, which must be available; valid until the next `fill`. */
  take(size: number): Uint8Array {
    this.#at += size;
    this.left -= size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }

  /** The next byte, which must be available. */
  byte(): number {
    this.left--;
    return this.#bytes[this.#at++] ?? 0;
  }

  /** A varint (byte-writer.ts), after `has(VARINT_LIMIT)`. Throws DamagedError if it is not one below 2^32. */
  varint(): number {
    let value = 0;
    let factor = 1;
    for (let i = 0; i < VARINT_LIMIT; i++) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw new DamagedError(`${this.name} ends too early`);
      this.#at++;
      this.left--;
      value += (byte & 127) * factor;
      if (byte < 128) {
        if (byte === 0 && i > 0) break;
        if (value >= 2 ** 32) break;
        return value;
      }
      factor *= 128;
    }
    throw new DamagedError(`${this.name} holds a number that is too long, ${this.left} bytes before its end`);
  }

  zigzag(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** Waits for the end of the stream. Throws DamagedError if there is more of it. */
  async end(): Promise<void> {
    if (this.left > 0) throw new DamagedError(`${this.name} holds ${this.left} bytes too many`);
    const last = await this.#pull();
    if (last !== undefined) throw new DamagedError(`${this.name} holds more than it says`);
  }

  /** Releases the decoder in any state. */
  close(): void {
    this.#decoder?.destroy();
  }

  async #next(): Promise<Uint8Array> {
    const piece = await this.#pull();
    if (piece === undefined) throw new DamagedError(`${this.name} ends ${this.left} bytes too early`);
    return piece;
  }

  /**
   * The frame is read only in here, while the caller waits: so the caller gets its errors, and nothing is read after the
   * caller has given up.
   */
  async #pull(): Promise<Uint8Array | undefined> {
    const decoder = this.#decoder;
    if (decoder === undefined) return undefined;
    for (;;) {
      const piece: Uint8Array | null = decoder.read();
      if (piece !== null) return piece;
      if (this.#state === 'ended') return undefined;
      if (this.#state !== 'open') {
        const { failure } = this.#state;
        throw new DamagedError(`${this.name} cannot be decompressed: ${errorMessage(failure)}`, {
          cause: failure,
        });
      }
      await this.#feed(decoder);
    }
  }

  /** Passes the next piece of the frame to the decoder once it has taken the last one. Resolves when its state has changed. */
  #feed(decoder: ZstdDecompress): Promise<void> {
    const size = Math.min(PIECE, this.#frame.size - this.#fed);
    if (!this.#feeding && size > 0) {
      const piece = new Uint8Array(size);
      this.#frame.read(this.#fed, piece);
      this.#fed += size;
      this.#feeding = true;
      decoder.write(piece, () => {
        this.#feeding = false;
        this.#wake();
      });
    } else if (size === 0 && !decoder.writableEnded) {
      decoder.end();
    }
    const changed = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    return byThread(changed, `decompressing ${this.name}`);
  }
}

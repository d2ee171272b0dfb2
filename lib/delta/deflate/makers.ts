/** Who made a stream of DEFLATE: found by making it again, for the encoder only. */
import { Deflater, type Making } from './deflater.ts';
import type { FoundStream } from './find.ts';

/** Levels of Go since 1.27 that make other streams than before. */
const GO_LATER = [101, 106, 109, 98];
/** Of zlib's memory, what is usual, and the most. */
const USUAL_MEMORY = 8;
const MEMORIES = [USUAL_MEMORY, 9];
/** How gzip and Info-ZIP's zip compress a file. */
const FILES = [10, 11];
/** Added to it for the strategy of PNG. */
const FILTERED = 64;
/** Added to it where each shard of so many bytes is made by itself, as lld does with debug information. */
const SHARDED = 16;
const SHARD = 1 << 20;
/** The levels in the order of how usual they are, and by the header of zlib, which says something of it. */
const USUAL = [6, 9, 1, 5, 7, 8, 4, 3, 2];
const BY_HEADER: Readonly<Record<number, readonly number[]>> = {
  30721: [1],
  30814: [5, 4, 3, 2],
  30876: [6],
  30938: [9, 7, 8],
};

/** Remembers who made the last one, which is tried first. */
export class MakerFinder {
  readonly #deflater = new Deflater();
  #last: Making | null = null;

  /** Null if nobody who is known made it. */
  makingOf(file: Uint8Array, stream: FoundStream): Making | null {
    const packed = file.subarray(stream.start, stream.start + stream.packedSize);
    const last = this.#last === null ? [] : [this.#last];
    const making = [...last, ...guesses(stream)].find((guess) => this.#makes(guess, stream.plain, packed));
    this.#last = making ?? this.#last;
    return making ?? null;
  }

  #makes(making: Making, plain: Uint8Array, packed: Uint8Array): boolean {
    let at = 0;
    const compare = (piece: Uint8Array) => {
      if (Buffer.compare(piece, packed.subarray(at, at + piece.length)) !== 0) throw OTHER;
      at += piece.length;
    };
    if (!this.#deflater.begin(making, compare)) return false;
    try {
      this.#deflater.write(plain);
      this.#deflater.finish();
    } catch (error) {
      if (error !== OTHER) throw error;
      return false;
    }
    return at === packed.length;
  }
}

/** Thrown through the WebAssembly: no more need be made. */
const OTHER = new Error('another stream');

function* guesses({ header, plainSize }: FoundStream): Generator<Making> {
  const levels = BY_HEADER[header] ?? USUAL;
  for (const level of levels) yield { maker: 'Go', level, memory: 0 };
  for (const level of GO_LATER) yield { maker: 'Go', level, memory: 0 };
  for (const memory of MEMORIES) for (const level of levels) yield { maker: 'zlib', level, memory };
  for (const level of levels) yield { maker: 'zlib', level, memory: FILTERED + USUAL_MEMORY };
  for (const memory of FILES) for (const level of levels) yield { maker: 'zlib', level, memory };
  if (plainSize <= SHARD) return;
  for (const level of USUAL) yield { maker: 'zlib', level, memory: SHARDED + USUAL_MEMORY };
}

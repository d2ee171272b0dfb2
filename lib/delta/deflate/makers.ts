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

/** Who made a stream, and what making it again takes, in units of GenerateOptions.applyLimit. */
export interface Found extends Making {
  work: number;
}

/**
 * Steps of looking for matches that take as long as a byte that is modelled, by maker, of Go's since 1.27 and of the others: 5, 8 and 15
 * nanoseconds each at most. Bytes and streams that do.
 */
const STEPS_FOR_WORK = { zlib: 300, Go: 200, later: 100 };
const BYTES_FOR_WORK = 100;
const WORK_FOR_STREAM = 60;
/** Work that may be spent on guesses that turn out wrong: seconds. */
const MOST_WRONG = 2_000_000;
/** Bytes between looks at that. */
const PIECE = 1 << 16;

/** Remembers who made the last one, which is tried first. */
export class MakerFinder {
  readonly #deflater = new Deflater();
  #last: Making | null = null;
  /** Work that may still be spent on wrong guesses. */
  #left = MOST_WRONG;

  /** Null if nobody who is known made it. */
  makingOf(file: Uint8Array, stream: FoundStream): Found | null {
    const packed = file.subarray(stream.start, stream.start + stream.packedSize);
    const last = this.#last === null ? [] : [this.#last];
    for (const making of [...last, ...guesses(stream)]) {
      if (this.#left <= 0) return null;
      const work = this.#makes(making, stream.plain, packed);
      if (work === null) continue;
      this.#last = making;
      return { ...making, work };
    }
    return null;
  }

  /** What making it again takes; null if it is another one then, which is soon seen mostly. */
  #makes(making: Making, plain: Uint8Array, packed: Uint8Array): number | null {
    let passed = 0;
    let isSame = false;
    if (
      !this.#deflater.begin(
        making,
        comparing(packed, (same) => (isSame = same)),
      )
    )
      return null;
    const work = () => workOf(making, passed, this.#deflater.effort);
    try {
      while (passed < plain.length) {
        const piece = plain.subarray(passed, passed + PIECE);
        passed += piece.length;
        this.#deflater.write(piece);
      }
      this.#deflater.finish();
    } catch (error) {
      if (error !== OTHER) throw error;
      isSame = false;
    }
    if (isSame) return work();
    this.#left -= work();
    return null;
  }
}

/** Throws OTHER as soon as another byte comes, and tells whether all that came is all there is. */
function comparing(packed: Uint8Array, tell: (isSame: boolean) => void): (piece: Uint8Array) => void {
  let at = 0;
  return (piece) => {
    if (Buffer.compare(piece, packed.subarray(at, at + piece.length)) !== 0) throw OTHER;
    at += piece.length;
    tell(at === packed.length);
  };
}

function workOf({ maker, level }: Making, bytes: number, steps: number): number {
  const each = level > 9 ? STEPS_FOR_WORK.later : STEPS_FOR_WORK[maker];
  return WORK_FOR_STREAM + bytes / BYTES_FOR_WORK + steps / each;
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

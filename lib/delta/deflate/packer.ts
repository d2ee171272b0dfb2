/** Makes the streams of the new file again, while the unpacked file passes. */
import { DamagedError } from '../../errors.ts';
import { isRecordMaker } from '../records/format.ts';
import { RecordWriter } from '../records/writer.ts';
import { RunningTrailer } from './checksums.ts';
import { Deflater } from './deflater.ts';
import { type MadeStream, zerosBefore, zerosBehind } from './list.ts';

/** Makes one stream out of what it holds. */
interface StreamWriter {
  write(bytes: Uint8Array): void;
  finish(): void;
}

/** What is done with the next bytes of the unpacked file. */
type State = 'copy' | 'skip before' | 'make' | 'skip behind';

export class Packer {
  readonly #streams: readonly MadeStream[];
  readonly #write: (chunk: Uint8Array) => void;
  #deflater: Deflater | undefined;
  #writer: StreamWriter | null = null;
  #trailer: RunningTrailer | null = null;
  #index = 0;
  /** Bytes of the unpacked file that have passed, and of the file that were written. */
  #passed = 0;
  #written = 0;
  #state: State = 'copy';
  /** Bytes until the next state. */
  #left: number;

  /** `write` receives the packed file; a chunk is valid until it returns. */
  constructor(streams: readonly MadeStream[], write: (chunk: Uint8Array) => void) {
    this.#streams = streams;
    this.#write = (chunk) => {
      this.#written += chunk.length;
      write(chunk);
    };
    this.#left = streams[0]?.gap ?? Number.POSITIVE_INFINITY;
    this.#skipEmpty();
  }

  /** Takes the next bytes of the unpacked file. Throws DamagedError if a stream can't be made as the patch says. */
  take(chunk: Uint8Array): void {
    for (let rest = chunk; rest.length > 0; ) {
      const piece = rest.subarray(0, this.#left);
      rest = rest.subarray(piece.length);
      if (this.#state === 'copy') this.#write(piece);
      else if (this.#state === 'make') this.#make(piece);
      this.#passed += piece.length;
      this.#left -= piece.length;
      this.#skipEmpty();
    }
  }

  /** Throws DamagedError unless all streams have passed. */
  end(): void {
    const missing = this.#streams.length - this.#index;
    if (missing > 0)
      throw new DamagedError(`the patch is malformed: ${missing} streams are behind the end of the new file`);
  }

  #skipEmpty(): void {
    while (this.#left === 0) this.#next();
  }

  /** What follows once all of a state has passed. */
  #next(): void {
    const stream = this.#streams[this.#index];
    if (stream === undefined) this.#left = Number.POSITIVE_INFINITY;
    else if (this.#state === 'copy') this.#enter('skip before', zerosBefore(this.#passed, stream.plainSize));
    else if (this.#state === 'skip before') this.#begin(stream);
    else if (this.#state === 'make') this.#finish(stream);
    else {
      this.#index++;
      this.#enter('copy', this.#streams[this.#index]?.gap ?? Number.POSITIVE_INFINITY);
    }
  }

  #enter(state: State, left: number): void {
    this.#state = state;
    this.#left = left;
  }

  #begin(stream: MadeStream): void {
    const { maker, level, memory } = stream;
    this.#writer = this.#writerOf(stream);
    if (this.#writer === null) {
      throw new DamagedError(
        `the patch is malformed: a stream is to be made by ${maker} with level ${level} and memory ${memory}, which there is not`,
      );
    }
    this.#trailer = new RunningTrailer(stream.trailer);
    this.#enter('make', stream.plainSize);
  }

  /** Null if there is no such maker. */
  #writerOf(stream: MadeStream): StreamWriter | null {
    const { maker, level, memory } = stream;
    if (isRecordMaker(maker)) return RecordWriter.begin(maker, level, memory, this.#write);
    this.#deflater ??= new Deflater();
    return this.#deflater.begin({ maker, level, memory }, this.#write) ? this.#deflater : null;
  }

  #make(piece: Uint8Array): void {
    this.#writer?.write(piece);
    this.#trailer?.update(piece);
  }

  #finish({ plainSize }: MadeStream): void {
    this.#writer?.finish();
    if (this.#trailer !== null) this.#write(this.#trailer.bytes);
    this.#enter('skip behind', zerosBehind(this.#passed, this.#written, plainSize));
  }
}

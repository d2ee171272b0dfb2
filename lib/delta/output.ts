/** The new file as it is made, which is passed on in chunks. */
import { CHUNK } from '../platform/files.ts';

/** Awaited from time to time, so that the caller can look for Ctrl-C. What it throws ends the work. */
export type Checkpoint = () => Promise<void> | void;

/** Bytes between checkpoints. */
export const CHECKPOINT_INTERVAL = 8 << 20;
/** Where something comes between that takes its time: it may make less than 100 KB in a second. */
const SLOW_INTERVAL = 1 << 16;

/** What comes between what is made and what is written: `take` gets the first, and passes the second on to what it was made with; `end` is called in the end. */
export type Between = (write: (chunk: Uint8Array) => void) => { take(chunk: Uint8Array): void; end(): void };

export class Output {
  /** Gets each chunk that is written, right before it is. */
  onChunk: (chunk: Uint8Array) => void = () => undefined;
  readonly #write: (chunk: Uint8Array) => void;
  readonly #end: () => void;
  readonly #interval: number;
  readonly #checkpoint: Checkpoint;
  readonly #chunk = new Uint8Array(CHUNK);
  #filled = 0;
  #sinceCheckpoint = 0;

  constructor(write: (chunk: Uint8Array) => void, checkpoint: Checkpoint, between?: Between) {
    const last = (chunk: Uint8Array) => {
      this.onChunk(chunk);
      write(chunk);
    };
    const first = between?.(last);
    this.#write = first === undefined ? last : (chunk) => first.take(chunk);
    this.#end = () => first?.end();
    this.#interval = first === undefined ? CHECKPOINT_INTERVAL : SLOW_INTERVAL;
    this.#checkpoint = checkpoint;
  }

  get full(): boolean {
    return this.#filled === CHUNK;
  }

  /** The next bytes to fill in: at least one, and at most `wanted`. */
  room(wanted: number): Uint8Array {
    const from = this.#filled;
    this.#filled = Math.min(CHUNK, from + wanted);
    return this.#chunk.subarray(from, this.#filled);
  }

  /** Nothing more is passed on. */
  end(): void {
    this.#end();
  }

  async flush(): Promise<void> {
    const chunk = this.#chunk.subarray(0, this.#filled);
    this.#filled = 0;
    await this.pass(chunk);
  }

  /** Passes on bytes that are not in the chunk, which must have been flushed. */
  async pass(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const piece = bytes.subarray(done, done + this.#interval - this.#sinceCheckpoint);
      this.#write(piece);
      done += piece.length;
      this.#sinceCheckpoint += piece.length;
      if (this.#sinceCheckpoint < this.#interval) continue;
      this.#sinceCheckpoint = 0;
      await this.#checkpoint();
    }
  }
}

/** The new file as it is made, which is passed on in chunks. */
import { CHUNK } from '../platform/files.ts';

/** Awaited from time to time, so that the caller can look for Ctrl-C. What it throws ends the work. */
export type Checkpoint = () => Promise<void> | void;

/** Bytes between checkpoints. */
export const CHECKPOINT_INTERVAL = 8 << 20;

/** What comes between what is made and what is written: `take` gets the first, and passes the second on to what it was made with; `end` is called in the end. */
export type Between = (write: (chunk: Uint8Array) => void) => { take(chunk: Uint8Array): void; end(): void };

export class Output {
  /** Gets each chunk that is written, right before it is. */
  onChunk: (chunk: Uint8Array) => void = () => undefined;
  readonly #write: (chunk: Uint8Array) => void;
  readonly #end: () => void;
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
    if (bytes.length > 0) this.#write(bytes);
    this.#sinceCheckpoint += bytes.length;
    if (this.#sinceCheckpoint >= CHECKPOINT_INTERVAL) {
      this.#sinceCheckpoint = 0;
      await this.#checkpoint();
    }
  }
}

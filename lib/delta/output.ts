/** The new file as it is made, which is passed on in chunks. */
import { CHUNK } from '../platform/files.ts';

/** Awaited from time to time, so that the caller can look for Ctrl-C. What it throws ends the work. */
export type Checkpoint = () => Promise<void> | void;

/** Bytes between checkpoints. */
export const CHECKPOINT_INTERVAL = 8 << 20;

export class Output {
  readonly #write: (chunk: Uint8Array) => void;
  readonly #checkpoint: Checkpoint;
  readonly #chunk = new Uint8Array(CHUNK);
  #filled = 0;
  #sinceCheckpoint = 0;

  constructor(write: (chunk: Uint8Array) => void, checkpoint: Checkpoint) {
    this.#write = write;
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

/** Takes the bytes of answers, and hands out the parts that are whole and have their digest. */
import { DamagedError } from '../../errors.ts';
import { digestBytes } from '../../platform/files.ts';
import type { Part } from './ranges.ts';

export class PartCollector<P extends Part> {
  /** In the order of their offsets. */
  #missing: P[];
  readonly #onPart: (part: P, bytes: Uint8Array) => void | Promise<void>;
  /** Those that the answer that comes now can still bring. */
  #ahead: P[] = [];
  #position = 0;
  #bytes = new Uint8Array(0);
  #filled = 0;

  constructor(parts: readonly P[], onPart: (part: P, bytes: Uint8Array) => void | Promise<void>) {
    this.#missing = parts.toSorted((a, b) => a.offset - b.offset);
    this.#onPart = onPart;
  }

  /** In the order of their offsets. */
  get missing(): readonly P[] {
    return this.#missing;
  }

  /** An answer begins, with the byte of the file at `position`. A part of which an earlier one brought the beginning is lost. */
  begin(position: number): void {
    this.#position = position;
    this.#ahead = this.#missing.filter(({ offset }) => offset >= position);
    this.#filled = 0;
  }

  /** Whether the answer can bring no further part before the byte at `end`. */
  isDoneBefore(end: number): boolean {
    const [next] = this.#ahead;
    return next === undefined || next.offset >= end;
  }

  /**
   * The next bytes of the answer; what is between the parts is dropped.
   *
   * @throws DamagedError if a part has not its digest, and what `onPart` throws
   */
  async take(chunk: Uint8Array): Promise<void> {
    let rest = chunk;
    while (rest.length > 0) {
      const [part] = this.#ahead;
      if (part === undefined) return;
      const used =
        this.#position < part.offset
          ? Math.min(part.offset - this.#position, rest.length)
          : this.#fill(part, rest);
      this.#position += used;
      rest = rest.subarray(used);
      if (this.#filled === part.length) await this.#finish(part);
    }
  }

  /** Bytes of `rest` that belong to the part. */
  #fill(part: P, rest: Uint8Array): number {
    if (this.#filled === 0) this.#bytes = new Uint8Array(part.length);
    const piece = rest.subarray(0, part.length - this.#filled);
    this.#bytes.set(piece, this.#filled);
    this.#filled += piece.length;
    return piece.length;
  }

  async #finish(part: P): Promise<void> {
    const bytes = this.#bytes;
    this.#filled = 0;
    this.#ahead.shift();
    const found = digestBytes(bytes).sha256;
    if (found !== part.sha256) {
      throw new DamagedError(
        `the ${part.length} bytes at ${part.offset} have the digest ${found}, wanted the signed ${part.sha256}`,
        { advice: 'Try again later; if it happens again, tell whoever runs the feed.' },
      );
    }
    await this.#onPart(part, bytes);
    this.#missing = this.#missing.filter((other) => other !== part);
  }
}

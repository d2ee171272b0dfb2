/** SHA-256 of each page of the new file, as the signature of a Mach-O executable lists them: computed, not sent. */
import { createHash } from 'node:crypto';

const HASH_SIZE = 32;
const LARGEST_PAGE = 16384;

/** Takes the new file from its start on, as it is made. */
export class PageHashes {
  readonly #page = new Uint8Array(LARGEST_PAGE);
  #filled = 0;
  #taken = 0;
  readonly #digests: Uint8Array[] = [];

  /** The next bytes of the file, of which the first `limit` are digested, in pages of `pageSize` bytes. */
  update(bytes: Uint8Array, limit: number, pageSize: number): void {
    for (let at = 0; at < bytes.length && this.#taken < limit; ) {
      const size = Math.min(bytes.length - at, limit - this.#taken, pageSize - this.#filled);
      this.#page.set(bytes.subarray(at, at + size), this.#filled);
      this.#filled += size;
      this.#taken += size;
      at += size;
      if (this.#filled === pageSize || this.#taken === limit) {
        this.#digests.push(createHash('sha256').update(this.#page.subarray(0, this.#filled)).digest());
        this.#filled = 0;
      }
    }
  }

  /** `size` bytes of the digests, from their byte `from` on. */
  bytes(from: number, size: number): Uint8Array {
    const first = Math.floor(from / HASH_SIZE);
    const last = Math.ceil((from + size) / HASH_SIZE);
    const start = from - first * HASH_SIZE;
    return Buffer.concat(this.#digests.slice(first, last)).subarray(start, start + size);
  }
}

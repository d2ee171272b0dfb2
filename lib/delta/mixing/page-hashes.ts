/** SHA-256 of each page of parts of the new file, as the signatures of Mach-O executables list them: computed, not sent. */
import { createHash } from 'node:crypto';
import { DamagedError } from '../../errors.ts';

export const HASH_SIZE = 32;
const LARGEST_PAGE = 16384;

/** A part of the file: its first byte, a multiple of the size of pages, and the one behind its last. */
export interface HashedPart {
  start: number;
  end: number;
  pageSize: number;
}

/** Where in the file the digests of pages are; those of all regions, in order, are those of all parts. */
export interface HashedRegion {
  /** Bytes. */
  offset: number;
  size: number;
  pages: HashedPart;
}

/** Regions of the new file that can be computed: what they hold, once what precedes them was taken. */
export class HashedRegions {
  readonly #regions: readonly HashedRegion[];
  readonly #hashes: PageHashes;

  constructor(regions: readonly HashedRegion[]) {
    this.#regions = regions;
    this.#hashes = new PageHashes(regions.map(({ pages }) => pages));
  }

  /** The next bytes of the file. */
  update(bytes: Uint8Array): void {
    this.#hashes.update(bytes);
  }

  /** Bytes from `place` on that are all in one region, or in none. */
  spanAt(place: number): number {
    for (const { offset, size } of this.#regions) {
      if (place < offset) return offset - place;
      if (place < offset + size) return offset + size - place;
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Computes what is in `bytes`, which begin at `place`, if that is in a region. */
  write(place: number, bytes: Uint8Array): void {
    let before = 0;
    for (const { offset, size } of this.#regions) {
      if (place >= offset && place < offset + size) {
        const made = this.#hashes.bytes(before + place - offset, bytes.length);
        if (made.length < bytes.length)
          throw new DamagedError(
            `the patch is malformed: digests at byte ${place} are of pages that follow them`,
          );
        bytes.set(made);
        return;
      }
      before += size;
    }
  }
}

/** Takes the new file from its start on, as it is made. */
export class PageHashes {
  readonly #parts: readonly HashedPart[];
  readonly #page = new Uint8Array(LARGEST_PAGE);
  #filled = 0;
  #taken = 0;
  /** Which part is digested, or is the next. */
  #part = 0;
  readonly #digests: Uint8Array[] = [];

  /** `parts` are ascending and disjoint. */
  constructor(parts: readonly HashedPart[]) {
    this.#parts = parts;
  }

  /** The next bytes of the file. */
  update(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const part = this.#parts[this.#part];
      if (part === undefined) return;
      const { start, end, pageSize } = part;
      if (this.#taken < start) {
        const skipped = Math.min(start - this.#taken, bytes.length - at);
        this.#taken += skipped;
        at += skipped;
        continue;
      }
      const size = Math.min(bytes.length - at, end - this.#taken, pageSize - this.#filled);
      this.#page.set(bytes.subarray(at, at + size), this.#filled);
      this.#filled += size;
      this.#taken += size;
      at += size;
      if (this.#filled < pageSize && this.#taken < end) continue;
      this.#digests.push(createHash('sha256').update(this.#page.subarray(0, this.#filled)).digest());
      this.#filled = 0;
      if (this.#taken === end) this.#part++;
    }
  }

  /** `size` bytes of the digests, those of all parts in order, from their byte `from` on. */
  bytes(from: number, size: number): Uint8Array {
    const first = Math.floor(from / HASH_SIZE);
    const last = Math.ceil((from + size) / HASH_SIZE);
    const start = from - first * HASH_SIZE;
    return Buffer.concat(this.#digests.slice(first, last)).subarray(start, start + size);
  }
}

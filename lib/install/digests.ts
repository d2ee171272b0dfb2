/**
 * Digests of large files, each read once a run: a file that nobody wrote since (same inode, size and time) is not
 * read again, under whatever name it stands by then. Nothing is remembered from one run to the next.
 */
import type { Disk } from '../platform/disk.ts';
import { type Digest, digestFile } from '../platform/files.ts';

export class Digests {
  readonly #disk: Disk;
  readonly #known = new Map<string, Digest>();

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** Null where there is no file. A symlink or a directory in its place counts as content that is neither. */
  of(path: string): Digest | null {
    const status = this.#disk.status(path);
    if (status === null) return null;
    if (status.kind !== 'file') return { sha256: '', size: -1 };
    const known = this.#known.get(status.identity);
    if (known !== undefined) return known;
    const digest = digestFile(this.#disk, path);
    if (digest !== null) this.#known.set(status.identity, digest);
    return digest;
  }

  /** What the caller found by reading the whole file itself. `identity` was taken before it began to read. */
  learn(identity: string, digest: Digest): void {
    this.#known.set(identity, digest);
  }

  /** Reads the file from the disk, whatever is known. */
  readBack(path: string): Digest | null {
    const status = this.#disk.status(path);
    const digest = digestFile(this.#disk, path);
    if (status !== null && digest !== null) this.#known.set(status.identity, digest);
    return digest;
  }
}

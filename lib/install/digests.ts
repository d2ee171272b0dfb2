/**
 * Digests of large files. A file is read once per run, and again only if it was written since (another inode, size or
 * time), even if it was renamed. Nothing is remembered from one run to the next.
 */
import type { Disk } from '../platform/disk.ts';
import { type Digest, digestFile } from '../platform/files.ts';

export class Digests {
  readonly #disk: Disk;
  readonly #known = new Map<string, Digest>();

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** Null if there is no file. A symlink or a directory has an empty digest and size -1, which match no binary. */
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

  /** The same, and faster for a large file, which is read in another thread. */
  async ofLarge(path: string): Promise<Digest | null> {
    const status = this.#disk.status(path);
    if (status?.kind !== 'file' || this.#known.has(status.identity)) return this.of(path);
    const { digestAhead } = await import('../platform/threads/read-ahead.ts');
    const digest = await digestAhead(this.#disk, path);
    if (digest !== null) this.#known.set(status.identity, digest);
    return digest;
  }

  /** What the file with that identity was found to have; null if it was not read in this run. */
  known(identity: string): Digest | null {
    return this.#known.get(identity) ?? null;
  }

  /** Stores a digest that the caller has computed from the whole file. `identity` was taken before it began to read. */
  learn(identity: string, digest: Digest): void {
    this.#known.set(identity, digest);
  }

  /** Reads the file from the disk, even if its digest is known. `onPiece` gets each piece of it. */
  async readBack(path: string, onPiece?: (bytes: Uint8Array) => void): Promise<Digest | null> {
    const status = this.#disk.status(path);
    const { digestAhead } = await import('../platform/threads/read-ahead.ts');
    const digest = await digestAhead(this.#disk, path, onPiece);
    if (status !== null && digest !== null) this.#known.set(status.identity, digest);
    return digest;
  }
}

/**
 * Digests of executables. What has not the size of the one that is wanted, or is larger than any can be, is not read. A file is read once per run, and again only if it was written since (another inode, size or
 * time), even if it was renamed. Nothing is remembered from one run to the next.
 */
import type { Disk, FileStatus, ReadBack } from '../platform/disk.ts';
import { type Digest, digestFile } from '../platform/files.ts';
import { MAX_BINARY_SIZE } from '../version/index.ts';

export class Digests {
  readonly #disk: Disk;
  readonly #known = new Map<string, Digest>();
  /** Of large files that were read here, by identity: their `Checksum` (platform/threads/read-ahead.ts). */
  readonly #checksums = new Map<string, string>();

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** Whether that binary is at the path. Only a file of its size is read, if that is known. */
  is(path: string, { sha256, size }: { sha256: string; size?: number }): boolean {
    const status = this.#disk.status(path);
    if (status?.kind !== 'file' || (size ?? status.size) !== status.size) return false;
    return this.of(path)?.sha256 === sha256;
  }

  /**
   * Null if there is no file. What can be no binary has an empty digest, which matches none: a symlink or a directory with size -1,
   * and a file that is too large with its size.
   */
  of(path: string): Digest | null {
    const status = this.#disk.status(path);
    if (status === null) return null;
    if (status.kind !== 'file') return { sha256: '', size: -1 };
    if (status.size > MAX_BINARY_SIZE) return { sha256: '', size: status.size };
    const known = this.#known.get(status.identity);
    if (known !== undefined) return known;
    const digest = digestFile(this.#disk, path, { atMost: MAX_BINARY_SIZE });
    if (digest !== null) this.#known.set(status.identity, digest);
    return digest;
  }

  /** The same, and faster for a large file, which is read in another thread. */
  async ofLarge(path: string): Promise<Digest | null> {
    const status = this.#disk.status(path);
    const isKnown = status?.kind !== 'file' || this.#known.has(status.identity);
    if (isKnown || status.size > MAX_BINARY_SIZE) return this.of(path);
    const { digestAhead } = await import('../platform/threads/read-ahead.ts');
    return this.#keep(status, await digestAhead(this.#disk, path));
  }

  /** What the file with that identity was found to have; null if it was not read in this run. */
  known(identity: string): Digest | null {
    return this.#known.get(identity) ?? null;
  }

  /** The `Checksum` of the file with that identity; null if it was not read in this run, or as a small one. */
  checksum(identity: string): string | null {
    return this.#checksums.get(identity) ?? null;
  }

  /** Stores a digest that the caller has computed from the whole file. `identity` was taken before it began to read. */
  learn(identity: string, { sha256, size }: Digest): void {
    this.#known.set(identity, { sha256, size });
  }

  /** Reads the file from the disk, if it has the wanted size, even if its digest is known. */
  async readBack(path: string, { size }: Pick<Digest, 'size'>): Promise<Digest | null> {
    const status = this.#disk.status(path);
    if (status !== null && status.size !== size) return { sha256: '', size: status.size };
    const { digestAhead } = await import('../platform/threads/read-ahead.ts');
    return this.#keep(status, await digestAhead(this.#disk, path));
  }

  /** Stores what the file, which nobody writes any more, was read back as while it was written. */
  learnReadBack(path: string, found: ReadBack): void {
    this.#keep(this.#disk.status(path), found);
  }

  /** `status` was taken before the file was read. */
  #keep(status: FileStatus | null, found: ReadBack | null): Digest | null {
    if (found === null) return null;
    const { checksum, ...digest } = found;
    if (status === null) return digest;
    this.#known.set(status.identity, digest);
    this.#checksums.set(status.identity, checksum);
    return digest;
  }
}

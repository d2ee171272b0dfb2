/**
 * A new file that is written from its first byte to its last, read back before it is believed, and flushed. A large one is given to the
 * drive while it is written, and read back by a thread of its own, behind the writer: in the end little is left to wait for.
 */
import type { Disk, Follower, Handle, ReadBack } from '../disk.ts';
import { writeAll } from '../files.ts';
import { digestAhead } from '../threads/read-ahead.ts';

/** Bytes: below, starting a thread takes longer. */
const LARGE = 1 << 26;
/** Of a file that somebody has removed. It matches none. */
const NOTHING: ReadBack = { sha256: '', size: 0, checksum: '' };

export class NewFile {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #handle: Handle;
  readonly #follower: Follower | null;
  #found: ReadBack | null = null;
  /** Bytes that are written. */
  #done = 0;

  private constructor(disk: Disk, path: string, handle: Handle, follower: Follower | null) {
    this.#disk = disk;
    this.#path = path;
    this.#handle = handle;
    this.#follower = follower;
  }

  /**
   * Creates it. Throws EEXIST if it exists.
   *
   * @param mode permission bits
   * @param size bytes that it is to have
   */
  static async create(disk: Disk, path: string, mode: number, size: number): Promise<NewFile> {
    const handle = disk.open(path, 'create', mode);
    return new NewFile(disk, path, handle, size < LARGE ? null : await disk.follow(handle));
  }

  /** Bytes that are written. */
  get size(): number {
    return this.#done;
  }

  write(bytes: Uint8Array): void {
    writeAll(this.#disk, this.#handle, bytes, this.#done);
    this.#done += bytes.length;
    this.#follower?.written(this.#done);
  }

  /** What is in it, after the last byte was written. */
  async readBack(): Promise<ReadBack> {
    this.#found ??=
      (await this.#follower?.readBack()) ?? (await digestAhead(this.#disk, this.#path)) ?? NOTHING;
    return this.#found;
  }

  flush(): void {
    this.#disk.flush(this.#handle);
  }

  close(): void {
    this.#follower?.close();
    this.#disk.close(this.#handle);
  }
}

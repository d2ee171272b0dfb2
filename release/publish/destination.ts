/** Where a feed is published: a folder that a web server serves, or a bucket. Paths are those of the feed. */

export interface RemoteFile {
  /** Bytes. */
  size: number;
  /** MD5 of its content as lower-case hex digits, where the destination knows it. */
  md5: string | null;
}

export interface Destination {
  /** For people. */
  readonly name: string;
  /** How many files are sent at the same time. */
  readonly concurrency: number;
  /** Everything below `metadata/` and `targets/`. */
  list(): Promise<Map<string, RemoteFile>>;
  /** Null where there is none; of metadata alone. */
  read(path: string): Promise<Uint8Array | null>;
  /** A file is there whole, under its name, or not at all; it replaces what stood there. */
  putFile(path: string, file: string): Promise<void>;
  putBytes(path: string, bytes: Uint8Array): Promise<void>;
  remove(path: string): Promise<void>;
}

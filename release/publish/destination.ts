/** Where a feed is published to: a folder that a web server serves, or a bucket. Paths are those of the feed. */

export interface RemoteFile {
  /** Bytes. */
  size: number;
  /** MD5 of its content as lower-case hex digits; null if the destination does not know it. */
  md5: string | null;
}

export interface Destination {
  /** For messages. */
  readonly name: string;
  /** How many files may be sent at the same time. */
  readonly concurrency: number;
  /** Every file below `metadata/` and `targets/`, by path. */
  list(): Promise<Map<string, RemoteFile>>;
  /** Only for metadata. Null if the file does not exist. */
  read(path: string): Promise<Uint8Array | null>;
  /** Replaces an existing file. The file appears whole under its name, or not at all. */
  putFile(path: string, file: string): Promise<void>;
  putBytes(path: string, bytes: Uint8Array): Promise<void>;
  remove(path: string): Promise<void>;
}

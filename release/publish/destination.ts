/** Where a feed is published to: a folder that a web server serves, or a bucket. Paths are those of the feed. */

import { BusyError } from '../../lib/errors.ts';

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
  /** Bytes; null if the file does not exist. */
  size(path: string): Promise<number | null>;
  /** Replaces an existing file. The file appears whole under its name, or not at all. */
  putFile(path: string, file: string): Promise<void>;
  /**
   * Replaces `before`, which was read there, or makes the file if that is null. BusyError if there is something else by now:
   * somebody else published meanwhile, and an older file must not replace a newer one.
   */
  replace(path: string, bytes: Uint8Array, before: Uint8Array | null): Promise<void>;
  remove(path: string): Promise<void>;
}

/** The error of `replace`. */
export function changedMeanwhile(destination: string, path: string): BusyError {
  return new BusyError(`${destination}: ${path} was changed there while this was sent`, {
    advice: 'Somebody else published. Run it again: it compares both, and refuses to replace a newer feed.',
  });
}

export function isSame(found: Uint8Array | null, wanted: Uint8Array | null): boolean {
  if (found === null || wanted === null) return found === wanted;
  return Buffer.compare(found, wanted) === 0;
}

/**
 * The disk as the updater sees it: a dozen synchronous calls with no decisions in them. `native.ts` is the real
 * one; the simulated host of the tests is another, which counts each call and can stop or fail at any of them.
 *
 * Every call throws an Error with an errno name in `code` (ENOENT, ENOSPC, EBUSY, ...), as node:fs does. Calls
 * are synchronous so that effects happen in the order in which they are written down.
 *
 * A path is a string. POSIX names are bytes, and need not be UTF-8: a byte that is not part of a valid character stands
 * in the string as the lone surrogate U+DC00 + byte, and becomes that byte again on the way out (as in Python, PEP 383).
 */

export type Handle = number;

export interface FileStatus {
  kind: 'file' | 'directory' | 'symlink' | 'other';
  /** Bytes. */
  size: number;
  /** Permission bits, e.g. 0o755. */
  mode: number;
  /** The id of the user that owns it; null on Windows, where node reports none. */
  owner: number | null;
  /** Milliseconds since the epoch. */
  modified: number;
  /** The same in whole microseconds, which is what a JavaScript number can give back exactly. */
  modifiedMicros: number;
  /** Milliseconds since the epoch: the last change of the content, the mode, the times or the name. */
  changed: number;
  /** Bytes that it takes on the drive: fewer than `size` where it has holes. */
  allocated: number;
  /** Names that the file has. */
  links: number;
  /** Equal for two looks at one file as long as nobody wrote it, under whatever name it stands. */
  identity: string;
  /** Like `identity`, but different as well where somebody wrote it and put its times back. */
  fingerprint: string;
}

export interface Disk {
  /**
   * `read`: an existing file; `read itself`: the same, ELOOP where the path is a symlink; `create`: a new file, EEXIST
   * where there is one; `update`: read and write an existing file.
   */
  open(path: string, how: 'read' | 'read itself' | 'create' | 'update', mode?: number): Handle;
  /** Reads into the whole of `into` as far as the file goes; returns the number of bytes, 0 at the end. */
  read(handle: Handle, into: Uint8Array, position: number): number;
  /**
   * Where the file has content at or after `position`: what is before is a hole, which reads as zeros. Past its end where
   * nothing follows; `position` itself where it can't be told.
   */
  nextData(handle: Handle, position: number): number;
  /** May write less than it was given, as on a full disk. Callers use `writeAll` of files.ts. */
  write(handle: Handle, bytes: Uint8Array, position: number): number;
  truncate(handle: Handle, size: number): void;
  /** Down to the drive (fsync; F_FULLFSYNC on macOS). */
  flush(handle: Handle): void;
  /** The same, while this process goes on with something else; the handle stays open until then. */
  flushMeanwhile(handle: Handle): Promise<void>;
  close(handle: Handle): void;
  /** Of the path itself (a symlink is not followed); null where there is nothing. */
  status(path: string): FileStatus | null;
  /** The path with every symlink resolved; ENOENT where there is nothing. */
  resolve(path: string): string;
  /** Replaces what stands at `to`. Atomic on POSIX. */
  rename(from: string, to: string): void;
  /** The same for a small file of ours; on Windows it waits a little for a scanner that holds what stands there. */
  replace(from: string, to: string): void;
  /** A second name for the same file; EPERM, ENOTSUP or EXDEV where the filesystem has none. */
  link(existing: string, path: string): void;
  /** EEXIST where there is a file already. Shares blocks where the filesystem can; may leave a partial file when it fails. */
  copy(from: string, to: string): void;
  /** The same, and nothing where blocks can't be shared: ENOTSUP, EXDEV or EINVAL. */
  reflink(from: string, to: string): void;
  readLink(path: string): string;
  /** EEXIST where something stands at `path`. */
  symlink(target: string, path: string): void;
  /** Of the path itself. */
  setModified(path: string, micros: number): void;
  remove(path: string): void;
  /** One level; EEXIST where it stands already. */
  createDirectory(path: string, mode?: number): void;
  /** ENOTEMPTY where something is in it. */
  removeDirectory(path: string): void;
  list(path: string): string[];
  setMode(path: string, mode: number): void;
  /**
   * Gives the file at `path` the owner, the group, the mode and the capabilities of the one at `model`, as far as this
   * process may. On Windows nothing: there a file takes what its folder hands down.
   */
  imitate(path: string, model: string): void;
  /** Makes renames, links and removals in this directory durable. Nothing to do on Windows. */
  flushDirectory(path: string): void;
}

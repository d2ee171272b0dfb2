/**
 * The disk as the updater sees it: a dozen synchronous calls with no decisions in them. `native.ts` is the real
 * one; the simulated host of the tests is another, which counts each call and can stop or fail at any of them.
 *
 * Every call throws an Error with an errno name in `code` (ENOENT, ENOSPC, EBUSY, ...), as node:fs does. Calls
 * are synchronous so that effects happen in the order in which they are written down.
 */

export type Handle = number;

export interface FileStatus {
  kind: 'file' | 'directory' | 'symlink' | 'other';
  /** Bytes. */
  size: number;
  /** Permission bits, e.g. 0o755. */
  mode: number;
  /** Milliseconds since the epoch. */
  modified: number;
  /** Equal for two looks at one file as long as nobody wrote it, under whatever name it stands. */
  identity: string;
}

export interface Disk {
  /** `read`: an existing file; `create`: a new file, EEXIST where there is one; `update`: read and write an existing file. */
  open(path: string, how: 'read' | 'create' | 'update', mode?: number): Handle;
  /** Reads into the whole of `into` as far as the file goes; returns the number of bytes, 0 at the end. */
  read(handle: Handle, into: Uint8Array, position: number): number;
  /** May write less than it was given, as on a full disk. Callers use `writeAll` of files.ts. */
  write(handle: Handle, bytes: Uint8Array, position: number): number;
  truncate(handle: Handle, size: number): void;
  /** Down to the drive (fsync; F_FULLFSYNC on macOS). */
  flush(handle: Handle): void;
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
  remove(path: string): void;
  /** One level; EEXIST where it stands already. */
  createDirectory(path: string, mode?: number): void;
  list(path: string): string[];
  setMode(path: string, mode: number): void;
  /** Makes renames, links and removals in this directory durable. Nothing to do on Windows. */
  flushDirectory(path: string): void;
}

/**
 * The disk as the updater sees it: synchronous calls without decisions. `native-disk.ts` is the real disk. The tests have a
 * simulated one, which counts the calls and can stop or fail at any of them.
 *
 * Every call throws an Error with an errno name in `code` (ENOENT, ENOSPC, EBUSY, ...), as node:fs does. Calls are
 * synchronous, so effects happen in the order in which they are written in the code.
 *
 * A path is a string. POSIX names are bytes, and need not be UTF-8: a byte that is not part of a valid character is
 * represented by the lone surrogate U+DC00 + byte (as in Python, PEP 383).
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
  /** The id of its group; null on Windows. */
  group: number | null;
  /** Milliseconds since the epoch. */
  modified: number;
  /** The same in whole microseconds, the finest unit that a JavaScript number holds exactly. */
  modifiedMicros: number;
  /** Milliseconds since the epoch: the last change of the content, the mode, the times or the name. */
  changed: number;
  /** Whether the filesystem keeps the time of that change to less than a millisecond, as far as this file tells. */
  fineTimes: boolean;
  /** Bytes that it takes on the drive: fewer than `size` if it has holes. */
  allocated: number;
  /** Number of names (hard links). */
  links: number;
  /** Stays the same as long as the file is not written, even if it is renamed. */
  identity: string;
  /** Like `identity`, but also changes if the file was written and its times were set back. */
  fingerprint: string;
}

/** What is left for this process on a filesystem. */
export interface Room {
  /** The same for two paths on one filesystem. */
  filesystem: string;
  /** Free bytes. */
  bytes: number;
  /** How many more files there can be; null if the filesystem has no such limit. */
  files: number | null;
}

/** A folder that is kept open. What is named through it is in this very folder, whatever somebody puts at its path. */
export interface HeldFolder {
  /** For the names of what is in it. Where the system knows no such thing (Windows) the path that it was opened by. */
  path: string;
  /** The folder itself, to list or to flush. */
  self: string;
  /** Permission bits. */
  mode(): number;
  setMode(mode: number): void;
  close(): void;
}

/** A file as it was read from the disk. */
export interface ReadBack {
  /** SHA-256, 64 lower-case hex digits. */
  sha256: string;
  /** Bytes. */
  size: number;
  /** See `Checksum` in threads/read-ahead.ts. */
  checksum: string;
}

/** Reads a file in the background, behind the one that writes it, and has the drive begin to write it where that can be asked for. */
export interface Follower {
  /** So many bytes, from the first one on, are written. */
  written(size: number): void;
  /** After the last one: what is in the file. Null if the system has taken the thread away. To be called once. */
  readBack(): Promise<ReadBack | null>;
  close(): void;
}

export interface Disk {
  /**
   * `read`: an existing file. `read itself`: the same, but ELOOP if the path is a symlink. `create`: a new file, EEXIST if
   * the path exists. `update`: read and write an existing file. None of them waits: ENXIO if an existing path is a pipe, a
   * socket or a device.
   */
  open(path: string, how: 'read' | 'read itself' | 'create' | 'update', mode?: number): Handle;
  /** Of the file that is open, whatever has taken its name since. */
  size(handle: Handle): number;
  /** Reads up to `into.length` bytes. Returns the number of bytes, 0 at the end of the file. */
  read(handle: Handle, into: Uint8Array, position: number): number;
  /**
   * The same in the background; `into` and the handle have to stay until it resolves. Null if the system gives no thread for it:
   * then `into` must not be used again.
   */
  readMeanwhile(handle: Handle, into: Uint8Array, position: number): Promise<number | null>;
  /**
   * The position of the next content at or after `position`. What is before it is a hole, which reads as zeros. Beyond the
   * end of the file if only a hole follows. `position` itself if it can't be determined.
   */
  nextData(handle: Handle, position: number): number;
  /** May write fewer bytes, for example on a full disk. Use `writeAll` of files.ts. */
  write(handle: Handle, bytes: Uint8Array, position: number): number;
  truncate(handle: Handle, size: number): void;
  /** Writes everything to the drive (fsync; F_FULLFSYNC on macOS). */
  flush(handle: Handle): void;
  /** For a file that was opened as `create`. Null if the system gives no thread for it. To be closed before the handle is. */
  follow(handle: Handle): Promise<Follower | null>;
  /** As `flush`, in the background. The handle has to stay open until it resolves. */
  flushMeanwhile(handle: Handle): Promise<void>;
  close(handle: Handle): void;
  /** Of the path itself (a symlink is not followed); null if it does not exist. */
  status(path: string): FileStatus | null;
  /** The path with every symlink resolved; ENOENT if it does not exist. */
  resolve(path: string): string;
  /** Replaces an existing file at `to`. Atomic on POSIX. */
  rename(from: string, to: string): void;
  /** The same for a small file of the updater. On Windows it waits up to 3 s for a virus scanner to release the files. */
  replace(from: string, to: string): void;
  /** A second name for the same file; EPERM, ENOTSUP or EXDEV if the filesystem has no hard links. */
  link(existing: string, path: string): void;
  /** EEXIST if `to` exists. Shares blocks if the filesystem can. May leave a partial file when it fails. */
  copy(from: string, to: string): void;
  /** The same, but fails with ENOTSUP, EXDEV or EINVAL if blocks can't be shared. */
  reflink(from: string, to: string): void;
  readLink(path: string): string;
  /** EEXIST if `path` exists. */
  symlink(target: string, path: string): void;
  /** Of the path itself. */
  setModified(path: string, micros: number): void;
  remove(path: string): void;
  /** ENOTDIR or ELOOP if the path is something else than a folder: a symlink is not followed. */
  hold(path: string): HeldFolder;
  /** One level; EEXIST if it exists. */
  createDirectory(path: string, mode?: number): void;
  /** ENOTEMPTY if it is not empty. */
  removeDirectory(path: string): void;
  list(path: string): string[];
  setMode(path: string, mode: number): void;
  /**
   * Gives the file at `path` the owner, the group, the mode and the capabilities of the one at `model`, as far as this
   * process may. On Windows nothing: there a file takes what its folder hands down. Returns false if it has not the capabilities.
   */
  imitate(path: string, model: string): boolean;
  /** Of the filesystem that the path, which exists, is on; null if the system does not say. */
  room(path: string): Room | null;
  /** Whether something is mounted at this very path, which then can't be renamed over. False if the system does not say. */
  isMountPoint(path: string): boolean;
  /**
   * The errno name with which the system would refuse to write this file, or to change what is in this folder: EACCES, EROFS,
   * EPERM for an immutable one. Null if it would not, or does not say (Windows). Nothing is tried.
   */
  writeRefusal(path: string): string | null;
  /** The same of running this file: EACCES also on a filesystem that is mounted noexec, to root as well. */
  runRefusal(path: string): string | null;
  /** Makes renames, links and removals in this directory durable. Does nothing on Windows. */
  flushDirectory(path: string): void;
}

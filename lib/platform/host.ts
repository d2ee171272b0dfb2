/** The machine, as one argument: everything outside the program is reached through these interfaces. */
import type { Databases } from './databases.ts';
import type { Disk } from './disk.ts';

export type Platform = 'linux' | 'darwin' | 'win32';

export type RunResult = FinishedRun | NotStarted;

/** The system created no process: that may say more about the machine than about the program. */
export interface NotStarted {
  started: false;
  /** The errno name, such as EAGAIN; null if the system gave none. */
  code: string | null;
  reason: string;
}

export interface FinishedRun {
  started: true;
  /** Exit code, null if a signal ended it. */
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
  timedOut: boolean;
  /** Milliseconds. */
  duration: number;
}

export interface SpawnOptions {
  environment: Record<string, string>;
  workingDirectory: string;
}

export interface BecomeOptions extends SpawnOptions {
  signal?: AbortSignal | undefined;
}

export interface StartOptions extends SpawnOptions {
  /** Send its standard output to our standard error. */
  outputToError: boolean;
  /** Windows: without a window, and without our standard streams. */
  background?: boolean;
}

export interface StartedProcess {
  pid: number;
  /** Resolves when it has ended. Null if this process need not stay to keep the terminal for it. */
  ended: Promise<void> | null;
}

export interface Processes {
  readonly pid: number;
  readonly parent: number;
  isAlive(pid: number): boolean;
  /** Whether the user has suspended it (Ctrl-Z). False if the system does not say. */
  isSuspended(pid: number): boolean;
  /** Path of the executable that a process runs, symlinks resolved; null if it can't be determined. */
  executable(pid: number): string | null;
  /**
   * The live processes, except for this one, that run the executable at this path (symlinks resolved), even if it was
   * replaced or removed since they were started. Processes that can't be inspected are skipped. A process whose file was
   * moved is found by the new path on some systems, and by the old one on others: try both.
   */
  running(executable: string): number[];
  /**
   * Asks a process to end gracefully (SIGTERM), and does not wait. False if that is impossible: Windows has no such request,
   * or the process belongs to another user. Take the id from `running` immediately before, since ids are reused.
   */
  requestEnd(pid: number): boolean;
  /** Ends a process at once, by force. Does nothing if it has ended. Throws MachineError if it is not permitted. */
  forceEnd(pid: number): void;
  /** Whether standard input is a terminal, and whether this process is the one that may read from it. */
  hasTerminal(): boolean;
  ownsTerminal(): boolean;
  /**
   * Runs a program without input until it ends. It is killed after `timeLimit` milliseconds. At most 64 KiB of each output
   * are kept. If this process is killed meanwhile, the program ends too; on POSIX only if it was compiled with Bun.
   * Does not reject: a program that can't be started is a result.
   */
  run(file: string, args: string[], options: SpawnOptions & { timeLimit: number }): Promise<RunResult>;
  /** Starts a program that inherits the terminal and outlives this process. */
  start(file: string, args: string[], options: StartOptions): Promise<StartedProcess>;
  /**
   * Starts a program that has no terminal but writes to our standard error, is nobody's child, and outlives this process. Null
   * on systems without `become`, which is what it is for.
   */
  startInBackground: ((file: string, args: readonly string[], options: SpawnOptions) => Promise<void>) | null;
  /**
   * Replaces this process by a program (execve), with the same id, terminal and standard streams. Never resolves, and rejects
   * if the program could not be started, or with InterruptedError if the signal was aborted before. Null on systems without execve.
   */
  become: ((file: string, args: readonly string[], options: BecomeOptions) => Promise<never>) | null;
}

export interface Lock {
  release(): void;
}

export interface Locks {
  /** Null if another process holds it. The operating system releases it when its holder ends, even if that is killed. */
  acquire(path: string): Lock | null;
  /**
   * Why it can't be acquired, if not because of an updater: then it may never be free. Null if that is not so, or can't be
   * found out on this system.
   */
  sharedHolder?(path: string): SharedHolder | null;
}

/** A process that holds a shared lock. The locks of an updater are exclusive. */
export interface SharedHolder {
  /** Null if the system does not say. */
  pid: number | null;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds that never run backwards. */
  monotonic(): number;
  /** Aborting the signal ends it early. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

export interface Random {
  bytes(count: number): Uint8Array;
}

export interface Host {
  readonly platform: Platform;
  readonly arch: 'x64' | 'arm64';
  readonly musl: boolean;
  /**
   * Whether the processor has what builds for x64 use that are not for older processors (AVX2 and what came with it). Null if
   * that is unknown, or it is no x64.
   */
  hasModernInstructions(): boolean | null;
  readonly disk: Disk;
  readonly databases: Databases;
  readonly processes: Processes;
  readonly locks: Locks;
  readonly clock: Clock;
  readonly random: Random;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  /** The id of the user that this process acts for (the effective one); null on Windows. */
  readonly user: number | null;
  /** Milliseconds east of UTC where this machine is, at that time in milliseconds since the epoch. */
  localOffset(milliseconds: number): number;
  /** Windows: whether the file belongs to Administrators or SYSTEM. On POSIX `disk.status` says who owns it. */
  systemOwns(path: string): boolean;
  /** Null if this user has none. */
  readonly homeDirectory: string | null;
}

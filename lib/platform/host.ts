/** Everything outside the program, as one argument: what a room needs from the machine comes in through here. */
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

export interface StartOptions extends SpawnOptions {
  /** Its standard output goes to our standard error: ours is spoken for. */
  outputToError: boolean;
}

export interface Processes {
  readonly pid: number;
  readonly parent: number;
  isAlive(pid: number): boolean;
  /** Path of the executable that a process runs, symlinks resolved; null where it can't be told. */
  executable(pid: number): string | null;
  /**
   * The live processes, other than this one, whose program is the executable at this path (symlinks resolved), also
   * where it has been replaced or removed since they began. Those that may not be looked at are passed over. One
   * whose file was moved goes by the new path on some systems, by the old one on others: ask for both.
   */
  running(executable: string): number[];
  /**
   * Asks a process to end, as a person would who wants nothing lost, and does not wait. False where it can't be
   * asked: on Windows, which knows no such request, or because it belongs to another user. An id may go to another
   * process once its own has ended, so take it from `running` just before.
   */
  requestEnd(pid: number): boolean;
  /** Ends a process at once, whatever it is doing. Nothing where it is gone; MachineError where it is not permitted. */
  forceEnd(pid: number): void;
  /** Whether standard input is a terminal, and whether this process is the one that may read from it. */
  hasTerminal(): boolean;
  ownsTerminal(): boolean;
  /**
   * Runs a program to its end with no input, at most `timeLimit` milliseconds (then it is killed), at most 64 KiB of
   * output kept. Does not reject: a program that can't be started is a result. When this process is killed meanwhile, the program ends as well, on POSIX if Bun made it.
   */
  run(file: string, args: string[], options: SpawnOptions & { timeLimit: number }): Promise<RunResult>;
  /**
   * Starts a program that inherits the terminal, and outlives this process. Resolves to its exit code when this
   * process has to stay to keep the terminal for it, to null when it may go.
   */
  start(file: string, args: string[], options: StartOptions): Promise<number | null>;
  /**
   * Replaces this process by a program (execve): same id, same terminal, same standard streams. Never resolves; rejects
   * if the program could not be started. Null on systems that can't.
   */
  become: ((file: string, args: readonly string[], options: SpawnOptions) => Promise<never>) | null;
}

export interface Lock {
  release(): void;
}

export interface Locks {
  /** Null where another live process holds it. The operating system drops it when the holder dies, however it dies. */
  acquire(path: string): Lock | null;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds that never run backwards. */
  monotonic(): number;
  sleep(milliseconds: number): Promise<void>;
}

export interface Random {
  bytes(count: number): Uint8Array;
}

export interface Host {
  readonly platform: Platform;
  readonly arch: 'x64' | 'arm64';
  readonly musl: boolean;
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
  /** Null for a user that has none. */
  readonly homeDirectory: string | null;
}

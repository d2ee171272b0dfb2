/**
 * Errors by what the caller must do. Each class is one line of the exit-code table (README.md), so that a
 * person, a script and DGMO learn the same thing from one failure.
 *
 * A message is one sentence: what was tried, on what, what was wanted and what was found. `advice` is the next
 * thing to do. Every room may import this file; it imports nothing.
 */

/** How a program ends that fails with the error; README.md says who must act then. */
export type ExitCode = 0 | 1 | 2 | 10 | 11 | 12 | 13 | 14 | 15 | 16 | 17 | 100 | 130;

export interface ErrorOptions {
  /** What the person should do now, as a sentence. */
  advice?: string;
  cause?: unknown;
}

export abstract class UpdaterError extends Error {
  /** Name of the class. Written out, because a minifier renames classes. */
  abstract override readonly name: string;
  abstract readonly exitCode: ExitCode;
  readonly advice: string | undefined;

  constructor(message: string, options: ErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.advice = options.advice;
  }
}

/** 2: the command was called wrongly. */
export class UsageError extends UpdaterError {
  override readonly name: string = 'UsageError';
  readonly exitCode = 2;
}

/** 2: nothing says which version is installed: it was never adopted. */
export class NotAdoptedError extends UsageError {
  override readonly name: string = 'NotAdoptedError';
}

/** 10: signature, threshold, expiry, rollback or freeze, or others may write what must be one's own. Nobody installs this. */
export class TrustError extends UpdaterError {
  override readonly name: string = 'TrustError';
  readonly exitCode = 10;
}

/** 11: a package, patch, receipt or binary fails its digest or its format. */
export class DamagedError extends UpdaterError {
  override readonly name: string = 'DamagedError';
  readonly exitCode = 11;
}

/** 12: the machine: disk full, permission, read-only, a file locked for too long. */
export class MachineError extends UpdaterError {
  override readonly name: string = 'MachineError';
  readonly exitCode = 12;
}

/** 13: the network. */
export class NetworkError extends UpdaterError {
  override readonly name: string = 'NetworkError';
  readonly exitCode = 13;
}

/** 14: another transaction holds the lock, or DGMO did not exit in time. */
export class BusyError extends UpdaterError {
  override readonly name: string = 'BusyError';
  readonly exitCode = 14;
}

/** 14: the lock is held by another updater. */
export class LockedError extends BusyError {
  override readonly name: string = 'LockedError';
}

/** 14: DGMO has been asked to end, and has not. */
export class StillRunningError extends BusyError {
  override readonly name: string = 'StillRunningError';
  /** Ids of its processes. */
  readonly pids: readonly number[];

  constructor(message: string, pids: readonly number[], options: ErrorOptions = {}) {
    super(message, options);
    this.pids = pids;
  }
}

/** 15 or 16: a version did not start. */
export abstract class FailedStartError extends UpdaterError {
  override readonly name: string = 'FailedStartError';
  /** The version that did not work; null where that is not known. */
  readonly version: string | null;
  /** The processor lacks an instruction that it used: another build of the version may work. */
  readonly illegalInstruction: boolean;

  constructor(
    message: string,
    options: ErrorOptions & { version?: string; illegalInstruction?: boolean } = {},
  ) {
    super(message, options);
    this.version = options.version ?? null;
    this.illegalInstruction = options.illegalInstruction === true;
  }
}

/** 15: the update failed and the old version is back. */
export class RevertedError extends FailedStartError {
  override readonly name: string = 'RevertedError';
  readonly exitCode = 15;
}

/** 16: neither the new nor the old version could be made to run. */
export class UnrecoverableError extends FailedStartError {
  override readonly name: string = 'UnrecoverableError';
  readonly exitCode = 16;
}

/** 17: refused by policy: downgrade, quarantine, wrong platform, wrong app, another owner. */
export class PolicyError extends UpdaterError {
  override readonly name: string = 'PolicyError';
  readonly exitCode = 17;
}

/** 17: a package manager owns the installation, and has to update it. */
export class ManagedInstallError extends PolicyError {
  override readonly name: string = 'ManagedInstallError';
  /** Name of the manager, such as Homebrew. */
  readonly manager: string;
  readonly package: string;
  /** The command that updates it. */
  readonly command: string;

  constructor(message: string, owner: { manager: string; package: string; command: string }) {
    super(message, { advice: `Update it with: ${owner.command}` });
    this.manager = owner.manager;
    this.package = owner.package;
    this.command = owner.command;
  }
}

/** 130: interrupted by the person, nothing changed. */
export class InterruptedError extends UpdaterError {
  override readonly name: string = 'InterruptedError';
  readonly exitCode = 130;
}

/** The errno name (`ENOSPC`, `EACCES`, ...) of an error that the operating system gave, else undefined. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

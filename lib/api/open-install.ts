/** What every class of this room begins with: one install, one home, and whoever listens. */
import { type UpdaterError, UsageError } from '../errors.ts';
import { settings as compiledIn, type Settings } from '../home/compiled-in.ts';
import { findHome } from '../home/folder.ts';
import { ownFolder } from '../home/own-folder.ts';
import {
  type InstallEvent,
  type Limits,
  openSession,
  openTransaction,
  readJournal,
  type Session,
  withLock,
} from '../install/index.ts';
import { asUpdaterError } from '../platform/failures.ts';
import type { Host } from '../platform/host.ts';
import { nativeHost } from '../platform/native.ts';
import { pathsOf } from '../platform/path-flavour.ts';

export interface InstallOptions {
  /** The folder with the executable; that of the running program unless given. */
  installDir?: string | undefined;
  /** Settings, trust, cache and snapshots: `$DGMO_HOME`, else `~/.dgmo`, unless given. */
  home?: string | undefined;
  /** The program that is updated: the one that was adopted, else `dgmo`, unless given. */
  app?: string | undefined;
  /** How long to wait for others, in milliseconds. */
  limits?: Partial<Limits> | undefined;
  /** Stops what is under way with an InterruptedError, until the executable is touched. */
  signal?: AbortSignal | undefined;
  /** @internal What the updater was compiled with; for tests and the command line. */
  settings?: Settings | undefined;
  /** @internal The machine; for tests. */
  host?: Host | undefined;
}

/** @throws UsageError if a folder is empty or missing, or the name of the app is impossible; MachineError */
export function openInstall(options: InstallOptions, emit: (event: InstallEvent) => void): Session {
  const { host = nativeHost(), settings = compiledIn, installDir, home, app, limits, signal } = options;
  const path = pathsOf(host.platform);
  const folder = installDir === undefined ? ownFolder(host) : path.resolve(host.workingDirectory, installDir);
  for (const [name, value] of Object.entries({ 'install-dir': installDir, home })) {
    if (value === '') throw new UsageError(`--${name}: wanted a folder, found nothing`);
  }
  try {
    return openSession(host, {
      installDir: folder,
      home: findHome(host, home),
      settings,
      emit,
      interrupted: () => signal?.aborted === true,
      ...(app === undefined ? {} : { app }),
      ...(limits === undefined ? {} : { limits }),
    });
  } catch (error) {
    throw asUpdaterError(error, folder);
  }
}

/** Runs an operation: what the operating system refuses becomes a MachineError that says where, what, and what to do. */
export async function withErrors<Result>(session: Session, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw asUpdaterError(error, session.layout.installDir);
  }
}

/** Which failures of the recovery an operation can live with. */
export type Tolerated = (error: unknown) => boolean;

/**
 * Every operation begins by finishing or taking back what an interrupted run left open.
 *
 * @param tolerated failures that do not keep the operation from its work: the ways out of a state in which nothing else
 *   helps (`init`, `rollback`), and what only looks
 * @returns how the transaction ended; null if none was open, or if the recovery failed and that is tolerated
 */
export async function recoverFirst(session: Session, tolerated: Tolerated) {
  const { host, layout } = session;
  try {
    if (openTransaction(readJournal(host.disk, layout).entries) === null) return null;
    // The whole transaction hangs on it, and hardly ever is there one to recover.
    const { recoverTransaction } = await import('../install/transaction/recover.ts');
    const ended = await withLock(host, layout, () => recoverTransaction(session));
    return ended?.outcome ?? null;
  } catch (error) {
    if (tolerated(error)) return null;
    throw error;
  }
}

export const ANY_FAILURE: Tolerated = () => true;
export const NO_FAILURE: Tolerated = () => false;
/** Failures of one class. */
export function failureOf(kind: abstract new (...args: never[]) => UpdaterError): Tolerated {
  return (error) => error instanceof kind;
}

/** What the classes of this room share: opening an install, turning errors into UpdaterErrors, and recovering first. */
import {
  BusyError,
  DamagedError,
  NotAdoptedError,
  type RevertedError,
  type UpdaterError,
  UsageError,
} from '../errors.ts';
import {
  abortSignal,
  amount,
  anything,
  type Fields,
  fieldsOf,
  requireOptions,
  words,
} from '../format/inputs.ts';
import { settings as compiledIn, type Settings } from '../home/compiled-in.ts';
import { findHome } from '../home/folder.ts';
import { ownFolder } from '../home/own-folder.ts';
import {
  type InstallEvent,
  isUpdaterOpen,
  type Limits,
  type OpenTransaction,
  type Outcome,
  openSession,
  openTransaction,
  readJournal,
  requireOwnInstall,
  requireSameWriters,
  type Session,
  transactionText,
  unconfirmed,
  withLock,
} from '../install/index.ts';
import { asUpdaterError } from '../platform/failures.ts';
import type { Host } from '../platform/host.ts';
import { harmless } from '../platform/listener.ts';
import { nativeHost } from '../platform/native.ts';
import { pathsOf } from '../platform/path-flavour.ts';

export interface InstallOptions {
  /** The folder with the executable. Default: that of the running program. */
  installDir?: string | undefined;
  /** The folder with settings, trust, cache and snapshots. Default: `$DGMO_HOME`, else `~/.dgmo`. */
  home?: string | undefined;
  /** The program that is updated. Default: the one that was adopted, else `dgmo`. */
  app?: string | undefined;
  /** How long to wait for other processes, in milliseconds. */
  limits?: Partial<Limits> | undefined;
  /** Aborting it stops an operation with an InterruptedError, unless the executable is already being replaced. */
  signal?: AbortSignal | undefined;
  /** @internal The compiled-in settings; for tests and the command line. */
  settings?: Settings | undefined;
  /** @internal The machine; for tests. */
  host?: Host | undefined;
}

export const INSTALL_FIELDS: Fields<InstallOptions> = {
  installDir: words,
  home: words,
  app: words,
  limits: fieldsOf<Partial<Limits>>({
    exit: amount('milliseconds'),
    held: amount('milliseconds'),
    probe: amount('milliseconds'),
    start: amount('milliseconds'),
  } satisfies Fields<Limits>),
  signal: abortSignal,
  settings: anything,
  host: anything,
};

/**
 * @param onEvent an error of it changes nothing (listener.ts)
 * @param kinds whether it is opened also if something else is in the place of a file of the work dir
 * @throws UsageError if an option is of another type, a folder is empty or missing, or the name of the app is invalid; MachineError
 */
export function openInstall(
  options: InstallOptions,
  onEvent: ((event: InstallEvent) => void) | undefined,
  kinds: { anyKind?: boolean } = {},
): Session {
  requireOptions(INSTALL_FIELDS, options);
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
      emit: harmless(onEvent, 'onEvent'),
      interrupted: () => signal?.aborted === true,
      ...kinds,
      ...(app === undefined ? {} : { app }),
      ...(limits === undefined ? {} : { limits }),
    });
  } catch (error) {
    throw asUpdaterError(error, folder);
  }
}

/**
 * Runs an operation. Errors of the operating system become MachineErrors, which say what to do.
 *
 * @param kinds whether it is also for another program than the one that was adopted here
 */
export async function withErrors<Result>(
  session: Session,
  work: () => Promise<Result>,
  kinds: { anyApp?: boolean } = {},
): Promise<Result> {
  try {
    if (session.otherApp !== null && kinds.anyApp !== true) throw (await notHere()).otherProgram(session);
    return await work();
  } catch (error) {
    const told = error instanceof NotAdoptedError ? await (await notHere()).withOwner(session, error) : error;
    throw asUpdaterError(told, session.layout.installDir);
  }
}

/** Loaded only if needed. */
const notHere = () => import('./steps/not-here.ts');

/** The same for one that does not wait for anything. */
export function withErrorsNow<Result>(session: Session, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw asUpdaterError(error, session.layout.installDir);
  }
}

/**
 * Runs an operation that only looks: it recovers nothing and starts no program, whoever the folder belongs to. That a
 * transaction is open is reported.
 */
export function look<Result>(
  session: Session,
  work: () => Result | Promise<Result>,
  kinds: { anyKind?: boolean } = {},
): Promise<Result> {
  return withErrors(session, async () => {
    requireSameWriters(session.host, session.layout, kinds);
    reportOpen(session);
    return work();
  });
}

function reportOpen({ host, layout, emit }: Session): void {
  try {
    const open = openTransaction(readJournal(host.disk, layout).entries);
    if (open === null) return;
    emit({
      event: 'warning',
      text:
        `The ${transactionText(open)} has not ended. If no other dgmo-updater is at ` +
        'work on it, it was interrupted, and `dgmo-updater recover` finishes or undoes it.',
    });
  } catch (error) {
    // Those who need the journal report that it is damaged.
    if (!(error instanceof DamagedError)) throw error;
  }
}

/** Whether an operation goes on after this failure of the recovery. */
export type Tolerated = (error: unknown) => boolean;

/**
 * Finishes or undoes a transaction that an interrupted run left open. Every operation that changes something begins with it.
 *
 * @param tolerated `init` and `rollback` go on after a failure, because they help when nothing else does
 * @returns what was done, and what was `finished`: nothing, if the recovery failed and that is tolerated
 */
export async function recoverFirst(
  session: Session,
  tolerated: Tolerated,
  kinds: { anyKind?: boolean } = {},
): Promise<{ outcome: Outcome | null; left: RevertedError | null; finished: OpenTransaction | null }> {
  const { host, layout } = session;
  requireSameWriters(host, layout, kinds);
  requireOwnInstall(host, layout);
  try {
    const left = await leaveCrashLoopFirst(session);
    if (isUpdaterOpen(session)) {
      const { recoverUpdater } = await import('../install/updater/replace-updater.ts');
      await withLock(host, layout, () => recoverUpdater(session));
    }
    const open = openTransaction(readJournal(host.disk, layout).entries);
    if (open === null) return { outcome: left === null ? null : 'reverted', left, finished: null };
    // Loaded only if needed: it imports the whole transaction, and there is rarely one to recover.
    const { recoverTransaction } = await import('../install/transaction/recover.ts');
    const ended = await withLock(host, layout, () => recoverTransaction(session));
    const finished = ended?.outcome === 'committed' ? open : null;
    return { outcome: ended?.outcome ?? (left === null ? null : 'reverted'), left, finished };
  } catch (error) {
    if (tolerated(error)) return { outcome: null, left: null, finished: null };
    throw error;
  }
}

/** A version that fails at every start is left for the one before. Not if DGMO runs: then it works for somebody. */
async function leaveCrashLoopFirst(session: Session): Promise<RevertedError | null> {
  if (unconfirmed(session) === null) return null;
  const { leaveCrashLoop } = await import('./steps/health-gate.ts');
  try {
    const left = await leaveCrashLoop(session);
    if (left !== null) session.emit({ event: 'warning', text: `${left.message}.` });
    return left;
  } catch (error) {
    if (!(error instanceof BusyError)) throw error;
    return null;
  }
}

export const ANY_FAILURE: Tolerated = () => true;
export const NO_FAILURE: Tolerated = () => false;
/** Failures of one class. */
export function failureOf(kind: abstract new (...args: never[]) => UpdaterError): Tolerated {
  return (error) => error instanceof kind;
}

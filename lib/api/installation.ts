/** The installation itself: what is installed, recovery, and adopting an executable that was installed by hand. */

import { BusyError } from '../errors.ts';
import { boolean, decodeInput } from '../format/decoder.ts';
import { callable, processId, requireOptions, wordList, words } from '../format/inputs.ts';
import type { HistoryEntry } from '../home/history.ts';
import {
  type InstallEvent,
  type Outcome,
  openTransaction,
  type Receipt,
  readJournal,
  recordConfirmation,
  recordStart,
  requireSameWriters,
  type Session,
  type Status,
  status,
  unconfirmed,
  undertakingOf,
  withLock,
} from '../install/index.ts';
import type { Notice } from '../service/notice.ts';
import { version as semanticVersion } from '../version/semver.ts';
import type { Adopted, AdoptOptions } from './adopt.ts';
import type { KnownWords } from './known-words.ts';
import {
  INSTALL_FIELDS,
  type InstallOptions,
  look,
  NO_FAILURE,
  openInstall,
  recoverFirst,
  withErrors,
} from './open-install.ts';
import { historyOf, type Overview, overviewOf } from './overview.ts';
import type { RestartCommand } from './restart.ts';

export interface InstallationOptions extends InstallOptions {
  /**
   * Called for each event of an operation, as it happens. It can't stop the operation (`signal` can): the first error that it
   * throws, or that its promise rejects with, is reported as a warning of the process (`process.on('warning', ...)`).
   */
  onEvent?(event: InstallEvent): void;
}

export interface Recovered {
  /** How the interrupted transaction ended; null if there was none. */
  outcome: Outcome | null;
  /** What was interrupted; null if nothing was, or a version was left that failed at its starts. */
  interrupted: { kind: 'update' | 'rollback' | 'repair'; from: string; to: string } | null;
  /** The receipt was lost or damaged, and has been written again from the journal. */
  receiptRestored: boolean;
  /** Null if nothing was ever adopted here. */
  receipt: Receipt | null;
}

/**
 * An installation of DGMO. Every method throws an UpdaterError that says what happened and what to do.
 *
 * @example
 * const { receipt, binary } = await new Installation().status();
 * if (binary !== 'sound') console.error(`${receipt?.app} is ${binary}`);
 */
export class Installation {
  readonly #session: Session;

  /** @throws UsageError if there is no such folder, or an option is of another type */
  constructor(options: InstallationOptions = {}) {
    requireOptions<InstallationOptions>({ ...INSTALL_FIELDS, onEvent: callable }, options);
    this.#session = openInstall(options, options.onEvent);
  }

  /**
   * Returns what is installed, and reads the executable to see whether it is intact. Changes nothing: `open` says whether a
   * transaction was interrupted, or is under way.
   *
   * @throws MachineError if a file can't be read; TrustError if the receipt can be written by others than the executable
   * @example
   * const { binary, receipt } = await installation.status();
   * if (binary === 'sound') console.log(`${receipt?.binary.version} is installed`);
   */
  status(): Promise<Status> {
    return withErrors(this.#session, async () => {
      requireSameWriters(this.#session.host, this.#session.layout);
      return status(this.#session);
    });
  }

  /**
   * Returns where releases come from, what was decided, and what happened last. Changes nothing.
   *
   * @throws MachineError if a file can't be read
   * @example
   * const { channel, lastCheck } = await installation.overview();
   */
  overview(): Promise<Overview> {
    return withErrors(this.#session, async () => overviewOf(this.#session));
  }

  /**
   * Returns the ids of snapshots and the versions that are known here, for completion. Changes nothing.
   *
   * @throws MachineError if the snapshots can't be read
   * @example
   * const { versions } = await installation.knownWords();
   */
  knownWords(): Promise<KnownWords> {
    return withErrors(this.#session, async () => {
      const { knownWordsOf } = await import('./known-words.ts');
      return knownWordsOf(this.#session);
    });
  }

  /**
   * Returns every update, rollback and repair of this installation, the oldest first.
   *
   * @throws DamagedError if the history is damaged; MachineError if it can't be read
   * @example
   * const [last] = (await installation.history()).slice(-1);
   */
  history(): Promise<HistoryEntry[]> {
    return look(this.#session, () => historyOf(this.#session));
  }

  /**
   * To be called by DGMO at its start: what the background service has done or wants, as sentences to print. They are removed, so
   * that each is shown once.
   *
   * @throws MachineError, BusyError if they can't be removed
   * @example
   * for (const { text } of await installation.takeNotices()) console.error(text);
   */
  takeNotices(): Promise<(Notice & { text: string })[]> {
    return withErrors(this.#session, async () => {
      const { takeNotices } = await import('./service/for-dgmo.ts');
      return takeNotices(this.#session);
    });
  }

  /**
   * To be called by DGMO when nothing would be disturbed by an update although it runs, and again when that is over. Without it
   * the background service waits until DGMO does not run.
   *
   * @param allowed whether an update may be installed now
   * @throws MachineError, BusyError if that can't be saved
   * @example
   * await installation.allowUpdate(session.isEmpty);
   */
  allowUpdate(allowed: boolean): Promise<void> {
    return withErrors(this.#session, async () => {
      decodeInput(boolean, allowed, 'allowed');
      const { allowUpdate } = await import('./service/for-dgmo.ts');
      await allowUpdate(this.#session, allowed);
    });
  }

  /**
   * Finishes or undoes what an interrupted run left open, and writes a lost receipt again.
   *
   * @returns how the interrupted transaction ended, and the receipt
   * @throws DamagedError if the executable was replaced by hand or damaged, or no receipt matches it; UnrecoverableError if no
   *   working binary is left; BusyError if another updater is at work; MachineError
   * @example
   * const { outcome } = await installation.recover();
   * console.log(outcome === null ? 'nothing to recover' : `the interrupted update was ${outcome}`);
   */
  recover(): Promise<Recovered> {
    const session = this.#session;
    return withErrors(session, async () => {
      const { foreignBinary } = await import('../install/transaction/outcome-errors.ts');
      const { recoverInstall } = await import('../install/transaction/recover.ts');
      const open = openTransaction(readJournal(session.host.disk, session.layout).entries);
      const { outcome: earlier } = await recoverFirst(session, NO_FAILURE);
      if (earlier === 'foreign') throw foreignBinary(session.layout.target);
      const recovery = await withLock(session.host, session.layout, () => recoverInstall(session));
      const { receiptRestored, receipt, transaction } = recovery;
      const outcome = earlier ?? transaction?.outcome ?? null;
      return { outcome, interrupted: open === null ? null : undertakingOf(open), receiptRestored, receipt };
    });
  }

  /**
   * To be called by DGMO as the first thing that it does, if its releases promise a confirmation (`release add --confirm`). A
   * start of a version that has not confirmed yet is counted. If it has failed three times within ten minutes, the version
   * before is restored, with its data.
   *
   * @param args that this process was started with, for the version before
   * @returns null, and this process goes on; else what to start in place of this process, for example with `process.execve`
   * @throws UnrecoverableError, MachineError if the version before could not be restored
   * @example
   * const instead = await installation.beginStart(process.argv.slice(2));
   * if (instead !== null) process.execve(instead.file, [instead.file, ...instead.args], process.env);
   */
  beginStart(args: readonly string[] = []): Promise<RestartCommand | null> {
    const session = this.#session;
    return withErrors(session, async () => {
      decodeInput(wordList, args, 'args');
      if (unconfirmed(session) === null) return null;
      const { leaveCrashLoop } = await import('./steps/health-gate.ts');
      try {
        if ((await leaveCrashLoop(session)) !== null) return { file: session.layout.target, args: [...args] };
        await recordStart(session, session.host.processes.pid);
      } catch (error) {
        // Another DGMO runs, or an updater is at work.
        if (!(error instanceof BusyError)) throw error;
      }
      return null;
    });
  }

  /**
   * To be called by DGMO when it is up and well: it has read its config and opened its data. Until then a new version whose
   * release promises this counts as one that may not work. Costs next to nothing if nobody waits for it.
   *
   * @param version of the DGMO that calls: one that still runs the version before an update does not speak for the new one.
   *   Default: the installed version
   * @returns whether it was waited for
   * @throws UsageError if the version is no semantic version; BusyError if another updater is at work for longer than 10 s;
   *   MachineError
   * @example
   * await installation.confirmHealthy('2.0.0');
   */
  confirmHealthy(version?: string): Promise<boolean> {
    return withErrors(this.#session, async () => {
      if (version !== undefined) decodeInput(semanticVersion, version, 'version');
      return (await recordConfirmation(this.#session, version ?? null)) !== null;
    });
  }

  /**
   * Watches the start of a version that has not confirmed yet. The updater runs this in the background when it becomes DGMO.
   *
   * @param pid of the process that was started
   * @throws RevertedError if the version did not confirm in time, or has failed too often: the version before is back
   * @example
   * await installation.watchStart(4711);
   */
  watchStart(pid: number): Promise<void> {
    return withErrors(this.#session, async () => {
      decodeInput(processId, pid, 'pid');
      const { watchInBackground } = await import('./steps/health-gate.ts');
      const left = await watchInBackground(this.#session, pid);
      if (left !== null) throw left;
    });
  }

  /**
   * Puts the updater that calls this in the place of the one before, which has left that to it. Windows can't replace a running
   * executable, so the old one starts the new one in the background, and ends.
   *
   * @param pid of the old one
   * @throws BusyError if that does not end, or another updater is at work; MachineError
   * @example
   * await installation.finishUpdater(4711);
   */
  finishUpdater(pid: number): Promise<void> {
    return withErrors(this.#session, async () => {
      decodeInput(processId, pid, 'pid');
      const { finishReplacement } = await import('../install/updater/replace-updater.ts');
      await finishReplacement(this.#session, pid);
    });
  }

  /**
   * Adopts an executable that was installed by hand: records its version and digest. A user who has changed the executable
   * by hand adopts it again. The executable is started once, to ask it for its version.
   *
   * @param options.version the version of the executable. Default: the one that it prints
   * @param options.feed address of the feed that publishes its releases
   * @param options.root path of a TUF root to trust from now on
   * @throws UsageError if there is no executable, its version is not known or is not the given one, the address is invalid, or the root
   *   is missing; DamagedError, TrustError if the root is invalid; BusyError, MachineError
   * @example
   * const { changed } = await installation.adopt({ version: '1.4.0', feed: 'https://updates.example.com/dgmo' });
   */
  adopt(options: AdoptOptions = {}): Promise<Adopted> {
    const work = async () => {
      requireOptions<AdoptOptions>({ version: words, feed: words, root: words }, options);
      const { adoptExecutable } = await import('./adopt.ts');
      return adoptExecutable(this.#session, options);
    };
    return withErrors(this.#session, work, { anyApp: true });
  }
}

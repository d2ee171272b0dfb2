/** The plan's `BackgroundUpdateService`. Keeps an installation up to date and intact while nobody looks. */

import { InterruptedError, LockedError, UsageError } from '../../errors.ts';
import { anything, callable, type Fields, requireOptions, wordList } from '../../format/inputs.ts';
import { type LastCheck, lastCheckOf } from '../../home/checks.ts';
import { loadPreferences } from '../../home/decided.ts';
import { requireHome } from '../../home/folder.ts';
import { type InstallEvent, requireReceipt, requireSameWriters, type Session } from '../../install/index.ts';
import { childEnvironment, shellCommand } from '../../install/process/start.ts';
import { type Desktop, nativeDesktop } from '../../platform/desktop/desktop.ts';
import { createDirectories } from '../../platform/files.ts';
import type { Lock } from '../../platform/host.ts';
import { harmless } from '../../platform/listener.ts';
import { lockWithPatience } from '../../platform/lock-with-patience.ts';
import { pathsOf } from '../../platform/path-flavour.ts';
import type { ServiceEvent } from '../../service/events.ts';
import { runLoop } from '../../service/loop.ts';
import { isServiceRunning, type ServiceRecord, serviceFile, serviceLock } from '../../service/record.ts';
import type { Unit } from '../../service/units/definition.ts';
import type { UpdateEvent } from '../../update/events.ts';
import { FEED_FIELDS, type FeedOptions } from '../feed-context.ts';
import { INSTALL_FIELDS, type InstallOptions, openInstall, withErrors } from '../open-install.ts';
import { SelfHealingSystem } from '../self-healing-system.ts';
import { UpdateManager } from '../update-manager.ts';
import { settingsProblem, UpdateDuty } from './duty.ts';
import { Journal } from './journal.ts';
import {
  hasUpdater,
  installUnit,
  isInstalled,
  removeRecords,
  removeUnit,
  serviceCommand,
  serviceUnit,
} from './manage.ts';
import { Messenger } from './messenger.ts';

export interface BackgroundServiceOptions extends InstallOptions, FeedOptions {
  /** Called for each event, as it happens. */
  onEvent?(event: ServiceEvent | InstallEvent | UpdateEvent): void;
  /** @internal Options of the command line that a service keeps when it begins anew, or is started at login. */
  options?: readonly string[] | undefined;
  /** @internal The desktop; for tests. */
  desktop?: Desktop | undefined;
}

export interface ServiceStatus {
  /** Whether a service runs for this home. */
  running: boolean;
  /** Whether the system starts it at login. */
  installed: boolean;
  /** Whether there is an updater beside the executable, which the system would start. */
  installable: boolean;
  /** What the service manager is called, and the file that defines the service; null if it keeps that elsewhere. */
  manager: string;
  definition: string | null;
  /** How the last check ended, whoever asked for it; null: there was none. */
  lastCheck: LastCheck | null;
  /** What the service has written last. */
  record: ServiceRecord;
  /** What can't be understood of the settings, and what to do about it: until then it looks for nothing. Null if all can. */
  problem: string | null;
}

const SERVICE_FIELDS: Fields<BackgroundServiceOptions> = {
  ...INSTALL_FIELDS,
  ...FEED_FIELDS,
  ...{ onEvent: callable, options: wordList, desktop: anything },
};

/** How long a start waits for the lock of the home, in milliseconds: `service status` may hold it for a moment. */
const PATIENCE = { limit: 2000, pause: 50 };

/**
 * The background service of a home: checks at its start, every six hours, when a network comes and when the machine wakes;
 * installs by itself what `autoUpdate` allows, when no session is disturbed; tells the rest; looks after the installation.
 * Every method throws an UpdaterError that says what happened and what to do.
 *
 * @example
 * const service = new BackgroundUpdateService({ signal });
 * await service.start();
 * await service.finished();
 */
export class BackgroundUpdateService {
  readonly #session: Session;
  readonly #options: BackgroundServiceOptions;
  readonly #emit: (event: ServiceEvent | InstallEvent | UpdateEvent) => void;
  readonly #stop = new AbortController();
  #loop: Promise<'stopped' | 'updated'> | null = null;

  /** @throws UsageError if there is no such folder, or an option is of another type */
  constructor(options: BackgroundServiceOptions = {}) {
    requireOptions(SERVICE_FIELDS, options);
    this.#emit = harmless(options.onEvent, 'onEvent');
    const signal =
      options.signal === undefined ? this.#stop.signal : AbortSignal.any([this.#stop.signal, options.signal]);
    this.#options = { ...options, signal };
    this.#session = openInstall(this.#options, this.#emit);
  }

  /**
   * Starts the service in this process. Returns when it is set up; `finished` waits for its end.
   *
   * @throws LockedError if a service runs for this home already; UsageError if nothing is adopted here; MachineError
   * @example
   * await service.start();
   */
  start(): Promise<void> {
    const session = this.#session;
    return withErrors(session, async () => {
      if (this.#loop !== null) throw new UsageError('this service was started already');
      const { host, layout } = session;
      const home = requireHome(session.home);
      requireSameWriters(host, layout);
      const { installId } = requireReceipt(host.disk, layout);
      const lock = await this.#lock(home);
      try {
        const journal = new Journal(session, home);
        await journal.note({});
        const desktop = this.#options.desktop ?? nativeDesktop(host);
        const { clock } = host;
        const signal = this.#options.signal ?? this.#stop.signal;
        const { networks } = desktop;
        const { lastCheck } = journal.record;
        // What waited is looked for again soon, whenever that check was.
        const last = lastCheck !== null && journal.wasWaiting ? { ...lastCheck, at: 0 } : lastCheck;
        const work = this.#duty(home, journal, desktop);
        this.#loop = this.#run(
          () => runLoop({ clock, networks, installId, last, work, signal }),
          journal,
          lock,
        );
        // `finished` reports it.
        this.#loop.catch(() => undefined);
      } catch (error) {
        lock.release();
        throw error;
      }
    });
  }

  /**
   * Waits until the service has ended: because it was stopped, or because it has installed an update, and with it maybe a new
   * updater. In the latter case the updater begins anew, as a new one, and does not return. On Windows it can't: there the Task
   * Scheduler starts it again.
   *
   * @throws UsageError if it was not started
   * @example
   * if ((await service.finished()) === 'updated') console.error('start me again');
   */
  finished(): Promise<'stopped' | 'updated'> {
    if (this.#loop === null) throw new UsageError('this service was not started');
    return this.#loop;
  }

  /**
   * Ends the service. A swap that is under way is finished first.
   *
   * @example
   * await service.stop();
   */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  /**
   * Checks now, and tells the user, downloads or installs, as the preferences say, without the schedule. What has to wait is left
   * to the service.
   *
   * @throws LockedError if a service runs for this home: it does that itself; DamagedError, UsageError or MachineError if the
   *   settings can't be understood
   * @example
   * await service.checkAndNotify();
   */
  checkAndNotify(): Promise<void> {
    const session = this.#session;
    return withErrors(session, async () => {
      const home = requireHome(session.home);
      const lock = await this.#lock(home);
      try {
        const desktop = this.#options.desktop ?? nativeDesktop(session.host);
        const duty = this.#duty(home, new Journal(session, home), desktop);
        loadPreferences(session.host, home);
        if (!duty.isOn()) return;
        await duty.check();
        await duty.proceed();
      } finally {
        lock.release();
      }
    });
  }

  /**
   * Returns whether the service runs and is installed, and what it has done and will do. Changes nothing.
   *
   * @throws MachineError, DamagedError if its record can't be read
   * @example
   * const { running, record } = await service.status();
   */
  status(): Promise<ServiceStatus> {
    const session = this.#session;
    return withErrors(session, async () => {
      const home = requireHome(session.home);
      const unit = this.#unit(home);
      return {
        running: isServiceRunning(session.host, home),
        installed: await isInstalled(session.host, unit),
        installable: hasUpdater(session),
        manager: unit.manager,
        definition: unit.file.temporary ? null : unit.file.path,
        lastCheck: lastCheckOf(session.host, home),
        record: serviceFile.load(session.host, home),
        problem: settingsProblem(session.host, home),
      };
    });
  }

  /**
   * Makes the system start the service now and at every login: a systemd user unit, a launchd agent, or a task of the Windows Task
   * Scheduler. Replaces an earlier definition.
   *
   * @throws UsageError if nothing is adopted here; MachineError if the service manager does not take it: then nothing is left of it
   * @example
   * const { definition } = await service.install();
   */
  install(): Promise<ServiceStatus> {
    const session = this.#session;
    return withErrors(session, async () => {
      const home = requireHome(session.home);
      requireSameWriters(session.host, session.layout);
      requireReceipt(session.host.disk, session.layout);
      await installUnit(session, this.#unit(home));
      return this.status();
    });
  }

  /**
   * Ends the service, makes the system forget it, and removes all that it has written. The installation stays as it is. That the
   * service manager does not answer is a `warning`.
   *
   * @returns whether a service still runs, which was started in another way; then its records are still there
   * @throws MachineError if something can't be removed
   * @example
   * const { running } = await service.uninstall();
   */
  uninstall(): Promise<{ running: boolean }> {
    const session = this.#session;
    return withErrors(session, async () => {
      const home = requireHome(session.home);
      const unit = this.#unit(home);
      const isEnding = await isInstalled(session.host, unit);
      const hung = await removeUnit(session.host, unit);
      const running = !(await removeRecords(session.host, home, isEnding && hung === null));
      if (hung !== null) {
        const { command, said } = hung;
        const typed = `\`${shellCommand(session.host.platform, command)}\``;
        const text = `The definition of the service is removed, but ${unit.manager} does not answer: ${said}. Type ${typed} once it does.`;
        this.#emit({ event: 'warning', text });
      }
      return { running };
    });
  }

  #duty(home: string, journal: Journal, desktop: Desktop): UpdateDuty {
    const options = { ...this.#options, onEvent: this.#emit };
    const around = { journal, desktop, emit: this.#emit };
    return new UpdateDuty({
      ...around,
      canBeginAnew: this.#session.host.processes.become !== null && this.#isUpdater(),
      session: this.#session,
      home,
      manager: new UpdateManager(options),
      healing: new SelfHealingSystem(options),
      messenger: new Messenger(this.#session, home, around),
    });
  }

  async #lock(home: string): Promise<Lock> {
    const { host } = this.#session;
    createDirectories(host.disk, home, pathsOf(host.platform).dirname);
    const lock = await lockWithPatience(host, serviceLock(host, home), PATIENCE);
    if (lock !== null) return lock;
    throw new LockedError(`a background service runs for ${home} already`, {
      advice: '`dgmo-updater service status` says what it does.',
    });
  }

  async #run(
    loop: () => Promise<'stopped' | 'over'>,
    journal: Journal,
    lock: Lock,
  ): Promise<'stopped' | 'updated'> {
    try {
      const ended = await loop();
      if (ended === 'over') await this.#beginAnew();
      await journal.note({ pid: 0 });
      return ended === 'over' && !this.#isStopped() ? 'updated' : 'stopped';
    } finally {
      lock.release();
    }
  }

  #isStopped(): boolean {
    return this.#options.signal?.aborted === true;
  }

  /**
   * In place of this process, which releases its lock. The updater may be a new one by now. Returns if that is not possible, or the
   * service is stopped.
   */
  async #beginAnew(): Promise<void> {
    const { processes, environment, workingDirectory } = this.#session.host;
    if (processes.become === null || !this.#isUpdater()) return;
    const [file, ...args] = this.#command();
    const { signal } = this.#options;
    try {
      await processes.become(file, args, {
        environment: childEnvironment(environment),
        workingDirectory,
        signal,
      });
    } catch (error) {
      if (!(error instanceof InterruptedError)) throw error;
    }
  }

  #isUpdater(): boolean {
    const { processes } = this.#session.host;
    return processes.executable(processes.pid) === this.#command()[0];
  }

  #unit(home: string): Unit {
    return serviceUnit(this.#session, home, this.#command());
  }

  #command(): [string, ...string[]] {
    return serviceCommand(this.#session, requireHome(this.#session.home), this.#options.options);
  }
}

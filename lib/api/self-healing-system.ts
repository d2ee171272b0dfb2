/** The plan's `SelfHealingSystem`. An installation is verified and repaired by it. */

import { DamagedError, MachineError } from '../errors.ts';
import { boolean } from '../format/decoder.ts';
import { callable, requireOptions } from '../format/inputs.ts';
import type { HealthIssue, HealthStatus } from '../health/index.ts';
import { executableDamage, requireNotReplaced, verifyInstall } from '../health/verify.ts';
import { areUpdatesOff } from '../home/decided.ts';
import { type InstallEvent, type Receipt, requireSameWriters, type Session } from '../install/index.ts';
import { harmless } from '../platform/listener.ts';
import type { UpdateContext } from '../update/context.ts';
import type { UpdateEvent } from '../update/events.ts';
import { FEED_FIELDS, type FeedOptions, openFeedContext } from './feed-context.ts';
import type { Diagnosis } from './health/finding.ts';
import { issuesLeft, leftToManager } from './health/of-package.ts';
import type { RepairResult } from './health/repair.ts';
import type { Situation } from './health/situation.ts';
import {
  ANY_FAILURE,
  INSTALL_FIELDS,
  type InstallOptions,
  look,
  openInstall,
  recoverFirst,
  withErrors,
} from './open-install.ts';

export interface SelfHealingOptions extends InstallOptions, FeedOptions {
  /** Called for each event of an operation, as it happens. */
  onEvent?(event: InstallEvent | UpdateEvent): void;
}

export interface RepairOptions {
  /** Use only what is on this machine. Default: false. */
  offline?: boolean | undefined;
}

export interface WatchOptions extends RepairOptions {
  /** Put right what can be. Default: false. */
  repair?: boolean | undefined;
}

/** The result of `watch`. */
export interface Watched {
  /** After the repair, if there was one. */
  health: HealthStatus;
  /** Null if nothing was repaired. */
  repaired: RepairResult | null;
}

export interface VerifyOptions {
  /**
   * Read every file. Otherwise a file is read only if its status has changed since it was last read, which takes
   * milliseconds but does not find what a failing drive changes. Default: false.
   */
  full?: boolean | undefined;
}

function isOffline(options: RepairOptions): boolean {
  requireOptions<RepairOptions>({ offline: boolean }, options);
  return options.offline === true;
}

/** What is in the place of a file of the updater is found, and moved aside. */
const ANY_KIND = { anyKind: true };

/**
 * Verifies an installation, and repairs it. Every method throws an UpdaterError that says what happened and what to do.
 *
 * @example
 * const { healthy, issues } = await new SelfHealingSystem().verify();
 * for (const { where, what } of issues) console.log(`${where}: ${what}`);
 */
export class SelfHealingSystem {
  readonly #session: Session;
  readonly #options: SelfHealingOptions;

  /** @throws UsageError if there is no such folder, or an option is of another type */
  constructor(options: SelfHealingOptions = {}) {
    requireOptions<SelfHealingOptions>({ ...INSTALL_FIELDS, ...FEED_FIELDS, onEvent: callable }, options);
    this.#options = options;
    this.#session = openInstall(options, options.onEvent, ANY_KIND);
  }

  /**
   * Checks everything that belongs to the installation: the executable, the updater, config, plugins, evolutions, permissions,
   * the trust store, the snapshots, the updater's own records, and what the shell starts. Changes nothing: what an
   * interrupted run left open is reported.
   *
   * @returns what was found; that something is damaged is a result, not an error
   * @throws InterruptedError
   * @example
   * const { healthy } = await health.verify({ full: true });
   */
  async verify(options: VerifyOptions = {}): Promise<HealthStatus> {
    requireOptions<VerifyOptions>({ full: boolean }, options);
    const how = options.full === true ? 'full' : 'quick';
    const session = this.#session;
    return look(session, async () => leftToManager(session, await verifyInstall(session, how)), ANY_KIND);
  }

  /**
   * Puts right what can be: reads everything, takes a snapshot, and replaces what is damaged from the nearest source that can
   * be verified: what is kept here, else the feed. Each thing is replaced as a whole, the executable by the same transaction
   * as an update. What is damaged of the user's own (config, plugins, settings) is kept beside, with the date in its name.
   *
   * @returns what was repaired, from where, and what is left; that something could not be repaired is a result, not an error
   * @throws BusyError if another updater is at work; MachineError if the folder of the install can't be changed;
   *   ManagedInstallError if a package manager owns the executable, and nothing else is to be repaired;
   *   InterruptedError, and what is already repaired stays so
   * @example
   * const { success, failed } = await health.repair();
   * for (const { issue, error } of failed) console.error(`${issue.where}: ${error}`);
   */
  repair(options: RepairOptions = {}): Promise<RepairResult> {
    return withErrors(this.#session, async () => {
      const offline = isOffline(options);
      await recoverFirst(this.#session, ANY_FAILURE, ANY_KIND);
      return this.#repair(offline, () => true);
    });
  }

  /**
   * What state the installation is in and what will help, for a person whose DGMO does not start. Works whatever is missing,
   * and changes nothing: what was interrupted is not finished or undone yet.
   *
   * @throws MachineError if the folder of the install can't be looked at; TrustError if its records can be written by others
   *   than the executable
   * @example
   * const { remedies } = await health.situation();
   * if (remedies[0] === 'repair') await health.repair();
   */
  situation(): Promise<Situation> {
    return withErrors(this.#session, async () => {
      requireSameWriters(this.#session.host, this.#session.layout, ANY_KIND);
      const { situationOf } = await import('./health/situation.ts');
      return situationOf(this.#session);
    });
  }

  /**
   * Looks at the whole installation and at its surroundings: versions, health, who owns it, PATH, space, locks, processor,
   * settings and who decided them, what happened last, proxy, network, clock. Changes nothing. No secrets are in the result.
   *
   * @param options.offline ask nothing of the network. Default: false
   * @example
   * const { overallStatus, checks } = await health.diagnose();
   */
  async diagnose(options: RepairOptions = {}): Promise<Diagnosis> {
    const offline = isOffline(options);
    return look(this.#session, async () => {
      const { diagnose } = await import('./health/doctor.ts');
      return diagnose(this.#session, this.#feed(offline));
    });
  }

  /**
   * For a service that watches over the installation: what has not been written since it was last read is not read again, but
   * everything is read once a week, because a failing drive changes bytes without a trace.
   *
   * @param options.repair put right what can be. Default: false
   * @returns what was found, and what was repaired; null if nothing had to be
   * @throws as `repair` does
   * @example
   * const { repaired } = await health.watch({ repair: true });
   */
  watch(options: WatchOptions = {}): Promise<Watched> {
    return withErrors(this.#session, async () => {
      requireOptions<WatchOptions>({ repair: boolean, offline: boolean }, options);
      const { repair = false, offline = false } = options;
      requireSameWriters(this.#session.host, this.#session.layout);
      const health = await leftToManager(this.#session, await verifyInstall(this.#session, 'watch'));
      const isOpen = health.issues.some(({ type }) => type === 'transaction_open');
      // Another updater may be at work on it.
      if (health.healthy || !repair || isOpen) return { health, repaired: null };
      const repaired = await this.#repair(offline, () => true);
      return { health: repaired.health, repaired };
    });
  }

  /**
   * What is wrong with the executable alone; null if nothing is. An update and a recovery begin with it.
   *
   * @throws MachineError if it can't be read
   * @example
   * if ((await health.executableDamage()) !== null) await health.repairExecutable();
   */
  executableDamage(): Promise<HealthIssue | null> {
    return withErrors(this.#session, async () => {
      await recoverFirst(this.#session, ANY_FAILURE);
      const damage = executableDamage(this.#session);
      return damage === null ? null : ((await issuesLeft(this.#session, [damage]))[0] ?? null);
    });
  }

  /**
   * Repairs the executable alone, as `repair` does. One that was replaced by another program, not damaged, is left as it is.
   *
   * @returns what was done; null if the executable is intact
   * @throws DamagedError if it can't be repaired, or was replaced by hand; MachineError if the disk is full; otherwise as `repair` does
   * @example
   * const result = await health.repairExecutable();
   * if (result !== null) console.log(`put back: ${result.sources[0]?.how}`);
   */
  repairExecutable(options: RepairOptions = {}): Promise<RepairResult | null> {
    return withErrors(this.#session, async () => {
      const offline = isOffline(options);
      await recoverFirst(this.#session, ANY_FAILURE);
      const damage = executableDamage(this.#session);
      if (damage === null) return null;
      const { requireUnmanaged } = await import('../install/ownership/owner.ts');
      await requireUnmanaged(this.#session);
      requireNotReplaced(this.#session);
      const { target, receipt } = this.#session.layout;
      const result = await this.#repair(offline, ({ where }) => where === target || where === receipt);
      const failure = result.failed.find(({ issue }) => issue.where === target);
      if (failure === undefined) return result;
      const Kind = failure.exitCode === 12 ? MachineError : DamagedError;
      throw new Kind(failure.error, failure.advice === null ? {} : { advice: failure.advice });
    });
  }

  async #repair(offline: boolean, concerns: (issue: HealthIssue) => boolean): Promise<RepairResult> {
    const { repairInstall } = await import('./health/repair.ts');
    return repairInstall(this.#session, { openFeed: this.#feed(offline), concerns });
  }

  /** Null: nothing is asked of the network. So it is, too, where updates are turned off for all. */
  #feed(offline: boolean): ((receipt: Receipt) => UpdateContext) | null {
    const { home, host } = this.#session;
    if (offline || ('folder' in home && areUpdatesOff(host, home.folder))) return null;
    return (receipt) => this.#openFeed(receipt);
  }

  /** Without a home the downloads are kept beside the executable, and only the compiled-in root is trusted. */
  #openFeed(receipt: Receipt): UpdateContext {
    const { home, layout } = this.#session;
    return openFeedContext(this.#session, this.#options, {
      home: 'folder' in home ? home.folder : layout.join(layout.workDir, 'home'),
      receipt,
      emit: harmless(this.#options.onEvent, 'onEvent'),
    });
  }
}

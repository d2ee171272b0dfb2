/**
 * What the background service does when its schedule says so: check, tell or download, install at a good moment, look after the
 * installation. Every change is made by the same methods that the user's commands call.
 */
import {
  BusyError,
  errorMessage,
  InterruptedError,
  ManagedInstallError,
  UpdaterError,
} from '../../errors.ts';
import type { HealthStatus } from '../../health/index.ts';
import { type Choices, choicesFile, NO_CHOICES } from '../../home/choices.ts';
import { loadPreferences, survey } from '../../home/decided.ts';
import type { Preferences } from '../../home/preferences.ts';
import { receiptUnlessDamaged, type Session } from '../../install/index.ts';
import type { Desktop, Supply } from '../../platform/desktop/desktop.ts';
import type { Host } from '../../platform/host.ts';
import { NetworkFailure } from '../../platform/network/network.ts';
import { askedWith, mayFindOther } from '../../service/asked.ts';
import { type Obstacle, obstacleToDownload, obstacleToInstall, wishFor } from '../../service/decision.ts';
import type { ServiceEvent } from '../../service/events.ts';
import type { Work } from '../../service/loop.ts';
import type { CheckEnd, LastCheck } from '../../service/schedule.ts';
import type { CheckResult, UpdateInfo, UpdatePackage } from '../../update/check/update-info.ts';
import type { SelfHealingSystem } from '../self-healing-system.ts';
import type { UpdateManager } from '../update-manager.ts';
import { IdleWatch } from './idle-watch.ts';
import type { Journal } from './journal.ts';
import type { Messenger } from './messenger.ts';

/** Downloads leave room for others: 2 MiB per second. */
const POLITE = { maximumSpeed: 2 << 20 };
/** Milliseconds between two looks at whether an obstacle is gone. DGMO may end at any moment, and be started again. */
const LOOK_AGAIN = 60_000;
const LOOK_AGAIN_RUNNING = 5000;
/** What the system says of its power and network is asked this often. */
const SUPPLY_PAUSE = 5 * 60_000;
const FIRST_RETRY = 15 * 60_000;

interface Pending {
  update: UpdateInfo;
  downloaded: UpdatePackage | null;
  obstacle: Obstacle | null;
  since: number;
  /** Downloads that failed in a row, and when to try again, by the clock that never runs backwards. */
  failures: number;
  notBefore: number;
}

export interface DutyOptions {
  session: Session;
  home: string;
  manager: UpdateManager;
  healing: SelfHealingSystem;
  desktop: Desktop;
  journal: Journal;
  messenger: Messenger;
  /** Whether this process can begin anew when nothing is left to do: a check leaves memory behind that is not needed again. */
  canBeginAnew: boolean;
  emit(event: ServiceEvent): void;
}

export class UpdateDuty implements Work {
  readonly #options: DutyOptions;
  readonly #idle: IdleWatch;
  #pending: Pending | null = null;
  #supply: { at: number; value: Supply } | null = null;
  #updated = false;
  #checked = false;

  constructor(options: DutyOptions) {
    this.#options = options;
    this.#idle = new IdleWatch(options.session, options.home, options.desktop);
  }

  isOn(): boolean {
    const preferences = this.#preferences();
    return preferences !== null && turnedOffBy(preferences) === null;
  }

  mayFindOther(): boolean {
    const preferences = this.#preferences();
    const { asked } = this.#options.journal.record;
    return preferences !== null && mayFindOther(asked, preferences, this.#choices());
  }

  isOver(): boolean {
    return this.#updated || (this.#checked && this.#pending === null && this.#options.canBeginAnew);
  }

  async scheduled(lastCheck: LastCheck | null, nextCheck: number | null): Promise<void> {
    const { journal, emit } = this.#options;
    const at = nextCheck === null ? null : Math.round(nextCheck);
    const preferences = this.#preferences();
    const off = preferences === null ? null : turnedOffBy(preferences);
    const problem = settingsProblem(this.#options.session.host, this.#options.home);
    // The process that goes on says it, unless it was said before an update.
    const isSaid = this.isOver() || (problem === null && !journal.isNextCheckNew(at));
    if (!isSaid) emit({ event: 'next check', at: nextCheck, off, problem });
    await journal.noteSchedule({ lastCheck, nextCheck: at }, !isSaid);
  }

  async check(): Promise<CheckEnd> {
    const { journal } = this.#options;
    const preferences = this.#preferences();
    // What a check that fails would have found is not known; it is made again by the schedule.
    if (preferences !== null) await journal.note({ asked: askedWith(preferences, this.#choices(), true) });
    const end = await this.#checkAndNotify();
    await this.#monitor();
    this.#checked = true;
    return end;
  }

  /** Looks for an update, and installs it or tells the user, as the preferences say. */
  async #checkAndNotify(): Promise<CheckEnd> {
    const { emit } = this.#options;
    try {
      const { update, isMajor } = await this.#offered();
      const preferences = this.#preferences();
      const wish =
        update === null || preferences === null ? 'leave' : isMajor ? 'tell' : wishFor(preferences, update);
      if (update !== null && wish === 'install') await this.#autoUpdate(update);
      else await this.#setPending(null);
      if (update !== null && wish === 'tell') await this.#notifyUser(update);
      emit({ event: 'checked', update: update?.version ?? null, failure: null });
      return { ended: 'well' };
    } catch (error) {
      if (!(error instanceof UpdaterError)) throw error;
      if (!(error instanceof InterruptedError))
        emit({ event: 'checked', update: null, failure: error.message });
      const isFailure = error instanceof NetworkFailure;
      return {
        ended: 'failed',
        passing: error instanceof BusyError || (isFailure && error.passing),
        retryAfter: isFailure ? error.retryAfter : null,
      };
    }
  }

  /** What may be installed without asking; else what the user may decide on, such as a new major version. */
  async #offered(): Promise<{ update: UpdateInfo | null; isMajor: boolean }> {
    const { manager } = this.#options;
    const autoUpdate = this.#preferences()?.autoUpdate;
    const asker = autoUpdate === 'all' || autoUpdate === 'security' ? 'unattended' : 'notice';
    const found = await manager.check({ recover: true, for: asker });
    await this.#noteNewer(found);
    if (found.update !== null || asker === 'notice' || !isMajorHeld(found))
      return { update: found.update, isMajor: false };
    const { update } = await manager.check({ for: 'notice' });
    return { update, isMajor: true };
  }

  async #noteNewer({ update, held }: CheckResult): Promise<void> {
    const { journal } = this.#options;
    const { asked } = journal.record;
    const newer = update !== null || held.length > 0;
    if (asked !== null && asked.newer !== newer) await journal.note({ asked: { ...asked, newer } });
  }

  /** The download begins with the next step. One of the same version goes on. */
  async #autoUpdate(update: UpdateInfo): Promise<void> {
    const { clock } = this.#options.session.host;
    const { version, release } = update;
    const before = this.#pending;
    const isSame = before?.update.release.binary.sha256 === release.binary.sha256;
    if (before !== null && isSame && before.update.version === version) return;
    await this.#setPending({
      ...{ update, downloaded: null, obstacle: null, since: clock.now() },
      ...{ failures: 0, notBefore: 0 },
    });
  }

  async proceed(): Promise<number | null> {
    const pending = this.#pending;
    if (pending === null) return null;
    const preferences = this.#preferences();
    if (preferences === null || !this.#isStillWanted(pending.update, preferences)) {
      await this.#setPending(null);
      return null;
    }
    if (this.#options.session.host.clock.monotonic() < pending.notBefore) return null;
    try {
      if (pending.downloaded === null) {
        const obstacle = obstacleToDownload(preferences, await this.#askSupply());
        if (obstacle !== null) return await this.#waits(pending, obstacle);
        const downloaded = await this.#options.manager.downloadUpdate(pending.update, { limits: POLITE });
        await this.#setPending({ ...pending, downloaded, obstacle: null, failures: 0 });
        return await this.#scheduleUpdate({ ...pending, downloaded }, downloaded, preferences);
      }
      return await this.#scheduleUpdate(pending, pending.downloaded, preferences);
    } catch (error) {
      return this.#failed(pending, error);
    }
  }

  /** The user may have changed their mind since the check. */
  #isStillWanted(update: UpdateInfo, preferences: Preferences): boolean {
    const { session, home } = this.#options;
    if (!preferences.updates || wishFor(preferences, update) !== 'install') return false;
    if (preferences.pin !== null && preferences.pin !== update.version) return false;
    const { skipped, rolledBack, remindAfter } = choicesFile.load(session.host, home);
    const isPutOff = remindAfter !== null && session.host.clock.now() < remindAfter;
    const isLeft = rolledBack.some(({ version }) => version === update.version);
    return update.mandatory || !(isPutOff || isLeft || skipped.includes(update.version));
  }

  /** Installs it if the moment is good. Returns how soon to look again; null: it is done. */
  async #scheduleUpdate(
    pending: Pending,
    downloaded: UpdatePackage,
    preferences: Preferences,
  ): Promise<number | null> {
    const { session, manager, messenger } = this.#options;
    const { clock, localOffset } = session.host;
    const now = clock.now();
    const localTime = now + localOffset(now);
    const obstacle =
      obstacleToInstall(preferences, { localTime, onBattery: null, isIdle: true }) ??
      obstacleToInstall(preferences, {
        localTime,
        isIdle: await this.#idle.isIdle(),
        onBattery: (await this.#askSupply()).onBattery,
      });
    if (obstacle !== null) return this.#waits(pending, obstacle);
    const applied = await manager.applyUpdate(downloaded, { relaunch: false, limits: POLITE });
    await this.#setPending(null);
    if (!applied.changed) return null;
    this.#updated = true;
    const { from, to } = applied;
    await messenger.tell({ kind: 'installed', version: to.version, from: from.version, reason: null });
    return null;
  }

  async #waits(pending: Pending, obstacle: Obstacle): Promise<number> {
    const { emit, messenger } = this.#options;
    const { version, currentVersion } = pending.update;
    if (pending.obstacle !== obstacle) {
      await this.#setPending({ ...pending, obstacle });
      emit({ event: 'update waits', version, obstacle });
      if (obstacle === 'running')
        await messenger.tell({ kind: 'waiting', version, from: currentVersion, reason: null });
    }
    return obstacle === 'running' ? LOOK_AGAIN_RUNNING : LOOK_AGAIN;
  }

  /** What may pass is tried again. Otherwise the user is told, as if nothing were installed by itself. */
  async #failed(pending: Pending, error: unknown): Promise<number | null> {
    if (!(error instanceof UpdaterError)) throw error;
    if (error instanceof InterruptedError) return null;
    if (error instanceof BusyError) return LOOK_AGAIN;
    const { clock } = this.#options.session.host;
    if (error instanceof NetworkFailure && error.passing) {
      const pause = Math.max(error.retryAfter ?? 0, FIRST_RETRY * 2 ** Math.min(pending.failures, 10));
      const notBefore = clock.monotonic() + pause;
      await this.#setPending({ ...pending, failures: pending.failures + 1, notBefore });
      return null;
    }
    await this.#setPending(null);
    const { version, currentVersion } = pending.update;
    const reason = errorMessage(error);
    await this.#options.messenger.tell({ kind: 'failed', version, from: currentVersion, reason });
    return null;
  }

  async #notifyUser({ version, currentVersion, managedBy }: UpdateInfo): Promise<void> {
    const reason = managedBy?.command ?? null;
    await this.#options.messenger.tell({ kind: 'available', version, from: currentVersion, reason });
  }

  /** Brings the updater of the installed release, if it could not be downloaded with that. What fails is tried after the next check. */
  async #completeUpdater({ issues }: HealthStatus): Promise<void> {
    const { manager } = this.#options;
    const preferences = this.#preferences();
    if (!issues.some(({ type }) => type === 'updater_outdated')) return;
    if (preferences === null || preferences.autoUpdate === 'manual') return;
    if (obstacleToDownload(preferences, await this.#askSupply()) !== null) return;
    try {
      await manager.completeUpdater({ limits: POLITE });
      // So that the new one goes on.
      this.#updated = true;
    } catch (error) {
      if (!(error instanceof UpdaterError) || error instanceof InterruptedError) throw error;
    }
  }

  /** Verifies the installation. A damaged executable is put back, unless the user wants to do everything themselves. */
  async #monitor(): Promise<void> {
    const { session, healing, journal } = this.#options;
    const { host, layout } = session;
    try {
      const { health } = await healing.watch();
      await this.#completeUpdater(health);
      const damage = health.issues.filter(({ severity }) => severity === 'damage');
      await journal.note({
        health: { at: host.clock.now(), healthy: health.healthy, issues: damage.length },
      });
      if (damage.length === 0) {
        await journal.forget('damaged ');
        return await journal.forget('repaired ');
      }
      const [first] = damage;
      const repaired =
        this.#preferences()?.autoUpdate !== 'manual' &&
        damage.some(({ type }) => type === 'binary_corruption') &&
        (await this.#putBack());
      const more = damage.length > 1 ? `, and ${damage.length - 1} more` : '';
      if (repaired) await this.#tellHealth('repaired', `${layout.target} was damaged, and was put back`);
      else await this.#tellHealth('damaged', `${first?.where}: ${first?.what}${more}`);
    } catch (error) {
      if (!(error instanceof UpdaterError)) throw error;
      // Another updater may be at work.
      if (!(error instanceof BusyError || error instanceof InterruptedError))
        await this.#tellHealth('damaged', error.message);
    }
  }

  /** Whether the executable was put back. One that a package manager owns is left to that. */
  async #putBack(): Promise<boolean> {
    try {
      return (await this.#options.healing.repairExecutable()) !== null;
    } catch (error) {
      if (error instanceof ManagedInstallError) return false;
      throw error;
    }
  }

  async #tellHealth(kind: 'damaged' | 'repaired', reason: string): Promise<void> {
    const { session, messenger } = this.#options;
    const version = receiptUnlessDamaged(session.host.disk, session.layout)?.binary.version ?? '0.0.0';
    await messenger.tell({ kind, version, from: null, reason }, reason);
  }

  /** Null if they can't be read: then nobody knows what the user wants. */
  #preferences(): Preferences | null {
    try {
      return loadPreferences(this.#options.session.host, this.#options.home);
    } catch (error) {
      if (!(error instanceof UpdaterError)) throw error;
      return null;
    }
  }

  /** Those that can't be read are reported by the check. */
  #choices(): Choices {
    try {
      return choicesFile.load(this.#options.session.host, this.#options.home);
    } catch (error) {
      if (!(error instanceof UpdaterError)) throw error;
      return NO_CHOICES;
    }
  }

  async #askSupply(): Promise<Supply> {
    const now = this.#options.session.host.clock.monotonic();
    if (this.#supply === null || now - this.#supply.at >= SUPPLY_PAUSE)
      this.#supply = { at: now, value: await this.#options.desktop.supply() };
    return this.#supply.value;
  }

  async #setPending(pending: Pending | null): Promise<void> {
    const before = this.#options.journal.record.pending;
    this.#pending = pending;
    const noted =
      pending === null
        ? null
        : {
            version: pending.update.version,
            downloaded: pending.downloaded !== null,
            obstacle: pending.obstacle,
            since: pending.since,
          };
    if (!Bun.deepEquals(before, noted)) await this.#options.journal.note({ pending: noted });
  }
}

/** What can't be understood of the settings, and what to do about it, in sentences; null if all can. */
export function settingsProblem(host: Host, home: string): string | null {
  const [fault] = survey(host, home).faults;
  return fault === undefined ? null : `${fault.message}. ${fault.advice ?? ''}`.trimEnd();
}

/** The setting that turns checks off; null if none does. */
function turnedOffBy({ updates, autoUpdate }: Preferences): 'updates' | 'autoUpdate' | null {
  if (!updates) return 'updates';
  return autoUpdate === 'off' ? 'autoUpdate' : null;
}

function isMajorHeld({ held }: CheckResult): boolean {
  return held.some(({ why }) => why === 'major');
}

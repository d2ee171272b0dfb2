/** The plan's `UpdateManager`: the only way in which updates are looked for, downloaded and installed. */
import { choicesFile, withSkipped } from '../home/choices.ts';
import { requireHome } from '../home/folder.ts';
import {
  type PreferenceKey,
  type Preferences,
  preferencesFile,
  withPreference,
} from '../home/preferences.ts';
import { type Applied, type InstallEvent, requireReceipt, type Session } from '../install/index.ts';
import { nativeNetwork } from '../platform/network/native.ts';
import type { Network, NetworkSettings } from '../platform/network/network.ts';
import { type CheckOptions, check } from '../update/check/check.ts';
import type { CheckResult, UpdateInfo, UpdatePackage } from '../update/check/update-info.ts';
import { openContext, type UpdateContext } from '../update/context.ts';
import { downloadPackages, fullRoute, type PackageOptions } from '../update/download/download-packages.ts';
import type { UpdateEvent } from '../update/events.ts';
import { applyPackages } from './apply.ts';
import {
  type ApplyOptions,
  type ApplyPackageOptions,
  requestOf,
  requireChosen,
  requireWordForDowngrade,
} from './apply-options.ts';
import {
  ANY_FAILURE,
  type InstallOptions,
  NO_FAILURE,
  openInstall,
  recoverFirst,
  withErrors,
} from './open-install.ts';
import { handOverCommand, type RestartCommand, type RestartNotice, restartNotice } from './restart.ts';

export interface UpdateManagerOptions extends InstallOptions {
  /** Address of the feed, in place of the configured one. */
  feed?: string | undefined;
  /** PEM file with authorities to trust besides the built-in ones. */
  caFile?: string | undefined;
  /** Plain http to other hosts than loopback. */
  allowPlainHttp?: boolean | undefined;
  /** What happens, as it happens. */
  onEvent?(event: InstallEvent | UpdateEvent): void;
  /** @internal How the network is opened; for tests. */
  network?(settings: NetworkSettings): Network;
}

/**
 * Looks for updates, downloads and installs them.
 *
 * The executable is swapped while DGMO runs: what runs goes on, and the next start is the new version. Every method throws
 * an UpdaterError that says what happened and what to do; a failed check is never taken for "nothing new".
 *
 * @example
 * const manager = new UpdateManager();
 * const update = await manager.checkForUpdates();
 * if (update !== null) await manager.applyUpdate(await manager.downloadUpdate(update));
 */
export class UpdateManager {
  readonly #options: UpdateManagerOptions;
  readonly #session: Session;

  /** @throws UsageError if there is no such folder */
  constructor(options: UpdateManagerOptions = {}) {
    this.#options = options;
    this.#session = openInstall(options, (event) => options.onEvent?.(event));
  }

  /**
   * What is offered to this installation; null: nothing.
   *
   * @throws as `check` does
   * @example
   * const update = await manager.checkForUpdates();
   * console.log(update === null ? 'nothing new' : `${update.version}, ${update.downloadSize} bytes`);
   */
  async checkForUpdates(options: CheckOptions = {}): Promise<UpdateInfo | null> {
    return (await this.check(options)).update;
  }

  /**
   * The same with all that is known: what is held back and why, and whether the installed version was revoked. Changes
   * nothing but caches.
   *
   * @param options.version only this version, older or newer
   * @param options.channel in place of the configured channel
   * @throws TrustError, DamagedError, MachineError, NetworkError; UsageError if no feed is known or it has no such
   *   version; PolicyError if the version may not be installed
   * @example
   * const { held } = await manager.check();
   * for (const { version, why } of held) console.log(`${version} is held back: ${why}`);
   */
  check(options: CheckOptions = {}): Promise<CheckResult> {
    return withErrors(this.#session, async () => {
      await recoverFirst(this.#session, ANY_FAILURE);
      return check(this.#context(), options);
    });
  }

  /**
   * Downloads the packages of an update into the cache, by the route with the fewest bytes that works. What was downloaded
   * before is not downloaded again.
   *
   * @param options.limits limits of time and speed
   * @throws NetworkError, DamagedError, TrustError, MachineError, BusyError, InterruptedError; PolicyError if the feed
   *   has no package for this installation
   * @example
   * const { files } = await manager.downloadUpdate(update);
   */
  downloadUpdate(update: UpdateInfo, options: PackageOptions = {}): Promise<UpdatePackage> {
    return withErrors(this.#session, () => downloadPackages(this.#context(), update, options));
  }

  /**
   * Installs what was downloaded; if the patches turn out not to fit, downloads and installs the full binary.
   *
   * @throws RevertedError if the new version did not work: the old one is back. PolicyError if the update is a way back
   *   and `allowDowngrade` was not given. Else as `applyPackage` does
   * @example
   * const { to, changed } = await manager.applyUpdate(downloaded);
   */
  applyUpdate(downloaded: UpdatePackage, options: ApplyOptions & PackageOptions = {}): Promise<Applied> {
    return withErrors(this.#session, async () => {
      const { update, files, route } = downloaded;
      requireWordForDowngrade(update, options);
      requireChosen(downloaded);
      await recoverFirst(this.#session, NO_FAILURE);
      const context = this.#context();
      const full = fullRoute(update, route);
      const fallback = full === null ? null : { context, update, route: full, options };
      const noWait = options.waitFor === undefined;
      return applyPackages(this.#session, {
        ...requestOf(options),
        ...{ packages: files, route, fallback, noWait },
      });
    });
  }

  /**
   * Installs a package that is on this machine already: no network is needed.
   *
   * @param packages paths of `.dgmopkg` files: the last one brings the release, those before it lend their patches
   * @throws TrustError, DamagedError, PolicyError; MachineError; BusyError if another updater is at work or DGMO does not
   *   exit; RevertedError if the new version did not work, UnrecoverableError if the old one does not either;
   *   InterruptedError. After each but UnrecoverableError the old version is in place, and DGMO has been started again if
   *   it had been waited for
   * @example
   * await manager.applyPackage(['/mnt/usb/dgmo-2.0.0.dgmopkg'], { noWait: true });
   */
  applyPackage(packages: readonly string[], options: ApplyPackageOptions = {}): Promise<Applied> {
    return applyPackages(this.#session, {
      ...requestOf(options),
      ...{ packages, route: null, fallback: null, noWait: options.noWait === true },
    });
  }

  /**
   * After `applyUpdate`: asks the user by way of `notify`, and returns what to start (for example with
   * `process.execve`); null: later.
   *
   * @param args for the new DGMO, such as the id of the session to resume
   * @throws UsageError if nothing is installed here
   * @example
   * const command = await manager.scheduleRestart(askTheUser, ['--session', id]);
   * if (command !== null) process.execve(command.file, [command.file, ...command.args], process.env);
   */
  async scheduleRestart(
    notify: (notice: RestartNotice) => Promise<'restart' | 'defer'>,
    args: readonly string[] = [],
  ): Promise<RestartCommand | null> {
    const answer = await notify(restartNotice(this.#session.app, this.#receipt().binary.version));
    return answer === 'restart' ? { file: this.#session.layout.target, args: [...args] } : null;
  }

  /**
   * Instead of `applyUpdate`: the command of the updater that waits for this process to exit, swaps, and starts DGMO again.
   * On POSIX replace this process by it (`process.execve`), so that DGMO keeps its terminal; elsewhere spawn it, detached,
   * and exit.
   *
   * @throws UsageError if nothing was downloaded; PolicyError if the update is a way back and `allowDowngrade` was not given
   * @example
   * const { file, args } = manager.handOver(downloaded, { args: ['--session', id] });
   * process.execve(file, [file, ...args], process.env);
   */
  handOver(
    downloaded: UpdatePackage,
    options: Pick<ApplyOptions, 'evolutions' | 'allowDowngrade' | 'args'> = {},
  ): RestartCommand {
    requireWordForDowngrade(downloaded.update, options);
    requireChosen(downloaded);
    return handOverCommand(this.#session, downloaded, options);
  }

  /**
   * Never offers that version again; `update --version` still reaches it.
   *
   * @throws UsageError if it is no version
   */
  async skipVersion(version: string): Promise<void> {
    const { host } = this.#session;
    await choicesFile.change(host, this.#home(), (choices) => withSkipped(choices, version));
  }

  /** Offers nothing for that many milliseconds. */
  async remindLater(milliseconds: number): Promise<void> {
    const { host } = this.#session;
    const remindAfter = host.clock.now() + milliseconds;
    await choicesFile.change(host, this.#home(), (choices) => ({ ...choices, remindAfter }));
  }

  /** @throws DamagedError if the file is damaged, MachineError if it can't be read */
  preferences(): Preferences {
    return preferencesFile.load(this.#session.host, this.#home());
  }

  /**
   * Changes some of the preferences.
   *
   * @returns all of them, as they are now
   * @throws UsageError if a value is not valid
   */
  setPreferences(changes: Partial<Omit<Preferences, 'schema'>>): Promise<Preferences> {
    return preferencesFile.change(this.#session.host, this.#home(), (now) => ({ ...now, ...changes }));
  }

  /**
   * Changes one of the preferences, as it is typed on the command line.
   *
   * @returns all of them, as they are now
   * @throws UsageError if the value is not valid
   * @example
   * await manager.setPreferenceText('channel', 'beta');
   */
  setPreferenceText(key: PreferenceKey, text: string): Promise<Preferences> {
    return preferencesFile.change(this.#session.host, this.#home(), (now) => withPreference(now, key, text));
  }

  #home(): string {
    return requireHome(this.#session.home);
  }

  #receipt() {
    return requireReceipt(this.#session.host.disk, this.#session.layout);
  }

  /** Anew each time: another process may have updated, or changed the preferences. */
  #context(): UpdateContext {
    const { network = nativeNetwork, feed, caFile, allowPlainHttp, signal, onEvent } = this.#options;
    return openContext({
      session: this.#session,
      settings: this.#session.settings,
      home: this.#home(),
      preferences: this.preferences(),
      receipt: this.#receipt(),
      network,
      feed,
      caFile,
      allowPlainHttp,
      emit: (event) => onEvent?.(event),
      signal,
    });
  }
}

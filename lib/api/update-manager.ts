/** The plan's `UpdateManager`. All updates are checked for, downloaded and installed by it. */

import { array, boolean, decodeInput, nullable, oneOf } from '../format/decoder.ts';
import {
  amount,
  callable,
  type Fields,
  fieldsOf,
  requireOptions,
  wordList,
  words,
} from '../format/inputs.ts';
import { choicesFile, postponement, withoutSkipped, withSkipped } from '../home/choices.ts';
import {
  type Decided,
  loadPreferences,
  requireOwnDecision,
  requireUpdatesOn,
  survey,
} from '../home/decided.ts';
import { requireHome } from '../home/folder.ts';
import { type PreferenceKey, preferenceKey, withPreference, withValue } from '../home/preference-text.ts';
import { DEFAULT_PREFERENCES, type Preferences } from '../home/preferences.ts';
import { requireSeparateFolders } from '../home/snapshot-choices.ts';
import {
  type Applied,
  continueAsTarget,
  type InstallEvent,
  requireReceipt,
  requireSameWriters,
  type Session,
} from '../install/index.ts';
import { harmless } from '../platform/listener.ts';
import { type CheckOptions, check } from '../update/check/check.ts';
import type { CheckResult, UpdateInfo, UpdatePackage } from '../update/check/update-info.ts';
import type { UpdateContext } from '../update/context.ts';
import type { PackageOptions } from '../update/download/download-packages.ts';
import type { DownloadLimits } from '../update/download/limits.ts';
import type { UpdateEvent } from '../update/events.ts';
import { baselineOf, targetOf } from '../version/index.ts';
import { version as semanticVersion } from '../version/semver.ts';
import type { FeedRoute } from './apply.ts';
import {
  APPLY_FIELDS,
  type ApplyOptions,
  type ApplyPackageOptions,
  requestOf,
  requireChosen,
  requireConsentToDowngrade,
} from './apply-options.ts';
import { FEED_FIELDS, type FeedOptions, openFeedContext } from './feed-context.ts';
import {
  ANY_FAILURE,
  INSTALL_FIELDS,
  type InstallOptions,
  look,
  NO_FAILURE,
  openInstall,
  recoverFirst,
  withErrors,
} from './open-install.ts';
import { handOverCommand, type RestartCommand, type RestartNotice, restartNotice } from './restart.ts';

export interface RecoverOptions {
  /** First finish or undo what an interrupted run left open. Default: false. */
  recover?: boolean | undefined;
}

export interface UpdateManagerOptions extends InstallOptions, FeedOptions {
  /**
   * Called for each event of an operation, as it happens. It can't stop the operation (`signal` can): the first error that it
   * throws, or that its promise rejects with, is reported as a warning of the process (`process.on('warning', ...)`).
   */
  onEvent?(event: InstallEvent | UpdateEvent): void;
}

const CHECK_FIELDS: Fields<CheckOptions & RecoverOptions> = {
  ...{ version: words, channel: words, again: boolean, notes: boolean, recover: boolean },
  for: oneOf('user', 'notice', 'unattended'),
};

const PACKAGE_FIELDS: Fields<PackageOptions> = {
  limits: fieldsOf<Partial<DownloadLimits>>({
    idleTimeout: amount('milliseconds'),
    minimumSpeed: amount('bytes per second'),
    speedWindow: amount('milliseconds'),
    maximumSpeed: nullable(amount('bytes per second')),
    totalTime: amount('milliseconds'),
    attempts: amount('attempts'),
    progressBytes: amount('bytes'),
    firstPause: amount('milliseconds'),
    longestPause: amount('milliseconds'),
  } satisfies Fields<DownloadLimits>),
};

const UPDATE = fieldsOf<UpdateInfo>(
  {
    ...{ version: words, currentVersion: words, direction: oneOf('forward', 'back') },
    routes: array(fieldsOf({ packages: array(fieldsOf({}), 0, 1000) }, 'a route', ['packages']), 0, 1000),
    manifest: fieldsOf({}),
  },
  'what `checkForUpdates` returned',
  ['version', 'currentVersion', 'direction', 'routes', 'manifest'],
);

const DOWNLOADED = fieldsOf<UpdatePackage>(
  { update: UPDATE, files: wordList, route: words },
  'what `downloadUpdate` returned',
  ['update', 'files', 'route'],
);

/**
 * Checks for updates, downloads and installs them.
 *
 * The executable is replaced while DGMO runs. The running DGMO goes on, and the next start runs the new version. Every method
 * throws an UpdaterError that says what happened and what to do. A failed check never looks like "nothing new".
 *
 * @example
 * const manager = new UpdateManager();
 * const update = await manager.checkForUpdates();
 * if (update !== null) await manager.applyUpdate(await manager.downloadUpdate(update));
 */
export class UpdateManager {
  readonly #options: UpdateManagerOptions;
  readonly #session: Session;

  /** @throws UsageError if there is no such folder, or an option is of another type */
  constructor(options: UpdateManagerOptions = {}) {
    requireOptions<UpdateManagerOptions>({ ...INSTALL_FIELDS, ...FEED_FIELDS, onEvent: callable }, options);
    this.#options = options;
    this.#session = openInstall(options, options.onEvent);
  }

  /**
   * Returns the update that is offered to this installation; null if there is none.
   *
   * @param options as for `check`
   * @throws as `check` does
   * @example
   * const update = await manager.checkForUpdates();
   * console.log(update === null ? 'nothing new' : `${update.version}, ${update.downloadSize} bytes`);
   */
  async checkForUpdates(options: CheckOptions & RecoverOptions = {}): Promise<UpdateInfo | null> {
    return (await this.check(options)).update;
  }

  /**
   * Like `checkForUpdates`, but returns everything that is known: also which versions are held back and why, and whether the
   * installed version was revoked. Changes nothing but caches.
   *
   * @param options.version look for this version, older or newer
   * @param options.channel look in this channel. Default: the configured one
   * @param options.recover first finish or undo what an interrupted run left open. Default: false, which reports it only
   * @throws TrustError, DamagedError, MachineError, NetworkError; UsageError if no feed is known or it has no such
   *   version; PolicyError if the version may not be installed
   * @example
   * const { held } = await manager.check();
   * for (const { version, why } of held) console.log(`${version} is held back: ${why}`);
   */
  async check(wish: CheckOptions & RecoverOptions = {}): Promise<CheckResult> {
    requireOptions(CHECK_FIELDS, wish);
    const { recover = false, ...options } = wish;
    if (recover) await withErrors(this.#session, () => recoverFirst(this.#session, ANY_FAILURE));
    return look(this.#session, () => check(this.#context(), options));
  }

  /**
   * Downloads the packages of an update into the cache, by the route with the fewest bytes that works. What is already in the
   * cache is not downloaded again.
   *
   * @param update from `checkForUpdates` or `check`
   * @param options.limits limits of time (milliseconds) and speed (bytes per second)
   * @returns the paths of the packages, for `applyUpdate`
   * @throws MachineError if there is no room for the update, or this user may not make it; ManagedInstallError if a package
   *   manager has to. Then nothing was downloaded. NetworkError, DamagedError, TrustError, BusyError, InterruptedError;
   *   PolicyError if the feed has no package for this installation
   * @example
   * const { files } = await manager.downloadUpdate(update);
   */
  downloadUpdate(update: UpdateInfo, options: PackageOptions = {}): Promise<UpdatePackage> {
    return withErrors(this.#session, async () => {
      decodeInput(UPDATE, update, 'update');
      requireOptions(PACKAGE_FIELDS, options);
      const { downloadUpdate } = await import('./steps/download-update.ts');
      return downloadUpdate(this.#session, () => this.#context(), { update, options });
    });
  }

  /**
   * Installs what was downloaded. If the patches turn out not to fit, it downloads and installs the full binary.
   *
   * @param downloaded from `downloadUpdate`
   * @throws RevertedError if the new version did not work, and the old one is back; PolicyError if the version is older and
   *   `allowDowngrade` was not given; otherwise as `applyPackage` does
   * @example
   * const { to, changed } = await manager.applyUpdate(downloaded);
   */
  applyUpdate(downloaded: UpdatePackage, options: ApplyOptions & PackageOptions = {}): Promise<Applied> {
    return withErrors(this.#session, async () => {
      const { update, files, route } = decodeInput(DOWNLOADED, downloaded, 'downloaded');
      requireOptions<ApplyOptions & PackageOptions>({ ...APPLY_FIELDS, ...PACKAGE_FIELDS }, options);
      requireConsentToDowngrade(update, options);
      requireChosen(downloaded);
      await recoverFirst(this.#session, NO_FAILURE);
      const context = this.#context();
      const { applyPackages } = await import('./apply.ts');
      const { fullRoute } = await import('../update/download/download-packages.ts');
      const full = fullRoute(update, route);
      const fallback = full === null ? null : { context, update, route: full, options };
      const noWait = options.waitFor === undefined;
      return applyPackages(this.#session, {
        ...requestOf(options),
        ...{ packages: files, route, fallback, noWait, baseline: this.#baseline(options) },
      });
    });
  }

  /**
   * Brings the updater of the installed release, if it could not be downloaded with that. An installed one that is newer stays.
   *
   * @param options.limits limits of time (milliseconds) and speed (bytes per second)
   * @returns its version; null if it is there already, or the release brings none
   * @throws as `downloadUpdate` does
   * @example
   * const version = await manager.completeUpdater();
   */
  completeUpdater(options: PackageOptions = {}): Promise<string | null> {
    return withErrors(this.#session, async () => {
      requireOptions(PACKAGE_FIELDS, options);
      const { completeUpdater } = await import('./steps/download-update.ts');
      return completeUpdater(this.#context(), options);
    });
  }

  /**
   * Installs a package that is already on this machine. Needs no network.
   *
   * @param packages paths of `.dgmopkg` files: the last one holds the release, those before it the first patches of a chain
   * @throws TrustError, DamagedError, PolicyError, MachineError; BusyError if another updater is at work or DGMO does not
   *   exit; RevertedError if the new version did not work; UnrecoverableError if the old one does not work either;
   *   InterruptedError. Except after UnrecoverableError the old version is in place, and DGMO has been started again if the
   *   update waited for it
   * @example
   * await manager.applyPackage(['/mnt/usb/dgmo-2.0.0.dgmopkg'], { noWait: true });
   */
  applyPackage(packages: readonly string[], options: ApplyPackageOptions = {}): Promise<Applied> {
    return withErrors(this.#session, async () => {
      decodeInput(wordList, packages, 'packages');
      requireOptions<ApplyPackageOptions>({ ...APPLY_FIELDS, noWait: boolean }, options);
      const { applyPackages } = await import('./apply.ts');
      return applyPackages(this.#session, {
        ...requestOf(options),
        ...{ packages, route: null, fallback: null, baseline: null, noWait: options.noWait === true },
      });
    });
  }

  /**
   * To be called after `applyUpdate`. Asks the user with `notify`, and returns what to start, for `restartNow` or in another way.
   * Null if the user wants to restart later.
   *
   * @param notify shows the question to the user, and returns the answer
   * @param args arguments for the new DGMO, such as the id of the session to resume
   * @throws UsageError if nothing is installed here
   * @example
   * const command = await manager.scheduleRestart(askTheUser, ['--session', id]);
   * if (command !== null) await manager.restartNow(command.args);
   */
  async scheduleRestart(
    notify: (notice: RestartNotice) => Promise<'restart' | 'defer'>,
    args: readonly string[] = [],
  ): Promise<RestartCommand | null> {
    decodeInput(callable, notify, 'notify');
    decodeInput(wordList, args, 'args');
    const answer = await notify(restartNotice(this.#session.app, this.#receipt().binary.version));
    return answer === 'restart' ? { file: this.#session.layout.target, args: [...args] } : null;
  }

  /**
   * Goes on as what is installed. On POSIX this process becomes it, with the same id, terminal, working directory and environment, and the
   * call never returns. On Windows it is started; the call returns when this process has to end, which it then does by `process.exit`.
   * Close the session, and set the screen back, before: a cursor that is hidden stays so. Only raw mode is ended here.
   *
   * @param args for it, such as the id of the session to resume
   * @throws MachineError if it can't be started: this process goes on as it was
   * @example
   * await manager.restartNow(['--session', id]);
   */
  restartNow(args: readonly string[] = []): Promise<void> {
    return withErrors(this.#session, async () => {
      decodeInput(wordList, args, 'args');
      await continueAsTarget(this.#session, args);
    });
  }

  /**
   * To be used instead of `applyUpdate`. Returns the command that starts the updater, which waits for this process to exit,
   * swaps, and starts DGMO again. On POSIX replace this process by it (`process.execve`), so that DGMO keeps its terminal.
   * On Windows spawn it detached, and exit.
   *
   * @param downloaded from `downloadUpdate`
   * @param options.args arguments for the new DGMO
   * @throws UsageError if nothing was downloaded; PolicyError if the version is older and `allowDowngrade` was not given
   * @example
   * const { file, args } = manager.handOver(downloaded, { args: ['--session', id] });
   * process.execve(file, [file, ...args], process.env);
   */
  handOver(
    downloaded: UpdatePackage,
    options: Pick<ApplyOptions, 'evolutions' | 'allowDowngrade' | 'args'> = {},
  ): RestartCommand {
    decodeInput(DOWNLOADED, downloaded, 'downloaded');
    requireOptions(APPLY_FIELDS, options);
    requireConsentToDowngrade(downloaded.update, options);
    requireChosen(downloaded);
    return handOverCommand(this.#session, downloaded, options);
  }

  /**
   * Stops offering that version. `check` with `options.version` still finds it.
   *
   * @throws UsageError if it is not a semantic version; MachineError, BusyError if the choice can't be saved
   * @example
   * await manager.skipVersion(update.version);
   */
  async skipVersion(version: string): Promise<void> {
    const { host } = this.#session;
    const skipped = decodeInput(semanticVersion, version, 'version');
    await choicesFile.change(host, this.#home(), (choices) => withSkipped(choices, skipped));
  }

  /**
   * Offers a version again that was skipped, or left by a rollback, and whatever was postponed.
   *
   * @returns whether it was skipped or left
   * @throws UsageError if it is not a semantic version; MachineError, BusyError if the choice can't be saved
   * @example
   * await manager.unskipVersion('2.0.0');
   */
  async unskipVersion(version: string): Promise<boolean> {
    const { host } = this.#session;
    decodeInput(semanticVersion, version, 'version');
    let found = false;
    await choicesFile.change(host, this.#home(), (choices) => {
      const { skipped, rolledBack } = choices;
      found = skipped.includes(version) || rolledBack.some((left) => left.version === version);
      return withoutSkipped(choices, version);
    });
    return found;
  }

  /**
   * Offers nothing for some time.
   *
   * @param milliseconds how long, from now
   * @throws UsageError if that is not a whole number, or too large; MachineError, BusyError if the choice can't be saved
   * @example
   * await manager.remindLater(24 * 3_600_000);
   */
  async remindLater(milliseconds: number): Promise<void> {
    const { host } = this.#session;
    const remindAfter = host.clock.now() + decodeInput(postponement, milliseconds, 'milliseconds');
    await choicesFile.change(host, this.#home(), (choices) => ({ ...choices, remindAfter }));
  }

  /**
   * Returns the settings that count: those of the administrator's policy, else of the environment (`DGMO_UPDATER_*`), else of
   * the user, else the defaults. `settings` says who decided each of them.
   *
   * @throws DamagedError if a file is damaged; UsageError if a variable is; MachineError if a file can't be read, or this
   *   user has no home
   * @example
   * if (manager.preferences().autoUpdate === 'all') await manager.applyUpdate(downloaded);
   */
  preferences(): Preferences {
    return loadPreferences(this.#session.host, this.#home());
  }

  /**
   * Returns each setting with its value as text, who decided it, and what others said who do not count. What can't be understood
   * of what they say is passed over, and is in `faults`: then `preferences` throws the first of these, and nothing is offered.
   *
   * @throws MachineError if this user has no home
   * @example
   * const { settings } = manager.settings();
   * for (const { key, value, decidedBy } of settings) console.log(`${key} = ${value} (${decidedBy})`);
   */
  settings(): Decided {
    return survey(this.#session.host, this.#home());
  }

  /**
   * Changes some of the user's own preferences.
   *
   * @param changes the new values
   * @returns all of the user's own preferences after the change
   * @throws PolicyError if an administrator has decided one of them; UsageError if a value is invalid, or two components would have the same folder; DamagedError if the file is no JSON; MachineError, BusyError if it can't be saved. Others that can't be understood stay as they are
   * @example
   * await manager.setPreferences({ channel: 'beta', snapshotsKept: 10 });
   */
  async setPreferences(changes: Partial<Omit<Preferences, 'schema'>>): Promise<Preferences> {
    decodeInput(fieldsOf({}), changes, 'changes');
    requireOwnDecision(this.#session.host, Object.keys(changes));
    return this.#change(
      Object.fromEntries(
        Object.entries(changes).map(([name, value]) => {
          const key = preferenceKey(name);
          return [key, withValue(DEFAULT_PREFERENCES, key, value)[key]];
        }),
      ),
    );
  }

  /**
   * Changes one preference, to a value as it is typed after `config set`.
   *
   * @param key the name of the preference
   * @param text the new value; `none` for none
   * @returns all of the user's own preferences after the change
   * @throws as `setPreferences` does
   * @example
   * await manager.setPreferenceText('channel', 'beta');
   */
  async setPreferenceText(key: PreferenceKey, text: string): Promise<Preferences> {
    preferenceKey(decodeInput(words, key, 'key'));
    decodeInput(words, text, 'text');
    requireOwnDecision(this.#session.host, [key]);
    return this.#change({ [key]: withPreference(DEFAULT_PREFERENCES, key, text)[key] });
  }

  /** Throws UsageError if no snapshot of the folders could be restored. */
  async #change(changes: Readonly<Record<string, unknown>>): Promise<Preferences> {
    const { host, layout, app } = this.#session;
    const home = this.#home();
    const { changeSettings } = await import('./steps/change-settings.ts');
    return changeSettings(host, home, changes, (preferences) =>
      requireSeparateFolders(host, { home, app, workDir: layout.workDir }, preferences),
    );
  }

  /**
   * Returns one of the user's own preferences to its default. A name that is none of a preference, if the file has it, is removed.
   *
   * @throws as `setPreferences` does
   * @example
   * await manager.resetPreference('channel');
   */
  async resetPreference(key: PreferenceKey | (string & {})): Promise<Preferences> {
    decodeInput(words, key, 'key');
    const { isStrangeSetting } = await import('./steps/change-settings.ts');
    if (isStrangeSetting(this.#session.host, this.#home(), key)) return this.#change({ [key]: undefined });
    const known = preferenceKey(key);
    return this.setPreferences({ [known]: DEFAULT_PREFERENCES[known] });
  }

  /** The way to the build for older processors of a version. */
  #baseline(options: PackageOptions): (version: string) => Promise<FeedRoute | null> {
    return async (version) => {
      const context = this.#context();
      const target = baselineOf(targetOf(this.#session.host));
      if (target === null) return null;
      const { update } = await check({ ...context, targets: [target] }, { version });
      const [route] = update?.routes ?? [];
      return update === null || route === undefined ? null : { context, update, route, options };
    };
  }

  #home(): string {
    return requireHome(this.#session.home);
  }

  #receipt() {
    requireSameWriters(this.#session.host, this.#session.layout);
    return requireReceipt(this.#session.host.disk, this.#session.layout);
  }

  /** Opened for each operation: another process may have updated, or changed the preferences. */
  #context(): UpdateContext {
    const { onEvent } = this.#options;
    requireUpdatesOn(this.#session.host, this.#home());
    return openFeedContext(this.#session, this.#options, {
      home: this.#home(),
      receipt: this.#receipt(),
      emit: harmless(onEvent, 'onEvent'),
    });
  }
}

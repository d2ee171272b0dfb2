/**
 * The plan's `UpdateManager`: what DGMO imports to look for updates, fetch and install them while it runs. The commands
 * `check`, `download` and `update` go the same ways.
 *
 *     const manager = new UpdateManager();
 *     const update = await manager.checkForUpdates();
 *     if (update !== null) await manager.applyUpdate(await manager.downloadUpdate(update));
 *
 * Every method throws an UpdaterError that says what happened and what to do; a failed check is never taken for "nothing
 * new". The executable is swapped while DGMO runs: what runs goes on, and the next start is the new version.
 */
import { UsageError } from '../errors.ts';
import { choicesFile, withSkipped } from '../home/choices.ts';
import { ownFolder } from '../home/own-folder.ts';
import { type Preferences, preferencesFile } from '../home/preferences.ts';
import { snapshotsIn } from '../home/snapshot-choices.ts';
import {
  type Applied,
  settings as compiledIn,
  type EvolutionWish,
  homeOf,
  type InstallEvent,
  type Limits,
  openSession,
  requireReceipt,
  type Session,
  type Settings,
} from '../install/index.ts';
import { tellable } from '../platform/failures.ts';
import type { Host } from '../platform/host.ts';
import { nativeHost } from '../platform/native.ts';
import { nativeNetwork } from '../platform/network/native.ts';
import type { Network, NetworkSettings } from '../platform/network/network.ts';
import { type CheckOptions, check } from '../update/check/check.ts';
import type { CheckResult, UpdateInfo, UpdatePackage } from '../update/check/update-info.ts';
import { openContext, type UpdateContext } from '../update/context.ts';
import { downloadPackages, type PackageOptions } from '../update/download/download-packages.ts';
import type { UpdateEvent } from '../update/events.ts';
import { executableName } from '../version/index.ts';
import { applyUpdate } from './run-update.ts';

export interface UpdateManagerOptions {
  /** The folder with the executable; that of the running program unless given. */
  installDir?: string;
  /** `$DGMO_HOME`, else `~/.dgmo`, unless given. */
  home?: string;
  app?: string;
  /** In place of the one that was configured. */
  feed?: string;
  caFile?: string;
  /** Plain http to hosts other than loopback. */
  allowPlainHttp?: boolean;
  limits?: Partial<Limits>;
  /** What happens, as it happens. */
  onEvent?(event: InstallEvent | UpdateEvent): void;
  /** Stops what runs, until the executable is touched. */
  signal?: AbortSignal;
  settings?: Settings;
  host?: Host;
  network?(settings: NetworkSettings): Network;
}

export interface RestartNotice {
  title: string;
  message: string;
  actions: { label: string; action: 'restart' | 'defer' }[];
}

/** What is to be started, by a process that ends or becomes it (`process.execve`). */
export interface RestartCommand {
  file: string;
  args: string[];
}

export class UpdateManager {
  readonly #options: UpdateManagerOptions;
  readonly #host: Host;
  readonly #session: Session;
  readonly #home: string;
  readonly #settings: Settings;

  /** UsageError where the folder is none. */
  constructor(options: UpdateManagerOptions = {}) {
    this.#options = options;
    this.#host = options.host ?? nativeHost();
    this.#settings = options.settings ?? compiledIn;
    this.#home = homeOf(this.#host, options.home);
    this.#session = openSession(this.#host, {
      installDir: options.installDir ?? ownFolder(this.#host),
      app: options.app,
      defaultApp: this.#settings.app,
      ...(options.limits === undefined ? {} : { limits: options.limits }),
      emit: (event) => options.onEvent?.(event),
      interrupted: () => options.signal?.aborted === true,
      snapshots: (app) => snapshotsIn(this.#host, this.#home, app, this.#settings),
    });
  }

  /** What is offered to this installation; null: nothing. */
  async checkForUpdates(options: CheckOptions = {}): Promise<UpdateInfo | null> {
    return (await this.check(options)).update;
  }

  /** The same with all that is known: what is held back and why, and whether the installed version was revoked. */
  async check(options: CheckOptions = {}): Promise<CheckResult> {
    return this.#told(() => check(this.#context(), options));
  }

  /** Into the cache, by the cheapest way that works. */
  async downloadUpdate(update: UpdateInfo, options: PackageOptions = {}): Promise<UpdatePackage> {
    return this.#told(() => downloadPackages(this.#context(), update, options));
  }

  /** Swaps the executable; RevertedError where the new version did not work, and the old one is back. */
  async applyUpdate(
    downloaded: UpdatePackage,
    options: PackageOptions & { evolutions?: EvolutionWish } = {},
  ): Promise<Applied> {
    return this.#told(() =>
      applyUpdate(this.#context(), downloaded, {
        ...options,
        evolutions: options.evolutions ?? 'auto',
        waitFor: undefined,
        noWait: true,
        relaunch: false,
        args: [],
        outputToError: false,
      }),
    );
  }

  /** After `applyUpdate`: asks by way of `notify`, and says what is to be started; null: later. */
  async scheduleRestart(
    notify: (notice: RestartNotice) => Promise<'restart' | 'defer'>,
    args: readonly string[] = [],
  ): Promise<RestartCommand | null> {
    const { version } = this.#receipt().binary;
    const answer = await notify({
      title: 'Restart Required',
      message: `DGMO needs to restart to run ${version}.`,
      actions: [
        { label: 'Restart Now', action: 'restart' },
        { label: 'Restart Later', action: 'defer' },
      ],
    });
    return answer === 'restart' ? { file: this.#session.layout.target, args: [...args] } : null;
  }

  /** Instead of `applyUpdate`: the updater waits for this process to end, swaps, and starts DGMO again. */
  handOver(downloaded: UpdatePackage, args: readonly string[] = []): RestartCommand {
    const { layout, app } = this.#session;
    const files = [...downloaded.files];
    const last = files.pop();
    if (last === undefined) throw new UsageError('there is nothing to hand over: no package was downloaded');
    return {
      file: layout.join(layout.installDir, executableName('dgmo-updater', this.#host.platform)),
      args: [
        ...['--apply', last, ...files.flatMap((file) => ['--via', file])],
        ...['--wait-pid', String(this.#host.processes.pid), '--home', this.#home],
        ...['--install-dir', layout.installDir, '--app', app, '--', ...args],
      ],
    };
  }

  /** Not to be offered any more; `update --version` and a minimum still reach it. */
  async skipVersion(version: string): Promise<void> {
    await choicesFile.change(this.#host, this.#home, (choices) => withSkipped(choices, version));
  }

  /** Nothing is offered for that many milliseconds. */
  async remindLater(milliseconds: number): Promise<void> {
    const remindAfter = this.#host.clock.now() + milliseconds;
    await choicesFile.change(this.#host, this.#home, (choices) => ({ ...choices, remindAfter }));
  }

  preferences(): Preferences {
    return preferencesFile.load(this.#host, this.#home);
  }

  setPreferences(changes: Partial<Omit<Preferences, 'schema'>>): Promise<Preferences> {
    return preferencesFile.change(this.#host, this.#home, (preferences) => ({ ...preferences, ...changes }));
  }

  /** What the operating system refuses is told as what it is. */
  async #told<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      throw tellable(error, this.#session.layout.installDir);
    }
  }

  #receipt() {
    return requireReceipt(this.#host.disk, this.#session.layout);
  }

  /** Anew each time: another process may have updated, or changed the preferences. */
  #context(): UpdateContext {
    const { network = nativeNetwork, feed, caFile, allowPlainHttp, signal, onEvent } = this.#options;
    return openContext({
      session: this.#session,
      settings: this.#settings,
      home: this.#home,
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

/** The plan's `SelfHealingSystem`. An installation is verified and repaired by it. */
import { type HealthStatus, verifyInstall } from '../health/index.ts';
import type { InstallEvent, Session } from '../install/index.ts';
import { type InstallOptions, look, openInstall } from './open-install.ts';

export interface SelfHealingOptions extends InstallOptions {
  /** Called for each event of an operation, as it happens. It can't stop the operation (`UpdateManagerOptions.onEvent`). */
  onEvent?(event: InstallEvent): void;
}

export interface VerifyOptions {
  /**
   * Read every file. Otherwise a file is read only if its status has changed since it was last read, which takes
   * milliseconds but does not find what a failing drive changes. Default: false.
   */
  full?: boolean | undefined;
}

/**
 * Verifies an installation. Every method throws an UpdaterError that says what happened and what to do.
 *
 * @example
 * const { healthy, issues } = await new SelfHealingSystem().verify();
 * for (const { where, what } of issues) console.log(`${where}: ${what}`);
 */
export class SelfHealingSystem {
  readonly #session: Session;

  /** @throws UsageError if there is no such folder */
  constructor({ onEvent, ...options }: SelfHealingOptions = {}) {
    this.#session = openInstall(options, onEvent);
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
  verify({ full = false }: VerifyOptions = {}): Promise<HealthStatus> {
    return look(this.#session, () => verifyInstall(this.#session, full ? 'full' : 'quick'));
  }
}

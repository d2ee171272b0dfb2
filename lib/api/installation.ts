/** The installation itself: what is installed, bringing order into it, and adopting what was installed by hand. */
import { UpdaterError } from '../errors.ts';
import {
  type InstallEvent,
  type Outcome,
  type Receipt,
  type Session,
  type Status,
  status,
  withLock,
} from '../install/index.ts';
import type { Adopted, AdoptOptions } from './adopt.ts';
import {
  ANY_FAILURE,
  failureOf,
  type InstallOptions,
  NO_FAILURE,
  openInstall,
  recoverFirst,
  withErrors,
} from './open-install.ts';

export interface InstallationOptions extends InstallOptions {
  /** What happens, as it happens. */
  onEvent?(event: InstallEvent): void;
}

export interface Recovered {
  /** How the interrupted transaction ended; null if there was none. */
  outcome: Outcome | null;
  /** The receipt was lost or damaged, and has been written again from the journal. */
  receiptRestored: boolean;
  /** Null if nothing was ever adopted here. */
  receipt: Receipt | null;
}

/**
 * One installation.
 *
 * @example
 * const { receipt, binary } = await new Installation().status();
 * if (binary !== 'sound') console.error(`${receipt?.app} is ${binary}`);
 */
export class Installation {
  readonly #session: Session;

  /** @throws UsageError if there is no such folder */
  constructor({ onEvent, ...options }: InstallationOptions = {}) {
    this.#session = openInstall(options, (event) => onEvent?.(event));
  }

  /**
   * What is installed, and whether its bytes are what they should be: reads the executable. First finishes or takes back
   * what an interrupted run left open, if it can.
   *
   * @throws MachineError if something can't be read
   */
  status(): Promise<Status> {
    return withErrors(this.#session, async () => {
      await recoverFirst(this.#session, ANY_FAILURE);
      return status(this.#session);
    });
  }

  /**
   * Finishes or takes back what an interrupted run left open, and writes a lost receipt again.
   *
   * @throws DamagedError if the executable is not one of those that the updater put there, or no receipt fits it;
   *   UnrecoverableError if nothing that works is left; BusyError if another updater is at work
   */
  recover(): Promise<Recovered> {
    const session = this.#session;
    return withErrors(session, async () => {
      const { foreignBinary } = await import('../install/transaction/conclude.ts');
      const { recoverInstall } = await import('../install/transaction/recover.ts');
      const earlier = await recoverFirst(session, NO_FAILURE);
      if (earlier === 'foreign') throw foreignBinary(session.layout.target);
      const recovery = await withLock(session.host, session.layout, () => recoverInstall(session));
      const { receiptRestored, receipt, transaction } = recovery;
      return { outcome: earlier ?? transaction?.outcome ?? null, receiptRestored, receipt };
    });
  }

  /**
   * Adopts an executable that was installed by hand: writes down its version and digest. To adopt again is how a user
   * says that a binary which was changed by hand is meant to be there.
   *
   * @throws UsageError if there is no executable, the version is none, or the address or the root can't be used
   */
  adopt({ version, feed, root }: AdoptOptions): Promise<Adopted> {
    return withErrors(this.#session, async () => {
      await recoverFirst(this.#session, failureOf(UpdaterError));
      const { adoptExecutable } = await import('./adopt.ts');
      return adoptExecutable(this.#session, { version, feed, root });
    });
  }
}

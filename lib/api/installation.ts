/** The installation itself: what is installed, bringing order into it, and adopting what was installed by hand. */
import { UpdaterError, UsageError } from '../errors.ts';
import { decodeInput } from '../format/decoder.ts';
import { requireHome } from '../home/folder.ts';
import { keepTrustedRoot } from '../home/trusted-root.ts';
import {
  adopt,
  createWorkDir,
  foreignBinary,
  type InstallEvent,
  type Outcome,
  type Receipt,
  recoverInstall,
  requireExecutable,
  type Session,
  type Status,
  status,
  withLock,
} from '../install/index.ts';
import { readFile } from '../platform/files.ts';
import { decodeRoot } from '../trust/index.ts';
import { feedAddress } from '../version/index.ts';
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

export interface AdoptOptions {
  /** Which version the installed executable is. */
  version: string;
  /** Where its releases are published. */
  feed?: string | undefined;
  /** Path of a TUF root to trust from now on; without it the one that is trusted already, or the compiled-in one. */
  root?: string | undefined;
}

export interface Adopted {
  app: string;
  executable: string;
  receipt: Receipt;
  /** False if all of it was known already. */
  changed: boolean;
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
    const session = this.#session;
    const { host, layout, app } = session;
    return withErrors(session, async () => {
      await recoverFirst(session, failureOf(UpdaterError));
      if (feed !== undefined) decodeInput(feedAddress, feed, '--feed');
      const document = root === undefined ? null : readRoot(session, root);
      requireExecutable(session);
      createWorkDir(host, layout);
      return withLock(host, layout, async () => {
        const { receipt, changed } = adopt(session, version, feed ?? null);
        // Last: an adoption that fails leaves the trust as it was.
        if (document !== null) keepTrustedRoot(host, requireHome(session.home), document);
        return { app, executable: layout.target, receipt, changed };
      });
    });
  }
}

/** Checked before anything is written. */
function readRoot({ host }: Session, file: string): Uint8Array {
  const bytes = readFile(host.disk, file, 1 << 20);
  if (bytes === null) throw new UsageError(`--root: there is no file ${file}`);
  decodeRoot(bytes);
  return bytes;
}

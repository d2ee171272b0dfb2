/** The plan's `SnapshotManager`: the only way in which snapshots are taken, looked at, and gone back to. */
import { DamagedError, UnrecoverableError } from '../errors.ts';
import { requireHome } from '../home/folder.ts';
import { snapshotsIn } from '../home/snapshot-choices.ts';
import type { SnapshotSetup } from '../home/snapshot-setup.ts';
import {
  findSnapshot,
  type InstallEvent,
  pruneSnapshots,
  type Receipt,
  type RollbackWish,
  type RolledBack,
  recoverTransaction,
  requireReceipt,
  type Session,
  takeSnapshotHere,
  withLock,
} from '../install/index.ts';
import {
  type Listed,
  listSnapshots,
  type Pruned,
  removeSnapshot,
  type Snapshot,
  setPin,
  type Usage,
  usageOf,
  Verifier,
  withStore,
} from '../snapshot/index.ts';
import {
  ANY_FAILURE,
  failureOf,
  type InstallOptions,
  openInstall,
  recoverFirst,
  type Tolerated,
  withErrors,
} from './open-install.ts';
import { planRollback, type RollbackPlan, rollBack } from './rollback.ts';

export interface SnapshotManagerOptions extends InstallOptions {
  /** What happens, as it happens. */
  onEvent?(event: InstallEvent): void;
}

export interface CreateOptions {
  /** Keep it for good. */
  pin?: boolean | undefined;
}

export interface RollbackOptions extends Omit<RollbackWish, 'snapshot'> {
  /**
   * End other processes of DGMO by force if they do not end within the exit limit when they are asked to; `now`: they were
   * asked already. Default: false.
   */
  kill?: boolean | 'now' | undefined;
  /** Start DGMO again if it was ended. Default: false. */
  relaunch?: boolean | undefined;
  /** Arguments for the DGMO that is started. */
  args?: readonly string[] | undefined;
  /** What the started DGMO prints goes to standard error. */
  outputToError?: boolean | undefined;
}

/** A snapshot in the store. */
export interface StoredSnapshot {
  id: string;
  /** Kept for good. */
  pinned: boolean;
  /** The snapshot, or why it can't be read. */
  found: Snapshot | DamagedError;
  /** Room in the store; null if that can't be told, because part of it can't be read. */
  usage: Usage | null;
  /** It was taken of this installation, not of another one that shares the home. */
  isOwn: boolean;
}

/** What was found when a snapshot was read. */
export interface SnapshotCheck {
  id: string;
  /** What is wrong with it, a sentence each; empty if it can be brought back in full. */
  problems: string[];
}

/**
 * Takes snapshots of DGMO (executable, config, plugins, data, evolutions), and goes back to them.
 *
 * Every method throws an UpdaterError that says what happened and what to do.
 *
 * @example
 * const snapshots = new SnapshotManager();
 * const { id } = await snapshots.createSnapshot('Before trying the new plugin');
 * await snapshots.rollback(id);
 */
export class SnapshotManager {
  readonly #session: Session;
  readonly #setup: SnapshotSetup;

  /** @throws UsageError if there is no such folder, MachineError if this user has no home */
  constructor({ onEvent, ...options }: SnapshotManagerOptions = {}) {
    const session = openInstall(options, (event) => onEvent?.(event));
    this.#session = session;
    this.#setup =
      session.snapshots ??
      snapshotsIn(session.host, requireHome(session.home), session.app, session.settings);
  }

  /**
   * Takes a snapshot, and removes those that are no longer kept.
   *
   * @param reason for people: it is shown in the list
   * @throws MachineError if the disk is full: nothing that was there before has changed then; BusyError, UsageError if
   *   nothing was adopted here
   * @example
   * const { id } = await snapshots.createSnapshot('Before the migration', { pin: true });
   */
  createSnapshot(reason: string, { pin = false }: CreateOptions = {}): Promise<Snapshot> {
    return this.#locked(async (receipt) => {
      const wish = { kind: 'manual' as const, reason };
      const snapshot = await takeSnapshotHere(this.#session, this.#setup, receipt, wish);
      if (pin) setPin(this.#session.host.disk, this.#setup.layout, snapshot.id, true);
      await pruneSnapshots(this.#session, this.#setup, receipt, { lazy: true });
      return snapshot;
    });
  }

  /**
   * All snapshots in the store, the oldest first, each with the room that it takes.
   *
   * @throws MachineError if the store can't be read
   * @example
   * for (const { id, found } of await snapshots.listSnapshots())
   *   console.log(id, found instanceof Error ? found.message : found.reason);
   */
  listSnapshots(): Promise<StoredSnapshot[]> {
    return this.#look(() => {
      const listed = this.#listed();
      const readable = listed.flatMap(({ found }) => (found instanceof Error ? [] : [found]));
      const usage = usageOf(this.#session.host, this.#setup.layout, readable);
      const { installId } = this.#receipt();
      return listed.map(({ id, pinned, found }) => ({
        ...{ id, pinned, found, usage: usage.get(id) ?? null },
        isOwn: found instanceof Error || found.installId === installId,
      }));
    });
  }

  /**
   * One snapshot.
   *
   * @param id its id, or the beginning of it
   * @throws UsageError if none, or more than one, begins so
   * @example
   * const { usage } = await snapshots.getSnapshot('20261125');
   */
  async getSnapshot(id: string): Promise<StoredSnapshot> {
    return findSnapshot(await this.listSnapshots(), id);
  }

  /**
   * Reads all of one snapshot, or of all of them.
   *
   * @param id its id, or the beginning of it
   * @returns what is wrong with each; an empty list of problems: it can be brought back in full
   * @example
   * const damaged = (await snapshots.verifySnapshots()).filter(({ problems }) => problems.length > 0);
   */
  verifySnapshots(id?: string): Promise<SnapshotCheck[]> {
    const { host } = this.#session;
    return this.#look(() => {
      const listed = this.#listed();
      const entries = id === undefined ? listed : [findSnapshot(listed, id)];
      // What is found damaged is marked, so that the next snapshot stores it again: hence the lock.
      return withStore(host, this.#setup.layout, async () => {
        const verifier = new Verifier(host, this.#setup.layout, () => host.clock.sleep(0));
        try {
          const results: SnapshotCheck[] = [];
          for (const { id, found } of entries)
            results.push(
              found instanceof Error ? { id, problems: [found.message] } : await verifier.verify(found),
            );
          return results;
        } finally {
          verifier.close();
        }
      });
    });
  }

  /**
   * Reads all of one snapshot.
   *
   * @param id its id, or the beginning of it
   * @throws DamagedError if it can't be brought back in full; UsageError if none, or more than one, begins so
   * @example
   * await snapshots.verifySnapshot('20261125-1842');
   */
  async verifySnapshot(id: string): Promise<void> {
    const [result] = await this.verifySnapshots(id);
    const [problem] = result?.problems ?? [];
    if (problem !== undefined) throw new DamagedError(problem);
  }

  /**
   * Where `rollback` would go: to show it to the user before. Changes nothing.
   *
   * @throws PolicyError if there is nothing to go back to, or the release does not allow it; DamagedError, UsageError
   * @example
   * const plan = await snapshots.planRollback({ version: '1.4.0' });
   * if (await confirm(`Back to ${plan.to.version}?`)) await snapshots.rollback(plan);
   */
  planRollback(wish: RollbackWish = {}): Promise<RollbackPlan> {
    return this.#look(async () => planRollback(this.#session, wish), failureOf(UnrecoverableError));
  }

  /**
   * Goes back: to what was planned, to the snapshot with this id, or to the state before the last change. Other processes
   * of DGMO are asked to end first. The process that calls this goes on as it is; the next start is the state that it went
   * back to. A snapshot of what is replaced is taken first.
   *
   * @throws StillRunningError if DGMO does not end; else as `planRollback` does. Nothing has changed then.
   *   RevertedError if the older version did not work here: all is as it was before.
   * @example
   * const { to, before } = await snapshots.rollback();
   */
  rollback(to?: string | RollbackPlan, options: RollbackOptions = {}): Promise<RolledBack> {
    const { kill = false, relaunch = false, args = [], outputToError = false, ...wish } = options;
    const wished = typeof to === 'object' ? to : { ...wish, ...(to === undefined ? {} : { snapshot: to }) };
    return rollBack(this.#session, {
      ...{ to: wished, relaunch, args, outputToError },
      kill: kill === 'now' ? 'now' : kill ? 'after the limit' : 'never',
    });
  }

  /**
   * Removes all snapshots but the newest ones, the pinned ones, and those that the installed version needs to go back.
   *
   * @param keep how many; as configured unless given
   * @example
   * const { freed } = await snapshots.cleanupOldSnapshots(3);
   */
  cleanupOldSnapshots(keep: number = this.#setup.keep): Promise<Pruned> {
    return this.#locked((receipt) => pruneSnapshots(this.#session, this.#setup, receipt, { keep }));
  }

  /**
   * Removes one snapshot, also one that can't be read: as long as it is there, it is not known what it still needs.
   *
   * @param id its id, or the beginning of it
   * @throws UsageError if none, or more than one, begins so
   * @example
   * const { freed } = await snapshots.removeSnapshot('20261125-1842');
   */
  removeSnapshot(id: string): Promise<{ id: string; freed: number }> {
    const { host } = this.#session;
    return this.#locked(async (receipt) => {
      const { id: full } = findSnapshot(this.#listed(), id);
      await withStore(host, this.#setup.layout, async () =>
        removeSnapshot(host.disk, this.#setup.layout, full),
      );
      const { freed } = await pruneSnapshots(this.#session, this.#setup, receipt);
      return { id: full, freed };
    });
  }

  /**
   * Keeps a snapshot for good, or like the others again.
   *
   * @param id its id, or the beginning of it
   * @returns its full id
   * @throws UsageError if none, or more than one, begins so; DamagedError if it can't be read
   * @example
   * await snapshots.pinSnapshot('20261125-1842');
   */
  pinSnapshot(id: string, pinned = true): Promise<string> {
    const { host } = this.#session;
    return this.#look(() => {
      const { found } = findSnapshot(this.#listed(), id);
      if (found instanceof Error) throw found;
      return withStore(host, this.#setup.layout, async () => {
        setPin(host.disk, this.#setup.layout, found.id, pinned);
        return found.id;
      });
    });
  }

  #listed(): Listed[] {
    return listSnapshots(this.#session.host.disk, this.#setup.layout);
  }

  #receipt(): Receipt {
    return requireReceipt(this.#session.host.disk, this.#session.layout);
  }

  #look<Result>(work: () => Result | Promise<Result>, tolerated: Tolerated = ANY_FAILURE): Promise<Result> {
    return withErrors(this.#session, async () => {
      await recoverFirst(this.#session, tolerated);
      return work();
    });
  }

  #locked<Result>(work: (receipt: Receipt) => Promise<Result>): Promise<Result> {
    return withErrors(this.#session, () =>
      withLock(this.#session.host, this.#session.layout, async () => {
        await recoverTransaction(this.#session);
        return work(this.#receipt());
      }),
    );
  }
}

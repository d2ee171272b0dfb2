/** The plan's `SnapshotManager`. All snapshots are taken, listed, verified and restored by it. */

import { DamagedError, InterruptedError, PolicyError, RevertedError, UnrecoverableError } from '../errors.ts';
import { array, boolean, decodeInput, integer, nullable, oneOf } from '../format/decoder.ts';
import {
  callable,
  either,
  type Fields,
  fieldsOf,
  requireOptions,
  wordList,
  words,
} from '../format/inputs.ts';
import { requireHome } from '../home/folder.ts';
import { snapshotsIn } from '../home/snapshot-choices.ts';
import type { SnapshotSetup } from '../home/snapshot-setup.ts';
import {
  type Change,
  checkpoint,
  countRead,
  findSnapshot,
  type InstallEvent,
  installedPaths,
  type OpenTransaction,
  outdatedSnapshots,
  previewFolders,
  pruneSnapshots,
  type Receipt,
  type RollbackPreview,
  type RollbackWish,
  type RolledBack,
  recoverTransaction,
  requireReceipt,
  type Session,
  snapshotInstall,
  takeUntoldRollback,
  untoldRollback,
  withLock,
} from '../install/index.ts';
import { asUpdaterError } from '../platform/failures.ts';
import {
  bytesToCompact,
  COMPONENTS,
  compactBinaries,
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
  INSTALL_FIELDS,
  type InstallOptions,
  look,
  openInstall,
  recoverFirst,
  type Tolerated,
  withErrors,
  withErrorsNow,
} from './open-install.ts';
import { finishedJustNow, namesTarget, planRollback, type RollbackPlan, rollBack } from './rollback.ts';

export interface SnapshotManagerOptions extends InstallOptions {
  /**
   * Called for each event of an operation, as it happens. It can't stop the operation (`signal` can): the first error that it
   * throws, or that its promise rejects with, is reported as a warning of the process (`process.on('warning', ...)`).
   */
  onEvent?(event: InstallEvent): void;
}

export interface CreateOptions {
  /** Keep it permanently. Default: false. */
  pin?: boolean | undefined;
}

export interface RollbackOptions extends Omit<RollbackWish, 'snapshot'> {
  /**
   * Whether to end other processes of DGMO by force if they don't end within the exit limit when they are asked to. `now`: end
   * them at once, because they were already asked. Default: false.
   */
  kill?: boolean | 'now' | undefined;
  /** Start DGMO again if it was ended. Default: false. */
  relaunch?: boolean | undefined;
  /** Arguments for the DGMO that is started. */
  args?: readonly string[] | undefined;
  /** Send what the started DGMO prints to standard error. Default: false. */
  outputToError?: boolean | undefined;
}

/** What a user wants who names nothing has been done: a second step would lead further back than they know. */
function enough({ version }: RevertedError): RevertedError {
  return new RevertedError(
    `${version ?? 'it'} was left just now for the version before it; nothing more was changed`,
    { advice: '`dgmo-updater rollback <id>` goes further back; `snapshots list` shows the ids.' },
  );
}

/** A snapshot in the store. */
export interface StoredSnapshot {
  id: string;
  /** It is kept permanently. */
  pinned: boolean;
  /** The snapshot, or why it can't be read. */
  found: Snapshot | DamagedError;
  /** Bytes in the store; null if part of the snapshot can't be read. */
  usage: Usage | null;
  /** It was taken of this installation, not of another one that shares the home. True if it can't be read. */
  isOwn: boolean;
}

/** The result of verifying a snapshot. */
export interface SnapshotCheck {
  id: string;
  /** A sentence for each problem; empty if the snapshot can be restored in full. */
  problems: string[];
}

const ONLY = array(oneOf(...COMPONENTS), 0, COMPONENTS.length);

const WISH = fieldsOf<RollbackWish>({
  ...{ snapshot: words, version: words, only: ONLY, force: boolean },
} satisfies Fields<RollbackWish>);

const PLAN = fieldsOf<RollbackPlan>(
  { receipt: fieldsOf({}), to: fieldsOf({}), snapshot: nullable(fieldsOf({})), components: ONLY },
  'what `planRollback` returned',
  ['receipt', 'to', 'snapshot', 'components'],
);

const ROLLBACK_FIELDS: Fields<RollbackOptions> = {
  ...{
    version: words,
    only: ONLY,
    force: boolean,
    relaunch: boolean,
    args: wordList,
    outputToError: boolean,
  },
  kill: either('true, false or now', boolean, oneOf('now')),
};

const KEEP = integer(0, 1_000_000, 'snapshots');

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

  /** @throws UsageError if there is no such folder, or an option is of another type; MachineError if this user has no home */
  constructor(options: SnapshotManagerOptions = {}) {
    requireOptions<SnapshotManagerOptions>({ ...INSTALL_FIELDS, onEvent: callable }, options);
    const session = openInstall(options, options.onEvent);
    this.#session = session;
    // Finds the folders, which can fail.
    this.#setup = withErrorsNow(
      session,
      () =>
        session.snapshots ??
        snapshotsIn(
          session.host,
          {
            home: requireHome(session.home),
            app: session.app,
            installed: installedPaths(session.host, session.layout),
          },
          session.settings,
        ),
    );
  }

  /**
   * Takes a snapshot, and removes the oldest ones beyond the configured number.
   *
   * @param reason text for the user, shown in the list
   * @throws MachineError if the disk is full, and nothing has changed; BusyError if another updater is at work; UsageError if
   *   nothing was adopted here
   * @example
   * const { id } = await snapshots.createSnapshot('Before the migration', { pin: true });
   */
  async createSnapshot(reason: string, options: CreateOptions = {}): Promise<Snapshot> {
    decodeInput(words, reason, 'reason');
    requireOptions<CreateOptions>({ pin: boolean }, options);
    return this.#locked(async (receipt) => {
      const wish = { kind: 'manual' as const, reason };
      const snapshot = await snapshotInstall(this.#session, this.#setup, receipt, wish);
      if (options.pin === true) setPin(this.#session.host.disk, this.#setup.layout, snapshot.id, true);
      await pruneSnapshots(this.#session, this.#setup, receipt, { lazy: true });
      return snapshot;
    });
  }

  /**
   * Returns all snapshots in the store, the oldest first, each with the bytes that it takes.
   *
   * @throws MachineError if the store can't be read; UsageError if nothing was adopted here
   * @example
   * for (const { id, found } of await snapshots.listSnapshots())
   *   console.log(id, found instanceof Error ? found.message : found.reason);
   */
  listSnapshots(): Promise<StoredSnapshot[]> {
    return this.#look(() => this.#stored());
  }

  /**
   * Returns one snapshot.
   *
   * @param id its id, or the beginning of it
   * @throws UsageError if no snapshot, or more than one, has an id that begins like this
   * @example
   * const { usage } = await snapshots.getSnapshot('20261125');
   */
  async getSnapshot(id: string): Promise<StoredSnapshot> {
    decodeInput(words, id, 'id');
    return findSnapshot(await this.listSnapshots(), id);
  }

  /**
   * Reads and verifies one snapshot, or all of them.
   *
   * @param id its id, or the beginning of it. Default: all
   * @returns the problems of each snapshot; none if it can be restored in full
   * @throws UsageError if no snapshot, or more than one, has an id that begins like this; MachineError, BusyError,
   *   InterruptedError
   * @example
   * const damaged = (await snapshots.verifySnapshots()).filter(({ problems }) => problems.length > 0);
   */
  async verifySnapshots(id?: string): Promise<SnapshotCheck[]> {
    if (id !== undefined) decodeInput(words, id, 'id');
    const { host } = this.#session;
    return this.#look(() => {
      const listed = this.#listed();
      const entries = id === undefined ? listed : [findSnapshot(listed, id)];
      // Damaged data is marked, so that the next snapshot stores it again. This needs the lock.
      return withStore(host, this.#setup.layout, async () => {
        const readable = entries.flatMap(({ found }) => (found instanceof Error ? [] : [found]));
        const onRead = countRead(this.#session, () => verifier.expected(readable));
        const verifier = new Verifier(host, this.#setup.layout, () => checkpoint(this.#session), {
          onRead,
        });
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
   * Reads and verifies one snapshot.
   *
   * @param id its id, or the beginning of it
   * @throws DamagedError if it can't be restored in full; otherwise as `verifySnapshots` does
   * @example
   * await snapshots.verifySnapshot('20261125-1842');
   */
  async verifySnapshot(id: string): Promise<void> {
    decodeInput(words, id, 'id');
    const [result] = await this.verifySnapshots(id);
    const [problem] = result?.problems ?? [];
    if (problem !== undefined) throw new DamagedError(problem);
  }

  /**
   * Returns where `rollback` would go, to show it to the user before. Changes nothing, except that it finishes or undoes what
   * an interrupted run left open.
   *
   * @param wish where to go. Default: to the state before the last change
   * @throws RevertedError if a version that fails at every start was left for the one before just now, and the wish names nothing
   * @throws PolicyError if there is nothing to go back to, or the release does not allow it; DamagedError if the snapshot or
   *   the binary is damaged; UsageError if no snapshot has that id; RevertedError if none is named, and an interrupted rollback
   *   was finished first
   * @example
   * const plan = await snapshots.planRollback({ version: '1.4.0' });
   * if (await confirm(`Back to ${plan.to.version}?`)) await snapshots.rollback(plan);
   */
  async planRollback(wish: RollbackWish = {}): Promise<RollbackPlan> {
    decodeInput(WISH, wish, 'wish');
    const session = this.#session;
    return this.#recovered(failureOf(UnrecoverableError), async (left, finished) => {
      if (!namesTarget(wish)) {
        if (left !== null) throw enough(left);
        const before = finished?.kind === 'rollback' ? finished : await this.#untoldRollback();
        if (before !== null) throw finishedJustNow(before);
      }
      return planRollback(session, wish);
    });
  }

  /**
   * Returns how many files of the folders a rollback would write and remove, to show it to the user before. Reads the
   * folders, and changes nothing.
   *
   * @param plan from `planRollback`
   * @throws DamagedError if the snapshot is damaged; MachineError if something is in the way
   * @example
   * const { files, bytes } = await snapshots.previewRollback(plan);
   */
  previewRollback(plan: RollbackPlan): Promise<RollbackPreview> {
    return withErrors(this.#session, async () =>
      previewFolders(this.#session, decodeInput(PLAN, plan, 'plan')),
    );
  }

  /**
   * Goes back to a plan, to a snapshot, or to the state before the last change. Other processes of DGMO are asked to end
   * first. The calling process goes on as it is, and the next start runs the restored version. A snapshot of the current
   * state is taken before.
   *
   * @param to a plan from `planRollback`, or the id of a snapshot. Default: the state before the last change
   * @throws StillRunningError if DGMO does not end; otherwise as `planRollback` does, and nothing has changed but what an
   *   interrupted run had begun. RevertedError if the older version did not work here, and the state before is back. UnrecoverableError if no working binary is left
   * @example
   * const { to, before } = await snapshots.rollback();
   */
  async rollback(to?: string | RollbackPlan, options: RollbackOptions = {}): Promise<RolledBack> {
    if (to !== undefined)
      decodeInput(either('what `planRollback` returned, or the id of a snapshot', words, PLAN), to, 'to');
    requireOptions(ROLLBACK_FIELDS, options);
    const { kill = false, relaunch = false, args = [], outputToError = false, ...wish } = options;
    const wished = typeof to === 'object' ? to : { ...wish, ...(to === undefined ? {} : { snapshot: to }) };
    return rollBack(this.#session, {
      ...{ to: wished, relaunch, args, outputToError },
      kill: kill === 'now' ? 'now' : kill ? 'after the limit' : 'never',
    });
  }

  /**
   * Returns the snapshots that `cleanupOldSnapshots` would remove, the oldest first. Changes nothing.
   *
   * @param keep how many to keep. Default: as configured
   * @throws UsageError if nothing was adopted here; MachineError if the store can't be read
   * @example
   * const outdated = await snapshots.planCleanup(3);
   */
  async planCleanup(keep: number = this.#setup.keep): Promise<StoredSnapshot[]> {
    decodeInput(KEEP, keep, 'keep');
    return this.#look(() => {
      const ids = new Set(outdatedSnapshots(this.#session, this.#setup, this.#receipt(), keep));
      return this.#stored().filter(({ id }) => ids.has(id));
    });
  }

  /**
   * Removes all snapshots except the newest ones, the pinned ones, and those that a rollback or a recovery needs.
   *
   * @param keep how many to keep. Default: as configured
   * @throws BusyError if another updater is at work; UsageError if nothing was adopted here; MachineError
   * @example
   * const { freed } = await snapshots.cleanupOldSnapshots(3);
   */
  async cleanupOldSnapshots(keep: number = this.#setup.keep): Promise<Pruned> {
    decodeInput(KEEP, keep, 'keep');
    return this.#locked((receipt) => pruneSnapshots(this.#session, this.#setup, receipt, { keep }));
  }

  /**
   * Stores the executables of older snapshots as patches from newer ones, if that is worth it. The newest one stays whole. Starts
   * by itself, in the background, after an update. Takes seconds, and three times the size of an executable in memory.
   *
   * @returns the number of bytes freed
   * @throws BusyError if another updater writes to the snapshots; MachineError if the disk is full, and nothing is lost;
   *   InterruptedError
   * @example
   * const freed = await snapshots.compactSnapshots();
   */
  compactSnapshots(): Promise<number> {
    const { host } = this.#session;
    const { layout } = this.#setup;
    return this.#look(async () => {
      const onRead = countRead(this.#session, () => bytesToCompact(host.disk, layout));
      const checkpoint = async () => {
        await host.clock.sleep(0);
        if (this.#session.interrupted())
          throw new InterruptedError('interrupted: every snapshot can be restored as before');
      };
      try {
        return await compactBinaries(host, layout, { onRead, checkpoint });
      } catch (error) {
        throw asUpdaterError(error, layout.folder);
      }
    });
  }

  /**
   * Removes one snapshot. It may be unreadable: as long as such a snapshot exists, nothing that it may need can be removed.
   *
   * @param id its id, or the beginning of it
   * @returns its full id, and the number of bytes freed
   * @throws UsageError if no snapshot, or more than one, has an id that begins like this; PolicyError if the installed version
   *   has not confirmed its health, and would be left for this one; BusyError, MachineError
   * @example
   * const { freed } = await snapshots.removeSnapshot('20261125-1842');
   */
  async removeSnapshot(id: string): Promise<{ id: string; freed: number }> {
    decodeInput(words, id, 'id');
    const { host } = this.#session;
    return this.#locked(async (receipt) => {
      const { id: full } = findSnapshot(this.#listed(), id);
      if (receipt.confirmation?.snapshot === full) {
        throw new PolicyError(
          `the snapshot ${full} is needed: ${receipt.binary.version} has not confirmed yet that it is well, and without it there is no way back`,
          { advice: 'Start it first, or go back to the snapshot with `dgmo-updater rollback`.' },
        );
      }
      await withStore(host, this.#setup.layout, async () =>
        removeSnapshot(host.disk, this.#setup.layout, full),
      );
      const { freed } = await pruneSnapshots(this.#session, this.#setup, receipt);
      return { id: full, freed };
    });
  }

  /**
   * Keeps a snapshot permanently, or no longer.
   *
   * @param id its id, or the beginning of it
   * @param pinned whether to keep it permanently. Default: true
   * @returns its full id
   * @throws UsageError if no snapshot, or more than one, has an id that begins like this; DamagedError if it can't be read
   * @example
   * await snapshots.pinSnapshot('20261125-1842');
   */
  async pinSnapshot(id: string, pinned = true): Promise<string> {
    decodeInput(words, id, 'id');
    decodeInput(boolean, pinned, 'pinned');
    const { host } = this.#session;
    return this.#recovered(ANY_FAILURE, () => {
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

  #stored(): StoredSnapshot[] {
    const listed = this.#listed();
    const readable = listed.flatMap(({ found }) => (found instanceof Error ? [] : [found]));
    const usage = usageOf(this.#session.host, this.#setup.layout, readable);
    const { installId } = this.#receipt();
    return listed.map(({ id, pinned, found }) => ({
      ...{ id, pinned, found, usage: usage.get(id) ?? null },
      isOwn: found instanceof Error || found.installId === installId,
    }));
  }

  #receipt(): Receipt {
    return requireReceipt(this.#session.host.disk, this.#session.layout);
  }

  #look<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    return look(this.#session, work);
  }

  async #untoldRollback(): Promise<Change | null> {
    const { host, layout } = this.#session;
    // The lock is taken only if it is needed.
    if (untoldRollback(this.#session) === null) return null;
    return withLock(host, layout, () => takeUntoldRollback(this.#session));
  }

  /** `left`: the version that was just left, because it failed at every start. `finished`: what an interrupted run had begun. */
  #recovered<Result>(
    tolerated: Tolerated,
    work: (left: RevertedError | null, finished: OpenTransaction | null) => Result | Promise<Result>,
  ): Promise<Result> {
    return withErrors(this.#session, async () => {
      const { left, finished } = await recoverFirst(this.#session, tolerated);
      return work(left, finished);
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

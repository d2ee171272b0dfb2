/**
 * The plan's `SnapshotManager`: what DGMO imports to take snapshots of itself, and to go back to one. The commands
 * `snapshots` and `rollback` go the same ways.
 *
 *     const snapshots = new SnapshotManager();
 *     const { id } = await snapshots.createSnapshot('Before trying the new plugin');
 *     ...
 *     await snapshots.rollback(id);
 *
 * Every method throws an UpdaterError that says what happened and what to do.
 */
import { DamagedError } from '../errors.ts';
import { ownFolder } from '../home/own-folder.ts';
import { snapshotsIn } from '../home/snapshot-choices.ts';
import {
  changesFolders,
  settings as compiledIn,
  findSnapshot,
  homeOf,
  type InstallEvent,
  type Limits,
  openSession,
  pruneSnapshots,
  type RollbackWish,
  type RolledBack,
  recoverTransaction,
  requireReceipt,
  rollback,
  rollbackTarget,
  runningCopies,
  type Session,
  type Settings,
  type SnapshotSetup,
  stopRunning,
  takeSnapshotHere,
  verifyTarget,
  withLock,
} from '../install/index.ts';
import { tellable } from '../platform/failures.ts';
import type { Host } from '../platform/host.ts';
import { nativeHost } from '../platform/native.ts';
import { listSnapshots, type Pruned, type Snapshot, Verifier, withStore } from '../snapshot/index.ts';

export interface SnapshotManagerOptions {
  /** The folder with the executable; that of the running program unless given. */
  installDir?: string;
  /** `$DGMO_HOME`, else `~/.dgmo`, unless given. */
  home?: string;
  app?: string;
  limits?: Partial<Limits>;
  onEvent?(event: InstallEvent): void;
  settings?: Settings;
  host?: Host;
}

export interface RollbackOptions extends Omit<RollbackWish, 'snapshot'> {
  /** End other processes of DGMO by force where they do not end when they are asked to. */
  kill?: boolean;
}

export class SnapshotManager {
  readonly #host: Host;
  readonly #session: Session;
  readonly #setup: SnapshotSetup;

  /** UsageError where the folder is none. */
  constructor(options: SnapshotManagerOptions = {}) {
    this.#host = options.host ?? nativeHost();
    const settings = options.settings ?? compiledIn;
    const home = homeOf(this.#host, options.home);
    this.#session = openSession(this.#host, {
      installDir: options.installDir ?? ownFolder(this.#host),
      app: options.app,
      defaultApp: settings.app,
      ...(options.limits === undefined ? {} : { limits: options.limits }),
      emit: (event) => options.onEvent?.(event),
      snapshots: (app) => snapshotsIn(this.#host, home, app, settings),
    });
    this.#setup = this.#session.snapshots ?? snapshotsIn(this.#host, home, this.#session.app, settings);
  }

  /** MachineError where the disk is full; nothing that was taken before is touched then. Old ones are let go after it. */
  async createSnapshot(reason: string): Promise<Snapshot> {
    return this.#locked(async () => {
      const receipt = requireReceipt(this.#host.disk, this.#session.layout);
      const wish = { kind: 'manual' as const, reason, replaced: false };
      const snapshot = await takeSnapshotHere(this.#session, this.#setup, receipt, wish);
      await pruneSnapshots(this.#session, this.#setup, receipt, { lazy: true });
      return snapshot;
    });
  }

  /** The oldest first; an error in the place of one that can't be read. */
  listSnapshots(): (Snapshot | DamagedError)[] {
    return listSnapshots(this.#host.disk, this.#setup.layout).map(({ found }) => found);
  }

  /** Reads all of it. Throws DamagedError where it can't be brought back in full. */
  async verifySnapshot(id: string): Promise<void> {
    const { found } = findSnapshot(listSnapshots(this.#host.disk, this.#setup.layout), id);
    if (found instanceof Error) throw found;
    // It marks what it finds damaged, for the next snapshot to store it again.
    await withStore(this.#host, this.#setup.layout, async () => {
      const verifier = new Verifier(this.#host, this.#setup.layout, () => this.#host.clock.sleep(0));
      try {
        const [problem] = (await verifier.verify(found)).problems;
        if (problem !== undefined) throw new DamagedError(problem);
      } finally {
        verifier.close();
      }
    });
  }

  /**
   * To the snapshot with this id, or to the state before the last change. Other processes of DGMO are asked to end first:
   * BusyError where they do not. The process that calls this goes on as it is; the next start is what was gone back to.
   */
  async rollback(id?: string, { kill = false, ...wish }: RollbackOptions = {}): Promise<RolledBack> {
    return this.#locked(async () => {
      const target = rollbackTarget(this.#session, {
        ...wish,
        ...(id === undefined ? {} : { snapshot: id }),
      });
      const running = changesFolders(target) ? runningCopies(this.#session) : [];
      if (running.length > 0) {
        await verifyTarget(this.#session, target);
        await stopRunning(this.#session, running, async () => kill);
      }
      return rollback(this.#session, target);
    });
  }

  /** All but the last `keep`, the pinned ones and those that the installed version needs to go back. */
  async cleanupOldSnapshots(keep: number = this.#setup.keep): Promise<Pruned> {
    return this.#locked(() => {
      const receipt = requireReceipt(this.#host.disk, this.#session.layout);
      return pruneSnapshots(this.#session, this.#setup, receipt, { keep });
    });
  }

  /** What an interrupted run left open is closed first, as with every command. */
  async #locked<Result>(work: () => Promise<Result>): Promise<Result> {
    const { layout } = this.#session;
    try {
      return await withLock(this.#host, layout, async () => {
        await recoverTransaction(this.#session);
        return work();
      });
    } catch (error) {
      throw tellable(error, layout.installDir);
    }
  }
}

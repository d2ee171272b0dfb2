/**
 * The folders in a transaction: changed before the swap, and restored if the new version does not stay. The old state is in
 * the snapshot that was taken before. Whatever state an interrupted run has left, the folders are restored from it.
 */
import { BusyError, DamagedError, MachineError, UnrecoverableError } from '../../errors.ts';
import { snapshotSetup } from '../../home/snapshot-setup.ts';
import {
  type Amendment,
  type Covering,
  carryOut,
  clearLeftovers,
  FOLDER_COMPONENTS,
  type FolderComponent,
  findLoss,
  flushFolders,
  loadSnapshot,
  type Plan,
  planRestore,
  prepare,
  prepareAmended,
  type RestoreRequest,
  type Snapshot,
  storeLayout,
  verifyRestored,
} from '../../snapshot/index.ts';
import { isAppRunning, runningCopies } from '../process/running.ts';
import { loadReceipt } from '../receipt.ts';
import type { Session } from '../session.ts';
import { appendEntry, type Folders, type OpenTransaction } from '../transaction/journal.ts';
import { snapshotInstall } from './snapshots.ts';

/** A change of folders. The record in the journal is written between `prepare` and `carryOut`. */
export interface FolderChange {
  /** Writes and verifies the new files beside the current ones, which are not touched. */
  prepare(): Promise<void>;
  carryOut(): void;
  /** Throws DamagedError if the folders are not as planned. */
  verify(): void;
}

export interface SnapshotTarget {
  home: string;
  /** The state to bring the folders to. */
  snapshot: Snapshot;
  /** Changes to that state. */
  amendment?: Amendment;
  /** The current state. What is not in this snapshot is not replaced. */
  before: Snapshot;
  components: readonly FolderComponent[];
  /** Id of the transaction. */
  id: string;
}

export function changeToSnapshot(
  session: Session,
  { home, snapshot, amendment, before, components, id }: SnapshotTarget,
): FolderChange {
  const request = requestFor(session, home, snapshot, components, id);
  let plan: ReturnType<typeof planRestore> | undefined;
  const begun = session.host.clock.monotonic();
  return {
    async prepare() {
      const check = (planned: Plan) => checkKept(session, request, before, planned);
      if (amendment !== undefined) {
        plan = await prepareAmended(request, amendment, check);
        return;
      }
      plan = planRestore(request);
      check(plan);
      await prepare(request, plan);
    },
    carryOut() {
      if (plan === undefined) throw new Error('carryOut was called before prepare');
      carryOut(request, plan);
      reportFolders(session, snapshot.id, plan, begun);
    },
    verify: () => verifyRestored(request, plan),
  };
}

function reportFolders(
  { host, emit }: Session,
  snapshot: string,
  { files, bytes, removed, leftAlone }: Plan,
  begun: number,
): void {
  const milliseconds = Math.round(host.clock.monotonic() - begun);
  emit({ event: 'folders', snapshot, files, bytes, removed, leftAlone, milliseconds });
}

function checkKept({ host, app }: Session, { layout }: RestoreRequest, before: Snapshot, plan: Plan): void {
  const loss = findLoss(host.disk, layout, before, plan);
  if (loss === null) return;
  throw new MachineError(
    `${loss.path} could not be kept (${loss.reason}) and would be lost; nothing was changed`,
    {
      advice: `Run it as the user who runs ${app}, make the file readable, or leave its component out with --only.`,
    },
  );
}

export function requestFor(
  session: Session,
  home: string,
  snapshot: Snapshot,
  components: readonly FolderComponent[],
  id: string,
): RestoreRequest {
  const { host, app } = session;
  const setup =
    session.snapshots?.home === home
      ? session.snapshots
      : snapshotSetup(host, { home, app, updater: snapshot.metadata.updater });
  return {
    host,
    layout: setup.layout,
    snapshot,
    profile: setup.profile,
    components,
    id,
    // A Ctrl-C must not interrupt it halfway.
    checkpoint: async () => undefined,
  };
}

export interface BringBackOptions {
  /** An earlier run began the transaction. The user may have worked with the current state since. */
  resumed: boolean;
  /** Restore all folders, not only those that the transaction changes: the new version was tried, and may have written. */
  all: boolean;
}

/**
 * Restores the folders from the snapshot that the transaction began with. Throws UnrecoverableError if the snapshot is damaged
 * or missing, BusyError if DGMO runs. After an error of the disk the transaction stays open for the next run.
 */
export async function bringBack(
  session: Session,
  open: OpenTransaction & { folders: Folders },
  { resumed, all }: BringBackOptions,
): Promise<void> {
  const { host, layout } = session;
  const begun = host.clock.monotonic();
  const { home, before } = open.folders;
  const snapshot = loadSnapshotBefore(session, open.folders);
  const components = all ? FOLDER_COMPONENTS : open.folders.changes;
  const request = requestFor(session, home, snapshot, components, open.id);
  try {
    clearLeftovers(request);
    const plan = planRestore(request);
    if (!plan.empty) {
      refuseIfRunning(session);
      if (resumed) {
        const kept = await snapshotBeforeRecovery(session, home, open.from.version, { snapshot, components });
        if (kept !== null) checkKept(session, request, kept, plan);
      }
      appendEntry(host.disk, layout, { type: 'folders', state: 'touched' });
      await prepare(request, plan);
      carryOut(request, plan);
      verifyRestored(request, plan);
      reportFolders(session, before, plan, begun);
    }
    flushFolders(request);
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
    throw new UnrecoverableError(
      `the folders could not be restored to their state before the update: ${error.message}`,
      {
        advice: '`dgmo-updater snapshots list` shows the snapshots, `rollback <id>` goes to one.',
        cause: error,
      },
    );
  }
  appendEntry(host.disk, layout, { type: 'folders', state: 'back' });
}

function loadSnapshotBefore({ host }: Session, { home, before }: Folders): Snapshot {
  const layout = storeLayout(host, home);
  const snapshot = loadSnapshot(host.disk, layout, before);
  if (snapshot !== null) return snapshot;
  throw new UnrecoverableError(
    `the snapshot ${before}, which the update began with, is no longer in ${layout.folder}`,
    { advice: '`dgmo-updater snapshots list` shows the snapshots, `rollback <id>` goes to one.' },
  );
}

/** Throws BusyError if DGMO runs: its open files must not be changed, and nothing that it writes may be lost. */
function refuseIfRunning(session: Session): void {
  if (!isAppRunning(session)) return;
  const { app } = session;
  const running = runningCopies(session).join(', ');
  throw new BusyError(
    `an update was interrupted while it changed the data of ${app}, and ${app} is running${running ? ` (process ${running})` : ''}`,
    { advice: `Close ${app}, then run \`dgmo-updater recover\`.` },
  );
}

/** Recovery replaces the current state, which is kept in a snapshot first, as before a rollback. */
async function snapshotBeforeRecovery(
  session: Session,
  home: string,
  version: string,
  covering: Covering,
): Promise<Snapshot | null> {
  const { host, layout, app } = session;
  const receipt = loadReceipt(host.disk, layout);
  if (receipt === null) return null;
  const setup = session.snapshots?.home === home ? session.snapshots : null;
  return snapshotInstall(session, setup ?? snapshotSetup(host, { home, app, updater: '' }), receipt, {
    kind: 'recovery',
    reason: `Before going back to ${version} after an interrupted update`,
    covering,
  });
}

/** Removes temporary files that a transaction has left in the folders, when it ends. */
export function removeFolderLeftovers(session: Session, folders: Folders, id: string): void {
  const snapshot = loadSnapshot(session.host.disk, storeLayout(session.host, folders.home), folders.before);
  if (snapshot === null) return;
  clearLeftovers(requestFor(session, folders.home, snapshot, folders.changes, id));
}

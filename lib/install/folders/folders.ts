/**
 * The folders in a transaction: changed before the swap, and restored if the new version does not stay. The old state is in
 * the snapshot that was taken before. Whatever state an interrupted run has left, the folders are restored from it.
 */
import { BusyError, DamagedError, MachineError, UnrecoverableError, UpdaterError } from '../../errors.ts';
import { refusalOfRoot } from '../../home/foreign.ts';
import { type SnapshotSetup, snapshotSetup } from '../../home/snapshot-setup.ts';
import type { Host } from '../../platform/host.ts';
import {
  type Amendment,
  type Covering,
  carryOut,
  clearLeftovers,
  discardSnapshot,
  FOLDER_COMPONENTS,
  type FolderComponent,
  findLoss,
  flushFolders,
  listSnapshots,
  loadSnapshot,
  type Plan,
  planRestore,
  prepare,
  prepareAmended,
  type RestoreRequest,
  type Snapshot,
  type StoreLayout,
  storeLayout,
  verifyRestored,
} from '../../snapshot/index.ts';
import { countRead } from '../count-read.ts';
import { installedPaths } from '../layout.ts';
import { isAppRunning, runningCopies } from '../process/running.ts';
import { loadReceipt } from '../receipt.ts';
import type { Session } from '../session.ts';
import { appendEntry, type Folders, type OpenTransaction } from '../transaction/journal.ts';
import { homeOfTransaction, loadSnapshotBefore } from './snapshot-before.ts';
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
  let kept: ReadonlySet<string> = new Set();
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
      await prepareAndTell(session, request, plan);
    },
    carryOut() {
      if (plan === undefined) throw new Error('carryOut was called before prepare');
      kept = carryOut(request, plan);
      reportFolders(session, snapshot.id, plan, begun);
      warnOfKept(session, kept);
    },
    verify: () => verifyRestored(request, plan, kept),
  };
}

async function prepareAndTell(session: Session, request: RestoreRequest, plan: Plan): Promise<void> {
  const { files, bytes } = plan;
  if (files > 0) session.emit({ event: 'restoring folders', snapshot: request.snapshot.id, files, bytes });
  await prepare({ ...request, onWritten: countRead(session, () => bytes) }, plan);
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

/** Only the owner of a file may set these. Its content is restored, so nothing depends on them. */
function warnOfKept({ emit }: Session, kept: ReadonlySet<string>): void {
  const [first, ...others] = kept;
  if (first === undefined) return;
  const more = others.length === 0 ? '' : `, and of ${others.length} more,`;
  emit({
    event: 'warning',
    text: `The time and the mode of ${first}${more} could not be set, as only its owner may do that; its content is as in the snapshot.`,
  });
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

/** Of the home that a transaction has begun with, which may be another one than that of this run. */
function setupIn({ host, app, layout, snapshots }: Session, home: string, updater: string): SnapshotSetup {
  if (snapshots?.home === home) return snapshots;
  return snapshotSetup(host, { home, app, updater, installed: installedPaths(host, layout) });
}

export function requestFor(
  session: Session,
  home: string,
  snapshot: Snapshot,
  components: readonly FolderComponent[],
  id: string,
): RestoreRequest {
  const { host } = session;
  const setup = setupIn(session, home, snapshot.metadata.updater);
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
  begun: OpenTransaction & { folders: Folders },
  { resumed, all }: BringBackOptions,
): Promise<void> {
  const { host, layout } = session;
  const start = host.clock.monotonic();
  const home = homeOfTransaction(session, begun.folders);
  const open = { ...begun, folders: { ...begun.folders, home } };
  const { before } = open.folders;
  const refusal = refusalOfRoot(host, home);
  if (refusal !== null) throw refusal;
  const components = all ? FOLDER_COMPONENTS : open.folders.changes;
  const snapshot = loadSnapshotBefore(session, begun.folders, components);
  const request = requestFor(session, home, snapshot, components, open.id);
  try {
    clearLeftovers(request);
    const plan = planRestore(request);
    if (!plan.empty) {
      refuseIfRunning(session);
      const lost = await setAside(session, open, { request, plan, resumed });
      appendEntry(host.disk, layout, { type: 'folders', state: 'touched' });
      await prepareAndTell(session, request, plan);
      const kept = carryOut(request, plan);
      verifyRestored(request, plan, kept);
      reportFolders(session, before, plan, start);
      warnOfKept(session, kept);
      if (lost !== null) session.emit({ event: 'warning', text: lost });
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

/**
 * Takes a snapshot of the current state, which is about to be replaced: the user or another program may have written into the
 * folders as well, and nobody can tell those files from the ones that the new version wrote while it was tried.
 *
 * In the run that began the transaction, seconds have passed since the snapshot before it, and the old version waits for its
 * data. So a failure of the machine, such as a disk that the new version has filled, does not stop that run: the restore
 * frees what the new version wrote. A later run can't know what the user has done since, and does not go on without.
 *
 * @returns the sentence to tell once something was replaced that could not be kept; null if everything was
 */
async function setAside(
  session: Session,
  open: OpenTransaction & { folders: Folders },
  { request, plan, resumed }: { request: RestoreRequest; plan: Plan; resumed: boolean },
): Promise<string | null> {
  const { snapshot, components } = request;
  try {
    const kept = await snapshotBeforeRecovery(session, open, { snapshot, components });
    if (kept !== null && resumed) checkKept(session, request, kept, plan);
    const loss = kept === null ? null : findLoss(session.host.disk, request.layout, kept, plan);
    return loss === null ? null : `${loss.path} was replaced, and could not be kept: ${loss.reason}.`;
  } catch (error) {
    if (resumed || !(error instanceof MachineError)) throw error;
    const { message } = error.cause instanceof UpdaterError ? error.cause : error;
    return `What was in the folders before going back to ${open.from.version} could not be kept: ${message}.`;
  }
}

/** Null if nothing was adopted. */
async function snapshotBeforeRecovery(
  session: Session,
  { folders: { home }, from, to }: OpenTransaction & { folders: Folders },
  covering: Covering,
): Promise<Snapshot | null> {
  const { host, layout } = session;
  const receipt = loadReceipt(host.disk, layout);
  if (receipt === null) return null;
  const setup = setupIn(session, home, '');
  // A Ctrl-C must not interrupt the restore.
  const uninterrupted = { ...session, interrupted: () => false };
  const kept = await snapshotInstall(uninterrupted, setup, receipt, {
    kind: 'recovery',
    reason: `Before going back to ${from.version}, since ${to.version} did not stay`,
    covering,
  });
  if (await discardIfRepeated(host, setup.layout, kept)) return kept;
  session.emit({ event: 'set aside', snapshot: kept.id });
  return kept;
}

/** Removes the snapshot if an earlier one has the same folders: after a failed rollback that is the one it went to. */
async function discardIfRepeated(host: Host, layout: StoreLayout, kept: Snapshot): Promise<boolean> {
  const sameFolders = ({ components }: Snapshot) =>
    FOLDER_COMPONENTS.every((name) => components[name].checksum === kept.components[name].checksum);
  const isRepeated = listSnapshots(host.disk, layout).some(
    ({ id, found }) => id !== kept.id && !(found instanceof Error) && sameFolders(found),
  );
  return isRepeated && discardSnapshot(host, layout, kept.id);
}

/** Removes temporary files that a transaction has left in the folders, when it ends. */
export function removeFolderLeftovers(session: Session, folders: Folders, id: string): void {
  const { host } = session;
  const home = homeOfTransaction(session, folders);
  if (refusalOfRoot(host, home) !== null) return;
  if (loadSnapshot(host.disk, storeLayout(host, home), folders.before) === null) return;
  const snapshot = loadSnapshotBefore(session, folders, folders.changes);
  clearLeftovers(requestFor(session, home, snapshot, folders.changes, id));
}

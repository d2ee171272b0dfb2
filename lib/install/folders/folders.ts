/**
 * The folders beside the executable, in a transaction: brought to what they are to be before the swap, and to what they
 * were where the new version does not stay. What was is in the snapshot that the transaction began with; whatever state
 * the folders were left in, they are made what it says.
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
import { isInUse, runningCopies } from '../process/running.ts';
import { loadReceipt } from '../receipt.ts';
import type { Session } from '../session.ts';
import { appendEntry, type Folders, type OpenTransaction } from '../transaction/journal.ts';
import { takeSnapshotHere } from './snapshots.ts';

/** A change of folders, in the two halves that the journal stands between. */
export interface FolderChange {
  /** Brings everything to where it is needed, verified; touches nothing that stands. */
  prepare(): Promise<void>;
  carryOut(): void;
  /** Throws DamagedError where it did not come to what it should. */
  verify(): void;
}

export interface Restoring {
  home: string;
  /** What they are to be. */
  snapshot: Snapshot;
  /** With these changes. */
  amendment?: Amendment;
  /** What stands: nothing is changed that it could not take. */
  before: Snapshot;
  components: readonly FolderComponent[];
  /** Of the transaction. */
  id: string;
}

export function restoring(
  session: Session,
  { home, snapshot, amendment, before, components, id }: Restoring,
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
      if (plan === undefined) throw new Error('folders are changed before they were prepared');
      carryOut(request, plan);
      tellFolders(session, snapshot.id, plan, begun);
    },
    verify: () => verifyRestored(request, plan),
  };
}

function tellFolders(
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
    // A Ctrl-C would leave half of it.
    checkpoint: async () => undefined,
  };
}

export interface BringBack {
  /** Begun by a run that is gone: meanwhile somebody may have worked with what stands. */
  resumed: boolean;
  /** All of them, not only those that the transaction changes: the new version was tried, and may have written. */
  all: boolean;
}

/**
 * Throws UnrecoverableError where the snapshot is not what it was, BusyError where DGMO runs; what the disk throws leaves
 * the transaction open, for the next run.
 */
export async function bringBack(
  session: Session,
  open: OpenTransaction & { folders: Folders },
  { resumed, all }: BringBack,
): Promise<void> {
  const { host, layout } = session;
  const begun = host.clock.monotonic();
  const { home, before } = open.folders;
  const snapshot = snapshotBefore(session, open.folders);
  const components = all ? FOLDER_COMPONENTS : open.folders.changes;
  const request = requestFor(session, home, snapshot, components, open.id);
  try {
    clearLeftovers(request);
    const plan = planRestore(request);
    if (!plan.empty) {
      refuseIfRunning(session);
      if (resumed) {
        const kept = await keepWhatStands(session, home, open.from.version, { snapshot, components });
        if (kept !== null) checkKept(session, request, kept, plan);
      }
      appendEntry(host.disk, layout, { type: 'folders', state: 'touched' });
      await prepare(request, plan);
      carryOut(request, plan);
      verifyRestored(request, plan);
      tellFolders(session, before, plan, begun);
    }
    flushFolders(request);
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error;
    throw new UnrecoverableError(
      `the folders could not be brought back to what they were before the update: ${error.message}`,
      {
        advice: '`dgmo-updater snapshots list` shows which snapshots there are, `rollback <id>` goes to one.',
        cause: error,
      },
    );
  }
  appendEntry(host.disk, layout, { type: 'folders', state: 'back' });
}

function snapshotBefore({ host }: Session, { home, before }: Folders): Snapshot {
  const layout = storeLayout(host, home);
  const snapshot = loadSnapshot(host.disk, layout, before);
  if (snapshot !== null) return snapshot;
  throw new UnrecoverableError(
    `the snapshot ${before}, which the update began with, is no longer in ${layout.folder}`,
    {
      advice: '`dgmo-updater snapshots list` shows which snapshots there are, `rollback <id>` goes to one.',
    },
  );
}

/** What it has open must not be changed under it, and what it writes must not be lost: the next run brings them back. */
function refuseIfRunning(session: Session): void {
  if (!isInUse(session)) return;
  const { app } = session;
  const running = runningCopies(session).join(', ');
  throw new BusyError(
    `an update was interrupted while it changed the data of ${app}, and ${app} is running${running ? ` (process ${running})` : ''}`,
    { advice: `Close ${app}, then run \`dgmo-updater recover\`.` },
  );
}

/** A rollback first keeps what it is about to replace: this one, too. */
async function keepWhatStands(
  session: Session,
  home: string,
  version: string,
  covering: Covering,
): Promise<Snapshot | null> {
  const { host, layout, app } = session;
  const receipt = loadReceipt(host.disk, layout);
  if (receipt === null) return null;
  const setup = session.snapshots?.home === home ? session.snapshots : null;
  return takeSnapshotHere(session, setup ?? snapshotSetup(host, { home, app, updater: '' }), receipt, {
    kind: 'recovery',
    reason: `Before going back to ${version} after an interrupted update`,
    covering,
  });
}

/** What a transaction that ends leaves in the folders besides: files on their way that never got there. */
export function clearFolders(session: Session, folders: Folders, id: string): void {
  const snapshot = loadSnapshot(session.host.disk, storeLayout(session.host, folders.home), folders.before);
  if (snapshot === null) return;
  clearLeftovers(requestFor(session, folders.home, snapshot, folders.changes, id));
}

/** Going back: the executable, and the folders beside it, as one transaction that begins with a snapshot of what stands. */
import { isDeepStrictEqual } from 'node:util';
import { BusyError, DamagedError, errorCode, MachineError } from '../errors.ts';
import {
  checkStored,
  type FolderComponent,
  listSnapshots,
  removeSnapshot,
  type Snapshot,
} from '../snapshot/index.ts';
import { compareVersions } from '../version/index.ts';
import { clearFolders, requestFor, restoring } from './folders/folders.ts';
import { pruneAfter, takeSnapshotBefore } from './folders/snapshots.ts';
import { type Binary, type Receipt, requireReceipt, saveReceipt } from './receipt.ts';
import { adviceAfter, binarySource, type RollbackTarget } from './rollback-target.ts';
import type { Session } from './session.ts';
import { begin } from './transaction/begin.ts';
import { conclude } from './transaction/conclude.ts';
import { appendEntry, type OpenTransaction, openTransaction, readJournal } from './transaction/journal.ts';
import { keepUnder } from './transaction/keep.ts';
import { sweep } from './transaction/sweep.ts';
import { settle } from './transaction/transaction.ts';

export interface RolledBack {
  from: Binary;
  to: Binary;
  /** Of what stood before: where a rollback of the rollback goes. Null where only the kept binary tells. */
  before: Snapshot | null;
}

/**
 * Before anything is stopped or taken for it: whether the snapshot can be brought back. Throws DamagedError, which names
 * what is not what it was, and the next snapshot to try.
 */
export async function verifyTarget(session: Session, target: RollbackTarget): Promise<void> {
  const { snapshot } = target;
  const folders = foldersOf(target);
  if (snapshot === null || session.snapshots === null || folders.length === 0) return;
  try {
    await checkStored(requestFor(session, session.snapshots.home, snapshot, folders, 'check'));
  } catch (error) {
    throw explained(session, snapshot, error);
  }
}

function foldersOf({ components }: RollbackTarget): FolderComponent[] {
  return components.filter((component): component is FolderComponent => component !== 'binary');
}

/**
 * The caller holds the lock. Also mends a binary that was damaged or removed, and gets out of a transaction that could
 * be neither finished nor taken back. Throws as `conclude` does.
 */
export async function rollback(session: Session, target: RollbackTarget): Promise<RolledBack> {
  const { host, layout, digests } = session;
  const { receipt, snapshot } = target;
  checkStillSo(session, receipt);
  if (openTransaction(readJournal(host.disk, layout).entries) !== null) {
    appendEntry(host.disk, layout, { type: 'end', at: host.clock.now(), outcome: 'abandoned' });
  }
  const folders = foldersOf(target);
  const found = digests.of(layout.target);
  const from: Binary =
    found === null || found.sha256 === receipt.binary.sha256
      ? receipt.binary
      : { version: receipt.binary.version, ...found };
  const to = target.components.includes('binary') ? target.to : from;
  const before = await snapshotFirst(session, target, folders);
  const after = receiptAfter(session, target, from, to);
  if (found?.sha256 === to.sha256 && folders.length === 0) {
    // It stands there already, put back by hand: only the receipt has to learn of it.
    appendEntry(host.disk, layout, { type: 'receipt', at: host.clock.now(), receipt: after });
    saveReceipt(host.disk, layout, after);
    return { from, to, before };
  }
  const { snapshots } = session;
  const open = begin(session, {
    kind: 'rollback',
    from,
    to,
    receipt: { before: receipt, after },
    folders:
      before === null || snapshots === null
        ? null
        : { home: snapshots.home, before: before.id, changes: folders },
  });
  const change =
    snapshot === null || snapshots === null || before === null || folders.length === 0
      ? null
      : restoring(session, { home: snapshots.home, snapshot, before, components: folders, id: open.id });
  try {
    stageBinary(session, open, receipt);
    await conclude(
      session,
      await settle(session, open, { resumed: false, change, quiet: change !== null }),
      from,
      to,
      receipt,
    );
  } catch (error) {
    if (before !== null) forgetUnneeded(session, open.id, before);
    throw explained(session, snapshot, error);
  }
  await pruneAfter(session, after);
  return { from, to, before };
}

/** The target was chosen before the lock was taken, and a person may have thought about it for long. */
function checkStillSo({ host, layout }: Session, receipt: Receipt): void {
  const now = requireReceipt(host.disk, layout);
  if (isDeepStrictEqual(now, receipt)) return;
  throw new BusyError(
    `something else has changed ${layout.installDir} meanwhile: ${receipt.binary.version} was installed, ${now.binary.version} is now; nothing was changed`,
    { advice: 'Try again.' },
  );
}

/** The binary alone goes back without it, where the disk is too full for one: what stands is kept beside it anyway. */
async function snapshotFirst(
  session: Session,
  { receipt, to }: RollbackTarget,
  folders: readonly FolderComponent[],
): Promise<Snapshot | null> {
  const wish = { kind: 'rollback' as const, reason: `Before going back to ${to.version}`, replaced: true };
  try {
    return await takeSnapshotBefore(session, receipt, wish);
  } catch (error) {
    if (!(error instanceof MachineError) || folders.length > 0) throw error;
    session.emit({ event: 'no snapshot', reason: error.message });
    return null;
  }
}

function receiptAfter({ host }: Session, target: RollbackTarget, from: Binary, to: Binary): Receipt {
  const { receipt, snapshot, components } = target;
  if (!components.includes('binary')) return receipt;
  const sound = from.sha256 === receipt.binary.sha256;
  return {
    ...receipt,
    binary: to,
    // What is damaged is not worth going back to.
    previous: sound && receipt.binary.sha256 !== to.sha256 ? receipt.binary : sound ? receipt.previous : null,
    floor: compareVersions(to.version, receipt.floor) < 0 ? to.version : receipt.floor,
    source: 'rollback',
    rollback: snapshot === null ? null : snapshot.rollback,
    installedAt: host.clock.now(),
  };
}

/** Beside the old one, before anything is touched. */
function stageBinary(session: Session, open: OpenTransaction, receipt: Receipt): void {
  const { host, layout } = session;
  if (open.from.sha256 === open.to.sha256) return;
  try {
    const source = binarySource(session, open.to);
    if (source === null) throw new DamagedError(`the binary of ${open.to.version} is gone`);
    keepUnder(session, source, layout.staged(open.id));
    host.disk.flushDirectory(layout.workDir);
  } catch (error) {
    if (open.folders !== null) clearFolders(session, open.folders, open.id);
    sweep(session, receipt);
    appendEntry(host.disk, layout, { type: 'end', at: host.clock.now(), outcome: 'abandoned' });
    throw error;
  }
}

/** Nothing was touched: what was taken of it would only push another snapshot out. */
function forgetUnneeded({ host, layout, snapshots }: Session, transaction: string, before: Snapshot): void {
  try {
    const { entries } = readJournal(host.disk, layout);
    const begun = entries.findLastIndex((entry) => entry.type === 'begin' && entry.id === transaction);
    const [only, ...more] = entries.slice(begun + 1);
    const untouched = only?.type === 'end' && only.outcome === 'abandoned' && more.length === 0;
    if (snapshots !== null && untouched) removeSnapshot(host.disk, snapshots.layout, before.id);
  } catch (error) {
    // What brought us here is to be told.
    if (errorCode(error) === undefined) throw error;
  }
}

/** Where the snapshot turned out to be damaged, the next one is named. */
function explained({ host, snapshots }: Session, snapshot: Snapshot | null, error: unknown): unknown {
  if (!(error instanceof DamagedError) || error.advice !== undefined) return error;
  if (snapshot === null || snapshots === null) return error;
  const listed = listSnapshots(host.disk, snapshots.layout).filter(
    ({ found }) => found instanceof Error || found.installId === snapshot.installId,
  );
  return new DamagedError(`${error.message}; nothing was changed`, {
    advice: adviceAfter(snapshot.id, listed),
    cause: error,
  });
}

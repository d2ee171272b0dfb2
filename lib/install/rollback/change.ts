/**
 * The parts of a rollback: its snapshot, folders, staged binary and receipt. `lib/api/rollback.ts` puts them in order. A
 * rollback also repairs a damaged or missing binary, and replaces a transaction that could be neither finished nor undone.
 */

import { isDeepStrictEqual } from 'node:util';
import { BusyError, DamagedError, MachineError } from '../../errors.ts';
import {
  checkStored,
  type FolderComponent,
  listSnapshots,
  planRestore,
  type Snapshot,
} from '../../snapshot/index.ts';
import { compareVersions } from '../../version/index.ts';
import { executableMode, takeOver } from '../executable-mode.ts';
import { changeToSnapshot, type FolderChange, requestFor } from '../folders/folders.ts';
import { snapshotBeforeChange } from '../folders/snapshots.ts';
import { holdsStranger, requireNoStranger } from '../installed-binary.ts';
import {
  ABSENT,
  type Binary,
  type Receipt,
  requireReceipt,
  saveReceipt,
  withoutConfirmation,
} from '../receipt.ts';
import type { Session } from '../session.ts';
import { appendEntry, type Folders, type OpenTransaction } from '../transaction/journal.ts';
import { placeBinary } from './stored-binary.ts';
import { adviceAfter, dataFormatChange, type RollbackTarget } from './target.ts';

/** What a rollback changes, decided once the lock is held. */
export interface RollbackChange {
  target: RollbackTarget;
  /** The binary to replace: the one in the receipt, or the one that was found at the target instead, or none. */
  from: Binary;
  to: Binary;
  folders: FolderComponent[];
  /** The user has already put that binary back by hand, and no folder changes: only the receipt is written. */
  receiptOnly: boolean;
}

/**
 * Throws BusyError if something else was installed meanwhile: the target was chosen before the lock was taken, and the user
 * may have taken long to confirm it. Throws DamagedError if only folders change, and the executable is something else than a file.
 */
export function planRollbackChange(session: Session, target: RollbackTarget): RollbackChange {
  const { host, layout, digests } = session;
  const { receipt } = target;
  const now = requireReceipt(host.disk, layout);
  // It may have confirmed its health meanwhile.
  if (!isDeepStrictEqual(withoutConfirmation(now), withoutConfirmation(receipt))) {
    throw new BusyError(
      `something else has changed ${layout.installDir} meanwhile: ${receipt.binary.version} was installed, ${now.binary.version} is now; nothing was changed`,
      { advice: 'Try again.' },
    );
  }
  const changesBinary = target.components.includes('binary');
  if (!changesBinary) requireNoStranger(session, layout.target);
  // A stranger is moved aside before the swap.
  const found = holdsStranger(session, layout.target) ? null : digests.of(layout.target);
  const replaced = found ?? (changesBinary ? { sha256: ABSENT, size: 0 } : receipt.binary);
  const from: Binary =
    replaced.sha256 === receipt.binary.sha256
      ? receipt.binary
      : { version: receipt.binary.version, ...replaced };
  const to = changesBinary ? target.to : from;
  const folders = folderComponents(target);
  return { target, from, to, folders, receiptOnly: found?.sha256 === to.sha256 && folders.length === 0 };
}

function folderComponents({ components }: RollbackTarget): FolderComponent[] {
  return components.filter((component): component is FolderComponent => component !== 'binary');
}

/**
 * Verifies that the snapshot can be restored, before DGMO is stopped for it. Throws DamagedError, which names what is damaged
 * and the next snapshot to try.
 */
export async function verifyTarget(session: Session, target: RollbackTarget): Promise<void> {
  const { snapshot } = target;
  const folders = folderComponents(target);
  if (snapshot === null || session.snapshots === null || folders.length === 0) return;
  try {
    await checkStored(requestFor(session, session.snapshots.home, snapshot, folders, 'check'));
  } catch (error) {
    throw withNextSnapshot(session, target, error);
  }
}

/** What a rollback changes in the folders. */
export interface RollbackPreview {
  /** Files that are written, and their bytes. */
  files: number;
  bytes: number;
  /** Files that are removed. */
  removed: number;
}

/** Compares the folders with the snapshot, and changes nothing. Throws as `planRestore` does. */
export function previewFolders(session: Session, target: RollbackTarget): RollbackPreview {
  const { snapshot } = target;
  const folders = folderComponents(target);
  if (snapshot === null || session.snapshots === null || folders.length === 0)
    return { files: 0, bytes: 0, removed: 0 };
  try {
    const request = requestFor(session, session.snapshots.home, snapshot, folders, 'preview');
    const { files, bytes, removed } = planRestore(request);
    return { files, bytes, removed };
  } catch (error) {
    throw withNextSnapshot(session, target, error);
  }
}

/**
 * Takes the snapshot before a rollback. If only the binary changes, a full disk does not stop the rollback, and null is
 * returned: the replaced binary is kept beside the new one anyway.
 */
export async function snapshotBeforeRollback(
  session: Session,
  { target, folders }: RollbackChange,
): Promise<Snapshot | null> {
  const { receipt, snapshot } = target;
  const reason = `Before going back to ${target.to.version}`;
  const covering = snapshot === null ? {} : { covering: { snapshot, components: folders } };
  try {
    return await snapshotBeforeChange(session, receipt, {
      kind: 'rollback',
      reason,
      ...covering,
    });
  } catch (error) {
    if (!(error instanceof MachineError) || folders.length > 0) throw error;
    session.emit({ event: 'no snapshot', reason: error.message });
    return null;
  }
}

/** For the journal. Null if there is no snapshot to restore the folders from. */
export function rollbackFolders(
  { snapshots }: Session,
  { folders }: RollbackChange,
  before: Snapshot | null,
): Folders | null {
  if (before === null || snapshots === null) return null;
  return { home: snapshots.home, before: before.id, changes: folders };
}

/** Null if no folder changes. */
export function rollbackFolderChange(
  session: Session,
  { target, folders }: RollbackChange,
  before: Snapshot | null,
  id: string,
): FolderChange | null {
  const { snapshot } = target;
  if (snapshot === null || session.snapshots === null || before === null || folders.length === 0) return null;
  const { home } = session.snapshots;
  return changeToSnapshot(session, { home, snapshot, before, components: folders, id });
}

/** The receipt to write once the rollback is committed. */
export function receiptAfterRollback({ host }: Session, { target, from, to }: RollbackChange): Receipt {
  const { receipt, snapshot, components } = target;
  if (!components.includes('binary')) return receipt;
  // What that release brought is not known any more.
  const { updater: _, configSchema: __, ...rest } = withoutConfirmation(receipt);
  return {
    ...rest,
    binary: to,
    previous: previousAfter(receipt, from, to),
    floor: compareVersions(to.version, receipt.floor) < 0 ? to.version : receipt.floor,
    source: 'rollback',
    rollback: snapshot === null ? null : snapshot.rollback,
    installedAt: host.clock.now(),
  };
}

function previousAfter(receipt: Receipt, from: Binary, to: Binary): Binary | null {
  // Never go back to a damaged or missing binary.
  if (from.sha256 !== receipt.binary.sha256) return null;
  return receipt.binary.sha256 === to.sha256 ? receipt.previous : receipt.binary;
}

/** The caller holds the lock. */
export function writeReceiptOnly({ host, layout }: Session, receipt: Receipt): void {
  appendEntry(host.disk, layout, { type: 'receipt', at: host.clock.now(), receipt });
  saveReceipt(host.disk, layout, receipt);
}

/** Puts the binary to go back to into the work dir, before anything is changed. */
export async function stageRollback(session: Session, open: OpenTransaction): Promise<void> {
  const { host, layout } = session;
  if (open.from.sha256 === open.to.sha256) return;
  const staged = layout.staged(open.id);
  const { version, size } = open.to;
  session.emit({ event: 'staging', version, route: 'kept here', bytes: size });
  if (!(await placeBinary(session, open.to, staged)))
    throw new DamagedError(`the binary of ${open.to.version} is gone`);
  const replaced = host.disk.status(layout.target);
  if (replaced?.kind === 'file') {
    takeOver(session, staged, layout.target);
    const mode = executableMode(replaced.mode);
    if (mode !== replaced.mode) host.disk.setMode(staged, mode);
  }
  host.disk.flushDirectory(layout.workDir);
}

/** Adds the next snapshot to try to the error, and the way that needs none of the folders, if the error is that this one is damaged. */
export function withNextSnapshot(
  { host, snapshots }: Session,
  { receipt, snapshot, components }: RollbackTarget,
  error: unknown,
): unknown {
  if (!(error instanceof DamagedError) || error.advice !== undefined) return error;
  if (snapshot === null || snapshots === null) return error;
  const listed = listSnapshots(host.disk, snapshots.layout).filter(
    ({ found }) => found instanceof Error || found.installId === snapshot.installId,
  );
  const alone = components.includes('binary') && dataFormatChange({ receipt, snapshot }) === null;
  const without = `\`dgmo-updater rollback ${snapshot.id} --only binary\` goes back with the executable alone, and keeps the data of now.`;
  return new DamagedError(`${error.message}; nothing was changed`, {
    advice: `${adviceAfter(snapshot.id, listed)}${alone ? ` ${without}` : ''}`,
    cause: error,
  });
}

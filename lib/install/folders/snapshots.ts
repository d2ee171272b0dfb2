/** Snapshots of this install: taking one before a change, and removing old ones after it. */
import { errorCode, MachineError, UpdaterError } from '../../errors.ts';
import { homeIfAny } from '../../home/folder.ts';
import type { SnapshotSetup } from '../../home/snapshot-setup.ts';
import { asUpdaterError } from '../../platform/failures.ts';
import type { Digest } from '../../platform/files.ts';
import {
  binaryPath,
  type Covering,
  discardSnapshot,
  estimateSnapshot,
  listSnapshots,
  outdated,
  type Pruned,
  prune,
  recogniseExecutable,
  rememberExecutable,
  type Snapshot,
  shareBinary,
  storeLayout,
  takeSnapshot,
  withStore,
} from '../../snapshot/index.ts';
import { countRead } from '../count-read.ts';
import type { Receipt } from '../receipt.ts';
import { checkpoint, type Session } from '../session.ts';
import { type OpenTransaction, openTransaction, readJournal } from '../transaction/journal.ts';
import { homeOfTransaction } from './snapshot-before.ts';

export interface SnapshotRequest {
  kind: Snapshot['kind'];
  reason: string;
  /** Replace the snapshot with this id. */
  id?: string;
  /** The change that follows. The snapshot includes everything that this change replaces. */
  covering?: Covering;
}

/** Takes a snapshot. Throws MachineError if the disk is full, BusyError if another snapshot is being taken. */
export async function snapshotInstall(
  session: Session,
  setup: SnapshotSetup,
  receipt: Receipt,
  { kind, reason, id, covering }: SnapshotRequest,
): Promise<Snapshot> {
  const { host, layout } = session;
  const begun = host.clock.monotonic();
  // A snapshot that is updated was already reported.
  if (id === undefined) session.emit({ event: 'taking snapshot', reason });
  const digest = await digestOfTarget(session, setup, kind);
  const isTooLarge = digest !== null && digest.sha256 === '' && digest.size >= 0;
  const isOut = isTooLarge || (kind === 'repair' && isDamaged(digest, receipt));
  const binary = digest === null || digest.size < 0 || isOut ? null : digest;
  try {
    // What is copied until the first report counts as well.
    const isStored = binary !== null && host.disk.status(binaryPath(setup.layout, binary.sha256)) !== null;
    const expected = () => {
      const covered = covering === undefined ? {} : { covering };
      const { files } = estimateSnapshot(host, { ...setup, ...covered, binary: null });
      return files + (isStored ? 0 : (binary?.size ?? 0));
    };
    const { snapshot, added } = await takeSnapshot(host, {
      layout: setup.layout,
      profile: setup.profile,
      kind,
      reason: isOut ? `${reason}; the executable was damaged, and is left out` : reason,
      app: receipt.app,
      installId: receipt.installId,
      version: receipt.binary.version,
      rollback: receipt.rollback,
      binary:
        binary === null
          ? null
          : {
              path: layout.target,
              digest: binary,
              sound: binary.sha256 === receipt.binary.sha256,
              onCopied: (path) => learnCopy(session, path, binary),
            },
      updater: setup.updater,
      ...(id === undefined ? {} : { id }),
      ...(covering === undefined ? {} : { covering }),
      checkpoint: () => checkpoint(session),
      onRead: countRead(session, expected),
    });
    const milliseconds = Math.round(host.clock.monotonic() - begun);
    const warnings = snapshot.warnings.length;
    if (id === undefined)
      session.emit({ event: 'snapshot', id: snapshot.id, reason, added, milliseconds, warnings });
    return snapshot;
  } catch (error) {
    const failure = asUpdaterError(error, setup.layout.folder);
    if (!(failure instanceof MachineError)) throw failure;
    throw new MachineError(`the snapshot could not be taken, and nothing was changed: ${failure.message}`, {
      cause: failure,
      ...(failure.advice === undefined ? {} : { advice: failure.advice }),
    });
  }
}

/**
 * Whether there is nothing in the executable that somebody may want back: it has the size of the installed one, so nobody has put
 * another program in its place.
 */
function isDamaged(found: Digest | null, { binary }: Receipt): boolean {
  return found?.size === binary.size && found.sha256 !== binary.sha256;
}

function learnCopy({ host, digests }: Session, path: string, digest: Digest): void {
  const identity = host.disk.status(path)?.identity;
  if (identity !== undefined) digests.learn(identity, digest);
}

/** For a manual snapshot, for which the user waits, an unchanged executable is not read again. */
async function digestOfTarget(
  { host, layout, digests }: Session,
  setup: SnapshotSetup,
  kind: SnapshotRequest['kind'],
): Promise<Digest | null> {
  const { disk, clock } = host;
  if (kind !== 'manual') return digests.ofLarge(layout.target);
  const known = recogniseExecutable(disk, setup.layout, layout.target);
  if (known !== null) return known;
  const digest = await digests.ofLarge(layout.target);
  if (digest !== null && digest.sha256 !== '' && disk.status(setup.layout.cache) !== null)
    rememberExecutable(disk, setup.layout, layout.target, digest, clock.now());
  return digest;
}

/** Takes a snapshot before a change. Returns null, and reports it, if this user has no home. */
export async function snapshotBeforeChange(
  session: Session,
  receipt: Receipt,
  wish: Omit<SnapshotRequest, 'id'>,
): Promise<Snapshot | null> {
  homeIfAny(session.home);
  if (session.snapshots === null) {
    session.emit({ event: 'no snapshot', reason: 'this user has no home directory' });
    return null;
  }
  return snapshotInstall(session, session.snapshots, receipt, wish);
}

/**
 * Ids of the snapshots that are kept however many are newer: the newest one of the binary that a rollback would restore, and
 * the ones that an open transaction, or a version that does not confirm its health, would restore.
 */
export function neededSnapshots(session: Session, setup: SnapshotSetup, receipt: Receipt): Set<string> {
  const needed = new Set<string>();
  const open = openTransaction(readJournal(session.host.disk, session.layout).entries);
  if (open !== null && open.folders !== null) needed.add(open.folders.before);
  if (receipt.confirmation?.snapshot) needed.add(receipt.confirmation.snapshot);
  const previous = receipt.previous?.sha256;
  if (previous === undefined) return needed;
  const newest = listSnapshots(session.host.disk, setup.layout).findLast(
    ({ found }) =>
      !(found instanceof Error) &&
      found.installId === receipt.installId &&
      found.components.binary?.checksum === previous,
  );
  if (newest !== undefined) needed.add(newest.id);
  return needed;
}

/** Ids of the snapshots that `pruneSnapshots` would remove. */
export function outdatedSnapshots(
  session: Session,
  setup: SnapshotSetup,
  receipt: Receipt,
  keep: number,
): string[] {
  return outdated({
    listed: listSnapshots(session.host.disk, setup.layout),
    installId: receipt.installId,
    keep,
    needed: neededSnapshots(session, setup, receipt),
  });
}

export async function pruneSnapshots(
  session: Session,
  setup: SnapshotSetup,
  receipt: Receipt,
  { keep = setup.keep, lazy = false }: { keep?: number; lazy?: boolean } = {},
): Promise<Pruned> {
  const { host } = session;
  try {
    return await prune(host, {
      layout: setup.layout,
      installId: receipt.installId,
      keep,
      lazy,
      needed: neededSnapshots(session, setup, receipt),
    });
  } catch (error) {
    throw asUpdaterError(error, setup.layout.folder);
  }
}

/**
 * Removes the snapshot that a transaction began with, if the transaction ended without any change: it would push out a useful
 * one. The snapshot is kept unless the journal shows that the folders are unchanged or restored.
 */
export async function forgetSnapshot(
  session: Session,
  { id: transaction, folders }: OpenTransaction,
): Promise<void> {
  const { host, layout } = session;
  if (folders === null) return;
  try {
    const { entries } = readJournal(host.disk, layout);
    const begun = entries.findLastIndex((entry) => entry.type === 'begin' && entry.id === transaction);
    const after = entries.slice(begun + 1);
    const [last] = after.slice(-1);
    const foldersAre = after.findLast((entry) => entry.type === 'folders')?.state ?? null;
    const asBefore =
      last?.type === 'end' &&
      ((last.outcome === 'abandoned' && foldersAre !== 'touched') ||
        (last.outcome === 'reverted' && foldersAre === 'back'));
    if (!asBefore) return;
    const store = storeLayout(host, homeOfTransaction(session, folders));
    await discardSnapshot(host, store, folders.before);
  } catch (error) {
    // The caller reports the failure of the transaction.
    if (errorCode(error) === undefined && !(error instanceof UpdaterError)) throw error;
  }
}

/** The binary that was replaced is kept beside the installed one and in the store: one file does for both. */
async function shareKept(
  { host, layout, digests }: Session,
  setup: SnapshotSetup,
  { previous }: Receipt,
): Promise<void> {
  if (previous === null) return;
  const { sha256 } = previous;
  const path = layout.kept(sha256);
  try {
    if (!digests.is(path, previous)) return;
    await withStore(host, setup.layout, async () => shareBinary(host.disk, setup.layout, { path, sha256 }));
  } catch (error) {
    throw asUpdaterError(error, setup.layout.folder);
  }
}

/** Removes old snapshots after a change. The change does not fail if that fails. */
export async function pruneAfter(session: Session, receipt: Receipt): Promise<void> {
  if (session.snapshots === null) return;
  try {
    await shareKept(session, session.snapshots, receipt);
    await pruneSnapshots(session, session.snapshots, receipt, { lazy: true });
  } catch (error) {
    if (!(error instanceof UpdaterError)) throw error;
  }
}

/** The repairs that need nothing but this machine. */

import { DamagedError, UpdaterError } from '../../errors.ts';
import { checkpoint, type Receipt, type Session, snapshotInstall } from '../../install/index.ts';
import { binarySource, placeBinary } from '../../install/rollback/stored-binary.ts';
import { sweep } from '../../install/transaction/sweep.ts';
import { statusOf } from '../../platform/files.ts';
import { checkStore } from '../check/home.ts';
import { strangerAt } from '../check/own-files.ts';
import type { HealthIssue, IssueType } from '../issue.ts';
import { copyAside, moveAside } from './aside.ts';
import { repairConfig } from './folders.ts';
import { repairCache, repairSettings, repairTrust } from './home.ts';
import { repairPermissions } from './permissions.ts';
import { knownReceipt, repairJournal, sessionOfRecord, writeReceipt } from './records.ts';

/** What the repair of another thing needs comes before it. */
const ORDER: readonly IssueType[] = [
  'permission_error',
  'receipt_damaged',
  'journal_damaged',
  'transaction_open',
  'settings_damaged',
  'trust_damaged',
  'snapshot_damaged',
  'cache_damaged',
  'binary_corruption',
  'updater_corruption',
  'updater_outdated',
  'config_unchecked',
  'config_invalid',
  'plugin_missing',
  'leftover_files',
];

export function inOrderOfRepair(issues: readonly HealthIssue[]): HealthIssue[] {
  return issues.toSorted((a, b) => ORDER.indexOf(a.type) - ORDER.indexOf(b.type));
}

/** Returns how it was repaired. Throws the UpdaterError that says why it can't be. The caller holds the lock. */
export async function repairLocally(
  session: Session,
  issue: HealthIssue,
  receipt: Receipt | null,
): Promise<string> {
  const { type, where } = issue;
  const { layout, snapshots } = session;
  switch (type) {
    case 'permission_error':
      repairPermissions(session, where);
      return 'the permissions are set';
    case 'journal_damaged': {
      const own = sessionOfRecord(session, where);
      if (own !== null) repairJournal(own, knownReceipt(own));
      else if (where === layout.journal) repairJournal(session, receipt);
      return 'written again with what could be read of it';
    }
    case 'binary_corruption':
      return repairKept(session, receipt);
    case 'leftover_files':
      if (receipt !== null) sweep(session, receipt);
      return 'removed';
    case 'cache_damaged':
      return repairCache(session, where);
    default:
  }
  if (snapshots === null) throw new DamagedError(`${where} can't be repaired: this user has no home`);
  switch (type) {
    case 'config_invalid':
      return repairConfig(session, snapshots, where, receipt);
    case 'trust_damaged':
      return repairTrust(session, snapshots, where);
    case 'settings_damaged':
      return repairSettings(session, snapshots, where);
    case 'snapshot_damaged':
      return repairSnapshot(session, where, receipt);
    default:
      throw new DamagedError(
        `${where}: ${issue.what}`,
        issue.advice === null ? {} : { advice: issue.advice },
      );
  }
}

/** Moves what is in the place of a file of ours aside, and returns where to. Null if there is no such thing at the path. */
export function moveStranger(session: Session, path: string): string | null {
  const own = strangerAt(session, path);
  return own === null ? null : moveAside(session, own.path, own.aside);
}

/** The executable that a rollback goes back to: a copy from the store, else the receipt forgets it. */
async function repairKept(session: Session, receipt: Receipt | null): Promise<string> {
  const previous = receipt?.previous ?? null;
  if (receipt === null || previous === null) return 'there is none to keep';
  const kept = session.layout.kept(previous.sha256);
  if (statusOf(session.host.disk, kept)?.kind === 'directory') moveAside(session, kept);
  const source = binarySource(session, previous);
  if (source !== kept && (await placeBinary(session, previous, kept))) {
    return 'from the store of snapshots';
  }
  writeReceipt(session, { ...receipt, previous: null });
  return `forgotten: no good copy of ${previous.version} is here, so a rollback needs another snapshot`;
}

/**
 * A document that can't be read is set aside. For anything else a new snapshot is taken: it stores again what the store has
 * lost, as far as it is still here.
 */
async function repairSnapshot(session: Session, where: string, receipt: Receipt | null): Promise<string> {
  const { snapshots } = session;
  if (snapshots === null) throw new DamagedError('this user has no home, where snapshots are');
  const { disk } = session.host;
  const isUnreadable = where.startsWith(snapshots.layout.documents) && where !== snapshots.layout.documents;
  const problems = isUnreadable ? await checkStore(session, snapshots, () => checkpoint(session)) : [];
  if (isUnreadable && !problems.some((problem) => problem.where === where)) {
    return `kept as ${moveAside(session, where)}`;
  }
  if (!isUnreadable && statusOf(disk, where)?.kind !== 'directory') moveAside(session, where);
  if (receipt === null) throw new DamagedError(`${where} can't be completed without a receipt`);
  try {
    await snapshotInstall(session, snapshots, receipt, {
      kind: 'repair',
      reason: 'To store again what was lost',
    });
  } catch (error) {
    if (!(error instanceof UpdaterError)) throw error;
  }
  const left = await checkStore(session, snapshots, () => checkpoint(session));
  const still = left.find((problem) => problem.where === where && problem.severity === 'damage');
  if (still === undefined) return 'what was lost is stored again';
  return `it can't be restored in full any more, and is kept as ${copyAndRemove(session, where)}`;
}

function copyAndRemove(session: Session, where: string): string {
  const beside = copyAside(session, where);
  if (statusOf(session.host.disk, where) !== null) session.host.disk.remove(where);
  return beside ?? where;
}

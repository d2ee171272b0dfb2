/** What the updater itself writes into the work dir: the receipt, the journal, the lock, and files that should be gone. */
import { DamagedError } from '../../errors.ts';
import {
  openTransaction,
  type Receipt,
  readJournal,
  type Session,
  transactionText,
} from '../../install/index.ts';
import { loadReceipt } from '../../install/receipt.ts';
import { decodeJournal, JOURNAL_LIMIT } from '../../install/transaction/journal.ts';
import { leftoversIn } from '../../install/transaction/sweep.ts';
import { updaterSession } from '../../install/updater/updater-session.ts';
import { readFile, statusOf } from '../../platform/files.ts';
import { findings, type HealthIssue, issue, unreadable } from '../issue.ts';
import { ownRecords, strangersIn } from './own-files.ts';

export interface Records {
  /** Null if there is none that can be read. */
  receipt: Receipt | null;
  issues: HealthIssue[];
}

export function checkRecords(session: Session): Records {
  const { host, layout } = session;
  const folder = host.disk.status(layout.workDir);
  if (folder !== null && folder.kind !== 'directory') {
    const what = `wanted the folder of the updater's records, found ${folder.kind === 'file' ? 'a file' : 'something else'}`;
    return { receipt: null, issues: [issue('receipt_damaged', layout.workDir, what, { repair: RECEIPT })] };
  }
  const strangers = strangersIn(session, ownRecords(session));
  const isStranger = (path: string) => strangers.some(({ where }) => where === path);
  const { receipt, issues } = isStranger(layout.receipt)
    ? { receipt: null, issues: [] }
    : checkReceipt(session);
  const journal = () => checkJournal(session, receipt);
  const leftovers = () => checkLeftovers(session, receipt);
  return {
    receipt,
    issues: [
      ...strangers,
      ...issues,
      ...(isStranger(layout.journal) ? [] : findings('journal_damaged', layout.journal, journal)),
      ...(isStranger(layout.journal) ? [] : findings('leftover_files', layout.workDir, leftovers)),
      ...checkUpdaterRecords(session, isStranger),
    ],
  };
}

/** Those of the updater's own transactions. That one of these is open is said of the updater itself (executables.ts). */
function checkUpdaterRecords(session: Session, isStranger: (path: string) => boolean): HealthIssue[] {
  const own = updaterSession(session);
  if (own === null || statusOf(own.host.disk, own.layout.workDir)?.kind !== 'directory') return [];
  const { journal, receipt: path } = own.layout;
  const hasRecords = [journal, path].some((file) => statusOf(own.host.disk, file) !== null);
  if (!hasRecords) return [];
  const { receipt, issues } = isStranger(path) ? { receipt: null, issues: [] } : checkReceipt(own);
  const inJournal = () => checkJournal(own, receipt).filter(({ type }) => type === 'journal_damaged');
  return [
    ...issues.map((found) => ({ ...found, repair: found.repair && UPDATER_RECEIPT })),
    ...(isStranger(journal) ? [] : findings('journal_damaged', journal, inJournal)),
  ];
}

const UPDATER_RECEIPT = 'write it again from its journal, or record the updater that is there';

const RECEIPT = 'write it again from the journal, a snapshot, or what the feed says of the executable';

const NEW = 'If it was never looked after here, run `dgmo-updater init` instead.';

function checkReceipt({ host, layout }: Session): Records {
  try {
    const receipt = loadReceipt(host.disk, layout);
    if (receipt !== null) return { receipt, issues: [] };
    const what = 'there is no receipt, so it is not known which version is installed';
    return {
      receipt: null,
      issues: [issue('receipt_damaged', layout.receipt, what, { repair: RECEIPT, advice: NEW })],
    };
  } catch (error) {
    const found = unreadable('receipt_damaged', layout.receipt, error);
    // A newer updater's receipt is not damaged, and must not be replaced.
    const isNewer = error instanceof DamagedError && /has schema \d+/.test(error.message);
    const repair = found.type === 'receipt_damaged' && !isNewer ? RECEIPT : null;
    return { receipt: null, issues: [{ ...found, repair }] };
  }
}

function checkJournal({ host, layout }: Session, receipt: Receipt | null): HealthIssue[] {
  const { disk } = host;
  const status = disk.status(layout.journal);
  const damaged = (what: string) => [
    issue('journal_damaged', layout.journal, what, {
      repair: 'move it aside, and write what can be read of it again, with the receipt',
    }),
  ];
  if (status === null) return receipt === null ? [] : damaged('the journal is missing');
  if (status.size > JOURNAL_LIMIT)
    return damaged(`it has ${status.size} bytes, at most ${JOURNAL_LIMIT} are possible`);
  const bytes = readFile(disk, layout.journal, JOURNAL_LIMIT) ?? new Uint8Array(0);
  const { entries, length } = decodeJournal(bytes, layout.journal);
  const open = openTransaction(entries);
  const lines = new TextDecoder()
    .decode(bytes)
    .split('\n')
    .filter((line) => line !== '').length;
  // An incomplete last line is what a crash leaves, and the next record replaces it.
  const incomplete = bytes.length > length && !bytes.subarray(length).includes(10) ? 1 : 0;
  const issues =
    lines - incomplete > entries.length
      ? damaged(`${lines - incomplete - entries.length} of its ${lines} records can't be read`)
      : [];
  if (
    issues.length === 0 &&
    receipt !== null &&
    !entries.some(({ type }) => type === 'receipt' || type === 'begin')
  )
    issues.push(...damaged('it has no copy of the receipt'));
  if (open !== null) {
    issues.push(
      issue(
        'transaction_open',
        layout.journal,
        `the ${transactionText(open)} was neither finished nor undone`,
        {
          repair: 'finish or undo it',
        },
      ),
    );
  }
  return issues;
}

function checkLeftovers(session: Session, receipt: Receipt | null): HealthIssue[] {
  const { host, layout } = session;
  if (receipt === null || host.disk.status(layout.workDir) === null) return [];
  if (openTransaction(readJournal(host.disk, layout).entries) !== null) return [];
  const isFile = (name: string) => host.disk.status(layout.join(layout.workDir, name))?.kind === 'file';
  const left = leftoversIn(session, receipt).filter(isFile);
  if (left.length === 0) return [];
  return [
    issue('leftover_files', layout.workDir, `an interrupted run has left ${left.toSorted().join(', ')}`, {
      repair: 'remove them',
      severity: 'notice',
    }),
  ];
}

/**
 * Which updater is installed: a receipt of its own, `.dgmo-updater/updater/installed.json`, which the transaction that replaces
 * the updater writes. An updater that came another way is recorded as it is found: by `init`, and by the first operation that
 * changes the installation. From then on the record vouches for every byte of it.
 */
import { createDirectories } from '../../platform/files.ts';
import { pathsOf } from '../../platform/path-flavour.ts';
import { isNewer, isVersion } from '../../version/index.ts';
import { childEnvironment } from '../process/start.ts';
import {
  type Binary,
  type Receipt,
  receiptUnlessDamaged,
  saveReceipt,
  withoutConfirmation,
} from '../receipt.ts';
import type { Session } from '../session.ts';
import { appendEntry, lastReceipt, openTransaction, readJournal } from '../transaction/journal.ts';
import { updaterSession } from './updater-session.ts';

/** The record, from its copy in the journal if the file is lost or damaged; null if there is none, or it can't be read. */
export function recordedUpdater(session: Session): Receipt | null {
  const own = updaterSession(session);
  if (own === null || own.host.disk.status(own.layout.workDir)?.kind !== 'directory') return null;
  const { disk } = own.host;
  const recorded = receiptUnlessDamaged(disk, own.layout);
  if (recorded !== null || disk.status(own.layout.journal)?.kind !== 'file') return recorded;
  return lastReceipt(readJournal(disk, own.layout).entries);
}

/**
 * Whether the updater there is another one than the record says because somebody has put it there: it is the one that runs, and
 * knows itself to be of another version. A damage does not do that.
 */
export function isReplacedByHand(session: Session, recorded: Receipt): boolean {
  if (!isRunningOne(session) || session.settings.version === recorded.binary.version) return false;
  const own = updaterSession(session);
  return own === null || !own.digests.is(own.layout.target, recorded.binary);
}

/** Whether the updater beside the executable is the program that runs now. */
function isRunningOne(session: Session): boolean {
  const { host } = session;
  const own = updaterSession(session);
  const running = host.processes.executable(host.processes.pid);
  if (own === null || running === null) return false;
  const { target } = own.layout;
  return host.platform === 'win32' ? running.toLowerCase() === target.toLowerCase() : running === target;
}

/**
 * Records the updater beside the executable, if it works: unless one is recorded, and nobody has put another there since. The
 * caller holds the lock.
 *
 * @param options.again record it even so: the user says that what is there is what they want
 * @throws MachineError if it can't be written
 */
export async function recordUpdater(
  session: Session,
  { again = false }: { again?: boolean } = {},
): Promise<void> {
  const own = updaterSession(session);
  const installed = receiptUnlessDamaged(session.host.disk, session.layout);
  if (own === null || installed === null) return;
  const { host, layout, digests } = own;
  if (host.disk.status(layout.target)?.kind !== 'file') return;
  const recorded = recordedUpdater(session);
  if (recorded !== null && !again && !isReplacedByHand(session, recorded)) return;
  if (openTransaction(readJournal(host.disk, layout).entries) !== null) return;
  const version = isRunningOne(session) ? session.settings.version : await printedVersion(own);
  const found = await digests.ofLarge(layout.target);
  if (version === null || found === null || found.sha256 === '' || recorded?.binary.sha256 === found.sha256)
    return;
  createDirectories(host.disk, layout.workDir, pathsOf(host.platform).dirname, 0o755);
  const receipt: Receipt = {
    ...recordOf(installed, { version, ...found }),
    ...{ source: 'init', previous: recorded?.previous ?? null },
  };
  appendEntry(host.disk, layout, { type: 'receipt', at: host.clock.now(), receipt });
  saveReceipt(host.disk, layout, receipt);
}

/** The record of that updater, beside what is installed. */
export function recordOf(installed: Receipt, updater: Binary): Receipt {
  const { updater: _, configSchema: __, ...receipt } = withoutConfirmation(installed);
  return {
    ...receipt,
    ...{ app: 'dgmo-updater', binary: updater, previous: null, floor: updater.version },
    ...{ source: 'package', rollback: null },
  };
}

/** What the updater of that session says that it is; null if there is none, or it does not start. */
export async function printedVersion({ host, layout, limits }: Session): Promise<string | null> {
  if (host.disk.status(layout.target) === null) return null;
  const run = await host.processes.run(layout.target, ['--version'], {
    environment: childEnvironment(host.environment),
    workingDirectory: layout.installDir,
    timeLimit: limits.probe,
  });
  const said = run.started && run.code === 0 ? run.stdout.trim() : '';
  return isVersion(said) ? said : null;
}

/**
 * The updater that the installed release brings, if it has not arrived: its download failed, say. Null if it is there, if it was
 * tried here and did not work, if a newer one is there, or if nothing is known of any of it.
 */
export function awaitedUpdater(session: Session, installed: Receipt | null): Binary | null {
  const brought = installed?.updater;
  const recorded = recordedUpdater(session);
  if (brought === undefined || recorded === null || recorded.binary.sha256 === brought.sha256) return null;
  if (isNewer(recorded.binary.version, brought.version) || wasRejected(session, brought.sha256)) return null;
  return brought;
}

/** Whether the last word about an updater with that digest is that it did not work here. */
export function wasRejected(session: Session, sha256: string): boolean {
  const own = updaterSession(session);
  if (own === null) return false;
  const { entries } = readJournal(own.host.disk, own.layout);
  const begun = entries.findLastIndex((entry) => entry.type === 'begin' && entry.to.sha256 === sha256);
  const after = begun === -1 ? [] : entries.slice(begun + 1);
  const next = after.findIndex(({ type }) => type === 'begin');
  const until = next === -1 ? after : after.slice(0, next);
  return until.some((entry) => entry.type === 'verdict' && entry.verdict === 'revert');
}

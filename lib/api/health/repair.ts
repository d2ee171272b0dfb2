/** Carries out a repair: everything that is wrong and can be put right, each thing from the nearest source that can be verified. */
import {
  DamagedError,
  type ExitCode,
  FailedStartError,
  InterruptedError,
  UpdaterError,
} from '../../errors.ts';
import {
  type HealthIssue,
  type HealthStatus,
  inOrderOfRepair,
  knownReceipt,
  moveStranger,
  NoGoodCopyError,
  openRecords,
  prepareWorkDir,
  repairLocally,
  repairUpdaterReceipt,
  sessionOfRecord,
  verifyInstall,
} from '../../health/index.ts';
import { rememberOutcome } from '../../home/remember.ts';
import {
  isOpen,
  type Receipt,
  receiptUnlessDamaged,
  recordPublisherOrWarn,
  recordUpdater,
  recoverTransaction,
  type Session,
  snapshotBeforeChange,
  withLock,
} from '../../install/index.ts';
import type { Owner } from '../../install/ownership/evidence.ts';
import { leftTo, ownerOf } from '../../install/ownership/owner.ts';
import { orGoBack } from '../../install/rollback/way-back.ts';
import { recordedUpdater } from '../../install/updater/updater-record.ts';
import { asUpdaterError } from '../../platform/failures.ts';
import { discardSnapshot } from '../../snapshot/index.ts';
import { NoFeedError, type UpdateContext } from '../../update/context.ts';
import { downloadConfigSchema } from '../../update/download/download-config-schema.ts';
import { keepConfigSchema } from '../steps/config-schema.ts';
import { repairEvolutions, UntouchedError } from './evolutions.ts';
import { repairExecutable } from './executable.ts';
import { isOfPackage } from './of-package.ts';
import { receiptFromFeed } from './receipt.ts';
import { repairUpdater } from './updater.ts';

/** The result of `repair`: the plan's `RepairResult`. */
export interface RepairResult {
  /** Nothing is left that makes the installation unhealthy. */
  success: boolean;
  repaired: HealthIssue[];
  failed: {
    issue: HealthIssue;
    error: string;
    advice: string | null;
    /** Who must act; null if it was not tried. */
    exitCode: ExitCode | null;
  }[];
  /** Where each repaired thing came from, as a clause. */
  sources: { where: string; how: string }[];
  /** Bytes that were downloaded for it, apart from the metadata of the feed. */
  bytesFetched: number;
  /** Id of the snapshot of the state before; null if none was needed or could be taken. */
  snapshot: string | null;
  /** The version that was installed, if there was neither an executable nor a record of one before; null otherwise. */
  installed: string | null;
  /** The installation after the repair. */
  health: HealthStatus;
}

export interface RepairRequest {
  /** Opens the feed; null: only what is on this machine is used. */
  openFeed: ((receipt: Receipt) => UpdateContext) | null;
  /** Which issues are repaired. */
  concerns(issue: HealthIssue): boolean;
}

/** More rounds than there are reasons for: a repair may let another check look further. */
const MOST_ROUNDS = 5;

/**
 * Verify, recover, snapshot, repair one thing after the other, verify again. What can't be repaired does not stop the rest.
 * A repair that is interrupted is taken up by the next one: each thing is replaced as a whole, or not at all.
 *
 * @throws InterruptedError; BusyError if another updater is at work; MachineError if the work dir can't be used;
 *   ManagedInstallError if a package manager owns the executable, and nothing else is to be repaired
 */
export async function repairInstall(session: Session, request: RepairRequest): Promise<RepairResult> {
  const { host, layout } = session;
  const begun = host.clock.monotonic();
  const opened = openRecords(session);
  const before = knownReceipt(session)?.binary.version ?? null;
  const isEmpty = before === null && host.disk.status(layout.target) === null;
  const found = await verifyInstall(session, 'full', { blocks: false });
  const progress: Progress = {
    attempts: new Map(opened.map((issue) => [keyOf(issue), null])),
    seen: opened,
    sources: opened.map(({ where }) => ({ where, how: 'the permissions are set' })),
    begun: false,
    bytesFetched: 0,
    snapshot: null,
    snapshotTried: false,
    moved: new Map(),
    owner: null,
  };
  const wanted = found.repairableIssues.filter((issue) => request.concerns(issue));
  if (wanted.length === 0) return { ...resultOf(found, progress), installed: null };
  const owner = await ownerOf(session);
  // In a package that was never adopted there is no place for records.
  const isAdopted = host.disk.status(layout.workDir) !== null;
  if (owner !== null && (!isAdopted || wanted.every((issue) => isOfPackage(session, issue))))
    throw leftTo(owner, session, 'nothing was changed');
  progress.owner = owner;
  const remember = (failure: unknown) =>
    note(session, { from: before, failure, milliseconds: host.clock.monotonic() - begun });
  const health = await repairAll(session, request, progress, found).catch(async (error) => {
    const failure = error instanceof InterruptedError ? interruptedAfter(progress) : error;
    // What never began, since another updater is at work, is not remembered.
    if (progress.begun) await remember(asUpdaterError(failure, layout.installDir));
    throw failure;
  });
  const result = {
    ...resultOf(health, progress),
    installed: isEmpty ? (receiptUnlessDamaged(host.disk, layout)?.binary.version ?? null) : null,
  };
  await remember(failureOf(result));
  return result;
}

/** Some of it may be done, such as a swap, although what it belongs to is not. */
function interruptedAfter({ sources }: Progress): InterruptedError {
  const done = sources.map(({ where }) => where).join(', ');
  return new InterruptedError(done === '' ? 'interrupted' : `interrupted; this was repaired: ${done}`, {
    advice: '`dgmo-updater repair` goes on where this one stopped.',
  });
}

async function repairAll(
  session: Session,
  request: RepairRequest,
  progress: Progress,
  found: HealthStatus,
): Promise<HealthStatus> {
  const wanted = (status: HealthStatus) => status.repairableIssues.filter((issue) => request.concerns(issue));
  progress.moved = prepareWorkDir(session);
  return withLock(session.host, session.layout, async () => {
    progress.begun = true;
    let status = found;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const pending = wanted(status).filter((issue) => !progress.attempts.has(keyOf(issue)));
      if (pending.length === 0) break;
      const repaired = progress.sources.length;
      for (const issue of inOrderOfRepair(pending)) await attempt(session, request, progress, issue);
      status = await verifyInstall(session, 'full', { again: true, blocks: false });
      if (progress.sources.length > repaired) forgetFailures(progress);
    }
    await recordNewUpdater(session);
    recordPublisherOrWarn(session);
    return status;
  });
}

/** What is written into the history of a repair that has left something; undefined if it has put everything right. */
function failureOf({ success, failed }: RepairResult): UpdaterError | undefined {
  const left = failed.filter(({ issue }) => issue.severity === 'damage');
  const [first] = left;
  if (success || first === undefined) return undefined;
  const more = left.length === 1 ? '' : `, and ${left.length - 1} more`;
  return new DamagedError(`${first.issue.where}: ${first.error}${more}`);
}

/** Writes down how it ended. That this fails is no failure of the repair: the home may be what can't be repaired. */
async function note(
  session: Session,
  ended: { from: string | null; failure: unknown; milliseconds: number },
): Promise<void> {
  const { host, home, layout } = session;
  if ('missing' in home) return;
  const receipt = receiptUnlessDamaged(host.disk, layout);
  const unwritten = await rememberOutcome(host, home.folder, null, {
    ...{ kind: 'repair', to: receipt?.binary.version ?? null, installId: receipt?.installId ?? null },
    ...{ ...ended, isOpen: isOpen(session) },
  });
  if (unwritten !== null)
    session.emit({
      event: 'warning',
      text: `The outcome of the repair could not be saved: ${unwritten.message}.`,
    });
}

/** After a first install. That it can't be recorded is no reason to fail: the next update tries again. */
async function recordNewUpdater(session: Session): Promise<void> {
  try {
    if (recordedUpdater(session) === null) await recordUpdater(session);
  } catch (error) {
    if (!(asUpdaterError(error, session.layout.installDir) instanceof UpdaterError)) throw error;
  }
}

interface Progress {
  /** By issue: the error of its repair, or null if that did not fail. */
  attempts: Map<string, UpdaterError | null>;
  seen: HealthIssue[];
  sources: RepairResult['sources'];
  /** No other updater is at work. */
  begun: boolean;
  bytesFetched: number;
  snapshot: string | null;
  snapshotTried: boolean;
  /** Where the things were moved that were in the place of records of ours, by path. */
  moved: Map<string, string>;
  /** The package manager that the executable and the updater are left to. */
  owner: Owner | null;
}

/** What failed may have needed what was repaired after it, such as the receipt: the next round tries it again. */
function forgetFailures(progress: Progress): void {
  const failed = (issue: HealthIssue) => (progress.attempts.get(keyOf(issue)) ?? null) !== null;
  const again = progress.seen.filter(failed);
  progress.seen = progress.seen.filter((issue) => !failed(issue));
  for (const issue of again) progress.attempts.delete(keyOf(issue));
}

/** A repair of the same file from another fault is another repair. */
function keyOf({ type, where, what }: HealthIssue): string {
  return `${type}\n${where}\n${what}`;
}

async function attempt(
  session: Session,
  request: RepairRequest,
  progress: Progress,
  issue: HealthIssue,
): Promise<void> {
  const { snapshot } = progress;
  progress.seen.push(issue);
  session.emit({ event: 'repairing', where: issue.where, what: issue.what });
  try {
    if (progress.owner !== null && isOfPackage(session, issue))
      throw leftTo(progress.owner, session, 'it is left as it is');
    const stranger = progress.moved.get(issue.where) ?? moveStranger(session, issue.where);
    progress.moved.delete(issue.where);
    if (stranger === null) await takeSnapshot(session, progress, issue);
    // The next round makes again what belongs there.
    const how =
      stranger === null
        ? await repairIssue(session, request, progress, issue)
        : `what was there is ${stranger}`;
    progress.attempts.set(keyOf(issue), null);
    progress.sources.push({ where: issue.where, how });
    session.emit({ event: 'repaired', where: issue.where, how });
  } catch (error) {
    const isUntouched = error instanceof UntouchedError;
    const original = asUpdaterError(isUntouched ? error.failure : error, issue.where);
    const failure = withoutFeed(session, issue, original);
    if (failure instanceof InterruptedError || !(failure instanceof UpdaterError)) throw failure;
    if (progress.snapshot !== snapshot && (isUntouched || isAsBefore(session, issue, original)))
      await forgetSnapshot(session, progress);
    progress.attempts.set(keyOf(issue), failure);
    session.emit({ event: 'not repaired', where: issue.where, reason: failure.message });
  }
}

/** That no feed was named is wrong usage of other commands: a repair lacks what it can repair from. */
function withoutFeed(session: Session, { where }: HealthIssue, failure: unknown): unknown {
  if (!(failure instanceof NoFeedError)) return failure;
  const isExecutable = where === session.layout.target;
  const others = isExecutable
    ? ` Or apply a package of that version that contains the full binary${orGoBack(session)}.`
    : '';
  return new NoGoodCopyError(`there is no good copy of it on this machine, and ${failure.message}`, {
    advice: `${failure.advice}${others}`,
    cause: failure,
  });
}

/** Whether the attempt has left what it was to repair, and all that a snapshot has, as it was. */
function isAsBefore(session: Session, { where }: HealthIssue, failure: unknown): boolean {
  if (failure instanceof NoGoodCopyError) return true;
  const isTried = failure instanceof FailedStartError || isOpen(session);
  return where === session.layout.target && !isTried;
}

/** One that shows what has not changed would push out an older one. The next attempt takes its own. */
async function forgetSnapshot(session: Session, progress: Progress): Promise<void> {
  const { host, snapshots } = session;
  if (snapshots === null || progress.snapshot === null) return;
  try {
    await discardSnapshot(host, snapshots.layout, progress.snapshot);
  } catch (error) {
    // It is only one more.
    if (!(asUpdaterError(error, snapshots.layout.folder) instanceof UpdaterError)) throw error;
    return;
  }
  progress.snapshot = null;
  progress.snapshotTried = false;
}

const CHANGES_CONTENT: ReadonlySet<string> = new Set([
  'binary_corruption',
  'config_invalid',
  'plugin_missing',
  'snapshot_damaged',
]);

/**
 * Before the first change of something of the user's. A repair does not fail because the snapshot does: what is damaged is
 * kept beside what replaces it.
 */
async function takeSnapshot(
  session: Session,
  progress: Progress,
  { type, where }: HealthIssue,
): Promise<void> {
  const { disk } = session.host;
  const receipt = receiptUnlessDamaged(disk, session.layout);
  if (progress.snapshotTried || receipt === null || !CHANGES_CONTENT.has(type)) return;
  // Of an executable that is missing there is nothing to keep, and one more snapshot would push out an older one.
  if (where === session.layout.target && disk.status(where) === null) return;
  progress.snapshotTried = true;
  try {
    const taken = await snapshotBeforeChange(session, receipt, { kind: 'repair', reason: 'Before a repair' });
    progress.snapshot = taken?.id ?? null;
  } catch (error) {
    const failure = asUpdaterError(error, session.layout.installDir);
    if (failure instanceof InterruptedError || !(failure instanceof UpdaterError)) throw failure;
    session.emit({ event: 'no snapshot', reason: failure.message });
  }
}

/** Returns where it came from. Throws the UpdaterError that says why it can't be repaired. */
async function repairIssue(
  session: Session,
  request: RepairRequest,
  progress: Progress,
  issue: HealthIssue,
): Promise<string> {
  const receipt = receiptUnlessDamaged(session.host.disk, session.layout);
  switch (issue.type) {
    case 'transaction_open': {
      const ended = await recoverTransaction(session);
      return ended?.outcome === 'committed' ? 'finished' : 'undone';
    }
    case 'receipt_damaged': {
      const own = sessionOfRecord(session, issue.where);
      return own === null ? receiptFromFeed(session, request.openFeed) : repairUpdaterReceipt(session, own);
    }
    case 'binary_corruption': {
      if (issue.where !== session.layout.target) return repairLocally(session, issue, receipt);
      // The next round knows more, once the receipt is written again.
      if (receipt === null)
        throw new DamagedError('it is not known which version is installed', {
          advice: 'Run `dgmo-updater repair` again once its receipt can be read.',
        });
      const { how, bytesFetched } = await repairExecutable(session, receipt, request.openFeed);
      progress.bytesFetched += bytesFetched;
      return how;
    }
    case 'plugin_missing': {
      const { how, bytesFetched } = await repairEvolutions(session, issue, receipt, request.openFeed);
      progress.bytesFetched += bytesFetched;
      return how;
    }
    case 'config_unchecked':
      return bringConfigSchema(session, receipt, request.openFeed);
    case 'updater_corruption':
    case 'updater_outdated': {
      const { how, bytesFetched } = await repairUpdater(session, receipt, request.openFeed);
      progress.bytesFetched += bytesFetched;
      return how;
    }
    default:
      return repairLocally(session, issue, receipt);
  }
}

async function bringConfigSchema(
  session: Session,
  receipt: Receipt | null,
  openFeed: RepairRequest['openFeed'],
): Promise<string> {
  const wanted = receipt?.configSchema;
  if (keepConfigSchema(session, wanted)) return 'downloaded before';
  if (receipt !== null && wanted !== undefined && openFeed !== null) {
    await downloadConfigSchema(openFeed(receipt), wanted);
    if (keepConfigSchema(session, wanted)) return 'from the feed';
  }
  throw new DamagedError('the schema of the config is not on this machine', {
    advice: 'Run `dgmo-updater repair` without --offline.',
  });
}

function resultOf(
  health: HealthStatus,
  { attempts, seen, sources, bytesFetched, snapshot }: Progress,
): Omit<RepairResult, 'installed'> {
  const left = new Set(health.issues.map(keyOf));
  const failed = health.issues
    .filter(({ severity, repair }) => severity === 'damage' || repair !== null)
    .map((issue) => {
      const error = attempts.get(keyOf(issue)) ?? null;
      return {
        issue,
        error: error?.message ?? issue.what,
        advice: error?.advice ?? issue.advice,
        exitCode: error?.exitCode ?? null,
      };
    });
  return {
    success: health.healthy,
    repaired: seen.filter((issue) => !left.has(keyOf(issue))),
    failed,
    ...{ sources, bytesFetched, snapshot, health },
  };
}

/** What state an installation is in, and what will help: for a person whose DGMO does not start. Changes nothing. */
import { type ExitCode, errorCode, UpdaterError } from '../../errors.ts';
import { type HealthStatus, knownReceipt, verifyInstall } from '../../health/index.ts';
import { rejectionOf } from '../../home/admission/rejected.ts';
import { revocationOf } from '../../home/admission/revoked.ts';
import { areUpdatesOff, survey } from '../../home/decided.ts';
import { failuresOf, unconfirmed } from '../../install/confirmation/record.ts';
import {
  openTransaction,
  type Receipt,
  readJournal,
  type Session,
  stateBefore,
  undertakingOf,
} from '../../install/index.ts';
import type { Owner } from '../../install/ownership/evidence.ts';
import { ownerOf } from '../../install/ownership/owner.ts';
import { listSnapshots } from '../../snapshot/index.ts';
import { compareVersions } from '../../version/index.ts';
import { leftToManager } from './of-package.ts';

/**
 * What can be done: `recover` finishes or undoes what was interrupted, `repair` puts right what is damaged, `install` installs
 * the newest release where nothing is, `adopt` records an executable that is there without a receipt, `rollback` goes back to
 * the state before, `update` looks for an update.
 */
export type Remedy = 'recover' | 'repair' | 'install' | 'adopt' | 'rollback' | 'update';

export interface Situation {
  app: string;
  installDir: string;
  executable: string;
  /** The installed version; null if that is not known. */
  version: string | null;
  /** Why the installed version was revoked by its publisher, as far as a check has found it; null if it was not. */
  revoked: string | null;
  /** The package manager that owns the executable, and has to change its version; null if none is known to. */
  managedBy: Owner | null;
  /** Updates are turned off altogether. */
  updatesOff: boolean;
  /** What can't be understood of the settings: until it is corrected nothing is looked for or installed. Null if all can. */
  settingsProblem: { message: string; advice: string | null; exitCode: ExitCode } | null;
  health: HealthStatus;
  /** How many starts of it have failed, if it has to confirm that it is well and has not yet; null if it owes nothing. */
  unconfirmed: { failedStarts: number } | null;
  /** What was interrupted; null if nothing was. */
  interrupted: { kind: string; from: string; to: string } | null;
  /** Where `rollback` goes back to; null if nowhere. */
  goBackTo: {
    version: string;
    /** Milliseconds since the epoch; null if only the executable was kept. */
    taken: number | null;
    /** It is newer than what is installed: the last change was a rollback. */
    isNewer: boolean;
  } | null;
  /** The most helpful first. */
  remedies: Remedy[];
}

export async function situationOf(session: Session): Promise<Situation> {
  const { app, layout, host } = session;
  const receipt = knownReceipt(session);
  const health = await leftToManager(session, await verifyInstall(session, 'watch'));
  const owed = unconfirmed(session);
  const failedStarts = owed === null ? 0 : failuresOf(session, owed).failed.length;
  const goBackTo = receipt === null ? null : placeBefore(session, receipt, health);
  const managedBy = await ownerOf(session);
  const updatesOff = 'folder' in session.home && areUpdatesOff(host, session.home.folder);
  const [fault] = 'folder' in session.home ? survey(host, session.home.folder).faults : [];
  const facts: Facts = {
    isKnown: receipt !== null,
    isThere: host.disk.status(layout.target)?.kind === 'file',
    isHealthy: health.healthy,
    isRepairable: health.repairableIssues.some(({ severity }) => severity === 'damage'),
    isInterrupted: interruptedIn(session) !== null,
    canGoBack: goBackTo !== null,
    startsFail: failedStarts > 0,
    isManaged: managedBy !== null,
    updatesOff: updatesOff || fault !== undefined,
  };
  return {
    app,
    installDir: layout.installDir,
    executable: layout.target,
    version: receipt?.binary.version ?? null,
    revoked:
      receipt === null ? null : revocationOf(session, { app: receipt.app, version: receipt.binary.version }),
    managedBy,
    updatesOff,
    settingsProblem:
      fault === undefined
        ? null
        : { message: fault.message, advice: fault.advice ?? null, exitCode: fault.exitCode },
    health,
    unconfirmed: owed === null ? null : { failedStarts },
    interrupted: interruptedIn(session),
    goBackTo,
    remedies: remediesFor(facts),
  };
}

export interface Facts {
  /** A receipt, or its copy in the journal, says what is installed. */
  isKnown: boolean;
  /** There is a file where the executable belongs. */
  isThere: boolean;
  isHealthy: boolean;
  isRepairable: boolean;
  isInterrupted: boolean;
  canGoBack: boolean;
  /** Starts of a version that has to confirm that it is well have failed. */
  startsFail: boolean;
  /** A package manager owns the executable: neither an update nor a rollback is for the updater. */
  isManaged: boolean;
  /** Nothing is looked for or downloaded: that is turned off, or the settings can't be understood. */
  updatesOff: boolean;
}

export function remediesFor({
  isKnown,
  isThere,
  isHealthy,
  isRepairable,
  isInterrupted,
  canGoBack,
  startsFail,
  isManaged,
  updatesOff,
}: Facts): Remedy[] {
  if (!isKnown)
    return [
      ...(isThere ? (['adopt'] as const) : []),
      ...(isManaged || updatesOff ? [] : (['install'] as const)),
    ];
  const mayUpdate = isThere && !isManaged && !updatesOff;
  const mayGoBack = canGoBack && !isManaged;
  // The first one is selected: what replaces nothing, where nothing is known to be wrong.
  if (isHealthy && !startsFail && !isInterrupted)
    return [...(mayUpdate ? (['update'] as const) : []), ...(mayGoBack ? (['rollback'] as const) : [])];
  return [
    ...(isInterrupted ? (['recover'] as const) : []),
    ...(isRepairable && !isHealthy ? (['repair'] as const) : []),
    ...(mayGoBack ? (['rollback'] as const) : []),
    ...(mayUpdate ? (['update'] as const) : []),
  ];
}

/** Null also if the journal can't be read: the check of the records reports that. */
function interruptedIn({ host, layout }: Session): Situation['interrupted'] {
  try {
    const open = openTransaction(readJournal(host.disk, layout).entries);
    return open === null ? null : undertakingOf(open);
  } catch (error) {
    if (!(error instanceof UpdaterError) && errorCode(error) === undefined) throw error;
    return null;
  }
}

/** Where `rollback` goes back to, if nothing else is asked of it. */
function placeBefore(session: Session, receipt: Receipt, health: HealthStatus): Situation['goBackTo'] {
  const { host, layout, snapshots } = session;
  const listed = snapshots === null ? [] : safely(() => listSnapshots(host.disk, snapshots.layout));
  const isSound = !health.issues.some(
    ({ type, where }) => type === 'binary_corruption' && where === layout.target,
  );
  const own = listed.filter(
    ({ found }) => !(found instanceof Error) && found.installId === receipt.installId,
  );
  const before = stateBefore(
    own,
    receipt,
    {},
    {
      isSound: () => isSound,
      isRejected: (binary) => rejectionOf(session, binary) !== null,
    },
  );
  const found = before === null || before === 'kept' ? null : before.found;
  const [version, taken] =
    found === null || found instanceof Error
      ? [before === 'kept' ? receipt.previous?.version : undefined, null]
      : [found.version, found.timestamp];
  if (version === undefined) return null;
  return { version, taken, isNewer: compareVersions(version, receipt.binary.version) > 0 };
}

/** Empty if the store can't be read: the check of the home reports that. */
function safely<Item>(read: () => Item[]): Item[] {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UpdaterError) && errorCode(error) === undefined) throw error;
    return [];
  }
}

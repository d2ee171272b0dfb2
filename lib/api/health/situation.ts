/** What state an installation is in, and what will help: for a person whose DGMO does not start. Changes nothing. */
import { errorCode, UpdaterError } from '../../errors.ts';
import { type HealthStatus, knownReceipt, verifyInstall } from '../../health/index.ts';
import { failuresOf, unconfirmed } from '../../install/confirmation/record.ts';
import { openTransaction, readJournal, type Session } from '../../install/index.ts';
import { listSnapshots } from '../../snapshot/index.ts';

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
  health: HealthStatus;
  /** How many starts of it have failed, if it has to confirm that it is well and has not yet; null if it owes nothing. */
  unconfirmed: { failedStarts: number } | null;
  /** What was interrupted; null if nothing was. */
  interrupted: { kind: string; from: string; to: string } | null;
  /** The newest state to go back to; null if there is none. */
  goBackTo: {
    version: string /** Milliseconds since the epoch; null if only the executable was kept. */;
    taken: number | null;
  } | null;
  /** The most helpful first. */
  remedies: Remedy[];
}

export async function situationOf(session: Session): Promise<Situation> {
  const { app, layout, host } = session;
  const receipt = knownReceipt(session);
  const health = await verifyInstall(session, 'watch');
  const owed = unconfirmed(session);
  const facts: Facts = {
    isKnown: receipt !== null,
    isThere: host.disk.status(layout.target)?.kind === 'file',
    isHealthy: health.healthy,
    isRepairable: health.repairableIssues.some(({ severity }) => severity === 'damage'),
    isInterrupted: interruptedIn(session) !== null,
    canGoBack: receipt !== null && stateBefore(session, receipt.installId, receipt.previous) !== null,
  };
  return {
    app,
    installDir: layout.installDir,
    executable: layout.target,
    version: receipt?.binary.version ?? null,
    health,
    unconfirmed: owed === null ? null : { failedStarts: failuresOf(session, owed).failed.length },
    interrupted: interruptedIn(session),
    goBackTo: receipt === null ? null : stateBefore(session, receipt.installId, receipt.previous),
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
}

export function remediesFor({
  isKnown,
  isThere,
  isHealthy,
  isRepairable,
  isInterrupted,
  canGoBack,
}: Facts): Remedy[] {
  if (!isKnown) return isThere ? ['adopt', 'install'] : ['install'];
  return [
    ...(isInterrupted ? (['recover'] as const) : []),
    ...(isRepairable && !isHealthy ? (['repair'] as const) : []),
    ...(canGoBack ? (['rollback'] as const) : []),
    ...(isThere ? (['update'] as const) : []),
  ];
}

/** Null also if the journal can't be read: the check of the records reports that. */
function interruptedIn({ host, layout }: Session): Situation['interrupted'] {
  try {
    const open = openTransaction(readJournal(host.disk, layout).entries);
    return open === null ? null : { kind: open.kind, from: open.from.version, to: open.to.version };
  } catch (error) {
    if (!(error instanceof UpdaterError) && errorCode(error) === undefined) throw error;
    return null;
  }
}

function stateBefore(
  { host, snapshots }: Session,
  installId: string,
  previous: { version: string } | null,
): Situation['goBackTo'] {
  const listed = snapshots === null ? [] : safely(() => listSnapshots(host.disk, snapshots.layout));
  const own = listed.flatMap(({ found }) =>
    found instanceof Error || found.installId !== installId || found.components.binary?.sound !== true
      ? []
      : [found],
  );
  const newest = own.findLast(({ version }) => previous === null || version === previous.version);
  if (newest !== undefined) return { version: newest.version, taken: newest.timestamp };
  return previous === null ? null : { version: previous.version, taken: null };
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

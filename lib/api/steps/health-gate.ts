/**
 * The health gate: a version whose release promises a confirmation is started, and watched until it confirms that it is well.
 * One that hangs, or ends several times before, is left again: the snapshot from before the update is restored, data and all,
 * and the version is not offered here any more.
 */
import {
  BusyError,
  InterruptedError,
  RevertedError,
  UnrecoverableError,
  UpdaterError,
} from '../../errors.ts';
import {
  becomesTarget,
  CRASH_WINDOW,
  endProcess,
  FAILED_STARTS,
  failuresOf,
  type RollbackWish,
  recordStart,
  relaunch,
  type Session,
  startWatcher,
  type Unconfirmed,
  unconfirmed,
  verifyTarget,
  type Watched,
  watchStart,
} from '../../install/index.ts';
import { asUpdaterError } from '../../platform/failures.ts';
import { planRollback, type RollbackPlan, rollBack } from '../rollback.ts';

export interface StartRequest {
  /** Arguments for the DGMO that is started. */
  args: readonly string[];
  /** Send what DGMO prints to standard error, because our standard output consists of JSON lines. */
  outputToError: boolean;
}

/**
 * Starts DGMO. If the installed version owes a confirmation, watches it, and starts it again if it ends before, up to three
 * times. In a terminal on POSIX this process becomes DGMO, and another one watches it in the background.
 *
 * @throws RevertedError if the version did not confirm: the version before is back, and was started. InterruptedError if the user
 *   ends the watch: the version stays. MachineError if the system could not start it, which says nothing about the version.
 */
export async function startDgmo(session: Session, request: StartRequest): Promise<void> {
  const { args, outputToError } = request;
  for (let failed = 1; ; failed++) {
    const waiting = unconfirmed(session);
    if (waiting !== null && becomesTarget(session, outputToError)) await beginWatch(session);
    const started = await relaunch(session, args, outputToError);
    if (started === null) return;
    const watched = waiting === null ? 'confirmed' : await watch(session, started.pid, waiting);
    if (waiting === null || watched === 'confirmed' || watched === 'interrupted') {
      // At a terminal it is DGMO that the user has interrupted.
      if (waiting !== null && watched === 'interrupted' && started.ended === null && session.interrupted())
        throw unwatched(session, waiting);
      await started.ended;
      return;
    }
    reportStart(session, waiting, watched, failed);
    if (watched === 'ended' && failed < FAILED_STARTS && !isCrashLoop(session)) continue;
    const reverted = await leave(session, waiting, reasonFor(waiting, watched), started.pid);
    // It has confirmed in the last moment.
    if (reverted === null) return;
    const restarted = await relaunch(session, args, outputToError);
    await restarted?.ended;
    throw reverted;
  }
}

function unwatched({ app }: Session, { binary, previous }: Unconfirmed): InterruptedError {
  const { version } = binary;
  const minutes = CRASH_WINDOW / 60_000;
  return new InterruptedError(
    `interrupted: ${version} is installed and was started, but has not confirmed yet that it is well, and nobody watches it any more`,
    {
      advice:
        `Its starts are counted: after ${FAILED_STARTS} that fail within ${minutes} minutes, the next start of ${app} goes back by itself.` +
        (previous === null ? '' : ` \`dgmo-updater rollback\` goes back to ${previous.version} now.`),
    },
  );
}

/** For the watcher in the background: watches a start that it can't repeat. Returns why the version was left, else null. */
export async function watchInBackground(session: Session, pid: number): Promise<RevertedError | null> {
  const waiting = unconfirmed(session);
  if (waiting === null) return null;
  const watched = await watchStart(session, pid, waiting.binary.sha256);
  if (watched === 'confirmed' || watched === 'interrupted') return null;
  const { failed } = failuresOf(session, waiting);
  if (watched === 'silent' || failed.length >= FAILED_STARTS)
    return leave(session, waiting, reasonFor(waiting, watched), pid);
  reportStart(session, waiting, watched, failed.length);
  return null;
}

/**
 * Leaves the installed version if its starts are a crash loop. Every operation that changes something begins with this, and so does DGMO.
 *
 * @throws BusyError if DGMO runs: then it works for somebody
 */
export async function leaveCrashLoop(session: Session): Promise<RevertedError | null> {
  const waiting = unconfirmed(session);
  if (waiting === null) return null;
  const { failed, isCrashLoop } = failuresOf(session, waiting);
  if (!isCrashLoop) return null;
  try {
    return await leave(
      session,
      waiting,
      `it was started ${failed.length} times and never confirmed that it is well`,
    );
  } catch (error) {
    // A newer version may help, and must not be kept out.
    if (!(error instanceof UnrecoverableError)) throw error;
    session.emit({ event: 'warning', text: `${error.message}.` });
    return null;
  }
}

async function beginWatch(session: Session): Promise<void> {
  const { pid } = session.host.processes;
  await recorded(session, pid);
  await startWatcher(session, pid);
}

async function watch(session: Session, pid: number, { binary }: Unconfirmed): Promise<Watched> {
  await recorded(session, pid);
  return watchStart(session, pid, binary.sha256);
}

/** The start is counted here in any case; what is written down is for those who come later. */
async function recorded(session: Session, pid: number): Promise<void> {
  try {
    await recordStart(session, pid);
  } catch (error) {
    if (!(error instanceof UpdaterError)) throw error;
    session.emit({ event: 'warning', text: `The start could not be recorded: ${error.message}.` });
  }
}

function isCrashLoop(session: Session): boolean {
  const waiting = unconfirmed(session);
  return waiting !== null && failuresOf(session, waiting).isCrashLoop;
}

function reportStart(
  session: Session,
  { binary, previous }: Unconfirmed,
  how: 'ended' | 'silent',
  failed: number,
): void {
  const { version } = binary;
  const before = previous?.version ?? null;
  session.emit({ event: 'start failed', version, how, failed, of: FAILED_STARTS, before });
}

function reasonFor({ confirmation }: Unconfirmed, watched: 'ended' | 'silent'): string {
  const seconds = Math.round(confirmation.within / 1000);
  return watched === 'silent'
    ? `it did not confirm within ${seconds} s that it is well`
    : `it ended ${FAILED_STARTS} times before it confirmed that it is well`;
}

/**
 * Goes back to the state before the update. Null if the version has confirmed meanwhile. Throws UnrecoverableError, and ends
 * nothing, if there is no way back that leaves the older version with data that it can read.
 *
 * @param pid of the DGMO that hangs; it is ended
 */
async function leave(
  session: Session,
  waiting: Unconfirmed,
  reason: string,
  pid?: number,
): Promise<RevertedError | null> {
  const { binary } = waiting;
  const isLeft = () => unconfirmed(session)?.binary.sha256 === binary.sha256;
  if (!isLeft()) return null;
  const plan = await wayBack(session, waiting, reason);
  if (pid !== undefined) await endProcess(session, pid);
  try {
    const { to, snapshot } = await rollBack(session, {
      to: plan,
      verdict: { on: binary, reason },
      kill: pid === undefined ? 'never' : 'after the limit',
      ...{ relaunch: false, args: [], outputToError: false },
    });
    const data = snapshot === null ? `with the data as ${binary.version} left it,` : 'with its data,';
    return new RevertedError(
      `${binary.version} was installed and did not work: ${reason}; ${to.version} is back, ${data} and works`,
      {
        version: binary.version,
        advice: `There is nothing to do: ${to.version} stays installed until you install another version.`,
      },
    );
  } catch (error) {
    if (error instanceof BusyError && !isLeft()) return null;
    throw error;
  }
}

/**
 * To the snapshot from before the update, whose data goes back as well, so that what the release says about older versions and
 * newer data does not matter. If that snapshot is lost: to the next best one, or with the executable alone, as far as the
 * release allows it. All of it is read before anything is ended.
 */
async function wayBack(
  session: Session,
  { binary, confirmation: { snapshot } }: Unconfirmed,
  reason: string,
): Promise<RollbackPlan> {
  const wishes: RollbackWish[] = [...(snapshot === null ? [] : [{ snapshot, force: true }]), {}];
  const failures: UpdaterError[] = [];
  for (const wish of wishes) {
    try {
      const plan = planRollback(session, wish);
      await verifyTarget(session, plan);
      return plan;
    } catch (error) {
      const failure = asUpdaterError(error, session.layout.installDir);
      if (!(failure instanceof UpdaterError) || !IS_LOST.has(failure.exitCode)) throw failure;
      failures.push(failure);
    }
  }
  throw new UnrecoverableError(
    `${binary.version} was installed and did not work: ${reason}; it stays, because ${failures.map(({ message }) => message).join('; and ')}`,
    {
      advice:
        '`dgmo-updater snapshots list` shows what there is, `rollback <id>` goes there; `update` installs a newer version.',
      ...(failures[0] === undefined ? {} : { cause: failures[0] }),
    },
  );
}

/** No such snapshot, a damaged one, and what the release does not allow. */
const IS_LOST: ReadonlySet<number> = new Set([2, 11, 17]);

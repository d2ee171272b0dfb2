/** Ending DGMO before its data is changed. It is asked to end first, and ended by force only with consent. */
import { BusyError, StillRunningError } from '../../errors.ts';
import { checkInterrupted, type Session } from '../session.ts';
import { runningCopies } from './running.ts';

const PAUSE = 25;
/** How long the system may take to end a process by force, in milliseconds. */
const END_LIMIT = 10_000;
/** How long a process that hangs may take to end when it is asked to, in milliseconds. */
const HANGING_LIMIT = 10_000;

/**
 * Asks the processes to end, and waits.
 *
 * @param kill whether to end a process by force if it does not end within the exit limit, or can't be asked on this system;
 *   `now` if it was already asked
 * @throws StillRunningError if a process still runs and may not be ended by force, BusyError if that failed
 */
export async function stopRunning(
  session: Session,
  pids: readonly number[],
  kill: 'never' | 'after the limit' | 'now',
): Promise<void> {
  const { processes } = session.host;
  session.emit({ event: 'stopping', pids: [...pids], ...(kill === 'now' ? { kill: true as const } : {}) });
  // Looked up each time: since the ids were found, one may have been given to another program.
  const current = () => runningCopies(session).filter((pid) => pids.includes(pid));
  const asked = kill === 'now' ? [] : current().filter((pid) => processes.requestEnd(pid));
  await waitUntilEnded(session, asked, session.limits.exit);
  const left = current();
  if (left.length === 0) return;
  if (kill === 'never') {
    throw new StillRunningError(
      `process ${left.join(', ')}, which runs ${session.layout.target}, has not ended`,
      left,
      { advice: 'Close it, then try again, or use --kill. Nothing was changed.' },
    );
  }
  for (const pid of left) processes.forceEnd(pid);
  await waitUntilEnded(session, left, END_LIMIT);
  const still = current();
  if (still.length > 0)
    throw new BusyError(`process ${still.join(', ')} could not be ended`, { advice: 'Nothing was changed.' });
}

async function waitUntilEnded(session: Session, pids: readonly number[], limit: number): Promise<void> {
  const { clock, processes } = session.host;
  const begun = clock.monotonic();
  while (pids.some((pid) => processes.isAlive(pid)) && clock.monotonic() - begun < limit) {
    checkInterrupted(session);
    await clock.sleep(PAUSE);
  }
}

/**
 * Ends one process that hangs, and may be a wrapper around DGMO. It is asked to, and soon ended by force. Throws BusyError if
 * that fails.
 */
export async function endProcess(session: Session, pid: number): Promise<void> {
  const { processes } = session.host;
  if (!processes.isAlive(pid)) return;
  session.emit({ event: 'stopping', pids: [pid] });
  const patience = Math.min(session.limits.exit, HANGING_LIMIT);
  if (processes.requestEnd(pid)) await waitUntilEnded(session, [pid], patience);
  if (!processes.isAlive(pid)) return;
  processes.forceEnd(pid);
  await waitUntilEnded(session, [pid], END_LIMIT);
  if (processes.isAlive(pid)) throw new BusyError(`process ${pid} could not be ended`);
}

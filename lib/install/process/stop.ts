/** Ending a DGMO that runs, before its data is changed under it: asked first, and ended by force only with consent. */
import { BusyError, StillRunningError } from '../../errors.ts';
import { checkInterrupted, type Session } from '../session.ts';
import { runningCopies } from './running.ts';

const PAUSE = 25;
/** Milliseconds that it takes the system to end what it was told to end. */
const END_LIMIT = 10_000;

/**
 * Asks them to end, and waits.
 *
 * @param kill whether one that does not end within the exit limit, or that can't be asked on this system, is ended by
 *   force; `now` if the caller has asked and waited already
 * @throws StillRunningError if it may not be ended by force, BusyError if even that failed
 */
export async function stopRunning(
  session: Session,
  pids: readonly number[],
  kill: 'never' | 'after the limit' | 'now',
): Promise<void> {
  const { processes } = session.host;
  session.emit({ event: 'stopping', pids: [...pids] });
  // Looked up each time: since the ids were found, one may have been given to another program.
  const current = () => runningCopies(session).filter((pid) => pids.includes(pid));
  const asked = kill === 'now' ? [] : current().filter((pid) => processes.requestEnd(pid));
  await ended(session, asked, session.limits.exit);
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
  await ended(session, left, END_LIMIT);
  const still = current();
  if (still.length > 0)
    throw new BusyError(`process ${still.join(', ')} could not be ended`, { advice: 'Nothing was changed.' });
}

async function ended(session: Session, pids: readonly number[], limit: number): Promise<void> {
  const { clock, processes } = session.host;
  const begun = clock.monotonic();
  while (pids.some((pid) => processes.isAlive(pid)) && clock.monotonic() - begun < limit) {
    checkInterrupted(session);
    await clock.sleep(PAUSE);
  }
}

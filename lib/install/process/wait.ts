/** Waiting for DGMO to exit before its executable is swapped. */
import { BusyError } from '../../errors.ts';
import type { Session } from '../session.ts';
import { checkInterrupted } from '../session.ts';
import { isStranger, isTarget } from './running.ts';

const PAUSE = 25;

/**
 * Which process to wait for: the named one (0: none), else the parent if that is DGMO, else none. A process that became this
 * one (execve) named its own id, and has exited already.
 */
export function processToAwait(session: Session, named: number | undefined): number | null {
  const { processes } = session.host;
  if (named === undefined) return isTarget(session, processes.parent) ? processes.parent : null;
  return named === 0 ? null : named;
}

/**
 * Waits until the process has exited. Throws BusyError if it has not exited within the limit. Does not wait for a process
 * that does not run DGMO.
 */
export async function awaitExit(session: Session, pid: number): Promise<void> {
  const { clock, processes } = session.host;
  const begun = clock.monotonic();
  const runs = () => processes.isAlive(pid) && !isStranger(session, pid);
  if (pid === processes.pid || !runs()) return;
  session.emit({ event: 'waiting', pid });
  while (runs()) {
    checkInterrupted(session);
    if (clock.monotonic() - begun >= session.limits.exit) {
      throw new BusyError(
        `process ${pid}, which runs ${session.layout.target}, has not exited within ${Math.round(session.limits.exit / 1000)} s`,
        { advice: 'Close it, then try again. Nothing was changed.' },
      );
    }
    await clock.sleep(PAUSE);
  }
}

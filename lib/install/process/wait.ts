/** Waiting for DGMO to exit before its executable is swapped. */
import { BusyError } from '../../errors.ts';
import type { Session } from '../session.ts';
import { checkInterrupted } from '../session.ts';

const PAUSE = 25;

/**
 * Which process to wait for: the one named (0: none), else the parent if it is DGMO itself, else none. A process that
 * became this one (execve) names its own id: it has exited already.
 */
export function processToAwait(session: Session, named: number | undefined): number | null {
  const { processes } = session.host;
  if (named === undefined) return isTarget(session, processes.parent) ? processes.parent : null;
  return named === 0 ? null : named;
}

/** Whether that process is DGMO. */
export function isTarget(session: Session, pid: number): boolean {
  const executable = session.host.processes.executable(pid);
  if (executable === null) return false;
  if (session.host.platform !== 'win32') return executable === session.layout.target;
  return executable.toLowerCase() === session.layout.target.toLowerCase();
}

/** Throws BusyError if it has not exited within the limit. */
export async function awaitExit(session: Session, pid: number): Promise<void> {
  const { clock, processes } = session.host;
  const begun = clock.monotonic();
  if (pid === processes.pid || !processes.isAlive(pid)) return;
  session.emit({ event: 'waiting', pid });
  while (processes.isAlive(pid)) {
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

/** Which processes run DGMO. */
import type { Session } from '../session.ts';

/** Whether that process runs the installed executable. */
export function isTarget(session: Session, pid: number): boolean {
  const executable = session.host.processes.executable(pid);
  if (executable === null) return false;
  if (session.host.platform !== 'win32') return executable === session.layout.target;
  return executable.toLowerCase() === session.layout.target.toLowerCase();
}

/** Ids of the processes that run the installed executable, or one that an update has replaced since they were started. */
export function runningCopies({ host, layout }: Session): number[] {
  const { disk, processes } = host;
  const moved = disk
    .list(layout.workDir)
    .filter((name) => name.startsWith('away-') || name.startsWith('kept-'))
    .map((name) => layout.join(layout.workDir, name));
  const found = [layout.target, ...moved].flatMap((path) => processes.running(path));
  return [...new Set(found)].sort((a, b) => a - b);
}

/**
 * Whether a process may be writing DGMO's data. That may be this process, if DGMO updates itself with `UpdateManager`.
 */
export function isAppRunning(session: Session): boolean {
  return isTarget(session, session.host.processes.pid) || runningCopies(session).length > 0;
}

/**
 * Whether that process is known to be somebody else's: then DGMO has exited, and its id went to another process. The parent
 * may be a wrapper around DGMO, whatever it runs.
 */
export function isStranger(session: Session, pid: number): boolean {
  const { processes } = session.host;
  if (pid === processes.parent || processes.executable(pid) === null || isTarget(session, pid)) return false;
  return !runningCopies(session).includes(pid);
}

/** Setting permissions right. */

import { MachineError } from '../../errors.ts';
import { shellWord } from '../../format/printable.ts';
import { executableMode } from '../../install/executable-mode.ts';
import type { Session } from '../../install/index.ts';
import { immutableError } from '../../install/preflight/permission.ts';
import { asUpdaterError } from '../../platform/failures.ts';
import { updaterPath } from '../check/executables.ts';

/** Throws MachineError, which names the command to run, if this user may not. */
export function repairPermissions(session: Session, path: string): void {
  const { host, layout } = session;
  const { disk } = host;
  const status = disk.status(path);
  if (status === null) return;
  const isFolder = status.kind === 'directory';
  const owner = disk.status(layout.workDir)?.owner ?? null;
  const isProgram = path === layout.target || path === updaterPath(session) || path.includes('kept-');
  const mode = modeAfter(status.mode, isFolder ? 'folder' : isProgram ? 'program' : 'file');
  const isForeign = !isFolder && owner !== null && status.owner !== owner && status.owner !== 0;
  try {
    // Gives it the owner and the group of the work dir, which the installation belongs to.
    if (isForeign && host.user === 0) disk.imitate(path, layout.workDir);
    disk.setMode(path, mode);
  } catch (error) {
    if (disk.writeRefusal(path) === 'EPERM') throw immutableError(host, path);
    throw new MachineError(`the permissions of ${path} can't be changed by this user`, {
      advice: `Run \`sudo chmod ${mode.toString(8)} ${shellWord(path)}\`.`,
      cause: asUpdaterError(error, path),
    });
  }
  if (!isForeign || host.user === 0) return;
  throw new MachineError(`${path} belongs to user ${status.owner}, wanted user ${owner}`, {
    advice: `Run \`sudo chown ${owner} ${shellWord(path)}\`.`,
  });
}

/** Its owner may do everything with it, and not everybody may change it. */
function modeAfter(mode: number, kind: 'folder' | 'program' | 'file'): number {
  if (kind === 'folder') return mode | 0o700;
  return (kind === 'program' ? executableMode(mode) | 0o200 : mode | 0o600) & ~0o002;
}

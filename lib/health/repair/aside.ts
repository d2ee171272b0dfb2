/** Keeping what is damaged: nothing that a user may still want is removed. */
import type { Session } from '../../install/index.ts';
import { pathsOf } from '../../platform/path-flavour.ts';

/** In the names of what was moved out of the way. */
export const ASIDE_MARK = '.damaged-';

/** A free name beside the path, with the date: `dgmo.json.damaged-20261126-204823`. */
function nameBeside({ host }: Session, path: string): string {
  const time = new Date(host.clock.now())
    .toISOString()
    .replaceAll(/[-:]/g, '')
    .replace('T', '-')
    .slice(0, 15);
  const name = `${path}${ASIDE_MARK}${time}`;
  for (let count = 1; ; count++) {
    const free = count === 1 ? name : `${name}-${count}`;
    if (host.disk.status(free) === null) return free;
  }
}

/** Moves a file or folder out of the way, and returns its new path. Null if there is nothing. */
export function moveAside(session: Session, path: string): string | null {
  const { disk, platform } = session.host;
  if (disk.status(path) === null) return null;
  const beside = nameBeside(session, path);
  disk.rename(path, beside);
  disk.flushDirectory(pathsOf(platform).dirname(path));
  return beside;
}

/** The same for a file that is about to be replaced: a copy, so that there is no moment without it. */
export function copyAside(session: Session, path: string): string | null {
  const { disk } = session.host;
  if (disk.status(path)?.kind !== 'file') return moveAside(session, path);
  const beside = nameBeside(session, path);
  disk.copy(path, beside);
  return beside;
}

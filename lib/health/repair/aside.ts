/** Keeping what is damaged: nothing that a user may still want is removed. */
import type { Session } from '../../install/index.ts';
import { holdsStranger } from '../../install/installed-binary.ts';
import { flushFile, removeQuietly, statusOf } from '../../platform/files.ts';
import { pathsOf } from '../../platform/path-flavour.ts';

/** Bytes. Nothing reads a record or a config that is larger: there is no moment without it if it is only moved. */
const COPIED_AT_MOST = 16 << 20;

/** In the names of what was moved out of the way. */
export const ASIDE_MARK = '.damaged-';

/** A free name beside the path, with the time by the user's clock: `dgmo.json.damaged-20261126-204823`. */
function nameBeside({ host }: Session, path: string, folder: string | undefined): string {
  const now = host.clock.now();
  const time = new Date(now + host.localOffset(now))
    .toISOString()
    .replaceAll(/[-:]/g, '')
    .replace('T', '-')
    .slice(0, 15);
  const paths = pathsOf(host.platform);
  const name = `${folder === undefined ? path : paths.join(folder, paths.basename(path))}${ASIDE_MARK}${time}`;
  for (let count = 1; ; count++) {
    const free = count === 1 ? name : `${name}-${count}`;
    if (statusOf(host.disk, free) === null) return free;
  }
}

/**
 * Moves whatever is at the path out of the way, and returns its new path. Null if there is nothing.
 *
 * @param folder where to, on the same filesystem; its own folder unless given
 */
export function moveAside(session: Session, path: string, folder?: string): string | null {
  const { disk, platform } = session.host;
  if (statusOf(disk, path) === null) return null;
  const beside = nameBeside(session, path, folder);
  disk.rename(path, beside);
  disk.flushDirectory(pathsOf(platform).dirname(path));
  if (folder !== undefined) disk.flushDirectory(folder);
  return beside;
}

/**
 * The same for a file that is about to be replaced: a copy, so that there is no moment without it. It is on the drive before what
 * replaces the original can be.
 */
export function copyAside(session: Session, path: string): string | null {
  const { disk, platform } = session.host;
  const status = statusOf(disk, path);
  if (status?.kind !== 'file' || status.size > COPIED_AT_MOST) return moveAside(session, path);
  const beside = nameBeside(session, path, undefined);
  try {
    disk.copy(path, beside);
    flushFile(disk, beside);
  } catch (error) {
    // The room that half a copy takes is what the next repair needs.
    removeQuietly(disk, beside);
    throw error;
  }
  disk.flushDirectory(pathsOf(platform).dirname(path));
  return beside;
}

/** Moves what is at the path of the executable, and can be none, out of the way: whoever has put it there may want it. */
export function moveExecutableAside(session: Session): void {
  const { target } = session.layout;
  if (!holdsStranger(session, target)) return;
  const beside = moveAside(session, target);
  session.emit({ event: 'warning', text: `What was at ${target} is kept: it is ${beside} now.` });
}

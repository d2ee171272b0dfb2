/** Whether this user may make a change, found out before anything is written. */
import { MachineError } from '../../errors.ts';
import { shellWord } from '../../format/printable.ts';
import type { Host } from '../../platform/host.ts';
import type { Session } from '../session.ts';

type Machine = Pick<Host, 'disk' | 'user' | 'platform'>;

/** Throws MachineError if the executable can't be replaced. */
export function requireReplaceable({ host, layout }: Pick<Session, 'host' | 'layout'>): void {
  const { disk } = host;
  const { target, installDir, workDir, journal } = layout;
  for (const folder of [installDir, workDir]) requireWritable(host, folder, installDir);
  if (disk.status(journal) !== null) requireWritable(host, journal, installDir);
  requireSameFilesystem(host, layout);
  const status = disk.status(target);
  if (status === null) return;
  // Its own mode does not matter: it is renamed over, not written to.
  const refusal = disk.writeRefusal(target);
  if (refusal === 'EPERM') throw immutableError(host, target);
  const folder = disk.status(installDir);
  const others = [status.owner, folder?.owner].every((owner) => owner !== host.user);
  if (((folder?.mode ?? 0) & STICKY) !== 0 && others && host.user !== 0 && host.user !== null) {
    throw new MachineError(
      `${target} belongs to user ${status.owner}, and in ${installDir} (which is sticky) user ${host.user} may not replace it; nothing was changed`,
      { advice: 'Run it as the user who owns it.' },
    );
  }
  if (disk.isMountPoint(target)) {
    throw new MachineError(
      `${target} is a mount point, such as a file that a container was given, and can't be replaced; nothing was changed`,
      {
        advice:
          'Update it where it comes from (the image, or the file on the host), or mount its folder and not the file.',
      },
    );
  }
}

/** What is prepared in the work dir is renamed into place, which no system does from one filesystem to another. */
function requireSameFilesystem({ disk }: Machine, { installDir, workDir }: Session['layout']): void {
  const [around, inside] = [installDir, workDir].map((folder) => disk.room(folder)?.filesystem);
  if (around === undefined || inside === undefined || around === inside) return;
  throw new MachineError(
    `${workDir} is on another filesystem than ${installDir}, so nothing can be moved from there into place; nothing was changed`,
    { advice: 'Something is mounted there (`findmnt` shows it): unmount it, then try again.' },
  );
}

const STICKY = 0o1000;

/**
 * Throws MachineError if the file may not be written, or nothing may be created in the folder.
 *
 * @param around the install dir or the home that it is in: if that is this user's, nobody else is let in, not even root
 */
export function requireWritable(machine: Machine, path: string, around = path): void {
  const { disk, user } = machine;
  const refusal = disk.writeRefusal(path);
  if (refusal === null || refusal === 'ENOENT') return;
  if (refusal === 'EPERM') throw immutableError(machine, path);
  if (refusal === 'EROFS') {
    throw new MachineError(`${path} is on a filesystem that is read-only (EROFS); nothing was changed`, {
      advice: 'Mount the filesystem writable, then try again.',
    });
  }
  const owner = disk.status(path)?.owner ?? null;
  const whose =
    owner === null || user === null || owner === user
      ? ''
      : `: it belongs to user ${owner}, and this is user ${user}`;
  throw new MachineError(`${path} may not be written (${refusal})${whose}; nothing was changed`, {
    advice: adviceOf(owner, user, path, disk.status(around)?.owner === user),
  });
}

function adviceOf(owner: number | null, user: number | null, path: string, isOwn: boolean): string {
  if (owner === user && user !== null) return `It is yours: \`chmod u+rwX ${shellWord(path)}\`.`;
  if (isOwn && user !== null)
    return `If it is to be yours, run \`sudo chown -R ${user} ${shellWord(path)}\`, then try again.`;
  return owner === 0 ? 'Run it as root, for example with sudo.' : 'Run it as the user who owns it.';
}

/** What no mode lets anybody change. */
export function immutableError({ platform }: Pick<Machine, 'platform'>, path: string): MachineError {
  const file = shellWord(path);
  const [show, end] =
    platform === 'darwin' ? ['ls -ldO', `chflags nouchg,noschg ${file}`] : ['lsattr -d', `chattr -i ${file}`];
  return new MachineError(`${path} is immutable (EPERM); nothing was changed`, {
    advice: `\`${show} ${file}\` shows it. Only root may end it: \`sudo ${end}\`, if you want updates.`,
  });
}

/** Sends what `release page` has made: the updaters first, then the scripts that name them, then the page that names the scripts. */
import path from 'node:path';
import { InterruptedError, UsageError } from '../../lib/errors.ts';
import type { Disk } from '../../lib/platform/disk.ts';
import { isFeedPath } from '../../lib/version/download-url.ts';
import type { Destination } from './destination.ts';
import type { LocalFile } from './inventory.ts';

const UPDATERS = 'download';
const LAST = ['install.sh', 'install.ps1', 'releases.atom', 'index.html'];

/** In the order in which they are sent. Whatever else is in the folder stays there. UsageError if there is no page in it. */
export function pageFiles(disk: Disk, folder: string): LocalFile[] {
  const found = (name: string): LocalFile[] => {
    const status = disk.status(path.join(folder, name));
    if (status?.kind === 'directory') {
      return disk
        .list(path.join(folder, name))
        .sort()
        .flatMap((one) => found(`${name}/${one}`));
    }
    return status?.kind === 'file' && isFeedPath(name) ? [{ path: name, size: status.size }] : [];
  };
  const files = [UPDATERS, ...LAST].flatMap(found);
  if (files.at(-1)?.path === 'index.html') return files;
  throw new UsageError(`--page: wanted a folder of \`release page\`, found no index.html in ${folder}`, {
    advice: 'Make it with `release page -o <folder>`.',
  });
}

/** Returns what was sent: an updater that is there already, named by its digest, is not sent again. */
export async function sendPage(
  files: readonly LocalFile[],
  folder: string,
  destination: Destination,
  stop: AbortSignal,
): Promise<LocalFile[]> {
  const sent: LocalFile[] = [];
  for (const file of files) {
    if (stop.aborted)
      throw new InterruptedError('interrupted: the feed is published, its page perhaps not whole');
    if (file.path.startsWith(`${UPDATERS}/`) && (await destination.size(file.path)) === file.size) continue;
    await destination.putFile(file.path, path.join(folder, file.path));
    sent.push(file);
  }
  return sent;
}

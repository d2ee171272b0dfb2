/** Storing old executables as patches, in the background: it takes seconds and some memory, and nobody has to wait for it. */
import { errorCode, UpdaterError } from '../../errors.ts';
import { fill, openIfThere } from '../../platform/files.ts';
import type { Host } from '../../platform/host.ts';
import { canCompact } from '../../snapshot/index.ts';
import { executableName } from '../../version/index.ts';
import { childEnvironment } from '../process/start.ts';
import type { Session } from '../session.ts';

/** Starts `snapshots compact` if it has something to do. A failure is no reason to stop: the next change starts it again. */
export async function startCompactor({ host, layout, app, home, snapshots }: Session): Promise<void> {
  const { processes, disk } = host;
  try {
    const updater = layout.join(layout.installDir, executableName('dgmo-updater', host.platform));
    if (snapshots === null || processes.startInBackground === null || disk.status(updater) === null) return;
    if (!canCompact(disk, snapshots.layout) || !hasMemoryToCompact(host)) return;
    const args = ['snapshots', 'compact', '--quiet', '--install-dir', layout.installDir, '--app', app];
    if ('folder' in home) args.push('--home', home.folder);
    await processes.startInBackground(updater, args, {
      environment: childEnvironment(host.environment),
      workingDirectory: layout.installDir,
    });
  } catch (error) {
    if (!(error instanceof UpdaterError) && errorCode(error) === undefined) throw error;
    // The system has no room for a process, or the store can't be read, which `verify` reports.
  }
}

/**
 * Bytes that have to be free. A conversion of 185 MB peaks at 504 MB, two in one process at 1,025 MB: where others need the memory,
 * the system would end one of them.
 */
const MEMORY = 2 * 1024 ** 3;

/** False only where the system says that there is less. */
export function hasMemoryToCompact({ platform, disk }: Pick<Host, 'platform' | 'disk'>): boolean {
  const handle = platform === 'linux' ? openIfThere(disk, '/proc/meminfo') : null;
  if (handle === null) return true;
  try {
    const start = new Uint8Array(4096);
    const text = new TextDecoder().decode(start.subarray(0, fill(disk, handle, start, 0)));
    const kilobytes = /^MemAvailable:\s*(\d+) kB$/m.exec(text)?.[1];
    return kilobytes === undefined || Number(kilobytes) * 1024 >= MEMORY;
  } finally {
    disk.close(handle);
  }
}

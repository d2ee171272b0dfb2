/** Storing old executables as patches, in the background: it takes seconds and some memory, and nobody has to wait for it. */
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
    if (!canCompact(disk, snapshots.layout)) return;
    const args = ['snapshots', 'compact', '--quiet', '--install-dir', layout.installDir, '--app', app];
    if ('folder' in home) args.push('--home', home.folder);
    await processes.startInBackground(updater, args, {
      environment: childEnvironment(host.environment),
      workingDirectory: layout.installDir,
    });
  } catch {
    // The system has no room for a process, or the store can't be read, which `verify` reports.
  }
}

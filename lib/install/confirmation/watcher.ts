/** The watcher: another process of the updater, which stays when this one becomes DGMO. */
import { errorCode } from '../../errors.ts';
import { executableName } from '../../version/index.ts';
import { childEnvironment } from '../process/start.ts';
import type { Session } from '../session.ts';

/** Without a watcher the starts are still counted, by DGMO and by every command: a failure to start it is no reason to stop. */
export async function startWatcher({ host, layout, app, home }: Session, pid: number): Promise<void> {
  const { processes, disk } = host;
  const updater = layout.join(layout.installDir, executableName('dgmo-updater', host.platform));
  if (processes.startInBackground === null || disk.status(updater) === null) return;
  const args = ['watch', String(pid), '--install-dir', layout.installDir, '--app', app];
  if ('folder' in home) args.push('--home', home.folder);
  try {
    await processes.startInBackground(updater, args, {
      environment: childEnvironment(host.environment),
      workingDirectory: layout.installDir,
    });
  } catch (error) {
    if (errorCode(error) === undefined) throw error;
    // The system has no room for a process.
  }
}

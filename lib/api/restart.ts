/** The two ways for DGMO to run the new version: a restart, or handing over to the updater. */
import { UsageError } from '../errors.ts';
import type { Session } from '../install/index.ts';
import type { UpdatePackage } from '../update/check/update-info.ts';
import { executableName } from '../version/index.ts';
import type { ApplyOptions } from './apply-options.ts';

/** A question for the user. */
export interface RestartNotice {
  title: string;
  message: string;
  actions: { label: string; action: 'restart' | 'defer' }[];
}

/** A program to start. `args` does not include the name of the program. */
export interface RestartCommand {
  file: string;
  args: string[];
}

export function restartNotice(app: string, version: string): RestartNotice {
  return {
    title: 'Restart Required',
    message: `${app} needs to restart to run ${version}.`,
    actions: [
      { label: 'Restart Now', action: 'restart' },
      { label: 'Restart Later', action: 'defer' },
    ],
  };
}

export function handOverCommand(
  { layout, app, host, home }: Session,
  { files }: UpdatePackage,
  { evolutions, allowDowngrade, args = [] }: Pick<ApplyOptions, 'evolutions' | 'allowDowngrade' | 'args'>,
): RestartCommand {
  const last = files.at(-1);
  if (last === undefined) throw new UsageError('there is nothing to hand over: no package was downloaded');
  const wish = typeof evolutions === 'string' ? evolutions : evolutions?.join(',');
  return {
    file: layout.join(layout.installDir, executableName('dgmo-updater', host.platform)),
    args: [
      ...['--apply', last, ...files.slice(0, -1).flatMap((file) => ['--via', file])],
      // If this process becomes the updater, the updater finds its own id here, and does not wait.
      ...['--wait-pid', String(host.processes.pid), '--install-dir', layout.installDir, '--app', app],
      ...('folder' in home ? ['--home', home.folder] : []),
      ...(wish === undefined || wish === 'auto' ? [] : ['--evolutions', wish]),
      ...(allowDowngrade === true ? ['--allow-downgrade'] : []),
      ...['--', ...args],
    ],
  };
}

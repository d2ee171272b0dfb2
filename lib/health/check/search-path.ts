/** What the shell starts when the user types the name of the program. */
import type { Session } from '../../install/index.ts';
import type { Host } from '../../platform/host.ts';
import { pathsOf } from '../../platform/path-flavour.ts';
import { executableName } from '../../version/index.ts';
import { type HealthIssue, issue } from '../issue.ts';

/** More are not looked at. */
const MOST_FOLDERS = 200;

export interface FoundProgram {
  path: string;
  /** With symlinks resolved; null if it leads nowhere. */
  leadsTo: string | null;
}

/** What the folders of $PATH have under the name of the program, in their order. */
export function onSearchPath({ host, app, layout }: Session): FoundProgram[] {
  const { environment, platform, disk } = host;
  const path = pathsOf(platform);
  const name = executableName(app, platform);
  const folders = (environment.PATH ?? environment.Path ?? '').split(platform === 'win32' ? ';' : ':');
  return [...new Set(folders)]
    .filter((folder) => path.isAbsolute(folder))
    .slice(0, MOST_FOLDERS)
    .map((folder) => path.join(folder, name))
    .flatMap((found): FoundProgram[] => {
      try {
        if (disk.status(found) === null) return [];
      } catch {
        // A folder that is not one, or may not be looked into: the shell skips it too.
        return [];
      }
      try {
        const leadsTo = disk.resolve(found);
        return disk.status(leadsTo)?.kind === 'directory' ? [] : [{ path: found, leadsTo }];
      } catch {
        // The executable may be missing: then it is not the link that is wrong.
        const leadsTo = missingEnd(host, found) === layout.target ? layout.target : null;
        return [{ path: found, leadsTo }];
      }
    });
}

/** Where the link would lead, if there were a file; null if not even its folder is there. */
function missingEnd({ platform, disk }: Host, link: string): string | null {
  const path = pathsOf(platform);
  try {
    const named = disk.readLink(link);
    const end = path.isAbsolute(named) ? named : path.join(path.dirname(link), named);
    return path.join(disk.resolve(path.dirname(end)), path.basename(end));
  } catch {
    return null;
  }
}

/** Other programs of that name before this one. Links that lead nowhere, wherever they are. */
export function checkSearchPath(session: Session): HealthIssue[] {
  const { app, layout } = session;
  const found = onSearchPath(session);
  const own = found.findIndex(({ leadsTo }) => leadsTo === layout.target);
  const before = own === -1 ? found : found.slice(0, own);
  return before.map(({ path, leadsTo }) => {
    const what =
      leadsTo === null
        ? `${path} is a link that leads nowhere`
        : `\`${app}\` starts ${path}${leadsTo === path ? '' : ` (${leadsTo})`}, not ${layout.target}`;
    return issue('path_conflict', path, what, {
      severity: 'notice',
      advice:
        leadsTo === null
          ? `Remove it, or let it lead to ${layout.target}.`
          : `Remove it, or put ${layout.installDir} before it in PATH.`,
    });
  });
}

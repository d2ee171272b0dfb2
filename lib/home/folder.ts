/** Where the home is: `--home`, else `$DGMO_HOME`, else `~/.dgmo`. */
import { MachineError, UsageError } from '../errors.ts';
import type { Host } from '../platform/host.ts';
import { pathsOf } from '../platform/path-flavour.ts';

/**
 * What is trusted stands in the home. So an empty `$DGMO_HOME` counts as none, and a relative one is refused: DGMO is
 * started in folders whose content nobody vouches for. What is typed as `--home` may be relative.
 */
export function homeOf(host: Host, typed: string | undefined): string {
  const path = pathsOf(host.platform);
  if (typed !== undefined) return path.resolve(host.workingDirectory, typed);
  const { DGMO_HOME: fromEnvironment } = host.environment;
  if (fromEnvironment !== undefined && fromEnvironment !== '') {
    if (path.isAbsolute(fromEnvironment)) return path.normalize(fromEnvironment);
    throw new UsageError(`DGMO_HOME: wanted an absolute path, found ${JSON.stringify(fromEnvironment)}`);
  }
  if (host.homeDirectory !== null) return path.join(host.homeDirectory, '.dgmo');
  throw new MachineError('this user has no home directory', {
    advice: 'Set DGMO_HOME to a folder of your own.',
  });
}

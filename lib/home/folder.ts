/** The home folder: `--home`, else `$DGMO_HOME`, else `~/.dgmo`. */
import { MachineError, type UpdaterError, UsageError } from '../errors.ts';
import type { Host } from '../platform/host.ts';
import { pathsOf } from '../platform/path-flavour.ts';
import { refusalOfHome } from './foreign.ts';

/**
 * The home, or the error that explains why there is none. Operations that need the home throw it. `refused`: the folder that is
 * not believed.
 */
export type Home = { folder: string } | { missing: UpdaterError; refused?: string };

export const NO_HOME: Home = {
  missing: new MachineError('this user has no home directory', {
    advice: 'Set DGMO_HOME to a folder that belongs to you.',
  }),
};

/**
 * No home that others may write (foreign.ts). An empty `$DGMO_HOME` counts as not set. A relative one is refused, as is a relative `$HOME`, because the home
 * holds the trusted root, and DGMO is started in folders that others may have written to.
 *
 * @param typed the value of `--home`, which may be relative
 */
export function findHome(host: Host, typed: string | undefined): Home {
  const home = specifiedHome(host, typed);
  const refusal = 'folder' in home ? refusalOfHome(host, home.folder) : null;
  return refusal === null || 'missing' in home ? home : { missing: refusal, refused: home.folder };
}

function specifiedHome(host: Host, typed: string | undefined): Home {
  const path = pathsOf(host.platform);
  if (typed !== undefined) return { folder: path.resolve(host.workingDirectory, typed) };
  const { DGMO_HOME: fromEnvironment } = host.environment;
  if (fromEnvironment !== undefined && fromEnvironment !== '') {
    if (path.isAbsolute(fromEnvironment)) return { folder: path.normalize(fromEnvironment) };
    const found = JSON.stringify(fromEnvironment);
    return { missing: new UsageError(`DGMO_HOME: wanted an absolute path, found ${found}`) };
  }
  if (host.homeDirectory === null) return NO_HOME;
  if (!path.isAbsolute(host.homeDirectory)) {
    const found = JSON.stringify(host.homeDirectory);
    return { missing: new UsageError(`HOME: wanted an absolute path, found ${found}`) };
  }
  return { folder: path.join(host.homeDirectory, '.dgmo') };
}

/** Throws the error that explains why there is no home. */
export function requireHome(home: Home): string {
  if ('missing' in home) throw home.missing;
  return home.folder;
}

/**
 * Null if this user has none at all. Throws the error if one was specified that can't be used: what is missed would be in
 * the right one.
 */
export function homeIfAny(home: Home): string | null {
  if ('folder' in home) return home.folder;
  if (home === NO_HOME) return null;
  throw home.missing;
}

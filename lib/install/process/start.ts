/** Starting DGMO again: its arguments, its working directory, its environment, its terminal. */
import { errorMessage, MachineError } from '../../errors.ts';
import type { Session } from '../session.ts';

/**
 * With the first a Bun-compiled program turns into the Bun CLI, with the second it runs foreign code before its own, with the
 * last it ends as soon as we do. None is handed on. The names are put together, since `release compile` changes them
 * wherever they stand in the executable.
 */
const STRIPPED = new Set([
  ['BUN', 'BE', 'BUN'].join('_'),
  ['BUN', 'OPTIONS'].join('_'),
  'BUN_FEATURE_FLAG_NO_ORPHANS',
]);

export function childEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && !STRIPPED.has(name.toUpperCase())) kept[name] = value;
  }
  return kept;
}

/** The folder that we were started in may have been removed. */
function folderToStartIn({ host, layout }: Session): string {
  return host.disk.status(host.workingDirectory) === null ? layout.installDir : host.workingDirectory;
}

/**
 * Starts the target. On POSIX, if this process has the terminal, it becomes the target, and this does not return: the
 * shell goes on waiting for the same process. On Windows it resolves once the target, which has the terminal, has ended.
 * Without a terminal it resolves once the target has been started. If a shell has taken the terminal back meanwhile, the
 * target can't be used from it: the user is told to start it.
 *
 * @throws MachineError if it could not be started
 */
export async function relaunch(
  session: Session,
  args: readonly string[],
  outputToError: boolean,
): Promise<void> {
  const { host, layout } = session;
  const file = layout.target;
  if (host.processes.hasTerminal() && !host.processes.ownsTerminal()) {
    session.emit({ event: 'terminal lost', file });
    return;
  }
  session.emit({ event: 'relaunching', file });
  const options = {
    environment: childEnvironment(host.environment),
    workingDirectory: folderToStartIn(session),
    outputToError,
  };
  try {
    // A process can't give its standard output away to somebody else's standard error.
    if (host.processes.become !== null && host.processes.hasTerminal() && !outputToError)
      await host.processes.become(file, args, options);
    await host.processes.start(file, [...args], options);
  } catch (error) {
    throw new MachineError(`${file} could not be started again: ${errorMessage(error)}`, {
      advice: `Start it by hand: ${file}`,
      cause: error,
    });
  }
  session.emit({ event: 'relaunched', file });
}

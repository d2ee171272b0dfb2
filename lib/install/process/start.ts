/** Starting DGMO again, with its arguments, working directory, environment and terminal. */
import { errorMessage, MachineError } from '../../errors.ts';
import type { Platform, StartedProcess } from '../../platform/host.ts';
import type { Session } from '../session.ts';

/**
 * Variables that must not be passed on. The first turns a Bun-compiled program into the Bun CLI, the second makes it run
 * foreign code before its own, and with the last it ends as soon as this process does. The first two names are joined from
 * parts, because `release compile` changes every occurrence of them in the executable.
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

/** The words as they are typed in a shell, for a message. */
export function shellCommand(platform: Platform, words: readonly string[]): string {
  const quoted = (word: string) => {
    if (/^[\w@%+=:,./\\-]+$/.test(word) && (platform === 'win32' || !word.includes('\\'))) return word;
    return platform === 'win32' ? `"${word.replaceAll('"', '\\"')}"` : `'${word.replaceAll("'", "'\\''")}'`;
  };
  return words.map(quoted).join(' ');
}

/** The current working directory, or the install dir if that was removed meanwhile. */
function folderToStartIn({ host, layout }: Session): string {
  return host.disk.status(host.workingDirectory) === null ? layout.installDir : host.workingDirectory;
}

/**
 * Starts the target.
 *
 * With a terminal on POSIX, this process becomes the target and the call never returns: the shell goes on waiting for the
 * same process. Else it resolves when the target has been started; with a terminal this process then has to stay until it has
 * ended. If the shell has taken the terminal back, the target could not read from it: then nothing is started, the user is
 * asked to start it, and null is returned.
 *
 * @throws MachineError if it could not be started
 */
export async function relaunch(
  session: Session,
  args: readonly string[],
  outputToError: boolean,
): Promise<StartedProcess | null> {
  const { host, layout } = session;
  const file = layout.target;
  const command = shellCommand(host.platform, [file, ...args]);
  if (host.processes.hasTerminal() && !host.processes.ownsTerminal()) {
    session.emit({ event: 'terminal lost', file, command });
    return null;
  }
  session.emit({ event: 'relaunching', file });
  const options = {
    environment: childEnvironment(host.environment),
    workingDirectory: folderToStartIn(session),
    outputToError,
  };
  try {
    if (host.processes.become !== null && becomesTarget(session, outputToError))
      await host.processes.become(file, args, options);
    const started = await host.processes.start(file, [...args], options);
    session.emit({ event: 'relaunched', file });
    return started;
  } catch (error) {
    throw new MachineError(`${file} could not be started again: ${errorMessage(error)}`, {
      advice: `Start it by hand: ${command}`,
      cause: error,
    });
  }
}

/** Whether this process will be replaced by the target. It keeps the standard streams then, so the output can't be redirected. */
export function becomesTarget({ host: { processes } }: Session, outputToError: boolean): boolean {
  return processes.become !== null && processes.hasTerminal() && !outputToError;
}

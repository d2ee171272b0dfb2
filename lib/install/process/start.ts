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
  try {
    if (host.processes.become !== null && becomesTarget(session, outputToError))
      await host.processes.become(file, args, surroundings(session));
    const started = await host.processes.start(file, [...args], { ...surroundings(session), outputToError });
    session.emit({ event: 'relaunched', file });
    return started;
  } catch (error) {
    throw notStarted(error, file, command);
  }
}

/**
 * For DGMO itself: this process becomes the target, and the call never returns. Where there is no execve the target is started, and this
 * process has to end when the call returns: at once, or, if a shell waits for it in a terminal, when the target has ended.
 *
 * @throws MachineError if it could not be started
 */
export async function continueAsTarget(session: Session, args: readonly string[]): Promise<void> {
  const { host, layout } = session;
  const { become } = host.processes;
  if (become === null) {
    await (await relaunch(session, args, false))?.ended;
    return;
  }
  try {
    await become(layout.target, args, surroundings(session));
  } catch (error) {
    throw notStarted(error, layout.target, shellCommand(host.platform, [layout.target, ...args]));
  }
}

function surroundings(session: Session) {
  return {
    environment: childEnvironment(session.host.environment),
    workingDirectory: folderToStartIn(session),
  };
}

function notStarted(cause: unknown, file: string, command: string): MachineError {
  return new MachineError(`${file} could not be started again: ${errorMessage(cause)}`, {
    advice: `Start it by hand: ${command}`,
    cause,
  });
}

/** Whether this process will be replaced by the target. It keeps the standard streams then, so the output can't be redirected. */
export function becomesTarget({ host: { processes } }: Session, outputToError: boolean): boolean {
  return processes.become !== null && processes.hasTerminal() && !outputToError;
}

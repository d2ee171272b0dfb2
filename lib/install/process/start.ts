/** Starting DGMO again: its arguments, its working directory, its environment, its terminal. */
import { errorMessage, MachineError } from '../../errors.ts';
import type { Session } from '../session.ts';

/**
 * With BUN_BE_BUN a Bun-compiled program turns into the Bun CLI; with the other one it ends as soon as we do. Neither may
 * be handed on.
 */
const STRIPPED = new Set(['BUN_BE_BUN', 'BUN_FEATURE_FLAG_NO_ORPHANS']);

export function childEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && !STRIPPED.has(name.toUpperCase())) kept[name] = value;
  }
  return kept;
}

/** The folder that we were started in may be gone by now. */
function folderToStartIn({ host, layout }: Session): string {
  return host.disk.status(host.workingDirectory) === null ? layout.installDir : host.workingDirectory;
}

/**
 * Starts the target. Resolves when it has been started, or, where we hold the terminal for it, when it has ended.
 * When a shell has taken the terminal back meanwhile it can't be started usefully; then the person is told.
 */
export async function relaunch(session: Session, args: string[], outputToError: boolean): Promise<void> {
  const { host, layout } = session;
  const file = layout.target;
  if (host.processes.hasTerminal() && !host.processes.ownsTerminal()) {
    session.emit({ event: 'terminal lost', file });
    return;
  }
  session.emit({ event: 'relaunching', file });
  try {
    await host.processes.start(file, args, {
      environment: childEnvironment(host.environment),
      workingDirectory: folderToStartIn(session),
      outputToError,
    });
  } catch (error) {
    throw new MachineError(`${file} could not be started again: ${errorMessage(error)}`, {
      advice: `Start it by hand: ${file}`,
      cause: error,
    });
  }
  session.emit({ event: 'relaunched', file });
}

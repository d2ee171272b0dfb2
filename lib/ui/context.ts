/** The context of every command. */
import type { Host, InstallOptions, Settings } from '../api/index.ts';
import { UsageError } from '../errors.ts';
import { type CommandLine, parseSeconds } from './arguments.ts';
import type { Questions } from './questions.ts';
import type { Output, Report } from './report.ts';

export interface CommandContext {
  line: CommandLine;
  report: Report;
  host: Host;
  /** How the terminal shows text. */
  screen: Pick<Output, 'colors' | 'columns' | 'outColumns' | 'unicode'>;
  /** The options for the classes of `api/`. */
  install: InstallOptions;
  /** Whether somebody sits at a terminal. */
  readonly interactive: boolean;
  /** Null if the user can't be asked. */
  readonly questions: Questions | null;
}

/** The value of an option; undefined if it was not given. */
export function optionOf({ values }: CommandLine, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}

/** Whether an option without a value was given. */
export function isGiven({ values }: CommandLine, name: string): boolean {
  return values[name] === true;
}

/** @param ownFolder the folder that the updater itself is in */
export function installOptions(
  line: CommandLine,
  surroundings: { host: Host; settings: Settings; ownFolder: string; signal: AbortSignal },
): InstallOptions {
  const { host, settings, ownFolder, signal } = surroundings;
  const limits = {
    exit: secondsOf(line, 'exit-limit'),
    held: secondsOf(line, 'held-limit'),
    probe: secondsOf(line, 'probe-limit'),
  };
  return {
    ...{ host, settings, signal },
    installDir: notEmpty(line, 'install-dir') ?? ownFolder,
    home: notEmpty(line, 'home'),
    app: optionOf(line, 'app'),
    limits: Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined)),
  };
}

function secondsOf(line: CommandLine, name: string): number | undefined {
  const value = optionOf(line, name);
  return value === undefined ? undefined : parseSeconds(name, value);
}

function notEmpty(line: CommandLine, name: string): string | undefined {
  const value = optionOf(line, name);
  if (value === '') throw new UsageError(`--${name}: wanted a folder, found nothing`);
  return value;
}

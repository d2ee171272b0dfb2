/** From the arguments to the exit code. */
import type { Host, Network, NetworkSettings, Settings } from '../api/index.ts';
import type { ExitCode } from '../errors.ts';
import { type CommandLine, type CommandName, parseCommandLine } from './arguments.ts';
import { runApply, runInit, runRecover, runStatus } from './commands.ts';
import { runConfig } from './config-command.ts';
import { type CommandContext, installOptions, isGiven } from './context.ts';
import { helpText } from './help.ts';
import { questionsOnTerminal } from './questions.ts';
import { createReport, type Output, type Report } from './report.ts';
import { runRollback } from './rollback-command.ts';
import { runSnapshots } from './snapshot-commands.ts';
import { runCheck, runDownload, runUpdate } from './update-commands.ts';

export interface Surroundings {
  host: Host;
  settings: Settings;
  /** The folder that the updater itself is in. */
  ownFolder: string;
  output: Output;
  /** Whether a person is there to answer: standard input and standard error are a terminal. */
  interactive: boolean;
  /** Aborted when the user has asked to stop. */
  signal: AbortSignal;
  /** Aborted when the terminal is gone: questions are over then, and what is under way goes on. */
  hangUp: AbortSignal;
  network(settings: NetworkSettings): Network;
}

const COMMANDS: Record<
  Exclude<CommandName, 'help' | 'version'>,
  (context: CommandContext) => Promise<void>
> = {
  apply: runApply,
  init: runInit,
  rollback: runRollback,
  snapshots: runSnapshots,
  check: runCheck,
  download: runDownload,
  update: runUpdate,
  config: runConfig,
  recover: runRecover,
  status: runStatus,
};

export async function main(argv: readonly string[], around: Surroundings): Promise<ExitCode> {
  let line: CommandLine;
  try {
    line = parseCommandLine(argv);
  } catch (error) {
    const json = argv.includes('--json');
    return reportFor(around, { json, quiet: false, verbose: false }).failure('', error);
  }
  const { command } = line;
  const report = reportFor(around, {
    json: isGiven(line, 'json'),
    quiet: isGiven(line, 'quiet'),
    verbose: isGiven(line, 'verbose'),
  });
  if (isGiven(line, 'help') || command === 'help') {
    around.output.out(helpText(command));
    return 0;
  }
  if (command === 'version') {
    const { version, revision } = around.settings;
    report.result('version', version, { version, revision });
    return 0;
  }
  try {
    await COMMANDS[command](contextOf(around, line, report));
    return 0;
  } catch (error) {
    return report.failure(command, error);
  }
}

function reportFor(
  around: Surroundings,
  options: { json: boolean; quiet: boolean; verbose: boolean },
): Report {
  return createReport(around.output, options, () => around.host.clock.monotonic());
}

function contextOf(around: Surroundings, line: CommandLine, report: Report): CommandContext {
  const asks = around.interactive && !isGiven(line, 'json') && !isGiven(line, 'yes');
  return {
    ...{ line, report, host: around.host, network: around.network },
    install: installOptions(line, around),
    questions: asks ? questionsOnTerminal(around.hangUp) : null,
  };
}

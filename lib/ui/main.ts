/** Runs the command line: parses the arguments, runs the command, and returns the exit code. */
import type { Host, Settings } from '../api/index.ts';
import { type ExitCode, errorMessage } from '../errors.ts';
import { type CommandLine, type CommandName, parseCommandLine } from './arguments.ts';
import { type CommandContext, installOptions, isGiven } from './context.ts';
import type { Questions } from './questions.ts';
import { createReport, type Output, type Report } from './report.ts';
import { oneLine } from './text/lines.ts';

export interface Surroundings {
  /** Loads the machine. Called only by commands that need it. */
  host(): Promise<Host>;
  /** Milliseconds that never run backwards. */
  now(): number;
  /** Calls `work` after so many milliseconds, unless the function that it returns is called before. */
  later(milliseconds: number, work: () => void): () => void;
  settings: Settings;
  /** The folder that the updater itself is in. */
  ownFolder: string;
  output: Output;
  /** Whether the user can be asked: standard input and standard error are a terminal. */
  interactive(): boolean;
  /** Aborted when the user has asked to stop. */
  signal: AbortSignal;
  /** Aborted when the terminal is closed. Questions end then, and an operation goes on. */
  hangUp: AbortSignal;
}

/** Each command is loaded when it is used, since most of the program is needed by only one or two commands. */
const COMMANDS: Record<
  Exclude<CommandName, 'help' | 'version'>,
  (context: CommandContext) => Promise<void>
> = {
  apply: async (context) => (await import('./commands.ts')).runApply(context),
  init: async (context) => (await import('./commands.ts')).runInit(context),
  rollback: async (context) => (await import('./rollback-command.ts')).runRollback(context),
  snapshots: async (context) => (await import('./snapshot-commands.ts')).runSnapshots(context),
  check: async (context) => (await import('./check-command.ts')).runCheck(context),
  download: async (context) => (await import('./update-commands.ts')).runDownload(context),
  update: async (context) => (await import('./update-commands.ts')).runUpdate(context),
  config: async (context) => (await import('./choices/config-command.ts')).runConfig(context),
  skip: async (context) => (await import('./choices/choice-commands.ts')).runSkip(context),
  unskip: async (context) => (await import('./choices/choice-commands.ts')).runUnskip(context),
  pin: async (context) => (await import('./choices/choice-commands.ts')).runPin(context),
  unpin: async (context) => (await import('./choices/choice-commands.ts')).runUnpin(context),
  service: async (context) => (await import('./service-command.ts')).runService(context),
  completions: async (context) =>
    (await import('./completions/completions-command.ts')).runCompletions(context),
  man: async (context) => (await import('./completions/completions-command.ts')).runMan(context),
  history: async (context) => (await import('./history-command.ts')).runHistory(context),
  recover: async (context) => (await import('./health/repair-command.ts')).runRecover(context),
  verify: async (context) => (await import('./health/verify-command.ts')).runVerify(context),
  doctor: async (context) => (await import('./health/doctor-command.ts')).runDoctor(context),
  repair: async (context) => (await import('./health/repair-command.ts')).runRepair(context),
  recovery: async (context) => (await import('./health/recovery-menu.ts')).runRecoveryMenu(context),
  confirm: async (context) => (await import('./confirm-commands.ts')).runConfirm(context),
  'finish-updater': async (context) => (await import('./confirm-commands.ts')).runFinishUpdater(context),
  watch: async (context) => (await import('./confirm-commands.ts')).runWatch(context),
  status: async (context) => (await import('./status-command.ts')).runStatus(context),
};

export async function main(argv: readonly string[], around: Surroundings): Promise<ExitCode> {
  const { code, failed } = await run(argv, around);
  const { output } = around;
  const unwritten = await output.written();
  if (unwritten === null) return code;
  // Whoever reads the result, such as a script that redirects it to a full disk, must not take its absence for success.
  const done = failed ? '' : 'it is done, but ';
  output.error(
    `dgmo-updater: ${done}the result could not be written to ${oneLine(errorMessage(unwritten))}\n`,
  );
  return failed ? code : 12;
}

/** How it ended. `failed`: by an error, which says more than that it could not be written. */
interface Ended {
  code: ExitCode;
  failed: boolean;
}

const DONE: Ended = { code: 0, failed: false };

async function run(argv: readonly string[], around: Surroundings): Promise<Ended> {
  let line: CommandLine;
  try {
    line = parseCommandLine(argv);
  } catch (error) {
    const json = argv.includes('--json');
    const code = reportFor(around, { json, quiet: false, verbose: false }).failure('', error);
    return { code, failed: true };
  }
  const { command } = line;
  const report = reportFor(around, {
    json: isGiven(line, 'json'),
    quiet: isGiven(line, 'quiet'),
    verbose: isGiven(line, 'verbose'),
  });
  if (isGiven(line, 'help') || command === 'help') {
    const { helpText } = await import('./text/help.ts');
    if (isGiven(line, 'json')) {
      report.result('help', '', { of: command, text: helpText(command) });
      return DONE;
    }
    const { helpPage } = await import('./text/help-page.ts');
    // Through a pipe it is read on the terminal all the same: `help | less`.
    const { outColumns, columns } = around.output;
    around.output.out(helpPage(helpText(command), outColumns ?? columns));
    return DONE;
  }
  if (command === 'version') {
    const { version, revision } = around.settings;
    report.result('version', version, { version, revision });
    return DONE;
  }
  try {
    if (around.output.terminal && !isGiven(line, 'json') && !isGiven(line, 'quiet'))
      report.show((await import('./terminal/stages.ts')).stagesOn(around.output, around));
    await COMMANDS[command](contextOf(around, await around.host(), line, report));
    return { code: report.exitCode, failed: false };
  } catch (error) {
    return { code: report.failure(command, error), failed: true };
  }
}

function reportFor(
  around: Surroundings,
  options: { json: boolean; quiet: boolean; verbose: boolean },
): Report {
  return createReport(around.output, options);
}

function contextOf(around: Surroundings, host: Host, line: CommandLine, report: Report): CommandContext {
  return {
    ...{ line, report, host, screen: around.output },
    install: installOptions(line, { ...around, host }),
    get interactive() {
      return !isGiven(line, 'json') && around.interactive();
    },
    get questions() {
      return this.interactive && !isGiven(line, 'yes') ? questionsOf(around) : null;
    },
  };
}

/** Where the cursor can't be moved, only ASCII is shown, or there is no room for a menu, the choices are numbered. */
function questionsOf({ output, hangUp, signal }: Surroundings): Questions {
  const lazily = async () => {
    const { NARROWEST, questionsOnTerminal } = await import('./questions.ts');
    if (output.terminal && output.unicode && output.columns >= NARROWEST) return questionsOnTerminal(hangUp);
    return (await import('./terminal/plain-questions.ts')).plainQuestions(output, [hangUp, signal]);
  };
  return {
    confirm: async (...question) => (await lazily()).confirm(...question),
    choose: async (...question) => (await lazily()).choose(...question),
    chooseSome: async (...question) => (await lazily()).chooseSome(...question),
  };
}

/**
 * What the user or a script sees. Messages are written to standard error, results to standard output. With `--json` standard
 * output consists of JSON lines, the last of which is the result. A failure says in one sentence what happened, then the
 * state, then what to do. Whatever it is, it is printed without the passwords of addresses.
 */

import type { Applied, InstallEvent, RolledBack, ServiceEvent, UpdateEvent } from '../api/index.ts';
import type { Stage } from '../api/screen/stages.ts';
import { bounded, withoutCredentials, wrapped } from '../api/words.ts';
import {
  type ExitCode,
  errorMessage,
  ManagedInstallError,
  StillRunningError,
  UpdaterError,
} from '../errors.ts';
import type { ProgressOutput } from './terminal/progress.ts';
import { changeText } from './text/change.ts';
import { capitalized, oneLine } from './text/lines.ts';
import { countText, durationText } from './text/sizes.ts';

export type ReportedEvent = InstallEvent | UpdateEvent | ServiceEvent;

/** Standard output and error; what is said of the terminal is said of standard error. */
export interface Output extends ProgressOutput {
  out(text: string): void;
  /** Text with colors (SGR), to standard error. */
  styled(text: string): void;
  /** Whether colors are wanted, and shown. */
  readonly colors: boolean;
  /** Whether standard error is a terminal, on which a line can be overwritten. */
  terminal: boolean;
  /** Columns of the terminal that standard output is, and standard error; null if it is none. */
  readonly outColumns: number | null;
  readonly errorColumns: number | null;
  /** Resolves when everything is written: to null, or to what has kept standard output from being written. */
  written(): Promise<unknown>;
}

export interface ReportOptions {
  json: boolean;
  quiet: boolean;
  verbose: boolean;
}

/** A result as text, and as data. */
type Result = [text: string, data: Record<string, unknown>];

/** The results for the events that end an operation. */
export interface Endings {
  updated?(applied: Applied): Result;
  'rolled back'?(rolledBack: RolledBack): Result;
}

/** The stages of an operation, shown as it goes on. */
export interface Stages {
  follow(event: ReportedEvent): void;
  /** For an operation without an event of its own: what `progress` measures from now on. */
  begin(stage: Stage): void;
  /** Removes what is shown: something else is printed. */
  clear(): void;
}

export interface Report {
  /** From now on the stages are shown as well. */
  show(stages: Stages): void;
  event(event: ReportedEvent): void;
  /** Something begins that may take long, and that no event tells. */
  begin(stage: Stage): void;
  /**
   * Like `event`, but also prints the result of the operation as soon as it is known, before DGMO is started again and takes
   * the terminal. With --json the result is the last line instead.
   */
  eventsOf(command: string, endings: Endings): (event: ReportedEvent) => void;
  /** What is about to be done: text that --quiet and --json leave out. */
  announce(text: string): void;
  /** Text before a question; nothing with --json. */
  text(text: string): void;
  /** The same, with colors. */
  styled(text: string): void;
  /**
   * The result of the command: text for people, data for scripts.
   *
   * @param exitCode of the program; not 0 if the command was done, and its result is that something is wrong
   */
  result(command: string, text: string, data: Record<string, unknown>, exitCode?: ExitCode): void;
  failure(command: string, error: unknown): ExitCode;
  /** That of the result, if there was one. */
  readonly exitCode: ExitCode;
}

export function createReport(output: Output, options: ReportOptions): Report {
  const print = (value: Record<string, unknown>) =>
    output.out(
      `${JSON.stringify(value, (_, part) => (typeof part === 'string' ? withoutCredentials(part) : part))}\n`,
    );
  let stages: Stages | null = null;
  let downloadState = '';
  // The transaction of which it was said: a command may try it again before it goes on.
  let recovering = '';
  // The result is reported once, even if it is known before the command returns.
  let reported: 'nothing' | 'result' | 'failure' = 'nothing';
  let resultCode: ExitCode = 0;
  const clear = () => stages?.clear();
  /** Said once, however often it is reported. */
  const waitingText = (event: ReportedEvent): string | null => {
    if (event.event !== 'download' && event.event !== 'download updater') return null;
    if (event.state === downloadState) return null;
    downloadState = event.state;
    if (event.state === 'waiting')
      return `Waiting for another dgmo-updater, which downloads ${event.version}.`;
    return event.state === 'pausing' ? `${event.reason ?? 'The download stopped'}; trying again.` : null;
  };
  const say = (text: string) => {
    clear();
    output.error(`${fitted(text, output.errorColumns)}\n`);
  };
  const report: Report = {
    show(shown) {
      stages = shown;
    },
    eventsOf: (command, endings) => (event) => {
      const result = resultOf(event, endings);
      if (result !== null) {
        if (!options.json) report.result(command, ...result);
      } else if (event.event === 'failed') {
        // Not final: the user may be asked whether to end DGMO by force.
        if (!options.json && !(event.error instanceof StillRunningError))
          report.failure(command, event.error);
      } else report.event(event);
    },
    event(event) {
      if (options.json) {
        print('text' in event ? { ...event, text: bounded(event.text) } : { ...event });
        return;
      }
      if (options.quiet) return;
      if (event.event === 'recovering') {
        if (event.id === recovering) return;
        recovering = event.id;
      }
      const text = sentence(event, options.verbose) ?? waitingText(event);
      if (text !== null) say(oneLine(bounded(text)));
      stages?.follow(event);
    },
    begin(stage) {
      stages?.begin(stage);
    },
    announce(text) {
      if (!options.json && !options.quiet) say(text);
    },
    text(text) {
      if (!options.json) say(text);
    },
    styled(text) {
      if (options.json) return;
      clear();
      output.styled(`${withoutCredentials(text)}\n`);
    },
    get exitCode() {
      return resultCode;
    },
    result(command, text, data, exitCode = 0) {
      if (reported !== 'nothing') return;
      reported = 'result';
      resultCode = exitCode;
      clear();
      if (options.json)
        print({ event: 'result', command, ok: exitCode === 0 || exitCode === 100, exitCode, ...data });
      else if (text !== '') output.out(`${fitted(text, output.outColumns)}\n`);
    },
    failure(command, error) {
      const exitCode = error instanceof UpdaterError ? error.exitCode : 1;
      // A result may have been reported before: DGMO could not be started after a successful update.
      if (reported === 'failure') return exitCode;
      reported = 'failure';
      clear();
      const hint =
        error instanceof UpdaterError ? error.advice : 'This is a fault of dgmo-updater: please report it.';
      const advice = hint && bounded(hint);
      const original = errorMessage(error);
      const message = bounded(original);
      if (options.json)
        print({
          ...{ event: 'result', command, ok: false, exitCode, message, advice: advice ?? null },
          ...(error instanceof ManagedInstallError
            ? { managedBy: { manager: error.manager, package: error.package, command: error.command } }
            : {}),
        });
      else {
        say(`dgmo-updater: ${oneLine(message)}`);
        if (advice !== undefined) say(oneLine(advice));
      }
      if ((exitCode === 1 || options.verbose) && error instanceof Error && error.stack)
        output.error(`${withoutCredentials(error.stack.replace(original, oneLine(message)))}\n`);
      return exitCode;
    },
  };
  return report;
}

/** Without passwords. Otherwise as it is, unless it is printed on a terminal. */
function fitted(text: string, columns: number | null): string {
  const shown = withoutCredentials(text);
  return columns === null ? shown : wrapped(shown, columns);
}

function resultOf(event: ReportedEvent, endings: Endings): Result | null {
  if (event.event === 'updated') return endings.updated?.(event.applied) ?? null;
  if (event.event === 'rolled back') return endings['rolled back']?.(event.rolledBack) ?? null;
  return null;
}

function sentence(event: ReportedEvent, verbose: boolean): string | null {
  switch (event.event) {
    case 'snapshot': {
      const left = event.warnings === 0 ? '' : `, ${countText(event.warnings, 'file')} left out`;
      if (!verbose && left === '') return null;
      return `Snapshot ${event.id} (${durationText(event.milliseconds)})${left}.`;
    }
    case 'warning':
      return event.text;
    case 'no snapshot':
      return `No snapshot was taken: ${event.reason}.`;
    case 'folders': {
      const { files, snapshot, removed, leftAlone } = event;
      const [first] = leftAlone;
      const left =
        first === undefined
          ? null
          : `${first}${leftAlone.length > 1 ? ` and ${leftAlone.length - 1} more` : ''} was not changed: the snapshot does not have it, or it can't be read.`;
      const done = verbose
        ? `${countText(files, 'file')} restored from ${snapshot}, ${removed} removed.`
        : null;
      return [done, left].filter(Boolean).join(' ') || null;
    }
    case 'set aside':
      return `What was in the folders before going back is kept in the snapshot ${event.snapshot}.`;
    case 'stopping':
      return event.kill === true
        ? `Killing process ${event.pids.join(', ')}.`
        : `Asking process ${event.pids.join(', ')} to end.`;
    case 'recovering':
      return `The ${changeText(event)} was interrupted. Finishing or undoing it first.`;
    case 'staged':
      return `${event.version} is prepared and verified (${durationText(event.milliseconds)}).`;
    case 'waiting':
      return `Waiting for process ${event.pid} to exit.`;
    case 'held':
      return event.seconds > 0
        ? `${event.path} is in use by another process (${event.seconds} s so far).`
        : null;
    case 'swapped':
      return `Swapped in ${event.milliseconds} ms.`;
    case 'updater replaced':
      return `The updater is ${event.to} (before: ${event.from}).`;
    case 'start failed':
      return startFailed(event);
    case 'terminal lost':
      return `Not started again, because the shell has taken the terminal back. Start it yourself: ${event.command}`;
    case 'fallback':
      return event.build === 'baseline'
        ? `${event.reason}. Using the build of ${event.version} for older processors instead.`
        : `${event.reason}. Using the ${event.to === 'full' ? 'full binary' : event.to} of ${event.version} instead.`;
    default:
      return verbose ? detail(event) : null;
  }
}

/** What is said with --verbose only. */
function detail(event: ReportedEvent): string | null {
  switch (event.event) {
    case 'probed':
      return `${event.version} ${probed(event.ok)}: ${event.detail}.`;
    case 'restored':
      return `${event.version} is back.`;
    case 'verified':
      return `The package of ${event.version} is sound (${event.bytes} bytes).`;
    case 'repairing':
      return `Repairing ${event.where}: ${event.what}.`;
    case 'repaired':
      return `Repaired ${event.where}: ${event.how}.`;
    case 'not repaired':
      return `Not repaired: ${event.where}: ${event.reason}.`;
    case 'staging':
      return `Preparing ${event.version}: ${event.route}, ${event.bytes} bytes.`;
    case 'checking':
      return `Reading the channel ${event.channel} of ${event.feed}.`;
    case 'advice':
      return `${capitalized(event.detail)}.`;
    case 'route':
      return `Fetching ${event.version}: ${event.kind}, ${event.packages} file(s), ${event.bytes} bytes.`;
    default:
      return null;
  }
}

function startFailed({ version, how, failed, of, before }: Extract<InstallEvent, { event: 'start failed' }>) {
  if (how === 'silent') return `${version} runs, but has not confirmed that it is well.`;
  const back = before === null ? '' : ` \`dgmo-updater rollback\` goes back to ${before}.`;
  return `${version} ended before it confirmed that it is well (${failed} of ${of}).${failed < of ? back : ''}`;
}

function probed(ok: boolean | null): string {
  if (ok === null) return 'could not be tried';
  return ok ? 'works' : 'does not work';
}

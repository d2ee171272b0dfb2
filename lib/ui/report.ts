/**
 * What the person or the script sees. The rules: messages go to standard error, results to standard output; with
 * `--json` standard output carries JSON lines alone, the last of them the result. A failure is one sentence
 * (what happened), then the state, then what to do.
 */
import { type ExitCode, errorMessage, UpdaterError } from '../errors.ts';
import type { InstallEvent } from '../install/session.ts';

export interface Output {
  out(text: string): void;
  error(text: string): void;
  /** Whether standard error is a terminal, where a line may be written over. */
  terminal: boolean;
}

export interface ReportOptions {
  json: boolean;
  quiet: boolean;
  verbose: boolean;
}

export interface Report {
  event(event: InstallEvent): void;
  /** The one result of the command: text for people, data for scripts. */
  result(command: string, text: string, data: Record<string, unknown>): void;
  failure(command: string, error: unknown): ExitCode;
}

/** Progress is shown only for what takes longer than this, in milliseconds. */
const PATIENCE = 700;

export function createReport(output: Output, options: ReportOptions, now: () => number): Report {
  const line = (value: Record<string, unknown>) => output.out(`${JSON.stringify(value)}\n`);
  let begun = now();
  let progressShown = false;
  // The end is told once, even where it is known before the command returns.
  let told: 'nothing' | 'result' | 'failure' = 'nothing';
  const clear = () => {
    if (progressShown) output.error('\r\x1b[K');
    progressShown = false;
  };
  const say = (text: string) => {
    clear();
    output.error(`${text}\n`);
  };
  return {
    event(event) {
      if (options.json) {
        line({ ...event });
        return;
      }
      if (event.event === 'progress') {
        if (options.quiet || !output.terminal || now() - begun < PATIENCE) return;
        output.error(`\r\x1b[K${Math.floor((100 * event.done) / Math.max(event.total, 1))} %`);
        progressShown = true;
        return;
      }
      if (event.event === 'staging') begun = now();
      const text = sentence(event, options.verbose);
      if (text !== null && !options.quiet) say(text);
    },
    result(command, text, data) {
      if (told !== 'nothing') return;
      told = 'result';
      clear();
      if (options.json) line({ event: 'result', command, ok: true, exitCode: 0, ...data });
      else if (text !== '') output.out(`${text}\n`);
    },
    failure(command, error) {
      const exitCode = error instanceof UpdaterError ? error.exitCode : 1;
      // That the start of DGMO failed is told even after the update was told as done.
      if (told === 'failure') return exitCode;
      told = 'failure';
      clear();
      const advice =
        error instanceof UpdaterError ? error.advice : 'This is a fault of dgmo-updater: please report it.';
      const message = errorMessage(error);
      if (options.json)
        line({ event: 'result', command, ok: false, exitCode, message, advice: advice ?? null });
      else {
        say(`dgmo-updater: ${message}`);
        if (advice !== undefined) say(advice);
      }
      if ((exitCode === 1 || options.verbose) && error instanceof Error && error.stack)
        output.error(`${error.stack}\n`);
      return exitCode;
    },
  };
}

function sentence(event: InstallEvent, verbose: boolean): string | null {
  switch (event.event) {
    case 'recovering':
      return `An update from ${event.from} to ${event.to} was interrupted: it is finished or taken back first.`;
    case 'staged':
      return `${event.version} is prepared and verified (${seconds(event.milliseconds)}).`;
    case 'waiting':
      return `Waiting for process ${event.pid} to exit.`;
    case 'held':
      return event.seconds > 0
        ? `${event.path} is in use by another process (${event.seconds} s so far).`
        : null;
    case 'swapped':
      return `Swapped in ${event.milliseconds} ms.`;
    // The result tells of these again.
    case 'probed':
      return verbose ? `${event.version} ${event.ok ? 'works' : 'does not work'}: ${event.detail}.` : null;
    case 'restored':
      return verbose ? `${event.version} is back.` : null;
    case 'terminal lost':
      return `The terminal went back to the shell: start it with ${event.file}`;
    case 'verified':
      return verbose ? `The package of ${event.version} is sound (${event.bytes} bytes).` : null;
    case 'staging':
      return verbose ? `Preparing ${event.version}: ${event.route}, ${event.bytes} bytes.` : null;
    default:
      return null;
  }
}

export function seconds(milliseconds: number): string {
  return milliseconds < 1000 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

/**
 * Standard output, standard error, and whether they are a terminal. `process.stdout` and `process.stderr` are not used,
 * because loading them takes longer than everything else that `status` does.
 *
 * A write does not wait for its reader, so a pager that is left open does not stop an update. What can't be written does not
 * stop it either: `written` says afterwards what failed. A reader that has closed the pipe (`dgmo-updater status | head`) has
 * had enough, which is no failure.
 *
 * What is printed contains names and headers from outside. Every character that could move the cursor or turn the text
 * around is spelled out, whoever forgot to do so before.
 */
import type { BunFile } from 'bun';
import { errorCode } from '../errors.ts';
import { printableText } from '../format/printable.ts';
import { asUpdaterError } from './failures.ts';

export interface StandardStreams {
  out(text: string): void;
  error(text: string): void;
  /** Text with colors (SGR), to standard error. */
  styled(text: string): void;
  /** Clears the current line of standard error. */
  clearLine(): void;
  /** Columns of the terminal. */
  readonly columns: number;
  /** Columns of the terminal that standard output is, and standard error; null if it is none. */
  readonly outColumns: number | null;
  readonly errorColumns: number | null;
  /** Whether the terminal shows more than ASCII: by its locale, and what it is. */
  readonly unicode: boolean;
  /** Whether colors are wanted (NO_COLOR), and shown. */
  readonly colors: boolean;
  /** Progress in the taskbar or the tab, on terminals that show it (OSC 9;4); null: none. It is removed when the process ends. */
  taskbar(percent: number | null): void;
  /** Whether standard error is a terminal, on which a line can be overwritten. */
  readonly terminal: boolean;
  /**
   * Resolves when everything that can be written has been written: to null, or to the first failure of standard output, as a
   * MachineError if the system gave it. A failure of standard error could not be told anyway.
   */
  written(): Promise<unknown>;
  /** Whether the user can be asked: standard input and standard error are a terminal. */
  interactive(): boolean;
}

/** What is between sequences that only set colors. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NOT_A_COLOR = /(?:(?!\u001b\[[0-9;]*m)[\s\S])+/g;
const NO_TASKBAR = '\u001b]9;4;0\u001b\\';

type Environment = Readonly<Record<string, string | undefined>>;

function localeOf({ LC_ALL, LC_CTYPE, LANG }: Environment): string {
  return LC_ALL || LC_CTYPE || LANG || '';
}

/** Other terminals may show the sequence as text, or as a notification. */
function showsTaskbar({ WT_SESSION, ConEmuANSI, TERM_PROGRAM, TERM, TMUX }: Environment): boolean {
  if (TMUX) return false;
  return (
    Boolean(WT_SESSION) ||
    ConEmuANSI === 'ON' ||
    ['ghostty', 'WezTerm', 'iTerm.app'].includes(TERM_PROGRAM ?? '') ||
    TERM === 'xterm-ghostty'
  );
}

/** Writes that did not finish at once. */
const pending = new Set<Promise<number>>();

let outputFailure: unknown = null;
const toOutput = writerTo(Bun.stdout, (error) => {
  if (errorCode(error) !== 'EPIPE') outputFailure ??= error;
});
const toError = writerTo(Bun.stderr, () => undefined);

export const standardStreams: StandardStreams = {
  out: (text) => toOutput(printableText(text)),
  error: (text) => toError(printableText(text)),
  styled: (text) => toError(text.replace(NOT_A_COLOR, (plain) => printableText(plain))),
  clearLine: () => toError('\r\u001b[K'),
  get columns() {
    return process.stderr.columns || 80;
  },
  get outColumns() {
    return isTerminal(1) ? process.stdout.columns || 80 : null;
  },
  get errorColumns() {
    return isTerminal(2) ? this.columns : null;
  },
  get unicode() {
    if (process.env.TERM === 'dumb') return false;
    return process.platform !== 'linux' || /utf-?8/i.test(localeOf(process.env));
  },
  get colors() {
    return this.terminal && (process.env.NO_COLOR ?? '') === '';
  },
  taskbar(percent) {
    if (!this.terminal || !showsTaskbar(process.env)) return;
    if (percent === null) return toError(NO_TASKBAR);
    void import('./write-at-exit.ts').then(({ writeAtExit }) => writeAtExit(NO_TASKBAR));
    toError(`\u001b]9;4;1;${percent}\u001b\\`);
  },
  get terminal() {
    return isTerminal(2) && process.env.TERM !== 'dumb';
  },
  async written() {
    await Promise.allSettled(pending);
    return asUpdaterError(outputFailure, 'standard output');
  },
  interactive: () => isTerminal(0) && isTerminal(2),
};

/** The process does not end before the last write has finished or failed. */
function writerTo(file: BunFile, failed: (error: unknown) => void): (text: string) => void {
  let sink: ReturnType<BunFile['writer']> | undefined;
  return (text) => {
    try {
      sink ??= file.writer();
      watch(sink.write(text), failed);
      watch(sink.flush(), failed);
    } catch (error) {
      failed(error);
    }
  };
}

/** A write that did not finish at once reports its failure here. (One that finishes at once throws.) */
function watch(result: number | Promise<number>, failed: (error: unknown) => void): void {
  if (!(result instanceof Promise)) return;
  pending.add(result);
  const done = () => pending.delete(result);
  result.then(done, (error) => {
    done();
    failed(error);
  });
}

/** node:tty loads node:net, which takes 4 ms of the 27 of `status`: only a character device, as /dev/null is one, is worth it. */
function isTerminal(descriptor: number): boolean {
  const { fstatSync } = require('node:fs') as typeof import('node:fs');
  try {
    if (process.platform !== 'win32' && !fstatSync(descriptor).isCharacterDevice()) return false;
  } catch (error) {
    // Closed.
    if (errorCode(error) === undefined) throw error;
    return false;
  }
  const { isatty } = require('node:tty') as typeof import('node:tty');
  return isatty(descriptor);
}

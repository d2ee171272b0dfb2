/**
 * Standard output, standard error, and whether they are a terminal. `process.stdout` and `process.stderr` are not used,
 * because loading them takes longer than everything else that `status` does.
 *
 * A write does not wait for its reader, so a pager that is left open does not stop an update. What can't be written is
 * dropped, so a reader that has closed the pipe (`dgmo-updater status | head`) does not stop it either.
 *
 * What is printed contains names and headers from outside. Every character that could move the cursor or turn the text
 * around is spelled out, whoever forgot to do so before.
 */
import type { BunFile } from 'bun';
import { printableText } from '../format/printable.ts';

export interface StandardStreams {
  out(text: string): void;
  error(text: string): void;
  /** Clears the current line of standard error. */
  clearLine(): void;
  /** Whether standard error is a terminal, on which a line can be overwritten. */
  readonly terminal: boolean;
  /** Whether the user can be asked: standard input and standard error are a terminal. */
  interactive(): boolean;
}

/** Writes that did not finish at once. */
const pending = new Set<Promise<number>>();

/** Resolves when everything that can be written has been written. */
export async function written(): Promise<void> {
  await Promise.allSettled(pending);
}

const toOutput = writerTo(Bun.stdout);
const toError = writerTo(Bun.stderr);

export const standardStreams: StandardStreams = {
  out: (text) => toOutput(printableText(text)),
  error: (text) => toError(printableText(text)),
  clearLine: () => toError('\r\u001b[K'),
  get terminal() {
    return isTerminal(2) && process.env.TERM !== 'dumb';
  },
  interactive: () => isTerminal(0) && isTerminal(2),
};

/** The process does not end before the last write has finished or failed. */
function writerTo(file: BunFile): (text: string) => void {
  let sink: ReturnType<BunFile['writer']> | undefined;
  return (text) => {
    try {
      sink ??= file.writer();
      dropFailure(sink.write(text));
      dropFailure(sink.flush());
    } catch {
      // The reader has closed the pipe, or the disk is full.
    }
  };
}

/** Ignores the failure of a write that did not finish at once. (One that finishes at once throws.) */
function dropFailure(result: number | Promise<number>): void {
  if (!(result instanceof Promise)) return;
  pending.add(result);
  const done = () => pending.delete(result);
  result.then(done, done);
}

/** Uses `require` so that node:tty, which loads node:net, is loaded only if it is needed. */
function isTerminal(descriptor: number): boolean {
  const { isatty } = require('node:tty') as typeof import('node:tty');
  return isatty(descriptor);
}

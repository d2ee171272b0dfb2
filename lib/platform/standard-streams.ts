/**
 * Standard output and error, and whether a person is at the other end. Not `process.stdout` and its like: they are
 * stream objects whose classes take longer to load than everything else that `status` does.
 *
 * A write does not wait for its reader, so that a pager that has been left open does not stop an update halfway. What
 * can't be written is dropped: a reader that has gone away (`dgmo-updater status | head`) is no reason to stop either.
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
  /** Whether a person can be asked: standard input and standard error are a terminal. */
  interactive(): boolean;
}

/** What could not be written at once. */
const pending = new Set<Promise<number>>();

/** Resolves once everything that was written has been handed to the reader, or can't be. */
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

/** The process stays until the last byte is written, or can't be. */
function writerTo(file: BunFile): (text: string) => void {
  let sink: ReturnType<BunFile['writer']> | undefined;
  return (text) => {
    try {
      sink ??= file.writer();
      dropFailure(sink.write(text));
      dropFailure(sink.flush());
    } catch {
      // The reader has gone away, or the disk is full.
    }
  };
}

/** A failure is thrown where the write is done at once; where it has to wait, it comes in a promise. */
function dropFailure(result: number | Promise<number>): void {
  if (!(result instanceof Promise)) return;
  pending.add(result);
  const done = () => pending.delete(result);
  result.then(done, done);
}

/** `require`, so that it is loaded when it is asked for: node:tty brings node:net with it. */
function isTerminal(descriptor: number): boolean {
  const { isatty } = require('node:tty') as typeof import('node:tty');
  return isatty(descriptor);
}

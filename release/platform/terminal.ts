/** Standard output and error: a reader that has closed its pipe ends no command, and what is printed can't move the cursor. */
import { printableText } from '../../lib/format/printable.ts';
import { wrapped } from '../../lib/format/wrapped.ts';
import { standardStreams } from '../../lib/platform/standard-streams.ts';

let printed = false;

/** A result, to standard output. */
export function print(text: string): void {
  printed = true;
  standardStreams.out(text);
}

/** Whether there was a result. */
export function hasPrinted(): boolean {
  return printed;
}

/** Resolves once all is written: to null, or to why a result could not be. */
export function written(): Promise<unknown> {
  return standardStreams.written();
}

/** A message, to standard error. On a terminal lines break between words. */
export function tell(text: string): void {
  standardStreams.error(isTerminal() ? wrapped(printableText(text), standardStreams.columns) : text);
}

/** What can be done next, for whoever sits at the terminal. */
export function hint(text: string): void {
  if (isTerminal()) tell(text);
}

/** A message over the current line, which is cleared. */
export function tellOver(text: string): void {
  standardStreams.clearLine();
  standardStreams.error(text);
}

/** How wide the terminal is that standard output is; undefined if it is none. */
export function outputColumns(): number | undefined {
  return process.stdout.isTTY === true ? process.stdout.columns : undefined;
}

/** Whether standard error is a terminal, on which a line can be overwritten. */
export function isTerminal(): boolean {
  return process.stderr.isTTY === true;
}

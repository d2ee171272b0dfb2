/**
 * Standard output and error. What is printed contains names and headers from outside: every character that could move the
 * cursor or turn the text around is spelled out, whoever forgot to do so before.
 */
import { printableText } from '../../lib/format/printable.ts';
import { wrapped } from '../../lib/format/wrapped.ts';

let printed = false;

/** A result, to standard output. */
export function print(text: string): void {
  printed = true;
  process.stdout.write(printableText(text));
}

/** Whether there was a result. */
export function hasPrinted(): boolean {
  return printed;
}

/** A message, to standard error. On a terminal lines break between words. */
export function tell(text: string): void {
  const printed = printableText(text);
  process.stderr.write(isTerminal() ? wrapped(printed, process.stderr.columns || 80) : printed);
}

/** What can be done next, for whoever sits at the terminal. */
export function hint(text: string): void {
  if (isTerminal()) tell(text);
}

/** A message over the current line, which is cleared. */
export function tellOver(text: string): void {
  process.stderr.write(`\r\u001b[K${printableText(text)}`);
}

/** How wide the terminal is that standard output is; undefined if it is none. */
export function outputColumns(): number | undefined {
  return process.stdout.isTTY === true ? process.stdout.columns : undefined;
}

/** Whether standard error is a terminal, on which a line can be overwritten. */
export function isTerminal(): boolean {
  return process.stderr.isTTY === true;
}

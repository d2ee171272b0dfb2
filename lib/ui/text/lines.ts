/**
 * What keeps a name from making lines of output of its own: a file may have a line feed in its name, and the name comes into
 * messages, lists and tables. The other control characters are replaced where everything is written (standard-streams.ts).
 */

/** A sentence, or a line of a list, with `\u000a` for each line feed that came with a name. */
export function oneLine(text: string): string {
  return text.replaceAll('\n', '\\u000a');
}

/** Text of several lines, each of which stays one. */
export function linesText(lines: readonly string[]): string {
  return lines.map(oneLine).join('\n');
}

/** Labels and what is said of each. Two spaces are between them, so that a long line goes on under what is said. */
export function fieldsText(rows: readonly (readonly [label: string, value: string])[]): string {
  const width = Math.max(...rows.map(([label]) => label.length)) + 3;
  return linesText(
    rows.map(([label, value]) => `${(label === '' ? '' : `${label}:`).padEnd(width)}${value}`),
  );
}

/** With a capital letter first. */
export function capitalized(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

/** What somebody else wrote, so that another sentence can follow. */
export function asSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

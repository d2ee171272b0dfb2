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

/** What somebody else wrote, so that another sentence can follow. */
export function asSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/**
 * The text without user name and password of the addresses in it. For messages that quote what a user has typed, which may be
 * an address in the place of something else, and may have been joined to a path.
 */
export function withoutCredentials(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:[\\/]+)[^\s\\/?#"']*@/gi, '$1');
}

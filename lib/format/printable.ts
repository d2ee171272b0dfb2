/** Makes text of unknown origin safe for a message on a terminal. */

const LIMIT = 100;
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const INVISIBLE_BUT_LAYOUT = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * A scheme, and what is before the last @ of a host. One letter is a drive. There is no slash and no space in it, but what
 * JSON makes of quotation marks and control characters may be. Without the bound on the scheme a long word takes squared time.
 */
const CREDENTIALS = /([a-z][a-z\d+.-]{1,30}:[\\/]+)[^\s\\/?#]*(?:\\["bfnrtu][^\s\\/?#]*)*@/gi;

/**
 * The text without user name and password of the addresses in it: an address may be typed in the place of something else, and
 * may have been joined to a path. Before anything is cut, since without its end it is no address any more.
 */
export function withoutCredentials(text: string): string {
  return text.replace(CREDENTIALS, '$1');
}

function cut(text: string, limit: number, length = text.length): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}... (${length} characters)`;
}

function escapeOf(code: number): string {
  return `\\u${code.toString(16).padStart(4, '0')}`;
}

/**
 * Replaces control and format characters, which could move the cursor or reverse the text, by `\uXXXX`, leaves out the
 * passwords of addresses, and cuts the text after `limit` characters, 100 unless given.
 */
export function printable(text: string, limit = LIMIT): string {
  const shown = withoutCredentials(text);
  const escaped = shown.replace(INVISIBLE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code > 0xffff ? `\\u{${code.toString(16)}}` : escapeOf(code);
  });
  return cut(escaped, limit, shown.length);
}

/**
 * The same for whole output: line feeds and tabs stay, nothing is cut, and the escapes are those of JSON, so that JSON stays
 * JSON of the same value.
 */
export function printableText(text: string): string {
  return text.replace(INVISIBLE_BUT_LAYOUT, (character) =>
    character.replace(/./gs, (unit) => escapeOf(unit.charCodeAt(0))),
  );
}

/** More than a name in a path has, which is at most 255. */
const LONG_WORD = /[^\s\\/]{300,}/g;
const LONGEST_MESSAGE = 10_000;

/**
 * A message of bounded length without passwords, whatever was put into it: of a word longer than any name in a path 100
 * characters are left, and 10,000 of the whole.
 */
export function bounded(message: string): string {
  const short = withoutCredentials(message).replace(LONG_WORD, (word) => cut(word, LIMIT));
  return cut(short, LONGEST_MESSAGE);
}

const PLAIN_WORD = /^[\w@%+=:,./-]+$/;

/** A word of a command as a POSIX shell reads it back, for commands that a message tells the user to type. */
export function shellWord(word: string): string {
  return PLAIN_WORD.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Makes text of unknown origin safe for a message on a terminal. */

const LIMIT = 100;
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const INVISIBLE_BUT_LAYOUT = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * Replaces control and format characters, which could move the cursor or reverse the text, by `\uXXXX`, and cuts the text
 * after `limit` characters, 100 unless given.
 */
export function printable(text: string, limit = LIMIT): string {
  const escaped = text.replace(INVISIBLE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
  return escaped.length <= limit ? escaped : `${escaped.slice(0, limit)}... (${text.length} characters)`;
}

/**
 * The same for whole output: line feeds and tabs stay, nothing is cut, and the escapes are those of JSON, so that JSON stays
 * JSON of the same value.
 */
export function printableText(text: string): string {
  return text.replace(INVISIBLE_BUT_LAYOUT, (character) =>
    Array.from(
      { length: character.length },
      (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}

/** More than a name in a path has, which is at most 255. */
const LONG_WORD = /[^\s\\/]{300,}/g;
const LONGEST_MESSAGE = 10_000;

/**
 * A message of bounded length, whatever was put into it: of a word longer than any name in a path 100 characters are left, and
 * 10,000 of the whole.
 */
export function bounded(message: string): string {
  const cut = (text: string, limit: number) => `${text.slice(0, limit)}... (${text.length} characters)`;
  const short = message.replace(LONG_WORD, (word) => cut(word, LIMIT));
  return short.length <= LONGEST_MESSAGE ? short : cut(short, LONGEST_MESSAGE);
}

const PLAIN_WORD = /^[\w@%+=:,./-]+$/;

/** A word of a command as a POSIX shell reads it back, for commands that a message tells the user to type. */
export function shellWord(word: string): string {
  return PLAIN_WORD.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

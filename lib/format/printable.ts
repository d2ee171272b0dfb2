/** Text of unknown origin, made safe to stand in a message on a terminal. */

const LIMIT = 100;
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Control and format characters become `\uXXXX` (they could move the cursor, or turn the text around); at most 100 characters stay. */
export function printable(text: string, limit = LIMIT): string {
  const escaped = text.replace(INVISIBLE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
  return escaped.length <= limit ? escaped : `${escaped.slice(0, limit)}... (${text.length} characters)`;
}

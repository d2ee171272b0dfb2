/** Text for a terminal: lines break between words, never inside one, as the terminal itself would do. */

/** What is left of a line for words has at least so many columns. */
const NARROWEST = 20;

/** With what is between two backticks; an odd backtick is a letter like others. */
const WORD = /(?:[^\s`]|`[^`]*`)+(?:`\S*)?|`\S*/g;

/**
 * Lines that fit stay as they are. What does not fit goes on under the second column of the line, if it has one ("Feed:   ...",
 * an option and what it does), else under its first word. A command in backticks stays in one piece, so that it can be copied.
 */
export function wrapped(text: string, columns: number): string {
  return text
    .split('\n')
    .map((line) => (Bun.stringWidth(line) <= columns ? line : broken(line, columns)))
    .join('\n');
}

function broken(line: string, columns: number): string {
  const indent = /^ */.exec(line)?.[0].length ?? 0;
  const under = placeUnder(line, indent, columns);
  const lines: string[] = [];
  const start = Math.max(indent, under);
  let current = line.slice(0, under);
  let end = 0;
  let isEmpty = start === indent;
  for (const { 0: word, index } of line.slice(start).matchAll(WORD)) {
    const gap = ' '.repeat(index - end);
    if (!isEmpty && Bun.stringWidth(current + gap + word) > columns) {
      lines.push(current.trimEnd());
      // Further to the left, if that keeps it in one piece.
      current = ' '.repeat(Math.min(under, Math.max(0, columns - Bun.stringWidth(word)))) + word;
    } else current += gap + word;
    isEmpty = false;
    end = index + word.length;
  }
  return [...lines, current].join('\n');
}

/** The column under which the line goes on. */
function placeUnder(line: string, indent: number, columns: number): number {
  const second = /^ *\S+(?: \S+)* {2,}(?=\S)/.exec(line)?.[0].length ?? indent;
  const isWide = (column: number) => columns - column >= NARROWEST && column <= columns / 2;
  return [second, indent].find(isWide) ?? Math.min(indent, 2);
}

/** Text for a terminal: lines break between words, never inside one, as the terminal itself would do. */

/** What is left of a line for words has at least so many columns. */
const NARROWEST = 20;
/** How far what has no room in its own column, or under it, is indented. */
const HANG = 4;

/** The first column of a line that has two. */
const FIRST = /^ *\S+(?: \S+)* {2,}(?=\S)/;
/** With what is between two backticks, and a date with its time; an odd backtick is a letter like others. */
const WORD = /(?:\d{4}-\d\d-\d\d \d\d:\d\d|[^\s`]|`[^`]*`)+(?:`\S*)?|`\S*/g;

/**
 * Lines that fit stay as they are. What does not fit goes on under the second column of the line, if it has one ("Feed:   ...",
 * an option and what it does), else under its first word. If the second column is too far to the right, it goes below the first
 * one, indented, and so does what fits only there. A command in backticks and a path stay in one piece, so that they can be copied.
 */
export function wrapped(text: string, columns: number): string {
  return text
    .split('\n')
    .map((line) => broken(line, columns, FIRST.exec(line)?.[0]))
    .join('\n');
}

/** @param first the first column of the line; undefined: it is not one of columns */
function broken(line: string, columns: number, first?: string): string {
  if (Bun.stringWidth(line) <= columns) return line;
  const indent = /^ */.exec(line)?.[0].length ?? 0;
  if (first !== undefined && !hasRoom(first.length, columns) && hasRoom(indent + HANG, columns)) {
    const rest = `${' '.repeat(indent + HANG)}${line.slice(first.length)}`;
    return `${broken(first.trimEnd(), columns)}\n${broken(rest, columns)}`;
  }
  const places = [first?.length ?? indent, indent, Math.min(indent, 2 + HANG)];
  const under = places.find((at) => hasRoom(at, columns)) ?? Math.min(indent, 2);
  const lines: string[] = [];
  const start = Math.max(indent, under);
  let current = line.slice(0, under);
  let end = 0;
  let isEmpty = start === indent;
  for (const { 0: word, index } of line.slice(start).matchAll(WORD)) {
    const gap = ' '.repeat(index - end);
    if (!isEmpty && Bun.stringWidth(current + gap + word) > columns) {
      lines.push(current.trimEnd());
      const width = Bun.stringWidth(word);
      // Further to the left, if that keeps it in one piece.
      const at = [under, indent + HANG, indent, HANG].find(
        (place) => place <= under && place + width <= columns,
      );
      current = ' '.repeat(at ?? 0) + word;
    } else current += gap + word;
    isEmpty = false;
    end = index + word.length;
  }
  return [...lines, current].join('\n');
}

/** Whether enough of the line is left at that column. */
function hasRoom(column: number, columns: number): boolean {
  return columns - column >= NARROWEST && column <= columns / 2;
}

/**
 * A help text as a page of a certain width. In its source the lines are as long as those of code; here its paragraphs and the
 * explanations of its options are filled anew.
 */
import { wrapped } from '../../api/words.ts';

/** Longer lines are hard to read, however wide the terminal is. */
const WIDEST = 100;

/** No line breaks inside a word, except for a word that is wider than the page. */
export function helpPage(text: string, columns: number): string {
  // How it is typed comes first, a form a line.
  const [forms = '', ...blocks] = text.trimEnd().split('\n\n');
  const page = [forms, ...blocks.map(filled)].join('\n\n');
  const width = Math.min(columns, WIDEST);
  const lines = page.split('\n').map((line) => pageLine(line, width));
  return `${lines.join('\n')}\n`;
}

/** A line of a page: as it is, or broken into several. */
export function pageLine(line: string, columns: number): string {
  return TYPED.test(line) ? typed(line, columns) : wrapped(line, columns);
}

/** A line that is typed, without what it means beside it. */
const TYPED = /^ *(?:[A-Z_]+=\S+ )?dgmo-updater(?: \S+)*$/;
/** What stays together: what is in brackets or quotes, else a word. */
const PIECE = /\[[^\]]*\]|"[^"]*"|\S+/g;
const HANG = 4;

/** Goes on further to the right, so that it is not taken for another line to type. */
function typed(line: string, columns: number): string {
  const indent = /^ */.exec(line)?.[0] ?? '';
  const lines: string[] = [];
  let current = '';
  for (const piece of line.match(PIECE) ?? []) {
    const next = current === '' ? indent + piece : `${current} ${piece}`;
    if (current === '' || next.length <= columns) current = next;
    else {
      lines.push(current);
      current = `${indent}${' '.repeat(HANG)}${piece}`;
    }
  }
  return [...lines, current].join('\n');
}

/** With every line that goes on with the one before it joined to that. */
function filled(block: string): string {
  const lines: string[] = [];
  let goesOnAt = 0;
  for (const line of block.split('\n')) {
    const indent = /^ */.exec(line)?.[0].length ?? 0;
    const before = lines.at(-1);
    if (before !== undefined && indent === goesOnAt) lines[lines.length - 1] = `${before} ${line.trim()}`;
    else {
      lines.push(line);
      goesOnAt = /^ {2}\S+(?: \S+)* {2,}(?=\S)/.exec(line)?.[0].length ?? (indent === 0 ? 0 : -1);
    }
  }
  return lines.join('\n');
}

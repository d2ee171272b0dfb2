/** Release notes: Markdown, rendered whole. */

export interface NotesStyle {
  columns: number;
  /** Colors, and the signs beyond ASCII that go with them. */
  colors: boolean;
}

/** Longer lines are hard to read, however wide the terminal is. */
const WIDEST = 100;

/** Without colors the text is ASCII, but for what the notes themselves have. */
export function notesText(markdown: string, { columns, colors }: NotesStyle): string {
  if (markdown.trim() === '') return '';
  const width = Math.max(20, Math.min(columns, WIDEST) - 2);
  const rendered = Bun.markdown.ansi(markdown, { columns: width, colors, hyperlinks: false });
  return rendered
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? '' : `  ${line}`))
    .join('\n');
}

/** Release notes: Markdown, rendered whole. */

export interface NotesStyle {
  columns: number;
  colors: boolean;
  /** Signs beyond ASCII, in lists, tables and under headings. */
  unicode: boolean;
}

/** Where it is not known who reads them. */
export const PLAIN_NOTES: NotesStyle = { columns: 80, colors: false, unicode: false };

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const COLOR = /\u001b\[[0-9;]*m/g;

/**
 * Colors of letters, but for those on a background of their own. On white or on black some of them are next to invisible, and
 * which of both a terminal has is not known.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const FOREGROUND = /(?<!\u001b\[48;5;\d+m)\u001b\[(?:3[0-7]|9[0-7]|38;5;\d+)m/g;

/** Longer lines are hard to read, however wide the terminal is. */
const WIDEST = 100;

/** Without colors and `unicode` the text is ASCII, but for what the notes themselves have. */
export function notesText(markdown: string, { columns, colors, unicode }: NotesStyle): string {
  if (markdown.trim() === '') return '';
  const width = Math.max(20, Math.min(columns, WIDEST) - 2);
  // Its signs come with its colors.
  const rendered = Bun.markdown.ansi(markdown, { columns: width, colors: unicode, hyperlinks: false });
  return rendered
    .replaceAll(colors ? FOREGROUND : COLOR, '')
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? '' : `  ${line}`))
    .join('\n');
}

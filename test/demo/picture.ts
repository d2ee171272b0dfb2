/**
 *     bun test/demo/picture.ts
 *
 * Draws `.github/update.svg`, the picture in README.md: an update from a real feed, on a real terminal (tmux), by the compiled
 * updater.
 */
import fs from 'node:fs';
import path from 'node:path';
import { openScreen } from '../support/tmux.ts';
import { openWorkshop } from '../support/workshop.ts';
import { openStage } from '../update/stage.ts';

const COLUMNS = 84;
/** Some that show the picture would make one blank of several, whatever it says. */
const NO_BREAK = '\u00a0';
const FILE = path.resolve(import.meta.dir, '../../.github/update.svg');
const NOTES = `### Added

- Sessions can be **resumed** by name: \`dgmo --session fix-tests\`

### Fixed

- A paste of ten thousand lines no longer stops the editor
`;

/** Of a cell, and of the margin around all, in pixels. */
const CELL = { width: 8.4, height: 18 };
const MARGIN = 16;
/** The eight colors of a terminal, then the bright ones; of a dark theme. */
const PALETTE = [
  ...['#45475a', '#f38ba8', '#a6e3a1', '#f9e2af', '#89b4fa', '#cba6f7', '#94e2d5', '#bac2de'],
  ...['#7f849c', '#f38ba8', '#a6e3a1', '#f9e2af', '#89b4fa', '#cba6f7', '#94e2d5', '#ffffff'],
];
const INK = '#cdd6f4';
const PAPER = '#1e1e2e';

interface Style {
  color: string;
  bold: boolean;
  dim: boolean;
}

/** The parts of a line, each with how it is written. */
function partsOf(line: string): { text: string; style: Style }[] {
  let style: Style = { color: INK, bold: false, dim: false };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return line.split(/(\u001b\[[0-9;]*m)/).flatMap((text, index) => {
    if (index % 2 === 0) return text === '' ? [] : [{ text, style }];
    for (const code of text.slice(2, -1).split(';').map(Number)) style = changed(style, code);
    return [];
  });
}

function changed(style: Style, code: number): Style {
  if (code === 0) return { color: INK, bold: false, dim: false };
  if (code === 1) return { ...style, bold: true };
  if (code === 2) return { ...style, dim: true };
  if (code === 22) return { ...style, bold: false, dim: false };
  if (code === 39) return { ...style, color: INK };
  const number = code >= 30 && code <= 37 ? code - 30 : code >= 90 && code <= 97 ? code - 90 + 8 : null;
  return number === null ? style : { ...style, color: PALETTE[number] ?? INK };
}

function draw(screen: string): string {
  const lines = screen.split('\n');
  const width = Math.ceil(COLUMNS * CELL.width + 2 * MARGIN);
  const height = lines.length * CELL.height + 2 * MARGIN;
  const drawn = lines.flatMap((line, row) => {
    let column = 0;
    return partsOf(line).map(({ text, style }) => {
      const x = (MARGIN + column * CELL.width).toFixed(1);
      const length = Bun.stringWidth(text);
      column += length;
      const look = `fill="${style.color}"${style.bold ? ' font-weight="bold"' : ''}${style.dim ? ' opacity="0.6"' : ''}`;
      const y = MARGIN + (row + 0.75) * CELL.height;
      return `<text x="${x}" y="${y}" textLength="${(length * CELL.width).toFixed(1)}" ${look}>${Bun.escapeHTML(text).replaceAll(' ', NO_BREAK)}</text>`;
    });
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>dgmo-updater update, in a terminal</title>
<rect width="100%" height="100%" rx="8" fill="${PAPER}"/>
<g font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14">
${drawn.join('\n')}
</g>
</svg>
`;
}

const shop = await openWorkshop();
await using stage = await openStage();
try {
  const updater = await shop.rootlessUpdater();
  const evolution = { id: 'faster-search', description: 'Searches faster', autoApply: true };
  await stage.release('1.1.0', { notes: NOTES, evolutions: [evolution] });
  using screen = openScreen([updater, 'update', '--install-dir', stage.dir, '--home', stage.home], {
    columns: COLUMNS,
    rows: 60,
    environment: { LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' },
  });
  await screen.shows('Always Auto-Update');
  screen.type('Enter');
  await screen.shows('Which evolutions');
  screen.type('Enter');
  await screen.shows('[ended with 0]');
  const seen = screen.colored().replaceAll(stage.folder, '/home/ada/.local').split('\n');
  // tmux shows how the program ended; people do not see that.
  fs.writeFileSync(
    FILE,
    draw(
      seen
        .filter((line) => !line.includes('[ended with'))
        .join('\n')
        .trimEnd(),
    ),
  );
  console.log(FILE);
} finally {
  shop.remove();
}

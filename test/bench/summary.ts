/**
 * How the tables of README.md come out in short: `bun test/bench/summary.ts` writes the table between the two marks there anew, a
 * row for each section with ratios.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const FROM = '<!-- summary -->\n';
const TO = '<!-- end of the summary -->';
/** A ratio above which a kind of file needs a reason. */
const HIGH = 0.9;

const cellsOf = (line: string) =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

/**
 * The ratios of a section: the cells below every heading `ratio` of a table of pairs. "0.51 and 0.54" are two; a span, "0.32 to 0.58", says nothing of
 * its single pairs and is left out.
 */
export function ratiosIn(section: string): number[] {
  return section.split(/\n(?!\|)/).flatMap((block) => {
    const [head = '', , ...rows] = block.split('\n').filter((line) => line.startsWith('|'));
    const names = cellsOf(head);
    if (names[0] !== 'pair' && names[0] !== 'machine') return [];
    return rows.flatMap((row) =>
      cellsOf(row)
        .filter((cell, column) => names[column] === 'ratio' && !cell.includes(' to '))
        .flatMap((cell) => cell.split(' and '))
        .map(Number)
        .filter((ratio) => ratio > 0),
    );
  });
}

function summaryRow(name: string, ratios: readonly number[]): string {
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
  const figures = [mean, Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(2));
  return `| ${[name, ratios.length, ...figures, ratios.filter((ratio) => ratio > HIGH).length].join(' | ')} |`;
}

/** Of all sections of the text, whose headings begin with `### `. */
export function summaryOf(markdown: string): string {
  const sections = markdown
    .split(/^##+ /m)
    .map((section) => ({ name: section.split('\n')[0] ?? '', ratios: ratiosIn(section) }))
    .filter(({ ratios }) => ratios.length > 0);
  const all = sections.flatMap(({ ratios }) => ratios);
  return [
    `| kind | ratios | mean | least | most | above ${HIGH} |`,
    '|---|---|---|---|---|---|',
    ...sections.map(({ name, ratios }) => summaryRow(name, ratios)),
    summaryRow('all', all),
    '',
  ].join('\n');
}

/** The text with its summary written anew. Throws if it has no marks. */
export function withSummary(markdown: string): string {
  const [before, rest] = markdown.split(FROM);
  const after = rest?.split(TO)[1];
  if (before === undefined || after === undefined) throw new Error(`no ${FROM}... ${TO}`);
  return `${before}${FROM}${summaryOf(`${before}${after}`)}${TO}${after}`;
}

if (import.meta.main) {
  const readme = path.join(import.meta.dir, 'README.md');
  writeFileSync(readme, withSummary(readFileSync(readme, 'utf8')));
}

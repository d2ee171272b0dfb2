/**
 * Draws the sizes of our patches beside the best of the peers: `bun test/bench/picture.ts` from the tables of README.md, and
 * `npm run bench -- delta` from what it has measured. The same table gives the same bytes; readable on light and on dark.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { COMPARISON_HEAD } from './delta.ts';

export interface Comparison {
  pair: string;
  /** Bytes of the new file, of our patch, and of the smallest patch of the peers. */
  size: number;
  ours: number;
  best: number;
}

const HERE = import.meta.dir;
const NUMBER = /^[\d,]+$/;

/** The rows of all tables with the columns of `COMPARISON_HEAD`. */
export function comparisonsIn(markdown: string): Comparison[] {
  const tables = markdown.split(`${COMPARISON_HEAD}\n`).slice(1);
  const rows = tables.flatMap((table) => table.split(/\n(?!\|)/)[0]?.split('\n') ?? []);
  return rows.flatMap((row) => {
    const [, pair = '', size = '', ours = '', best = ''] = row.split('|').map((cell) => cell.trim());
    if (![size, ours, best].every((cell) => NUMBER.test(cell))) return [];
    const [bytes, patch, peer] = [size, ours, best].map((cell) => Number(cell.replaceAll(',', '')));
    return [{ pair, size: bytes ?? 0, ours: patch ?? 0, best: peer ?? 0 }];
  });
}

const WIDTH = 1020;
const ROW = 20;
const TOP = 56;
const LEFT = 430;
/** Pixels of a bar that is as long as that of the best peer. */
const WHOLE = 240;
/** Longer bars are cut off. */
const LONGEST = 1.5;

const STYLE = `
text { font: 12px system-ui, sans-serif; fill: #1f2328; }
.title { font-size: 15px; font-weight: 600; }
.faint { fill: #59636e; }
.ours { fill: #1f7a4d; }
.over { fill: #b35900; }
.line { stroke: #59636e; stroke-dasharray: 3 3; }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc; }
.faint { fill: #9198a1; }
.ours { fill: #3fb97f; }
.over { fill: #f0883e; }
.line { stroke: #9198a1; }
}`;

const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** The smallest ratios first. */
export function drawComparisons(comparisons: readonly Comparison[]): string {
  const ratio = ({ ours, best }: Comparison) => ours / best;
  const sorted = comparisons.toSorted((a, b) => ratio(a) - ratio(b) || (a.pair < b.pair ? -1 : 1));
  const height = TOP + ROW * sorted.length + 16;
  const rows = sorted.map((comparison, index) => {
    const { pair, ours, best } = comparison;
    const y = TOP + ROW * index;
    const length = Math.round(WHOLE * Math.min(LONGEST, ratio(comparison)));
    const label = `${ratio(comparison).toFixed(2)} (${ours.toLocaleString('en')} of ${best.toLocaleString('en')})`;
    return [
      `<text x="${LEFT - 8}" y="${y + 13}" text-anchor="end">${escaped(pair)}</text>`,
      `<rect class="${ours > best ? 'over' : 'ours'}" x="${LEFT}" y="${y + 3}" width="${length}" height="${ROW - 7}" rx="2"/>`,
      `<text class="faint" x="${LEFT + Math.max(length, WHOLE) + 10}" y="${y + 13}">${label}</text>`,
    ].join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Sizes of patches beside the best peer">
<style>${STYLE}
</style>
<text class="title" x="16" y="24">Sizes of patches, as a part of the smallest that another tool makes</text>
<text class="faint" x="${LEFT + WHOLE}" y="44" text-anchor="middle">best of the peers</text>
<line class="line" x1="${LEFT + WHOLE}" y1="${TOP - 6}" x2="${LEFT + WHOLE}" y2="${height - 12}"/>
${rows.join('\n')}
</svg>
`;
}

/** Writes the picture that README.md shows. */
export function writePicture(markdown: string): void {
  writeFileSync(path.join(HERE, 'sizes.svg'), drawComparisons(comparisonsIn(markdown)));
}

if (import.meta.main) writePicture(readFileSync(path.join(HERE, 'README.md'), 'utf8'));

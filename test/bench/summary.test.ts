/** The summary of the bench: which ratios it counts. And that README has the one of its own tables. */
import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ratiosIn, summaryOf, withSummary } from './summary.ts';

const TABLES = `Text with 0.99.

| pair | bytes | before | patch | best of the peers | ratio |
|---|---|---|---|---|---|
| a 1 -> 2 | 10,000 | | 300 | 600 | 0.50 |
| two of them | | | | | 0.40 and 1.20 |
| a span | | | | | 0.10 to 0.20 |
| no peer | 1,000 | | 100 | | |

| machine | Lua | ratio | zlib | ratio |
|---|---|---|---|---|
| arm64 | 10 | 0.60 | 20 of 40 | 0.70 |

| made by | patch | ratio |
|---|---|---|
| no pair | 1 | 0.01 |
`;

test('ratios of pairs count, spans do not', () => {
  expect(ratiosIn(TABLES)).toEqual([0.5, 0.4, 1.2, 0.6, 0.7]);
});

test('each section with ratios has its row, and all together one', () => {
  const summary = summaryOf(
    `# Title\n\n## First\n\n${TABLES}\n### Without\n\nText.\n\n### Second\n\n| pair | ratio |\n|---|---|\n| b | 0.20 |\n`,
  );
  expect(summary.split('\n').slice(2)).toEqual([
    '| First | 5 | 0.63 | 0.40 | 1.20 | 1 |',
    '| Second | 1 | 0.20 | 0.20 | 0.20 | 0 |',
    '| all | 6 | 0.52 | 0.20 | 1.20 | 1 |',
    '',
  ]);
});

test('a summary that is written anew is the same, and README has it: bun test/bench/summary.ts', () => {
  const readme = readFileSync(path.join(import.meta.dir, 'README.md'), 'utf8');
  expect(withSummary(readme)).toBe(readme);
  expect(() => withSummary('no marks')).toThrow('summary');
});

/** The picture of the bench: what it reads of a table, and that the same table gives the same bytes. */
import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { comparisonsIn, drawComparisons } from './picture.ts';

const TABLE = `| pair | bytes | patch | best of the peers | made by | ratio |
|---|---|---|---|---|---|
| C++ & <x>: a 1 -> 2 | 10,000 | 300 | 100 | hdiffz | 3.00 |
| Go: b 1 -> 2 | 1,000,000 | 1,500 | 3,000 | bsdiff | 0.50 |
| no peer: c 1 -> 2 | 1,000 | 100 | - | - | - |

| start | 1 | 2 |
`;

test('rows of the comparison are read, and nothing else', () => {
  expect(comparisonsIn(TABLE)).toEqual([
    { pair: 'C++ & <x>: a 1 -> 2', size: 10_000, ours: 300, best: 100 },
    { pair: 'Go: b 1 -> 2', size: 1_000_000, ours: 1500, best: 3000 },
  ]);
});

test('the smallest ratio comes first, longer bars than others are cut off, and names are text', () => {
  const picture = drawComparisons(comparisonsIn(TABLE));
  expect(picture.indexOf('Go: b')).toBeLessThan(picture.indexOf('C++ &amp; &lt;x&gt;: a'));
  expect(
    [...picture.matchAll(/class="(ours|over)".* width="(\d+)"/g)].map(([, kind, width]) => [kind, width]),
  ).toEqual([
    ['ours', '120'],
    ['over', '360'],
  ]);
  expect(picture).toBe(drawComparisons(comparisonsIn(TABLE).toReversed()));
});

test('the one of README.md shows both kinds of pairs', () => {
  const committed = readFileSync(path.join(import.meta.dir, 'sizes.svg'), 'utf8');
  expect(committed).toContain('opencode-linux-x64 1.18.33 -&gt; 1.18.34');
  expect(committed).toContain('@esbuild/linux-x64');
  expect(committed).toContain('prefers-color-scheme: dark');
});

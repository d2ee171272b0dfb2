/**
 * The picture of the bench: what it reads of a table, and that the same table gives the same bytes. And that README says of
 * patches what the tables say.
 */
import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { comparisonsIn, drawComparisons } from './picture.ts';

const TABLE = `| pair | bytes | patch | best of the peers | made by | ratio |
|---|---|---|---|---|---|
| C++ & <x>: a 1 -> 2 | 10,000 | 300 | 100 | hdiffz | 3.00 |
| Go: b 1 -> 2 | 1,000,000 | 1,500 | 3,000 | bsdiff | 0.50 |
| no peer: c 1 -> 2 | 1,000 | 100 | - | - | - |

| pair | bytes | before | patch | best of the peers | ratio |
|---|---|---|---|---|---|
| d 1 -> 2 | 10,000 | 400 | 300 | 500 | 0.60 |

| pair | before | patch | HDiffPatch | ratio before | ratio |
|---|---|---|---|---|---|
| e 1 -> 2 | 400 | 300 | 500 | 0.80 | 0.60 |

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

test('the README of the project has the sizes of the newest tables', () => {
  const read = (name: string) => readFileSync(path.join(import.meta.dir, name), 'utf8');
  const sections = read('README.md').split(/^### /m);
  const sizesOf = (pair: string) => {
    const section = sections.find((text) => text.startsWith(`${pair}\n`)) ?? '';
    return ['dgmo-updater', 'bsdiff'].map((tool) => section.split(`\n| ${tool} | `)[1]?.split(' |')[0]);
  };
  const readme = read('../../README.md');
  const [opencode, byBsdiff] = sizesOf('opencode-linux-x64 1.18.33 -> 1.18.34');
  const [bun, bunByBsdiff] = sizesOf('@oven/bun-linux-x64 1.4.4 -> 1.4.5');
  expect(readme).toContain(`${opencode} bytes (bsdiff: ${byBsdiff})`);
  expect(readme).toContain(
    `${opencode} bytes where bsdiff takes ${byBsdiff}, and ${bun} where it takes ${bunByBsdiff}`,
  );
});

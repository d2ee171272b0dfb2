/** The lists of steps fit the sources. `bun test/bench/ablation.ts` measures what each brings. */
import { describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { KEEPING } from './kept.ts';
import { changed } from './step.ts';
import { STEPS } from './steps/index.ts';
import { ablationTable, difference } from './table.ts';

const read = (file: string) => fs.readFileSync(path.resolve(import.meta.dir, '../../..', file), 'utf8');

describe('the steps', () => {
  test('none has the name of another one', () => {
    expect(new Set(STEPS.map(({ name }) => name)).size).toBe(STEPS.length);
    expect(STEPS.length).toBeGreaterThan(40);
  });

  const transpiler = new Bun.Transpiler({ loader: 'ts' });
  for (const { name, changes } of [{ name: 'what is the same for all', changes: [] }, ...STEPS]) {
    test(`${name}: what is replaced occurs once, and the rest is a program`, () => {
      for (const [file, text] of changed([...KEEPING, ...changes], read)) {
        expect(text).not.toBe(read(file));
        transpiler.transformSync(text);
      }
    });
  }

  test('a change that does not fit is told', () => {
    const change = { file: 'a.ts', find: 'b', replace: 'c' };
    expect(() => changed([change], () => 'a')).toThrow('a.ts: wanted exactly one "b", found 0');
    expect(changed([change, { ...change, find: 'c', replace: 'd' }], () => 'ab').get('a.ts')).toBe('ad');
  });
});

test('by how much more a size is, in bytes and percent', () => {
  expect([1000, 1001, 900, 985].map((size) => difference(size, 1000))).toEqual([
    '0',
    '+1 (0.10 %)',
    '-100 (-10.0 %)',
    '-15 (-1.5 %)',
  ]);
  expect(difference(99_999, 100_000)).toBe('-1 (0.00 %)');
});

test('the table has what is larger without, the most first, and what is smaller, but not what is the same', () => {
  const rows = [
    ['none', [1000, 2000]],
    ['one', [1000, 1990]],
    ['two', [1500, 2001]],
  ] as const;
  expect(ablationTable(['a', 'b'], [1000, 2000], [4000, 123456], rows)).toBe(
    [
      '| without | a | b |',
      '|---|---|---|',
      '| nothing: the whole patch | 1,000 | 2,000 |',
      '| all of it: the whole patch by `bsdiff` | 4,000 | 123,456 |',
      '| two | +500 (50.0 %) | +1 (0.05 %) |',
      '| one | 0 | -10 (-0.50 %) |',
    ].join('\n'),
  );
});

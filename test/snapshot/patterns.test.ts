import { expect, test } from 'bun:test';
import fs from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_EXCLUDES, excluder } from '../../lib/snapshot/patterns.ts';
import { openWorkshop, picture } from './workshop.ts';

/** A slash at the end of the path: it is a folder. */
const TABLE: [patterns: string[], includes: string[], path: string, out: boolean][] = [
  [[], [], 'a', false],
  [['a'], [], 'a', true],
  [['a'], [], 'a/', true],
  [['a'], [], 'x/a', true],
  [['a'], [], 'ab', false],
  [['a/'], [], 'a', false],
  [['a/'], [], 'a/', true],
  [['a/'], [], 'x/a/', true],
  [['/a'], [], 'a', true],
  [['/a'], [], 'x/a', false],
  [['x/a'], [], 'x/a', true],
  [['x/a'], [], 'y/x/a', false],
  [['*.log'], [], 'x/y.log', true],
  [['*.log'], [], 'x/y.log.txt', false],
  [['x/*'], [], 'x/a', true],
  [['x/*'], [], 'x/a/b', false],
  [['x/**'], [], 'x/a/b', true],
  [['**/a'], [], 'x/y/a', true],
  [['?'], [], 'a', true],
  [['[ab]'], [], 'b', true],
  [['{a,b}.txt'], [], 'b.txt', true],
  [['*.log'], ['keep.log'], 'keep.log', false],
  [['*.log'], ['x/keep.log'], 'keep.log', true],
  [['*.log'], ['x/keep.log'], 'x/keep.log', false],
  [['log/'], ['log/'], 'log/', false],
  [['ü'], [], 'ü', true],
  [[], ['.dgmo-restore-1'], '.dgmo-restore-1/', true],
  [DEFAULT_EXCLUDES, [], 'cache/', true],
  [DEFAULT_EXCLUDES, [], 'cache', false],
  [DEFAULT_EXCLUDES, [], 'deep/Cache/', true],
  [DEFAULT_EXCLUDES, [], 'log/', true],
  [DEFAULT_EXCLUDES, [], 'logs.json', false],
  [DEFAULT_EXCLUDES, [], 'x/dgmo.log', true],
];

for (const [patterns, includes, path, out] of TABLE) {
  const but = includes.length > 0 ? ` but ${includes.join(' ')}` : '';
  test(`${JSON.stringify(path)} is ${out ? 'left out' : 'held'} by ${patterns.join(' ') || 'nothing'}${but}`, () => {
    const excluded = excluder(patterns, includes);
    expect(excluded(path.replace(/\/$/, ''), path.endsWith('/'))).toBe(out);
  });
}

test('what is left out is not touched by a restore, and keeps the folder that it is in', async () => {
  const workshop = openWorkshop({ settings: { exclude: ['private'] } });
  try {
    const root = workshop.root('data');
    fs.writeFileSync(join(root, 'file'), 'then');
    const snapshot = await workshop.take();
    fs.writeFileSync(join(root, 'file'), 'now');
    for (const folder of ['new/cache', 'new/gone', 'cache'])
      fs.mkdirSync(join(root, folder), { recursive: true });
    for (const path of ['new/cache/c', 'new/gone/g', 'cache/c', 'new/x.log', 'private'])
      fs.writeFileSync(join(root, path), 'x');
    await workshop.restore(snapshot);
    expect([...picture(root).keys()].sort()).toEqual([
      'cache',
      'cache/c',
      'file',
      'new',
      'new/cache',
      'new/cache/c',
      'new/x.log',
      'private',
    ]);
    expect(fs.readFileSync(join(root, 'file'), 'utf8')).toBe('then');
  } finally {
    workshop.remove();
  }
});

test('a file can not be put where a folder stands with something left out in it: refused before anything is touched', async () => {
  const workshop = openWorkshop();
  try {
    const root = workshop.root('data');
    for (const name of ['name', 'a']) fs.writeFileSync(join(root, name), 'then');
    const snapshot = await workshop.take();
    fs.rmSync(join(root, 'name'));
    fs.mkdirSync(join(root, 'name/cache'), { recursive: true });
    fs.writeFileSync(join(root, 'a'), 'now');
    await expect(workshop.restore(snapshot)).rejects.toThrow(
      `${join(root, 'name')} is a folder that contains something left out of snapshots`,
    );
    expect(fs.readFileSync(join(root, 'a'), 'utf8')).toBe('now');
  } finally {
    workshop.remove();
  }
});

test('what is left out by now is brought back all the same, where the snapshot has it', async () => {
  const workshop = openWorkshop();
  try {
    const root = workshop.root('data');
    fs.mkdirSync(join(root, 'private'));
    for (const name of ['private/file', 'file']) fs.writeFileSync(join(root, name), 'then');
    const snapshot = await workshop.take();
    for (const name of ['private/file', 'file', 'private/new']) fs.writeFileSync(join(root, name), 'now');
    const later = openWorkshop({ home: workshop.home, settings: { exclude: ['private/'] } });
    const before = await later.take({ covering: { snapshot, components: ['data'] } });
    await later.restore(snapshot);
    const content = () =>
      ['private/file', 'file', 'private/new'].map((name) => fs.readFileSync(join(root, name), 'utf8'));
    expect(content()).toEqual(['then', 'then', 'now']);
    await later.restore(before);
    expect(content()).toEqual(['now', 'now', 'now']);
  } finally {
    workshop.remove();
  }
});

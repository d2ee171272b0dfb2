import { expect, test } from 'bun:test';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { freshFolder, noise } from '../run.ts';

test('release diff makes a patch with which release patch makes the new file', async () => {
  using folder = freshFolder();
  const contents = { old: noise(1, 50_000), new: noise(1, 60_000) };
  writeFileSync(folder.at('old'), contents.old);
  writeFileSync(folder.at('new'), contents.new);
  const made = await folder.release(['diff', 'old', 'new', '-o', 'p', '--from', '1.0.0', '--to', '1.1.0']);
  expect([made.code, made.stderr]).toEqual([0, '']);
  const applied = await folder.release(['patch', 'old', 'p', '-o', 'again']);
  expect([applied.code, applied.stdout]).toEqual([0, 'again: 60,000 bytes\n']);
  expect(readFileSync(folder.at('again')).equals(contents.new)).toBe(true);
});

test('release patch writes nothing when the old file is another one, or the patch is damaged', async () => {
  using folder = freshFolder();
  writeFileSync(folder.at('old'), noise(1, 5000));
  writeFileSync(folder.at('new'), noise(2, 5000));
  writeFileSync(folder.at('other'), noise(3, 5000));
  await folder.release(['diff', 'old', 'new', '-o', 'p']);
  const patch = readFileSync(folder.at('p'));
  writeFileSync(folder.at('cut'), patch.subarray(0, -1));
  const before = readdirSync(folder.at()).toSorted();
  for (const [old, file] of [
    ['other', 'p'],
    ['old', 'cut'],
    ['old', 'new'],
  ] as const) {
    const { code, stdout, stderr } = await folder.release(['patch', old, file, '-o', 'out']);
    expect([code, stdout, existsSync(folder.at('out'))]).toEqual([11, '', false]);
    if (old === 'other') expect(stderr).toContain('the old file is not the one this patch was made from');
  }
  expect(readdirSync(folder.at()).toSorted()).toEqual(before);
});

test('folders, and an output that is also read, are told before the work, and nothing is written', async () => {
  using folder = freshFolder();
  const contents = { old: noise(1, 5000), new: noise(2, 5000) };
  writeFileSync(folder.at('old'), contents.old);
  writeFileSync(folder.at('new'), contents.new);
  mkdirSync(folder.at('folder'));
  const cases: [args: string[], message: string][] = [
    [
      ['diff', 'folder', 'new', '-o', 'p'],
      'release: folder: wanted a file to read, found a folder\nName a file in it.\n',
    ],
    [
      ['diff', 'old', 'new', '-o', './new'],
      'release: ./new: wanted an output that is not one of the inputs, found the input new\n' +
        'Choose another name for the output.\n',
    ],
    [
      ['diff', 'old', 'new', '-o', 'no/p'],
      'release: no/p: wanted a folder to write to, found none at no\n' +
        'Make that folder, or name a file in another one.\n',
    ],
    [
      ['diff', 'old', 'new', '-o', 'folder'],
      'release: folder: wanted a file to write, found a folder\nChoose another name for the output.\n',
    ],
    [['inspect', 'folder'], 'release: folder: wanted a file to read, found a folder\nName a file in it.\n'],
  ];
  for (const [args, stderr] of cases) {
    expect(await folder.release(args)).toEqual({ code: 2, stdout: '', stderr });
  }
  expect(readFileSync(folder.at('new')).equals(contents.new)).toBe(true);
  expect(readdirSync(folder.at()).toSorted()).toEqual(['folder', 'new', 'old']);
});

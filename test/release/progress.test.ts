/** `release add` in a terminal: a line that says what is in the works, and moves. */
import { expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { progressLabel } from '../../release/work/report.ts';
import { codeLike } from '../delta/pairs.ts';
import { CHEAP, freshFolder, PASSPHRASE } from './run.ts';

const posixOnly = process.platform === 'win32' ? test.skip : test;

posixOnly('release add shows how far the full binary is, and clears the line', async () => {
  using folder = freshFolder();
  writeFileSync(folder.at('dgmo'), codeLike(3 << 20, 1));
  await folder.release(['keys', 'init', '--dir', 'keys', ...CHEAP]);
  await folder.release(['init', '--repo', 'repo', '--keys', 'keys']);
  let shown = '';
  const cli = path.join(import.meta.dir, '../../release/cli.ts');
  const args = [
    'add',
    '1.0.0',
    '--repo',
    'repo',
    '--keys',
    'keys',
    '--binary',
    'linux-x64=dgmo',
    '--no-trial',
  ];
  const child = Bun.spawn([process.execPath, cli, ...args], {
    cwd: folder.at(),
    env: { ...process.env, DGMO_KEY_PASSPHRASE: PASSPHRASE },
    terminal: {
      cols: 120,
      data(_, bytes) {
        shown += new TextDecoder().decode(bytes);
      },
    },
  });
  expect(await child.exited).toBe(0);
  const seen = [...shown.matchAll(/0 of 1 made; linux-x64: full binary (\d+)%; in all (\d+)%/g)];
  const percent = seen.map(([, job, all]) => [Number(job), Number(all)]);
  expect(percent.every(([job, all]) => job === all)).toBe(true);
  const sorted = percent.toSorted(([a = 0], [b = 0]) => a - b);
  expect(percent).toEqual(sorted);
  expect(new Set(percent.map(([job]) => job)).size).toBeGreaterThan(2);
  expect(shown).toContain('\r\u001b[Klinux-x64: full binary: ');
});

test('the line names two jobs, and counts the others', () => {
  const jobs: [string, number][] = [
    ['linux-x64: full binary', 0.409],
    ['linux-x64: patch from 1.0.0', 0.07],
    ['linux-arm64: full binary', 0],
  ];
  const both = 'linux-x64: full binary 40%, linux-x64: patch from 1.0.0 7%';
  expect(progressLabel(new Map(jobs.slice(0, 2)), 1, 3)).toBe(`1 of 3 made; ${both}; in all`);
  expect(progressLabel(new Map(jobs), 0, 3)).toBe(`0 of 3 made; ${both} and 1 more; in all`);
});

/** An address with a password, typed where none belongs: the message shows the address, and never the password. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { openStage, type Stage } from '../update/stage.ts';
import { command } from './command-line.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage[Symbol.asyncDispose]());

const ADDRESS = 'https://user:PASSWORD@feed.invalid/a';

const LINES = [
  [ADDRESS],
  ['check', ADDRESS],
  ['check', ADDRESS, '--json'],
  ['check', ADDRESS, '--verbose'],
  ['help', 'check', ADDRESS],
  ['--apply', ADDRESS],
  ['--apply', ADDRESS, '--json'],
  ['--apply', 'p', '--via', ADDRESS, '--verbose'],
  ['check', '--feed', ADDRESS, '--feed', `${ADDRESS}/b`],
  ['check', `--${ADDRESS}`],
  ['update', '--wait-pid', ADDRESS],
  ['rollback', '--only', ADDRESS],
  ['rollback', ADDRESS],
  ['snapshots', ADDRESS],
  ['snapshots', 'show', ADDRESS],
  ['snapshots', 'prune', '--keep', ADDRESS],
  ['config', ADDRESS],
  ['config', 'get', ADDRESS],
  ['config', 'set', 'channel', ADDRESS],
  ['config', 'set', 'feed', ADDRESS, 'more'],
  ['completions', ADDRESS],
  ['skip', ADDRESS],
  ['pin', ADDRESS],
  ['init', '--version', ADDRESS],
];

test.each(LINES.map((args) => ({ line: args.join(' '), args })))('$line', async ({ args }) => {
  const { code, out, error } = await command(stage, args);
  expect(code).not.toBe(0);
  expect(`${out}${error}`).not.toContain('PASSWORD');
  expect(`${out}${error}`).not.toContain('user:');
});

/** An address with a password, typed where none belongs: the message shows the address, and never the password. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { openStage, type Stage } from '../update/stage.ts';
import { command } from './command-line.ts';
import { misplaced } from './misplaced-words.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage[Symbol.asyncDispose]());

const ADDRESS = 'https://user:PASSWORD@feed.invalid/a';

test.each(misplaced(ADDRESS).map((args) => ({ line: args.join(' '), args })))('$line', async ({ args }) => {
  const { code, out, error } = await command(stage, args);
  expect(code).not.toBe(0);
  expect(`${out}${error}`).not.toContain('PASSWORD');
  expect(`${out}${error}`).not.toContain('user:');
});

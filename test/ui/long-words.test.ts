/** What was typed, or is in the environment, may be of any length. What is printed of it is not. */
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { openStage, type Stage } from '../update/stage.ts';
import { command } from './command-line.ts';
import { misplaced } from './misplaced-words.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage[Symbol.asyncDispose]());

const WORD = 'x'.repeat(3000);
const SENTENCE = 'no word of it is long '.repeat(1000);

/** As it is printed, but for what the word is part of. */
const shownAs = (args: string[]) => args.map((arg) => arg.replace(WORD, 'WORD')).join(' ');

test.each(misplaced(WORD).map((args) => ({ line: shownAs(args), args })))('$line', async ({ args }) => {
  const { code, out, error } = await command(stage, args);
  expect(code).not.toBe(0);
  expect(`${out}${error}`).not.toContain('x'.repeat(300));
  expect(`${out}${error}`.length).toBeLessThan(2000);
});

test('many words', async () => {
  for (const args of [[SENTENCE], ['rollback', ...SENTENCE.trim().split(' ')]]) {
    const { error } = await command(stage, args);
    expect(error).toContain('no word of it is long');
    expect(error).toMatch(/\.\.\. \(2[12]\d{3} characters\)/);
    expect(error.length).toBeLessThan(12_000);
    const { message } = (await command(stage, [...args, '--json'])).result();
    expect((message as string).length).toBeLessThan(11_000);
  }
});

test('a path stays whole', async () => {
  const path = `/${'x'.repeat(255)}`.repeat(15);
  expect((await command(stage, ['--apply', path])).error).toContain(path);
});

test('the longest argument that Linux hands over takes no time', async () => {
  const begun = performance.now();
  const { code } = await command(stage, ['x'.repeat((128 << 10) - 1)]);
  expect(code).toBe(2);
  expect(performance.now() - begun).toBeLessThan(3000);
});

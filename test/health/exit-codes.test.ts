/** Commands that look at the same installation agree on who must act. */
import { afterAll, beforeEach, expect, test } from 'bun:test';
import fs from 'node:fs';
import { openHealthStage } from './stage.ts';

const here = await openHealthStage();
beforeEach(() => here.reset());
afterAll(() => here[Symbol.asyncDispose]());

const LOOKS = [[], ['verify'], ['doctor', '--offline'], ['repair'], ['repair', '--yes', '--offline']];

async function codes(): Promise<string[]> {
  const found = [];
  for (const argv of LOOKS) found.push(`${argv.join(' ')}: ${(await here.run(...argv)).code}`);
  return found;
}

const all = (code: number) => LOOKS.map((argv) => `${argv.join(' ')}: ${code}`);

test.skipIf(process.platform === 'win32')('an executable that nobody may run: 12', async () => {
  fs.chmodSync(here.dgmo, 0o644);
  // A repair puts that right.
  expect((await codes()).slice(0, 4)).toEqual(all(12).slice(0, 4));
});

test.skipIf(process.platform === 'win32')('a home that everybody may write: 10', async () => {
  fs.chmodSync(here.home, 0o777);
  expect(await codes()).toEqual(all(10));
  expect((await here.run('check')).code).toBe(10);
});

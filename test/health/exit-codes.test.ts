/** Commands that look at the same installation agree on who must act. */
import { afterAll, beforeEach, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { helpText } from '../../lib/ui/text/help.ts';
import { runCommand } from '../support/command-line.ts';
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

test('the help of verify names each of its codes', () => {
  for (const code of [0, 10, 11, 12]) expect(helpText('verify')).toMatch(new RegExp(`\\b${code} if `));
});

const SOMEBODY = 65534;

test.skipIf(process.geteuid?.() !== 0)(
  'an executable that its owner may not read: 12, and its path once',
  async () => {
    const files = fs.readdirSync(here.stage.folder, { recursive: true, encoding: 'utf8' });
    for (const name of ['', ...files]) fs.lchownSync(path.join(here.stage.folder, name), SOMEBODY, SOMEBODY);
    fs.chmodSync(here.dgmo, 0);
    process.seteuid?.(SOMEBODY);
    try {
      const host = { ...here.host, user: SOMEBODY };
      const { settings, dir: ownFolder } = here;
      const { code, error } = await runCommand(['recover', '--home', here.home], {
        host,
        settings,
        ownFolder,
      });
      expect(code).toBe(12);
      const [line = '', advice] = error.split('\n');
      expect(line.split(here.dgmo)).toHaveLength(2);
      expect(advice).toContain('`chmod 755 ');
    } finally {
      process.seteuid?.(0);
    }
  },
);

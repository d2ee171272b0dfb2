/** `repair` where a package manager owns the executable: that is left to the manager, the home is repaired. */
import { afterAll, beforeEach, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { ManagedInstallError } from '../../lib/errors.ts';
import { openHealthStage } from './stage.ts';

const here = await openHealthStage();
afterAll(() => here[Symbol.asyncDispose]());
beforeEach(() => {
  here.reset();
  const owner = { manager: 'Tea', package: 'dgmo', command: 'tea upgrade dgmo' };
  fs.writeFileSync(path.join(here.dir, 'managed-by.json'), JSON.stringify(owner), { mode: 0o644 });
});

const append = (file: string) => fs.appendFileSync(file, '?');
const remove = (file: string) => fs.rmSync(file, { recursive: true });

test.each<[string, () => void]>([
  ['an executable of another version', () => append(here.dgmo)],
  ['a missing executable', () => remove(here.dgmo)],
  ['a damaged updater', () => append(here.updater)],
  ['an executable that was never adopted', () => remove(here.workDir)],
])('%s: 17, the command of the manager, and nothing is changed', async (_, damage) => {
  damage();
  const before = here.picture();
  const { code, error } = await here.run('repair', '--yes');
  expect([code, error]).toEqual([17, expect.stringContaining('Update it with: tea upgrade dgmo')]);
  expect(here.picture()).toEqual(before);
  await expect(here.health().watch({ repair: true })).rejects.toThrow(ManagedInstallError);
  expect(here.picture()).toEqual(before);
});

test('a recovery and an update do not put it back either', async () => {
  append(here.dgmo);
  const before = fs.readFileSync(here.dgmo);
  for (const command of ['recover', 'update'])
    expect([command, (await here.run(command, '--yes')).code]).toEqual([command, 17]);
  expect(fs.readFileSync(here.dgmo)).toEqual(before);
});

test('what is wrong in the home is repaired, and what is left has the command', async () => {
  append(here.dgmo);
  fs.writeFileSync(here.plugin, '');
  const before = fs.readFileSync(here.dgmo);
  const { repaired, failed } = await here.health().repair();
  expect(repaired.map(({ where }) => where)).toEqual([expect.stringContaining('hello.js')]);
  expect(failed).toMatchObject([
    { issue: { where: here.dgmo }, exitCode: 17, advice: 'Update it with: tea upgrade dgmo' },
  ]);
  expect(fs.readFileSync(here.dgmo)).toEqual(before);
});

test('without a receipt, no release is chosen for an executable that the feed does not know', async () => {
  append(here.dgmo);
  remove(path.join(here.workDir, 'installed.json'));
  remove(path.join(here.workDir, 'journal'));
  remove(path.join(here.home, '.snapshots'));
  const { failed } = await here.health().repair();
  const receipt = failed.find(({ issue }) => issue.type === 'receipt_damaged');
  expect(receipt).toMatchObject({ exitCode: 17 });
  expect(fs.existsSync(path.join(here.workDir, 'installed.json'))).toBe(false);
});

test('a menu does not offer to repair it', async () => {
  append(here.dgmo);
  expect((await here.health().situation()).remedies).not.toContain('repair');
});

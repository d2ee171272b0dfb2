/** `repair` where a package manager owns the executable: that is left to the manager, the home is repaired. */
import { afterAll, beforeEach, describe, expect, test } from 'bun:test';
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

test('what only looks names the command as well, and no repair', async () => {
  append(here.dgmo);
  const command = 'Update it with: tea upgrade dgmo';
  for (const typed of [['verify'], ['repair'], ['recover'], ['doctor', '--offline'], []]) {
    const { code, out, error } = await here.run(...typed);
    expect([typed, code, out + error]).toEqual([typed, 11, expect.stringContaining(command)]);
    expect([typed, out + error]).toEqual([
      typed,
      expect.not.stringMatching(/dgmo-updater repair|Repair would/),
    ]);
  }
  const { checks } = await here.health().diagnose({ offline: true });
  expect(checks.find(({ id }) => id === 'health')?.remediation).toContain(command);
  expect((await here.health().verify()).repairableIssues).toEqual([]);
});

test('of what else is wrong doctor names both ways', async () => {
  append(here.dgmo);
  fs.writeFileSync(here.plugin, '');
  const { checks } = await here.health().diagnose({ offline: true });
  expect(checks.find(({ id }) => id === 'health')?.remediation).toBe(
    'Run `dgmo-updater repair`. It was installed by Tea, as the package dgmo. Update it with: tea upgrade dgmo',
  );
});

test('status names it always, and its command where the executable is damaged or missing', async () => {
  const managed = /^Managed: +by Tea, as the package dgmo\. Update it with: tea upgrade dgmo$/m;
  expect((await here.run('status')).out).toMatch(managed);
  append(here.dgmo);
  expect((await here.run('status')).out).toContain('`tea upgrade dgmo` puts them back');
  remove(here.dgmo);
  const { out } = await here.run('status');
  expect(out).toContain('MISSING: `tea upgrade dgmo` puts it back');
  expect(out).toMatch(managed);
});

describe('one that was never adopted', () => {
  beforeEach(() => remove(here.workDir));

  test.each([
    'check',
    'update',
    'download',
    'rollback',
    'snapshots',
    'history',
    'skip 2.0.0',
    'service install',
  ])('%s: names the manager, and not init', async (typed) => {
    const { out, error } = await here.run(...typed.split(' '));
    if ((out + error).includes('looked after')) expect(error).toContain('Update it with: tea upgrade dgmo');
    expect(out + error).not.toContain('dgmo-updater init');
  });

  test('status, doctor and the menu name the manager, and offer to install nothing', async () => {
    for (const typed of [['status'], ['doctor', '--offline'], []])
      expect((await here.run(...typed)).out).toContain('tea upgrade dgmo');
    expect((await here.health().situation()).remedies).toEqual(['adopt']);
    remove(here.dgmo);
    expect((await here.health().situation()).remedies).toEqual([]);
  });
});

test('a menu does not offer to repair it', async () => {
  append(here.dgmo);
  expect((await here.health().situation()).remedies).not.toContain('repair');
});

/** `--app` with another name than that of the program that was adopted: nothing is taken for it, and nothing is changed. */
import { afterAll, beforeEach, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { openHealthStage } from '../health/stage.ts';

const here = await openHealthStage();
beforeEach(() => here.reset());
afterAll(() => here[Symbol.asyncDispose]());

const beside = () => fs.readdirSync(here.dir).sort();

test.each([
  'status',
  'verify',
  'repair --yes',
  'rollback --yes',
  'update --yes',
  '--apply p.dgmopkg --no-wait',
  'recover',
  'confirm',
  'snapshots list',
  'snapshots create',
  'history',
  'doctor',
  '',
])('`%s --app other`: 2, and what was adopted', async (line) => {
  fs.writeFileSync(path.join(here.dir, 'other'), 'mine\n');
  const before = beside();
  const { code, error } = await here.run(...line.split(' ').filter((word) => word !== ''), '--app', 'other');
  expect([code, error]).toEqual([2, expect.stringContaining(`--app: wanted dgmo, which was adopted in `)]);
  expect(error).toContain('Leave out --app. `dgmo-updater init --app other` adopts other in its place.');
  expect(beside()).toEqual(before);
  expect(fs.readFileSync(path.join(here.dir, 'other'), 'utf8')).toBe('mine\n');
});

test('its own name: as without', async () => {
  expect((await here.run('status', '--app', 'dgmo')).code).toBe(0);
});

test('init adopts it in its place', async () => {
  fs.copyFileSync(here.dgmo, path.join(here.dir, 'other'));
  expect((await here.run('init', '--app', 'other')).code).toBe(0);
  expect((await here.run('status')).out).toContain('other 1.1.0');
});

test('the updater itself is not the program that it updates', async () => {
  fs.copyFileSync(here.dgmo, path.join(here.dir, 'dgmo-updater'));
  for (const line of [['init'], ['rollback', '--yes'], ['repair', '--yes']]) {
    const { code, error } = await here.run(...line, '--app', 'dgmo-updater');
    expect([code, error]).toEqual([
      2,
      expect.stringContaining('found dgmo-updater, which is the updater itself'),
    ]);
  }
});

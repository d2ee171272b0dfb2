/** Without a terminal and without --yes nothing is replaced, ended or removed. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { openStage, type Stage } from '../update/stage.ts';
import { command } from './command-line.ts';

const posixOnly = process.platform === 'win32' ? describe.skip : describe;

posixOnly('without a terminal and without --yes', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage();
    await stage.release('2.0.0');
    const updated = await command(stage, ['update', '--yes']);
    expect(updated.code).toBe(0);
    expect(updated.error).toMatch(
      /^Installing 2\.0\.0 \(installed: 1\.0\.0\): major, risk low, .* \(.*\)\. It is a new major/,
    );
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  const snapshots = () => fs.readdirSync(path.join(stage.home, '.snapshots/snapshots')).sort();

  test.each([
    ['rollback', ['rollback']],
    ['rollback --json', ['rollback', '--json']],
    ['rollback --kill', ['rollback', '--kill', '--force']],
    ['snapshots remove', ['snapshots', 'remove', '2']],
    ['snapshots prune', ['snapshots', 'prune', '--keep', '0']],
  ])('%s: 2, and nothing has changed', async (_, args) => {
    // The snapshot that a rollback needs is never outdated, so there has to be another one.
    if (args[1] === 'prune') await command(stage, ['snapshots', 'create']);
    const before = snapshots();
    const ran = await command(stage, args);
    expect(ran.code).toBe(2);
    expect(ran.out + ran.error).toContain('--yes');
    expect(snapshots()).toEqual(before);
    expect(stage.version()).toBe('2.0.0');
  });

  test('with --yes they do it, and say before it what they are about to do', async () => {
    expect(await command(stage, ['snapshots', 'prune', '--keep', '0', '--yes'])).toMatchObject({ code: 0 });
    expect(snapshots()).toHaveLength(1);
    const back = await command(stage, ['rollback', '--yes']);
    expect(back.code).toBe(0);
    expect(back.error).toStartWith('Going back from 2.0.0 to 1.0.0: the executable, config,');
    expect(stage.version()).toBe('1.0.0');
    const first = (snapshots()[0] ?? '').replace('.json', '');
    expect(await command(stage, ['snapshots', 'remove', first, '--yes'])).toMatchObject({ code: 0 });
    expect(snapshots()).not.toContain(`${first}.json`);
  });
});

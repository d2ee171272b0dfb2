/** The folder of the data contains the install: a restore of the data changes nothing of what is installed. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fs from 'node:fs';
import path from 'node:path';
import { command } from '../../ui/command-line.ts';
import { openStage, type Stage } from '../../update/stage.ts';

describe.skipIf(process.platform === 'win32')('an install within the data', () => {
  let stage: Stage;
  const run = async (...args: string[]) => expect(await command(stage, args)).toMatchObject({ code: 0 });
  const sessions = () => path.join(stage.dir, 'sessions.json');
  const kept = () =>
    fs.readdirSync(path.join(stage.dir, '.dgmo-updater')).filter((name) => name.startsWith('kept-'));

  beforeAll(async () => {
    stage = await openStage();
    fs.writeFileSync(sessions(), 'of 1.0.0');
    await run('config', 'set', 'dataFolder', stage.dir);
    for (const version of ['1.1.0', '1.2.0']) {
      await stage.release(version);
      await run('update', '--yes');
      fs.writeFileSync(sessions(), `of ${version}`);
    }
  });
  afterAll(() => stage[Symbol.asyncDispose]());

  test('goes back and forth, and keeps what it needs for that', async () => {
    const before = kept();
    expect(before).toHaveLength(1);
    await run('rollback', '--to', '1.0.0', '--yes');
    expect([stage.version(), fs.readFileSync(sessions(), 'utf8')]).toEqual(['1.0.0', 'of 1.0.0']);
    expect(kept()).toHaveLength(1);
    await run('verify', '--full');
    await run('rollback', '--yes');
    expect([stage.version(), fs.readFileSync(sessions(), 'utf8')]).toEqual(['1.2.0', 'of 1.2.0']);
    expect(kept()).toHaveLength(1);
    await run('verify', '--full');
  });
});
